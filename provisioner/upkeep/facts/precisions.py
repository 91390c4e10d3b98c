"""The number formats that a compute capability computes in, and how fast it does."""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

from provisioner.upkeep.facts.table import Facts, short

FORMATS = ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4")
"""Every format that a row may name, widest first."""
_ON_TENSOR_CORES = tuple(name for name in FORMATS if name != "fp32")
_ON_OTHER_CORES = {
    "fp64": "fp64_fma_per_clk_sm",
    "fp32": "fp32_fma_per_clk_sm",
    "fp16": "fp16_nontensor_per_clk_sm",
}
_WITHOUT = re.compile(r"\((\w+?)x [^)]*has no tensor cores\)")
_BY_BOARD = "boards capped"
"""What the table says where some boards of a capability are slower than the others."""
_UNNAMED = re.compile(r" \( \(public files\)\)|(?: quoted in| ;)? +\(public files\)")


class Precisions(msgspec.Struct, frozen=True):
    """What the table says of one compute capability; nothing at all where it has no row."""

    precisions: tuple[str, ...] = ()
    tensor_precisions: tuple[str, ...] | None = None
    fp64_rate: str | None = None
    fp16_rate: str | None = None
    chips_without_tensor_cores: tuple[str, ...] = ()
    source: str = ""


def precisions(facts: Facts) -> dict[str, Precisions]:
    """What is known by compute capability."""
    return {row["cc"]: _of(facts, row) for row in facts.rows("18_precisions")}


def _of(facts: Facts, row: dict[str, str]) -> Precisions:
    stated = {name: row[f"tc_{name}"] for name in _ON_TENSOR_CORES}
    tensor = {name for name, answer in stated.items() if answer == "yes"}
    plain = {name for name, column in _ON_OTHER_CORES.items() if _count(row[column])}
    found = tensor | plain
    if not found:
        return Precisions()
    by_board = _BY_BOARD in row["fp64_class"]
    return Precisions(
        precisions=_in_order(found),
        tensor_precisions=_in_order(tensor) if all(stated.values()) else None,
        fp64_rate=None if by_board else _rate(row, "fp64"),
        fp16_rate=_rate(row, "fp16"),
        chips_without_tensor_cores=_chips_without(facts, row["example_chips"]),
        source=_named(row["source"]),
    )


def _rate(row: dict[str, str], name: str) -> str | None:
    count, of = _count(row[_ON_OTHER_CORES[name]]), _count(row[_ON_OTHER_CORES["fp32"]])
    return str(Fraction(count, of)) if count and of else None


def _count(text: str) -> int | None:
    """Operations a clock, where the cell is a plain number."""
    return int(text) if text.isdigit() else None


def _in_order(names: set[str]) -> tuple[str, ...]:
    return tuple(name for name in FORMATS if name in names)


def _chips_without(facts: Facts, text: str) -> tuple[str, ...]:
    match = _WITHOUT.search(text)
    if not match:
        return ()
    chips = {row["chip"] for row in facts.rows("09_gpus")}
    return tuple(sorted(chip for chip in chips if chip.startswith(match[1])))


def _named(source: str) -> str:
    """The source without what names nothing: "public files", and the words that lead to it."""
    return short(_UNNAMED.sub("", source))
