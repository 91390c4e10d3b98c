"""Several runs become one measurement, and programs' lines become measurements or reasons."""

from __future__ import annotations

import time

import pytest

from provisioner.bench.lines import Line, lines_of, told
from provisioner.bench.runs import NotMeasured, measurement, repeated


def test_the_median_counts_and_one_stray_at_each_end_does_not_widen_the_spread() -> None:
    found = measurement("copy", [10, 3, 11, 12, 90, 10.5, 11.5], "GB/s", "memory")

    assert (found.value, found.low, found.high, found.runs) == (11, 10, 12, 7)


def test_of_few_runs_all_count() -> None:
    found = measurement("copy", [10, 3, 11, 90], "GB/s", "memory")

    assert (found.value, found.low, found.high, found.runs) == (10.5, 3, 90, 4)


def test_a_measurement_claims_four_digits() -> None:
    assert measurement("copy", [1234.5678], "GB/s", "memory").value == 1235
    assert measurement("copy", [0.00123456], "GB/s", "memory").value == 0.001235


def test_what_several_threads_do_is_added_up_and_never_more_than_they_did() -> None:
    def work() -> float:
        time.sleep(0.02)  # as a GPU or a disk, it lets the others go on
        return 1.0

    alone, *_ = repeated([work], 0.5, 1)
    both, *_ = repeated([work, work], 0.5, 1)

    assert 0 < alone <= 50
    assert alone < both <= 100


def test_lines_that_were_cut_off_or_are_none_are_passed_over() -> None:
    text = 'WARNING: loud\n{"measure": "a", "unit": "u", "values": [1]}\n{"measure": "b", "val'

    assert [line.measure for line in lines_of(text)] == ["a"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Line(measure="copy", missing="CUDA_ERROR_OUT_OF_MEMORY"), "CUDA_ERROR_OUT_OF_MEMORY"),
        (Line(measure="copy"), "the program told no number"),
        (Line(measure="copy", values=(1.0, 0.0)), "the program told no number"),
        (
            Line(measure="copy", values=(9.0,), losses=(2.3, 2.3)),
            "the loss did not fall (2.3, then 2.3): it did not compute rightly",
        ),
        (
            Line(measure="copy", values=(9.0,), losses=(2.302, 7.5)),
            "the loss did not fall (2.302, then 7.5): it did not compute rightly",
        ),
    ],
)
def test_what_measured_nothing_is_told_with_its_reason(line: Line, why: str) -> None:
    found = told([line], {}, "torch")

    assert found.results == []
    assert found.missing == [NotMeasured("torch copy on cpu", why)]


def test_a_loss_that_fell_proves_a_training_step() -> None:
    line = Line(measure="training step", unit="steps/s", values=(5.0,), losses=(2.3, 1.1), device=7)
    found = told([line], {7: "gpu 1"}, "jax")

    assert [(one.name, one.value, one.device) for one in found.results] == [
        ("jax training step", 5, "gpu 1")
    ]


def test_a_gpu_that_is_not_asked_about_is_passed_over() -> None:
    assert told([Line(measure="copy", values=(5.0,), device=3)], {0: "gpu 0"}).results == []
