"""The parts brought together: what can be measured is, and for the rest the reason stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner import resources
from provisioner.bench import benchmark
from provisioner.bench.benchmark import Benchmark, Inside, bench
from provisioner.bench.runs import NotMeasured
from provisioner.catalog.load import Catalog
from provisioner.machine import Cpu, Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import DriverPlan, Pin, Plan, Request
from provisioner.progress import Steps
from tests.unit.bench.conftest import RTX_2070_SUPER

CATALOG = Catalog(resources.stacks())
NO_NAME = NotMeasured("frameworks", "no environment was named: dlsetup bench NAME")
RADEON = Gpu(name="Radeon RX 7900 XTX", vendor="amd")


def machine(*gpus: Gpu, driver: bool = True) -> Machine:
    return Machine(
        os=OperatingSystem(id="ubuntu", version="24.04"),
        cpu=Cpu(name="made"),
        memory_bytes=1 << 30,
        gpus=gpus,
        driver=Driver(version="550.163.01") if driver else None,
    )


def inside(python: Path, *names: str, accelerator: str = "cuda") -> Inside:
    plan = Plan(
        machine=machine(),
        request=Request(requirements=names),
        via="pip",
        python="3.12",
        accelerator=accelerator,
        cuda=None,
        cudnn=None,
        driver=DriverPlan(action="keep"),
        pins=tuple(Pin(name=name, version="1.0") for name in names),
    )
    return Inside(name="demo", interpreter=python, python="3.12", plan=plan)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ("_PROCESSOR_S", "_MEMORY_S", "_DISK_S", "_COPIES_S", "_FRAMEWORKS_S")
    for name in parts:
        monkeypatch.setattr(benchmark, name, 0.6 if name == "_COPIES_S" else 0.1)


def run(here: Machine, folder: Path, within: Inside | None = None) -> Benchmark:
    return bench(here, CATALOG, folder, within)[0]


def devices(found: Benchmark) -> set[str]:
    return {result.device for result in found.results}


@pytest.mark.usefixtures("library")
def test_a_gpu_is_measured_by_itself_watched_and_then_with_its_framework(
    tmp_path: Path, python: Path
) -> None:
    steps: list[str] = []
    found, _ = bench(
        machine(RTX_2070_SUPER.gpu),
        CATALOG,
        tmp_path,
        inside(python, "torch", "torchvision"),
        Steps(steps.append),
    )
    on_gpu = [result.name for result in found.results if result.device == "gpu 0"]

    assert on_gpu == [
        "host to device",
        "device to host",
        "memory copy",
        # What the catalog knows that compute capability 7.5 computes in, but for the integers.
        "torch matmul fp64",
        "torch matmul fp32",
        "torch matmul fp16",
        "torch training step",
    ]
    assert found.not_measured == (
        NotMeasured(
            "matmul int8, int4 on gpu 0", "the frameworks' own matrix product does not take them"
        ),
    )
    assert [seen.device for seen in found.gpus] == ["gpu 0"]
    assert found.gpus[0].link_width == 16
    assert found.environment is not None
    assert [package.name for package in found.environment.packages] == ["torch", "torchvision"]
    assert steps == [
        "measuring the processor",
        "measuring memory",
        "measuring the disk",
        "measuring copies of the GPUs",
        "measuring torch at work",
    ]


def test_a_gpu_without_a_driver_is_told(tmp_path: Path) -> None:
    found = run(machine(RTX_2070_SUPER.gpu, driver=False), tmp_path)

    assert found.not_measured == (NotMeasured("GPUs", "no NVIDIA driver is loaded"), NO_NAME)
    assert devices(found) == {"cpu", "memory", "disk"}


def test_gpus_of_other_makers_are_told(tmp_path: Path) -> None:
    assert run(machine(RADEON, RADEON, driver=False), tmp_path).not_measured == (
        NotMeasured("Radeon RX 7900 XTX", "only NVIDIA's GPUs are measured so far"),
        NotMeasured("GPUs", "no NVIDIA GPU was found"),
        NO_NAME,
    )


@pytest.mark.usefixtures("library")
def test_an_environment_for_the_processor_uses_no_gpu_and_that_is_told(
    tmp_path: Path, python: Path
) -> None:
    here = machine(RTX_2070_SUPER.gpu)
    found = run(here, tmp_path, inside(python, "torch", accelerator="cpu"))

    assert NotMeasured("frameworks on GPUs", "demo computes on cpu") in found.not_measured
    assert {one.device for one in found.results if "torch" in one.name} == {"cpu"}
    assert (python.parent / "seen").read_text().startswith("|")


def test_an_environment_without_a_framework_is_told(tmp_path: Path) -> None:
    found = run(machine(driver=False), tmp_path, inside(tmp_path / "python", "cupy"))

    why = "demo holds none of torch, tensorflow and jax"
    assert NotMeasured("frameworks", why) in found.not_measured


@pytest.mark.usefixtures("library")
def test_a_gpu_that_cannot_be_copied_to_is_not_given_to_frameworks(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA", "refuses")
    found = run(machine(RTX_2070_SUPER.gpu), tmp_path, inside(python, "torch"))

    assert "gpu 0" not in devices(found)
    assert found.not_measured == (NotMeasured("copies on gpu 0", "cuInit: CUDA_ERROR_NO_DEVICE"),)


@pytest.mark.usefixtures("library")
def test_where_nvml_is_silent_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_NVML", "crash")
    found = run(machine(RTX_2070_SUPER.gpu), tmp_path)

    assert "gpu 0" in devices(found)
    assert found.gpus == ()
    assert (
        NotMeasured("link, clocks and temperature of gpu 0", "NVML ended by signal 11")
        in found.not_measured
    )


@pytest.mark.parametrize(("load", "told"), [(0.5, []), (3.2, ["machine-busy"])])
def test_a_busy_machine_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: float, told: list[str]
) -> None:
    monkeypatch.setattr(benchmark, "_load", lambda: load)
    found, warnings = bench(machine(driver=False), CATALOG, tmp_path)

    assert found.machine.load == load
    assert [warning.reference for warning in warnings] == told
