"""NVML through the real binding, against a library compiled for the purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.detect import DetectReport, detect
from provisioner.detect.host import Host
from provisioner.detect.nvml import parse_nvml_lines, probe
from provisioner.detect.remembered import FactCache
from provisioner.machine import Gpu

RTX_2070_SUPER = Gpu(
    name="NVIDIA GeForce RTX 2070 SUPER",
    compute_capability="7.5",
    architecture="Turing",
    memory_bytes=8192 * 1024 * 1024,
    uuid="GPU-11111111-1111-1111-1111-111111111111",
    pci_id="10de:1e84",
)
H100_IN_SLICES = Gpu(
    name="NVIDIA H100 80GB HBM3",
    compute_capability="9.0",
    architecture="Hopper",
    memory_bytes=81559 * 1024 * 1024,
    uuid="GPU-22222222-2222-2222-2222-222222222222",
    pci_id="10de:2330",
    mig=True,
)
GTX_1080_TI = Gpu(
    name="NVIDIA GeForce GTX 1080 Ti",
    compute_capability="6.1",
    architecture="Pascal",
    memory_bytes=11178 * 1024 * 1024,
    uuid="GPU-33333333-3333-3333-3333-333333333333",
    pci_id="10de:1b06",
)


class Bench:
    """Detection on the live machine with the fake library in front of everything."""

    def __init__(self, library: Path, env: dict[str, str], cache: Path) -> None:
        self.env = {**env, "LD_LIBRARY_PATH": str(library)}
        self.cache = cache

    def look(self, fixture: str, **more: str) -> DetectReport:
        return detect(env={**self.env, "FAKE_NVML": fixture, **more}, cache_dir=self.cache)


@pytest.fixture
def bench(fake_nvml: Path, live_env: dict[str, str], tmp_path: Path) -> Bench:
    return Bench(fake_nvml, live_env, tmp_path / "cache")


def nvidia(report: DetectReport) -> tuple[Gpu, ...]:
    return tuple(gpu for gpu in report.machine.gpus if gpu.vendor == "nvidia")


def references(report: DetectReport) -> list[str]:
    return [warning.reference for warning in report.warnings if "nv" in warning.reference]


def test_one_gpu_is_told_whole(bench: Bench) -> None:
    report = bench.look("one")

    assert nvidia(report) == (RTX_2070_SUPER,)
    assert report.machine.sources["gpus"] == "nvml"
    assert report.machine.sources["driver"] == "nvml"
    assert report.machine.driver is not None
    assert report.machine.driver.version == "550.163.01"
    assert report.machine.driver.cuda == "12.4"


def test_unlike_gpus_are_told_each(bench: Bench) -> None:
    report = bench.look("mixed")

    assert nvidia(report) == (H100_IN_SLICES, GTX_1080_TI)
    assert report.machine.driver is not None
    assert (report.machine.driver.version, report.machine.driver.cuda) == ("580.95.05", "13.0")


@pytest.mark.parametrize("variable", ["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"])
def test_hiding_gpus_from_cuda_does_not_hide_them_from_us(bench: Bench, variable: str) -> None:
    report = bench.look("mixed", **{variable: ""})

    assert nvidia(report) == (H100_IN_SLICES, GTX_1080_TI)


def test_an_old_library_tells_its_cuda_by_the_older_call(bench: Bench) -> None:
    driver = bench.look("old").machine.driver

    assert driver is not None
    assert driver.cuda == "12.4"


def test_a_library_that_hangs_is_left_and_said(bench: Bench) -> None:
    report = bench.look("hang", DLSETUP_PROBE_SECONDS="0.5")

    assert nvidia(report) == ()
    assert references(report) == ["nvml-failed"]
    assert report.machine.os.id != "unknown"
    assert report.machine.memory_bytes is not None


def test_a_library_that_crashes_takes_nothing_with_it(bench: Bench) -> None:
    report = bench.look("crash")

    assert nvidia(report) == ()
    assert report.warnings[0].message == "NVML could not be read: NVML crashed (signal 11)."
    assert report.machine.cpu.flags


@pytest.mark.parametrize("fixture", ["late", "slow", "lost"])
def test_what_was_told_before_the_trouble_is_kept(bench: Bench, fixture: str) -> None:
    report = bench.look(fixture, DLSETUP_PROBE_SECONDS="1.5")

    assert nvidia(report) == (H100_IN_SLICES,)
    assert "nvml-failed" in references(report)
    assert report.machine.driver is not None
    assert report.machine.driver.version == "580.95.05"


def test_a_library_without_its_kernel_module_is_no_driver(bench: Bench) -> None:
    report = bench.look("unloaded")

    assert report.machine.driver is None
    assert report.machine.driver_is_known


def test_a_hanging_library_does_not_hide_what_nvidia_smi_says(bench: Bench) -> None:
    write_nvidia_smi(
        bench, 'echo "NVIDIA A100, GPU-9, 81920, 8.0, 535.183.01, 0x20B010DE, Enabled"'
    )

    report = bench.look("hang", DLSETUP_PROBE_SECONDS="1")

    assert [gpu.name for gpu in nvidia(report)] == ["NVIDIA A100"]
    assert nvidia(report)[0].mig is True
    assert report.machine.sources["gpus"] == "nvidia-smi"


def test_a_banner_that_hangs_does_not_take_the_gpus_with_it(bench: Bench) -> None:
    write_nvidia_smi(
        bench,
        'case "$1" in --query*) echo "A100, GPU-9, 81920, 8.0, 535.183.01, 0x20B010DE, Enabled";;'
        " *) sleep 60;; esac",
    )

    report = bench.look("unloaded", DLSETUP_PROBE_SECONDS="1")

    assert [gpu.name for gpu in nvidia(report)] == ["A100"]
    assert report.machine.driver is not None
    assert report.machine.driver.version == "535.183.01"


def test_both_hanging_leave_the_rest_of_the_machine(bench: Bench) -> None:
    write_nvidia_smi(bench, "sleep 60 & wait")

    report = bench.look("hang", DLSETUP_PROBE_SECONDS="0.5")

    assert nvidia(report) == ()
    assert {"nvml-failed", "probe-failed"} <= {warning.reference for warning in report.warnings}
    assert report.machine.cpu.flags


def test_nvidia_smi_is_not_asked_when_nvml_has_said_everything(
    bench: Bench, tmp_path: Path
) -> None:
    write_nvidia_smi(bench, f"touch {tmp_path}/asked")

    bench.look("one")

    assert not (tmp_path / "asked").exists()


def write_nvidia_smi(bench: Bench, script: str) -> None:
    path = Path(bench.env["PATH"]) / "nvidia-smi"
    path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_lines_cut_off_or_foreign_are_passed_over() -> None:
    report = parse_nvml_lines(
        '{"driver": "580.95.05", "cuda": 13010}\nWarning: something\n[]\n'
        '{"gpu": {"name": 3}}\n{"gpu": {"na'
    )

    assert (report.driver, report.cuda, report.gpus) == ("580.95.05", "13.1", ())


def test_a_mismatch_is_told_by_its_code(bench: Bench) -> None:
    host = Host("/", {**bench.env, "FAKE_NVML": "mismatch"}, FactCache(None))

    report = probe(host)

    assert report is not None
    # 18 is NVML_ERROR_LIB_RM_VERSION_MISMATCH in nvml.h; the text is the binding's own.
    assert report.code == 18
