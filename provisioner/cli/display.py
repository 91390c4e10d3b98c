"""What people read: sentences, and titled blocks of aligned rows.

On a terminal rich draws them, without colours where ``NO_COLOR`` is set; elsewhere they are plain.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import msgspec

from provisioner.cli.output import folded, printable, width_of
from provisioner.machine import Disk, Machine
from provisioner.sizes import human

_GIB = 1024**3


class Block(msgspec.Struct, frozen=True):
    """A title and rows of cells; the last cell of a row may be long."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def show(blocks: Sequence[Block], *, first: Sequence[str] = ()) -> None:
    """Print sentences, then blocks, to standard output."""
    filled = [_printable(block) for block in blocks if block.rows]
    first = [printable(line) for line in first]
    if _is_terminal():
        _show_rich(filled, first)
        return
    sys.stdout.write("".join(f"{line}\n" for line in first))
    for number, block in enumerate(filled):
        sys.stdout.write(("\n" if number or first else "") + _plain(block))


def show_lines(lines: Sequence[str]) -> None:
    """Print an answer and, indented below it, what it rests on."""
    answer, *rest = map(printable, lines)
    width = width_of(sys.stdout)
    told = [folded(line, width, first="  ", rest="    ") for line in rest]
    if not _is_terminal():
        sys.stdout.write("\n".join([answer, *told]) + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(answer, style="bold"))
    for line in told:
        console.print(Text(line))


def _printable(block: Block) -> Block:
    rows = tuple(tuple(map(printable, row)) for row in block.rows)
    return Block(printable(block.title), rows)


def _is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


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


def _show_rich(blocks: Sequence[Block], first: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for line in first:
        console.print(Text(line, style="bold"))
    for number, block in enumerate(blocks):
        if number or first:
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
        ("memory", in_gib(machine.memory_bytes)),
    ]
    return tuple(row for row in rows if row[1])


def _gpus(machine: Machine) -> tuple[tuple[str, ...], ...]:
    if not machine.gpus:
        return (("none found",),)
    return tuple(
        (
            gpu.name,
            gpu.compute_capability or gpu.architecture or "capability not known",
            in_gib(gpu.memory_bytes),
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
    return disk.path, f"{human(disk.free_bytes)} free of {human(disk.total_bytes)}"


def in_gib(count: int | None) -> str:
    """A size of memory for people, nothing where it is not known."""
    return "" if count is None else f"{count / _GIB:.1f} GiB"
