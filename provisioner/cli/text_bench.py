"""Benchmarks for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from provisioner.bench.benchmark import Benchmark
from provisioner.bench.compare import Comparison, Pair
from provisioner.bench.runs import NotMeasured
from provisioner.bench.watch import UnderLoad
from provisioner.cli.catalog.layout import facts, table
from provisioner.cli.display import Block
from provisioner.report import Measurement

_TITLES = {"cpu": "Processor", "memory": "Memory", "disk": "Disk"}


def benchmark_blocks(found: Benchmark) -> list[Block]:
    """The blocks of a benchmark: one for each device, then what was seen and what was not."""
    devices = dict.fromkeys(result.device for result in found.results)
    return [
        *(_device(found, device) for device in devices),
        *(_load(seen) for seen in found.gpus),
        _missing(found.not_measured),
    ]


def comparison_blocks(found: Comparison, before: str, after: str) -> list[Block]:
    """The blocks of a comparison of two files."""
    title = f"A = {before}, B = {after}; ratio B/A"
    return [
        table(title, _aligned(map(_pair, found.pairs), 2)),
        Block("Not the same", tuple((line,) for line in found.differences)),
    ]


def _device(found: Benchmark, device: str) -> Block:
    rows = [_row(result) for result in found.results if result.device == device]
    return table(_title(found, device), _aligned(rows, 1))


def _title(found: Benchmark, device: str) -> str:
    title, about = _TITLES.get(device, device.replace("gpu", "GPU")), ""
    if device == "cpu":
        about = f"{found.machine.cpu or found.machine.arch}, {_count(found.machine.cores, 'core')}"
    elif device == "disk":
        about = f"{found.machine.file_system or 'file system not known'}, {found.machine.disk}"
    elif device.startswith("gpu "):
        about = next((seen.name for seen in found.gpus if seen.device == device), "")
    return f"{title}: {about}" if about else title


def _row(result: Measurement) -> tuple[str, ...]:
    """Without its detail, which would fill a narrow terminal; ``--json`` has it."""
    told = ""
    if result.expected_low is not None:
        word = "LOW" if result.verdict == "low" else "as expected"
        told = f"{word}, at least {result.expected_low:g}"
    return result.name, f"{result.value:g}", result.unit, _spread(result), told


def _spread(result: Measurement) -> str:
    if result.low is None or result.high is None:
        return ""
    return f"{result.low:g} to {result.high:g}"


def _load(seen: UnderLoad) -> Block:
    return facts(f"{seen.device.replace('gpu', 'GPU')} while it worked", _seen(seen))


def _seen(seen: UnderLoad) -> Iterator[tuple[str, str]]:
    if seen.link_generation is not None or seen.link_width is not None:
        generation = _of(seen.link_generation, seen.link_generation_possible)
        lanes = _of(seen.link_width, seen.link_width_possible)
        yield "link", f"generation {generation}, {lanes} lanes"
    if seen.clock_mhz is not None:
        yield "clock", f"{_of(seen.clock_mhz, seen.clock_possible_mhz)} MHz"
    if seen.temperature_c is not None:
        yield "temperature", f"{seen.temperature_c} degrees Celsius"
    if seen.power_w is not None:
        limit = f", its limit is {seen.power_limit_w} W" if seen.power_limit_w else ""
        yield "power", f"{seen.power_w} W{limit}"
    yield "slowed by", ", ".join(seen.slowed_by) or "nothing"


def _of(value: int | None, most: int | None) -> str:
    told = "not known" if value is None else str(value)
    return told if most is None else f"{told} of {most}"


def _missing(listed: Sequence[NotMeasured]) -> Block:
    return table("Not measured", [(one.name, one.why) for one in listed])


def _pair(pair: Pair) -> tuple[str, ...]:
    if pair.before is None or pair.after is None:
        where, value = ("A", pair.before) if pair.after is None else ("B", pair.after)
        return pair.device, pair.name, "", f"{value:g} {pair.unit}", f"only in {where}"
    ratio = "" if pair.ratio is None else f"{pair.ratio:.2f}"
    told = f"{pair.before:g} to {pair.after:g} {pair.unit}"
    return pair.device, pair.name, ratio, told, "differs" if pair.differs else "within the spread"


def _aligned(rows: Iterable[tuple[str, ...]], column: int) -> list[tuple[str, ...]]:
    """Rows whose numbers in one column end below each other."""
    listed = list(rows)
    width = max((len(row[column]) for row in listed), default=0)
    return [(*row[:column], row[column].rjust(width), *row[column + 1 :]) for row in listed]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
