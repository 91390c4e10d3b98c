"""Probes that fail or never end harm no other."""

from __future__ import annotations

import threading
import time

from provisioner.detect.watch import Crew, Watch


def broken() -> int:
    message = "of no use"
    raise ValueError(message)


def test_each_probe_gives_its_answer() -> None:
    crew = Crew(time.monotonic() + 10)
    watches = [crew.add(Watch(text, text.upper, "")) for text in ("a", "b", "c")]

    crew.work()

    assert [watch.answer for watch in watches] == ["A", "B", "C"]
    assert [watch.problem for watch in watches] == [None] * 3


def test_a_probe_that_fails_leaves_its_fallback_and_its_reason() -> None:
    crew = Crew(time.monotonic() + 10)
    first = crew.add(Watch("first", broken, 7))
    second = crew.add(Watch("second", lambda: 2, 0))

    crew.work()

    assert (first.answer, first.problem) == (7, "ValueError: of no use")
    assert (second.answer, second.problem) == (2, None)


def test_probes_that_never_end_do_not_hold_up_the_others() -> None:
    for_ever = threading.Event()
    crew = Crew(time.monotonic() + 1)
    stuck = [crew.add(Watch("stuck", for_ever.wait, None)) for _ in range(3)]
    last = crew.add(Watch("last", lambda: "told", ""))

    crew.work()

    assert last.answer == "told"
    assert [watch.problem for watch in stuck] == ["it did not end in time"] * 3
    for_ever.set()
