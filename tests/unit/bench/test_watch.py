"""GPUs are looked at while they work: what they do at rest says nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from provisioner.bench.lines import Interval
from provisioner.bench.watch import Sample, UnderLoad, under_load, watched
from tests.unit.bench.conftest import GTX_1080_TI, H100, RTX_2070_SUPER, uuid

CHECKOUT = Path(__file__).parents[3]
T = TypeVar("T")
COPYING = Interval("gpu 0", "host to device", 10, 20)
MULTIPLYING = Interval("gpu 0", "matmul fp16", 30, 40)


def look(at: float, generation: int, clock: int, reasons: int = 0) -> Sample:
    return Sample(
        at=at,
        uuid=uuid("1"),
        generation=generation,
        generation_possible=4,
        width=16,
        width_possible=16,
        clock_mhz=clock,
        clock_possible_mhz=2100,
        temperature=60 + int(at),
        power_mw=200_400,
        limit_mw=215_000,
        default_limit_mw=215_000,
        reasons=reasons,
    )


def test_a_link_that_rests_at_its_slowest_is_read_while_it_copies() -> None:
    looks = [look(5, 1, 300, 0x1), look(10.5, 1, 1800), look(15, 4, 1900), look(25, 1, 300, 0x20)]
    (seen,) = under_load([RTX_2070_SUPER], looks, [COPYING])

    assert seen == UnderLoad(
        device="gpu 0",
        name="NVIDIA GeForce RTX 2070 SUPER",
        link_generation=4,
        link_width=16,
        link_generation_possible=4,
        link_width_possible=16,
        clock_mhz=1850,
        clock_possible_mhz=2100,
        temperature_c=75,
        power_w=200,
        power_limit_w=215,
        default_power_limit_w=215,
    )


def test_the_link_counts_while_it_copies_and_heat_whenever_it_works() -> None:
    looks = [look(15, 4, 1900), look(35, 1, 900, 0x20 | 0x40 | 0x04), look(36, 1, 900, 0x80)]
    (seen,) = under_load([RTX_2070_SUPER], looks, [COPYING, MULTIPLYING])

    assert seen.link_generation == 4
    assert seen.clock_mhz == 900
    assert seen.slowed_by == ("power limit", "heat", "power brake")


def test_a_gpu_that_nobody_looked_at_while_it_worked_is_left_out() -> None:
    assert under_load([RTX_2070_SUPER], [look(25, 4, 1900)], [COPYING]) == []
    assert under_load([H100], [look(15, 4, 1900)], [COPYING]) == []


def seen_now(device_label: str = "gpu 0") -> UnderLoad:
    """What the library that is loaded tells in half a second."""
    start = time.monotonic()
    with watched() as watch:
        time.sleep(0.8)
    whole = Interval(device_label, "host to device", start, time.monotonic())
    (seen,) = under_load([RTX_2070_SUPER], watch.samples, [whole])
    return seen


@pytest.mark.usefixtures("library")
def test_a_link_of_four_lanes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_NVML_LOAD", "x4")
    seen = seen_now()

    assert (seen.link_width, seen.link_width_possible) == (4, 16)
    assert (seen.link_generation, seen.link_generation_of_card) == (4, 4)


@pytest.mark.usefixtures("library")
def test_heat_is_seen_by_the_older_call_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_NVML_LOAD", "hot")
    seen = seen_now()

    # The stand-in, as drivers before 535, knows the reasons by their old name only.
    assert seen.slowed_by == ("heat",)
    assert (seen.clock_mhz, seen.clock_possible_mhz, seen.temperature_c) == (600, 1800, 94)


@pytest.mark.usefixtures("library")
def test_a_lowered_power_limit_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_NVML_LOAD", "capped")
    seen = seen_now()

    assert (seen.power_limit_w, seen.default_power_limit_w, seen.power_w) == (120, 215, 120)
    assert seen.slowed_by == ("power limit",)


@pytest.mark.usefixtures("library")
def test_what_nvml_does_not_know_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_NVML_LOAD", "silent")

    assert seen_now() == UnderLoad(device="gpu 0", name="NVIDIA GeForce RTX 2070 SUPER")


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("fixture", "error"),
    [
        ("crash", "NVML ended by signal 11"),
        ("mismatch", "NVML says: RM has detected an NVML/RM version mismatch."),
    ],
)
def test_an_nvml_in_a_bad_state_is_told(
    monkeypatch: pytest.MonkeyPatch, fixture: str, error: str
) -> None:
    monkeypatch.setenv("FAKE_NVML", fixture)
    with watched() as watch:
        time.sleep(0.5)

    assert (watch.samples, watch.error) == ([], error)


@pytest.mark.usefixtures("library")
def test_interrupted_it_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_NVML", "hang")
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), watched():
        raise KeyboardInterrupt

    assert time.monotonic() - begun < 2


@pytest.mark.usefixtures("library")
def test_the_child_ends_with_whoever_started_it_killed_too() -> None:
    program = (
        f"import sys, time; sys.path[:0] = {[str(CHECKOUT), *sys.path]!r}\n"
        "from provisioner.bench.watch import watched\n"
        "with watched():\n    print('here', flush=True); time.sleep(60)"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    child = waited_for(lambda: children(running.pid))[0]
    running.kill()
    running.wait()
    running.stdout.close()

    assert waited_for(lambda: not (Path("/proc") / child / "exe").exists())


def children(pid: int) -> list[str]:
    tasks = (Path("/proc") / str(pid) / "task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def waited_for(what: Callable[[], T]) -> T:
    end = time.monotonic() + 10
    while not (found := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_a_second_gpu_is_its_own() -> None:
    looks = [look(15, 4, 1900)]
    other = Interval("gpu 1", "host to device", 10, 20)

    assert under_load([RTX_2070_SUPER, GTX_1080_TI], looks, [other]) == []
