"""What uv says and writes while it fetches becomes amounts that never go back."""

from __future__ import annotations

import pytest

from provisioner.lock.fetching import Fetching, Weight
from provisioner.progress import Progress

MB = 1_000_000
SAID = """\
Using Python 3.12.1 environment at: v1
Downloading scipy (33.7MiB)
Downloading numpy (15.0MiB)
 Downloaded numpy
 Downloaded scipy
Prepared 3 packages in 356ms
Installed 3 packages in 16ms
 + numpy==2.5.5
"""
"""As uv 0.13.8 prints it where there is no terminal."""
WEIGHTS = {
    "scipy": Weight(40 * MB, 120 * MB),
    "numpy": Weight(20 * MB, 60 * MB),
    "tzdata": Weight(MB // 2, 2 * MB),
}


class Heard(Progress):
    def __init__(self) -> None:
        self.amounts: list[tuple[str, int, int | None]] = []
        self.counts: list[tuple[str, int, int | None]] = []
        self.lines: list[str] = []

    def amount(self, what: str, done_bytes: int, of_bytes: int | None = None) -> None:
        self.amounts.append((what, done_bytes, of_bytes))

    def count(self, what: str, done: int, of: int | None = None) -> None:
        self.counts.append((what, done, of))

    def line(self, text: str) -> None:
        self.lines.append(text)


def heard(weights: dict[str, Weight], *written: int | None) -> Heard:
    """uv's words, with a beat after each."""
    listener = Heard()
    fetching = Fetching(listener, weights)
    beats = list(written)
    for line in SAID.splitlines():
        fetching.hear(line)
        if beats:
            fetching.beat(beats.pop(0))
    return listener


def test_all_that_uv_says_is_handed_on_for_the_log() -> None:
    assert heard({}).lines == SAID.splitlines()


def test_the_packages_are_counted() -> None:
    assert heard(WEIGHTS).counts == [
        ("large packages", 1, 2),
        ("large packages", 2, 2),
        ("packages", 3, 3),
        ("packages", 3, 3),
    ]


def test_what_is_there_follows_from_what_is_written() -> None:
    # Of 182 MB on disk half is written: half of the download; then numpy is known to be there.
    told = heard(WEIGHTS, 0, 0, 91 * MB, 91 * MB)

    assert [amount[0] for amount in told.amounts] == ["scipy", "scipy, numpy", "scipy"]
    assert [amount[1] for amount in told.amounts] == [0, 30_250_000, 30_290_983]
    assert {amount[2] for amount in told.amounts} == {60_500_000}


def test_it_never_goes_back() -> None:
    told = heard(WEIGHTS, 0, 170 * MB, 170 * MB, 90 * MB)
    done = [amount[1] for amount in told.amounts]

    assert done == sorted(done)
    assert max(done) <= 60_500_000


def test_without_weights_what_has_come_whole_is_told() -> None:
    told = heard({}, None, None, None, None)

    assert told.amounts == [
        ("scipy", 0, None),
        ("scipy, numpy", 0, None),
        ("scipy", 15 * 1024**2, None),
    ]


@pytest.mark.parametrize("how", ["", " (download)"])
def test_a_python_that_uv_fetches_is_told_too(how: str) -> None:
    listener = Heard()
    fetching = Fetching(listener)
    fetching.hear(f"Downloading cpython-3.12.16-linux-x86_64-gnu{how} (34.2MiB)")
    fetching.beat(1000)

    assert listener.amounts == [("cpython-3.12.16-linux-x86_64-gnu", 0, None)]
