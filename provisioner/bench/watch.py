"""GPUs watched while they work: their link, clocks, temperature and power by NVML.

Under load, because a link rests at its slowest generation and clocks at their lowest.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median

import msgspec

from provisioner import process
from provisioner.bench.gpus import Device
from provisioner.bench.lines import Interval
from provisioner.detect import driver_child
from provisioner.errors import OutsideError

_LONGEST_S = 660.0
_LAST_LOOK_S = 5.0
_OUTPUT_LIMIT = 32 << 20
_LINK = ("host to device", "device to host")
_WATT_MW = 1000

_REASONS = {
    0x04: "power limit",
    0x08: "hardware slowdown",
    0x20: "heat",
    0x40: "heat",
    0x80: "power brake",
}
"""What lowers clocks, by the bits of nvml.h; idle, set clocks and the like are left out."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at one GPU; None is what NVML could not tell."""

    at: float = 0.0
    error: str = ""
    uuid: str | None = None
    generation: int | None = None
    generation_possible: int | None = None
    generation_of_card: int | None = None
    width: int | None = None
    width_possible: int | None = None
    clock_mhz: int | None = None
    clock_possible_mhz: int | None = None
    temperature: int | None = None
    power_mw: int | None = None
    limit_mw: int | None = None
    default_limit_mw: int | None = None
    reasons: int | None = None


class UnderLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What a GPU was seen to do while it worked."""

    device: str
    name: str
    link_generation: int | None = None
    """PCI Express, while it copied."""
    link_width: int | None = None
    link_generation_possible: int | None = None
    """The most that card and system reach together."""
    link_width_possible: int | None = None
    link_generation_of_card: int | None = None
    """The most that the card itself is for."""
    clock_mhz: int | None = None
    """Of its multiprocessors, the median."""
    clock_possible_mhz: int | None = None
    temperature_c: int | None = None
    """The highest."""
    power_w: int | None = None
    """The highest."""
    power_limit_w: int | None = None
    default_power_limit_w: int | None = None
    slowed_by: tuple[str, ...] = ()
    """Why the driver lowered its clocks: ``power limit``, ``heat``, ``power brake``…"""


class Watch:
    """The looks at the GPUs; whole once ``watched`` is left."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.error = ""


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Look at the GPUs from here until the end of the block.

    A child process looks for as long as this process holds a pipe that nobody uses: until then,
    or until this process ends in whatever way.
    """
    watch = Watch()
    ends = os.pipe()
    sign = f"/proc/{os.getpid()}/fd/{ends[0]}"
    looking = threading.Thread(target=_look, args=(watch, sign), daemon=True)
    looking.start()
    try:
        yield watch
    finally:
        for end in ends:
            os.close(end)
    looking.join(_LAST_LOOK_S)
    if looking.is_alive():
        watch.error = "NVML did not answer"


def _look(watch: Watch, sign: str) -> None:
    argv = driver_child.command(__file__, "watch_child.py", driver_child.search_path(), sign)
    env = driver_child.environment()
    try:
        done = process.run(argv, timeout=_LONGEST_S, env=env, output_limit=_OUTPUT_LIMIT)
    except process.ProgramTimedOutError as late:
        done = late.partial
    except OutsideError as problem:
        watch.error = problem.message
        return
    if done.returncode:
        ended = f"signal {-done.returncode}" if done.returncode < 0 else "an error"
        watch.error = f"NVML ended by {ended}"
    for line in done.stdout.splitlines():
        _take(watch, line)


def _take(watch: Watch, line: str) -> None:
    try:
        told = msgspec.json.decode(line, type=Sample)
    except (msgspec.MsgspecError, ValueError):
        return
    if told.error:
        watch.error = f"NVML says: {told.error}"
    else:
        watch.samples.append(told)


def under_load(
    found: Sequence[Device], samples: Sequence[Sample], intervals: Iterable[Interval]
) -> list[UnderLoad]:
    """Return what the samples say of each GPU that was looked at while it worked."""
    listed = list(intervals)
    seen = []
    for device in found:
        own = [one for one in samples if one.uuid == device.gpu.uuid]
        of_device = [item for item in listed if item.device == device.label]
        copying = _within(own, [item for item in of_device if item.measure in _LINK])
        working = _within(own, of_device)
        if working:
            seen.append(_summary(device, copying, working))
    return seen


def _within(samples: Sequence[Sample], intervals: Sequence[Interval]) -> list[Sample]:
    return [one for one in samples if any(item.start <= one.at <= item.end for item in intervals)]


def _summary(device: Device, copying: list[Sample], working: list[Sample]) -> UnderLoad:
    clocks = [one.clock_mhz for one in working if one.clock_mhz is not None]
    bits = 0
    for one in working:
        bits |= one.reasons or 0
    return UnderLoad(
        device=device.label,
        name=device.gpu.name,
        # The highest: the first look may come before the link has woken up.
        link_generation=_most(copying, lambda one: one.generation),
        link_width=_most(copying, lambda one: one.width),
        link_generation_possible=working[-1].generation_possible,
        link_width_possible=working[-1].width_possible,
        link_generation_of_card=working[-1].generation_of_card,
        clock_mhz=int(median(clocks)) if clocks else None,
        clock_possible_mhz=working[-1].clock_possible_mhz,
        temperature_c=_most(working, lambda one: one.temperature),
        power_w=_watts(_most(working, lambda one: one.power_mw)),
        power_limit_w=_watts(working[-1].limit_mw),
        default_power_limit_w=_watts(working[-1].default_limit_mw),
        slowed_by=tuple(dict.fromkeys(word for bit, word in _REASONS.items() if bits & bit)),
    )


def _most(samples: Iterable[Sample], fact: Callable[[Sample], int | None]) -> int | None:
    return max((value for one in samples if (value := fact(one)) is not None), default=None)


def _watts(milliwatts: int | None) -> int | None:
    return None if milliwatts is None else round(milliwatts / _WATT_MW)
