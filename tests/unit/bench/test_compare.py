"""Two benchmarks are compared measure by measure, and only what is one is compared."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from provisioner.bench.compare import Pair, compared, read
from provisioner.bench.runs import measurement
from provisioner.errors import UsageError
from provisioner.report import Measurement
from tests.unit.bench.reports import ENVIRONMENT, MACHINE, report


def one(value: float, around: float = 0.1, name: str = "write", unit: str = "MB/s") -> Measurement:
    return measurement(name, [value - around, value, value + around], unit, "disk")


def pairs(before: Measurement, after: Measurement) -> tuple[Pair, ...]:
    return compared(report(before), report(after)).pairs


def test_a_ratio_is_the_later_by_the_earlier() -> None:
    (pair,) = pairs(one(10), one(5))

    assert (pair.before, pair.after, pair.ratio, pair.differs) == (10, 5, 0.5, True)


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (one(10, 1), one(11, 1), False),
        (one(10, 1), one(12, 1), False),  # the fastest of one is the slowest of the other
        (one(10, 1), one(12.1, 1), True),
        (one(12.1, 1), one(10, 1), True),
        (one(10, 0), one(10, 0), False),
        (Measurement("write", 10, "MB/s", "disk"), Measurement("write", 11, "MB/s", "disk"), True),
    ],
)
def test_only_what_is_more_than_the_spread_of_both_differs(
    before: Measurement, after: Measurement, differs: bool
) -> None:
    assert pairs(before, after)[0].differs is differs


def test_the_greatest_loss_comes_first_and_what_only_one_has_last() -> None:
    before = report(one(10, name="a"), one(10, name="b"), one(10, name="gone"))
    after = report(one(20, name="a"), one(5, name="b"), one(10, name="new"))
    found = compared(before, after).pairs

    assert [(pair.name, pair.ratio) for pair in found] == [
        ("b", 0.5),
        ("a", 2.0),
        ("gone", None),
        ("new", None),
    ]
    assert [(pair.before, pair.after) for pair in found[2:]] == [(10, None), (None, 10)]


def test_other_units_are_other_measures() -> None:
    assert [pair.ratio for pair in pairs(one(10), one(10, unit="GB/s"))] == [None, None]


def test_what_else_changed_is_said() -> None:
    other = msgspec.structs.replace(
        MACHINE, gpus=(), driver=None, cores=16, disk="/elsewhere", load=0.3
    )
    newer = msgspec.structs.replace(ENVIRONMENT, python="3.13")
    before = report(one(1))
    after = report(one(1), machine=other, environment=newer, dlsetup="1.1")

    assert compared(before, after).differences == (
        "dlsetup: 1.0, then 1.1",
        "cores: 32, then 16",
        "gpus: NVIDIA GeForce RTX 3090, then none",
        "driver: 550.163.01, then not known",
        "environment: python 3.12, torch 2.14.1, then python 3.13, torch 2.14.1",
    )
    assert compared(before, before).differences == ()


def test_an_environment_without_a_framework_is_told_by_its_python_alone() -> None:
    bare = msgspec.structs.replace(ENVIRONMENT, packages=())
    found = compared(report(one(1), environment=bare), report(one(1)))

    assert found.differences == ("environment: python 3.12, then python 3.12, torch 2.14.1",)


def test_what_was_printed_is_read_back_with_or_without_its_envelope(tmp_path: Path) -> None:
    whole = report()
    bare, wrapped = tmp_path / "bare.json", tmp_path / "wrapped.json"
    bare.write_bytes(msgspec.json.encode(whole))
    wrapped.write_bytes(msgspec.json.encode({"schema": 1, "command": "bench", "data": whole}))

    assert read(bare) == read(wrapped) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\xff",
        "[]",
        "{}",
        '{"data": {"plan": {}}}',
        '{"data": {"results": [{"name": 1}]}}',
        json.dumps({"results": []}),
        "[" * 100_000,
    ],
)
def test_what_is_no_benchmark_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError) as refused:
        read(path)

    assert refused.value.reference == "not-a-benchmark"
    assert refused.value.message == f"{path} holds no benchmark."
    assert refused.value.context


def test_a_folder_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read(tmp_path)
