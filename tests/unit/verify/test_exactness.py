"""How right a framework has to be: the bounds let rounding pass, and nothing else."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[3] / "templates/verify/beside/exactness.py"


@pytest.fixture(scope="module")
def exactness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("exactness", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rounded(number: float, bits: int) -> float:
    """A number with so many significant bits."""
    if number == 0:
        return 0.0
    from math import frexp, ldexp

    mantissa, exponent = frexp(number)
    return ldexp(round(ldexp(mantissa, bits)), exponent - bits)


def fractions(row: int) -> list[float]:
    """256 numbers between -1 and 1, without a pattern."""
    from hashlib import sha512

    digests = (sha512(f"{row} {part}".encode()).digest() for part in range(32))
    words = [int.from_bytes(d[n : n + 8], "big") for d in digests for n in range(0, 64, 8)]
    return [word / 2**63 - 1 for word in words]


def farthest(form: str, bits: int, given_bits: int = 53, sums_bits: int = 53) -> float:
    """How far a product of some rows is off, by the rounding that a format has."""
    far = 0.0
    for row in range(40):
        left, right = fractions(2 * row), fractions(2 * row + 1)
        if form not in {"fp64", "fp32", "tf32"}:
            left, right = [round(3 * x) for x in left], [round(3 * x) for x in right]
        total = 0.0
        for one, other in zip(left, right, strict=True):
            product = rounded(one, given_bits) * rounded(other, given_bits)
            total = rounded(total + product, sums_bits)
        exact = sum(one * other for one, other in zip(left, right, strict=True))
        size = sum(abs(one * other) for one, other in zip(left, right, strict=True))
        far = max(far, abs(rounded(total, bits) - exact) / size)
    return far


ROUNDING = [
    ("fp32", {"bits": 24, "given_bits": 24, "sums_bits": 24}),
    ("tf32", {"bits": 24, "given_bits": 11, "sums_bits": 24}),
    ("fp16", {"bits": 11, "sums_bits": 24}),
    ("fp16", {"bits": 11, "sums_bits": 11}),
    ("bf16", {"bits": 8, "sums_bits": 24}),
    ("fp8", {"bits": 8, "given_bits": 4, "sums_bits": 14}),
    ("int8", {"bits": 53}),
]


@pytest.mark.parametrize(("form", "how"), ROUNDING, ids=str)
def test_the_rounding_of_a_format_passes(
    form: str, how: dict[str, int], exactness: ModuleType
) -> None:
    assert farthest(form, **how) <= exactness.FAR[form]


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("fp64", {"bits": 24, "given_bits": 24, "sums_bits": 24}),
        ("fp32", {"bits": 24, "given_bits": 11, "sums_bits": 24}),
        ("int8", {"bits": 6}),
    ],
    ids=str,
)
def test_the_rounding_of_a_coarser_format_does_not(
    form: str, how: dict[str, int], exactness: ModuleType
) -> None:
    assert farthest(form, **how) > exactness.FAR[form]


@pytest.mark.parametrize("form", ["fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "int8"])
@pytest.mark.parametrize("far", [0.1, float("nan"), float("inf")])
def test_a_wrong_product_or_no_number_fails(form: str, far: float, exactness: ModuleType) -> None:
    with pytest.raises(SystemExit, match="its product is wrong"):
        exactness.judge(form, far)


def test_tf32_that_was_not_used_is_no_proof_of_it(exactness: ModuleType) -> None:
    with pytest.raises(exactness.NotApplicable, match="fp32 all the same"):
        exactness.judge("tf32", 1e-7)
    exactness.judge("tf32", 1e-4)


@pytest.mark.parametrize(
    ("version", "least", "told"),
    [
        (91000, "9.10", None),
        (91301, "9.10", None),
        (8907, "8.9", None),
        (7605, "7.6", None),
        (8907, "", None),
        (90100, "9.10", "its cuDNN is 9.1; the plan is for 9.10"),
        (91000, "8.9", "its cuDNN is 9.10; the plan is for 8.9"),
        (8907, "9.1", "its cuDNN is 8.9; the plan is for 9.1"),
        (None, "9.1", "it convolves without cuDNN"),
    ],
)
def test_cudnn_has_to_be_the_plan_s_or_a_later_one_that_goes_on_from_it(
    version: int | None, least: str, told: str | None, exactness: ModuleType
) -> None:
    if told is None:
        exactness.judge_convolution(1e-5, version, least)
        return
    with pytest.raises(SystemExit) as left:
        exactness.judge_convolution(1e-5, version, least)
    assert left.value.code == told


@pytest.mark.parametrize(
    ("words", "excused"),
    [
        (("product", "bf16", "0"), True),
        (("product", "fp32", "0"), False),
        (("cudnn", "0"), False),
    ],
)
def test_only_formats_that_not_everything_has_are_excused(
    words: tuple[str, ...],
    excused: bool,
    exactness: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: str) -> None:
        raise RuntimeError("not implemented for X")

    monkeypatch.setattr("sys.argv", ["-", *words])
    known = {words[0]: fails}
    if not excused:
        with pytest.raises(RuntimeError):
            exactness.main("torch", "2", known, ("not implemented",))
        return
    exactness.main("torch", "2", known, ("not implemented",))
    assert capsys.readouterr().out == (
        "not applicable: torch 2: RuntimeError: not implemented for X\n"
    )


def test_sixteen_bits_are_enough_for_the_sums_that_are_tried() -> None:
    """256 products of numbers from -3 to 3: fp16 holds whole numbers up to 2048."""
    assert struct.unpack("<e", struct.pack("<e", 2047.0))[0] == 2047.0
    assert farthest("fp16", 53, sums_bits=11) == 0
