"""Machines and plans for people: titled blocks of aligned rows.

On a terminal rich draws them, without colours where ``NO_COLOR`` is set; elsewhere they are plain.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import msgspec

from provisioner.machine import Disk, Machine
from provisioner.plan import Pin, Plan
from provisioner.workflow import WhyNot

_GIB = 1024**3
_SHOWN = 5


class Block(msgspec.Struct, frozen=True):
    """A title and rows of cells; the last cell of a row may be long."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def show(blocks: Sequence[Block]) -> None:
    """Print blocks to standard output."""
    filled = [block for block in blocks if block.rows]
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        _show_rich(filled)
        return
    for number, block in enumerate(filled):
        sys.stdout.write(("\n" if number else "") + _plain(block))


def _plain(block: Block) -> str:
    widths = _widths(block)
    lines = [block.title]
    for row in block.rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=False)]
        lines.append("  " + "  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines) + "\n"


def _widths(block: Block) -> list[int]:
    count = max(len(row) for row in block.rows) - 1
    return [
        max((len(row[place]) for row in block.rows if place < len(row) - 1), default=0)
        for place in range(count)
    ]


def _show_rich(blocks: Sequence[Block]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for number, block in enumerate(blocks):
        if number:
            console.print()
        console.print(Text(block.title, style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        columns = max(len(row) for row in block.rows)
        table.add_column(width=1)
        for place in range(columns):
            table.add_column(overflow="fold", style="cyan" if place == 0 else "")
        for row in block.rows:
            table.add_row("", *(Text(cell) for cell in row))
        console.print(table)


def machine_blocks(machine: Machine) -> list[Block]:
    """The blocks that describe a machine."""
    return [
        Block("System", _system(machine)),
        Block("GPUs", _gpus(machine)),
        Block("Driver", _driver(machine)),
        Block("CUDA toolkits", tuple((tool.version, tool.path) for tool in machine.toolkits)),
        Block("Pythons", tuple((python.version, python.path) for python in machine.pythons)),
        Block("Containers and tools", _tools(machine)),
        Block("Disks", tuple(_disk(disk) for disk in machine.disks)),
    ]


def _system(machine: Machine) -> tuple[tuple[str, ...], ...]:
    cpu = machine.cpu
    avx = ", ".join(flag for flag in cpu.flags if flag in {"avx", "avx2", "avx512f"})
    rows = [
        ("os", machine.os_name),
        ("kernel", machine.os.kernel or ""),
        ("libc", machine.os.libc or ""),
        ("container", machine.os.container or ""),
        (
            "cpu",
            f"{cpu.name or machine.arch} ({cpu.cores or '?'} cores, {cpu.level or machine.arch})",
        ),
        ("vectors", avx),
        ("memory", _bytes(machine.memory_bytes)),
    ]
    return tuple(row for row in rows if row[1])


def _gpus(machine: Machine) -> tuple[tuple[str, ...], ...]:
    if not machine.gpus:
        return (("none found",),)
    return tuple(
        (
            gpu.name,
            gpu.compute_capability or gpu.architecture or "capability not known",
            _bytes(gpu.memory_bytes),
            f"from {machine.sources.get('gpus', '?')}",
        )
        for gpu in machine.gpus
    )


def _driver(machine: Machine) -> tuple[tuple[str, ...], ...]:
    driver = machine.driver
    if driver is None:
        return (("none found",),)
    rows = [
        ("version", driver.version or "not known"),
        ("kernel module", driver.kernel_module_version or ""),
        ("flavour", driver.flavour or ""),
        ("speaks CUDA", driver.cuda or ""),
        ("from", machine.sources.get("driver", "")),
    ]
    return tuple(row for row in rows if row[1])


def _tools(machine: Machine) -> tuple[tuple[str, ...], ...]:
    rows = []
    for name, value in sorted({**machine.containers, **machine.tools}.items()):
        if value is not None:
            told = (
                {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            )
            rows.append((name.replace("_", " "), str(told)))
    return tuple(rows)


def _disk(disk: Disk) -> tuple[str, ...]:
    return disk.path, f"{_bytes(disk.free_bytes)} free of {_bytes(disk.total_bytes)}"


def _bytes(count: int | None) -> str:
    return "" if count is None else f"{count / _GIB:.1f} GiB"


def plan_blocks(plan: Plan) -> list[Block]:
    """The blocks that describe a plan: the answer first, then why, then why not the rest."""
    hidden = len(plan.refused) - _SHOWN
    refused = [
        (item.candidate, f"{item.reference}: {item.reason}") for item in plan.refused[:_SHOWN]
    ]
    if hidden > 0:
        refused.append((f"and {hidden} more", "see --json"))
    return [
        Block("Plan", _summary(plan)),
        Block("Packages", tuple(_package(pin) for pin in plan.pins)),
        Block("Why", tuple((pin.name, reason) for pin in plan.pins for reason in pin.why)),
        Block("Also pinned", tuple((cap.requirement, cap.reason) for cap in plan.constraints)),
        Block("Companions", tuple((text,) for text in plan.request.companions)),
        Block("Refused", tuple(refused)),
        Block(
            "With one change",
            tuple((way.change, f"gives {way.gives}") for way in plan.alternatives),
        ),
    ]


def _summary(plan: Plan) -> tuple[tuple[str, ...], ...]:
    gpus = _counted([gpu.name for gpu in plan.machine.gpus]) or (
        "Apple's GPU" if plan.accelerator == "mps" else "no GPU"
    )
    rows = [
        ("for", f"{gpus}, {plan.machine.os_name} {plan.machine.arch}"),
        ("by", plan.via + (f", image {plan.image}" if plan.image else "")),
        ("python", plan.python),
        ("computes on", plan.accelerator + (f" {plan.cuda}" if plan.cuda else "")),
        ("cudnn", plan.cudnn or ""),
        ("driver", _driver_words(plan)),
        ("download", _bytes(plan.download_bytes)),
    ]
    return tuple(row for row in rows if row[1])


def _counted(names: list[str]) -> str:
    """Names in their order, each once: ``8 x NVIDIA H100``."""
    times = {name: names.count(name) for name in names}
    return ", ".join(f"{count} x {name}" if count > 1 else name for name, count in times.items())


def _driver_words(plan: Plan) -> str:
    driver = plan.driver
    what = f"branch {driver.branch}" + (f", {driver.flavour} module" if driver.flavour else "")
    package = f" (package {driver.package})" if driver.package else ""
    floor = f"{driver.minimum} or later" if driver.minimum else "any"
    return {
        "keep": f"keep {driver.current}; needs {floor}",
        "install": f"install {what}{package}; needs {floor}",
        "upgrade": f"upgrade from {driver.current} to {what}{package}; needs {floor}",
        "ensure": f"needs {floor}; where none is installed, {what}{package}",
    }.get(driver.action, "")


def _package(pin: Pin) -> tuple[str, ...]:
    place = pin.index or (f"channel {pin.channel}" if pin.channel else "default index")
    if pin.requirement is None:
        place = "inside the image"
    return pin.name, pin.version, pin.variant, f"{place} ({pin.evidence})"


def why_not_blocks(answer: WhyNot) -> list[Block]:
    """The blocks that answer ``--why-not``."""
    rows = tuple((item.candidate, item.reason) for item in answer.refused[:_SHOWN])
    return [Block(answer.answer, rows or (("no fact of the catalog speaks against it",),))]
