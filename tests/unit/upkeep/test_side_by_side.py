from __future__ import annotations

import threading

import pytest

from provisioner.download import CONNECTIONS
from provisioner.errors import OutsideError
from provisioner.upkeep.side_by_side import side_by_side


def test_every_item_is_worked_on_once_and_no_more_than_some_at_a_time() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def work(item: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.001)
        with lock:
            now[0] -= 1
        return item * item

    found = dict(side_by_side(range(100), work))

    assert found == {item: item * item for item in range(100)}
    assert 1 < most[0] <= CONNECTIONS


def test_nothing_to_do() -> None:
    assert list(side_by_side([], str)) == []


def test_an_item_that_fails_gives_its_error_and_the_rest_goes_on() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise OutsideError("bad-wheel", "three")
        return item

    found = dict(side_by_side(range(5), work))

    assert isinstance(found.pop(3), OutsideError)
    assert found == {0: 0, 1: 1, 2: 2, 4: 4}


def test_a_fault_of_ones_own_is_not_hidden() -> None:
    def work(item: int) -> int:
        raise ZeroDivisionError(item)

    with pytest.raises(ZeroDivisionError):
        list(side_by_side(range(5), work))


def test_items_are_taken_as_they_are_needed() -> None:
    taken = []

    def items() -> object:
        for item in range(1000):
            taken.append(item)
            yield item

    working = side_by_side(items(), str)  # type: ignore[arg-type]
    next(working)

    assert len(taken) <= 2 * CONNECTIONS + 1


def test_leaving_waits_for_nobody() -> None:
    silence = threading.Event()
    working = side_by_side(range(20), lambda item: silence.wait(60) if item else True)

    assert next(working) == (0, True)
    working.close()  # type: ignore[attr-defined]

    assert not silence.is_set()
    silence.set()
