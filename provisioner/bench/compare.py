"""Two benchmarks side by side: measure by measure, and which differences are more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from provisioner import saved
from provisioner.bench.benchmark import Benchmark, busy
from provisioner.errors import UsageError
from provisioner.plan import Warning
from provisioner.report import Measurement

_ASIDE = ("disk", "load")
"""What differs between two users of one machine, and two minutes of it: no other machine."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One measure in both, or in one of them."""

    name: str
    device: str
    unit: str
    before: float | None
    after: float | None
    ratio: float | None
    """``after`` by ``before``: above 1 is faster."""
    differs: bool
    """More than the spread of the runs: no run of one was as fast as any run of the other."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each measure, the greatest loss first."""

    pairs: tuple[Pair, ...]
    differences: tuple[str, ...]
    """What else is not the same: the machine, the environment, dlsetup itself."""


def read(path: Path) -> Benchmark:
    """Return a benchmark that ``dlsetup bench --json`` printed into a file.

    Raises UsageError ``not-a-benchmark``.
    """
    try:
        found = saved.read(path, "benchmark", Benchmark)
    except ValueError as error:
        raise UsageError(
            "not-a-benchmark",
            f"{path} holds no benchmark.",
            context=(str(error),),
            hint="Make one: dlsetup bench --json > before.json",
        ) from error
    return found


def compared(before: Benchmark, after: Benchmark) -> Comparison:
    """Compare two benchmarks; measures that only one of them has come last."""
    old, new = _by_name(before.results), _by_name(after.results)
    both = [_pair(old[key], new[key]) for key in old if key in new]
    both.sort(key=lambda pair: (pair.ratio or 0, pair.device, pair.name))
    alone = [_alone(one, first=True) for key, one in old.items() if key not in new]
    alone += [_alone(one, first=False) for key, one in new.items() if key not in old]
    return Comparison(pairs=(*both, *alone), differences=tuple(_differences(before, after)))


def doubts(runs: Mapping[str, Benchmark]) -> tuple[Warning, ...]:
    """Return what speaks against one or the other run, each under its name."""
    return tuple(warning for name, run in runs.items() for warning in busy(run.machine.load, name))


def _by_name(results: Sequence[Measurement]) -> dict[tuple[str, str, str], Measurement]:
    return {(one.device, one.name, one.unit): one for one in results}


def _pair(old: Measurement, new: Measurement) -> Pair:
    slower, faster = sorted((old, new), key=lambda one: one.value)
    apart = _high(slower) < _low(faster)
    return Pair(
        name=old.name,
        device=old.device,
        unit=old.unit,
        before=old.value,
        after=new.value,
        ratio=float(f"{new.value / old.value:.4g}") if old.value else None,
        differs=apart,
    )


def _low(one: Measurement) -> float:
    return one.value if one.low is None else one.low


def _high(one: Measurement) -> float:
    return one.value if one.high is None else one.high


def _alone(one: Measurement, *, first: bool) -> Pair:
    return Pair(
        name=one.name,
        device=one.device,
        unit=one.unit,
        before=one.value if first else None,
        after=None if first else one.value,
        ratio=None,
        differs=False,
    )


def _differences(before: Benchmark, after: Benchmark) -> Iterator[str]:
    if before.dlsetup != after.dlsetup:
        yield f"dlsetup: {before.dlsetup}, then {after.dlsetup}"
    for field in before.machine.__struct_fields__:
        old, new = (_told(getattr(one.machine, field)) for one in (before, after))
        if old != new and field not in _ASIDE:
            yield f"{field.replace('_', ' ')}: {old}, then {new}"
    old, new = (_packages(one) for one in (before, after))
    if old != new:
        yield f"environment: {old}, then {new}"


def _told(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "not known" if value is None or value == "" else str(value)


def _packages(one: Benchmark) -> str:
    if one.environment is None:
        return "none"
    listed = (f"{package.name} {package.version}" for package in one.environment.packages)
    return ", ".join((f"python {one.environment.python}", *listed))
