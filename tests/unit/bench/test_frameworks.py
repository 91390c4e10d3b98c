"""Frameworks at work: our programs ask for the right things, and what fails is told.

PyTorch is a stand-in here, and so the GPUs are; the real ones ran on the processor only.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.bench import frameworks
from provisioner.bench.gpus import Device
from provisioner.bench.runs import NotMeasured
from provisioner.plan import Pin
from tests.unit.bench.conftest import GTX_1080_TI, H100

FORMATS = {
    "9.0": ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8"),
    "6.1": ("fp64", "fp32", "fp16"),
}


def precisions(device: Device) -> tuple[str, ...]:
    return FORMATS.get(device.gpu.compute_capability or "", ())


def log(python: Path) -> list[str]:
    return list(dict.fromkeys((python.parent / "log").read_text().splitlines()))


def test_every_precision_of_every_gpu_is_multiplied_and_a_step_trained(python: Path) -> None:
    found = frameworks.work("torch", python, (H100, GTX_1080_TI), precisions, 0.1)

    assert [(one.name, one.device) for one in found.results] == [
        ("torch matmul fp32", "cpu"),
        ("torch training step", "cpu"),
        *(("torch matmul " + name, "gpu 0") for name in ("fp64", "fp32", "tf32", "bf16", "fp16")),
        ("torch training step", "gpu 0"),
        *(("torch matmul " + name, "gpu 1") for name in ("fp64", "fp32", "fp16")),
        ("torch training step", "gpu 1"),
    ]
    assert found.missing == []
    assert {one.unit for one in found.results} == {"TFLOP/s", "steps/s"}
    assert (python.parent / "seen").read_text() == (
        f"{H100.gpu.uuid},{GTX_1080_TI.gpu.uuid}|PCI_BUS_ID\n"
    )


def test_fp32_is_not_tf32_and_products_are_waited_for(python: Path) -> None:
    frameworks.work("torch", python, (H100, GTX_1080_TI), precisions, 0.1)
    told = log(python)

    assert [line for line in told if line.startswith("mm cuda:0 float32")] == [
        "mm cuda:0 float32 tf32=False",
        "mm cuda:0 float32 tf32=True",
    ]
    assert "mm cuda:0 bfloat16 tf32=False" in told
    assert "mm cuda:1 float64 tf32=False" in told
    assert {"wait cuda:0", "wait cuda:1", "train cpu", "train cuda:0", "train cuda:1"} <= set(told)


def test_a_product_counts_two_operations_for_each_of_its_cubes(python: Path) -> None:
    (product, *_) = frameworks.work("torch", python, (), precisions, 0.1).results

    # The stand-in takes a millisecond and a little more, whatever the size.
    assert product.detail == "8192 x 8192"
    assert 0.3 * 1100 < product.value <= 2 * 8192**3 / 0.001 / 1e12


def test_a_format_without_code_is_told_and_the_others_go_on(
    python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_TORCH_REFUSES", "float16")
    found = frameworks.work("torch", python, (GTX_1080_TI,), precisions, 0.1)

    assert found.missing == [
        NotMeasured("torch matmul fp16 on gpu 1", "RuntimeError: no kernel image")
    ]
    assert "torch training step" in {one.name for one in found.results if one.device == "gpu 1"}


def test_a_training_whose_loss_does_not_fall_is_no_measurement(
    python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_TORCH_STUCK", "1")
    found = frameworks.work("torch", python, (), precisions, 0.1)

    assert found.missing == [
        NotMeasured(
            "torch training step on cpu",
            "the loss did not fall (2.3, then 2.3): it did not compute rightly",
        )
    ]


def test_gpus_that_the_framework_does_not_see_are_told(
    python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_TORCH_GPUS", "1")
    found = frameworks.work("torch", python, (H100, GTX_1080_TI), precisions, 0.1)

    assert {one.device for one in found.results} == {"cpu", "gpu 0"}
    assert found.missing == [NotMeasured("the rest of torch", "torch sees 1 of 2 GPUs")]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo loud; echo ImportError: libcudart >&2; exit 1", "ImportError: libcudart"),
        ("exit 3", "status 3"),
        ("kill -11 $$", "it was ended by signal 11"),
    ],
)
def test_a_framework_that_fails_is_told(tmp_path: Path, script: str, why: str) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)

    assert frameworks.work("jax", python, (), precisions, 0.1).missing == [
        NotMeasured("the rest of jax", why)
    ]


def test_formats_that_nothing_multiplies_are_told() -> None:
    unknown = Device("gpu 2", H100.gpu.__class__(name="new", compute_capability="14.0"))

    assert frameworks.left_out((H100, GTX_1080_TI, unknown), precisions) == [
        NotMeasured(
            "matmul fp8, int8 on gpu 0", "the frameworks' own matrix product does not take them"
        ),
        NotMeasured(
            "matmul in other formats than fp32 on gpu 2",
            "the catalog does not know what it computes in",
        ),
    ]


def test_each_framework_is_measured_once_whatever_its_package_is_called() -> None:
    names = ("fastai", "tensorflow-cpu", "torchvision", "tensorflow", "torch", "jax")
    pins = [Pin(name=name, version="1") for name in names]

    assert frameworks.programs(pins) == ("tensorflow", "torch", "jax")
