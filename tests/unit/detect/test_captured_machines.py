"""Captured machines, replayed from their folders, are seen as what they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from provisioner.detect import detect
from provisioner.machine import Gpu, Machine

MACHINES = Path(__file__).parents[2] / "machines"
NAMES = sorted(folder.name for folder in MACHINES.iterdir() if folder.is_dir())

KNOWN_GPUS = {
    "10de:1b06": Gpu(name="GTX 1080 Ti", compute_capability="6.1", architecture="Pascal"),
    "10de:1e84": Gpu(name="RTX 2070 SUPER", compute_capability="7.5", architecture="Turing"),
    "10de:2204": Gpu(
        name="NVIDIA GeForce RTX 3090", compute_capability="8.6", architecture="Ampere"
    ),
    "10de:2684": Gpu(name="NVIDIA GeForce RTX 4090", compute_capability="8.9", architecture="Ada"),
    "10de:2d58": Gpu(name="RTX 5070", compute_capability="12.0", architecture="Blackwell"),
    "1002:744c": Gpu(name="AMD Radeon RX 7900 XTX", vendor="amd"),
}
"""A small catalog; rows of shared/facts/09_gpus.csv and 20_rocm_gpus.csv."""


def known_gpu(vendor: str, device: str, _subsystem: str | None) -> Gpu | None:
    return KNOWN_GPUS.get(f"{vendor}:{device}")


def as_json(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value))


def expected_of(name: str) -> dict[str, object]:
    expected: dict[str, object] = msgspec.json.decode(
        (MACHINES / name / "machine.json").read_bytes()
    )
    return expected


@pytest.mark.parametrize("name", NAMES)
def test_a_captured_machine_is_seen_as_it_is(name: str) -> None:
    expected = expected_of(name)

    report = detect(MACHINES / name / "root", env={}, gpu_by_pci_id=known_gpu)

    assert as_json({"machine": report.machine}) == expected["data"]
    assert as_json(report.warnings) == expected["warnings"]


@pytest.mark.parametrize("name", NAMES)
def test_a_captured_machine_says_nothing_of_the_machine_it_is_replayed_on(name: str) -> None:
    machine = detect(MACHINES / name / "root").machine

    assert machine.pythons == ()
    assert machine.disks == ()
    assert "pythons" not in machine.sources


def test_every_expectation_is_a_machine_that_can_be_read_back() -> None:
    for name in NAMES:
        data = expected_of(name)["data"]
        assert isinstance(data, dict)

        msgspec.convert(data["machine"], Machine)


def test_without_a_catalog_a_gpu_bears_its_pci_id() -> None:
    gpus = detect(MACHINES / "ubuntu24.04-rtx4090-nodriver" / "root", env={}).machine.gpus

    assert gpus == (Gpu(name="NVIDIA GPU 10de:2684", pci_id="10de:2684"),)


def test_the_catalog_is_asked_with_vendor_device_and_the_board(tmp_path: Path) -> None:
    asked = []
    detect(
        MACHINES / "ubuntu24.04-rtx4090-nodriver" / "root",
        env={},
        cache_dir=tmp_path,
        gpu_by_pci_id=lambda *ids: asked.append(ids),
    )

    assert asked == [("10de", "2684", "1043:889d")]


@pytest.fixture
def rtx2070(tmp_path: Path) -> Path:
    """A copy of a whole machine, to be damaged."""
    root = tmp_path / "root"
    shutil.copytree(MACHINES / "ubuntu22.04-rtx2070super-550" / "root", root, symlinks=True)
    return root


def test_an_os_release_cut_off_inside_a_word_still_names_the_system(rtx2070: Path) -> None:
    (rtx2070 / "etc/os-release").write_text('ID=ubuntu\nVERSION_ID="22.04', encoding="utf-8")

    machine = detect(rtx2070, env={}).machine

    assert machine.os_name == "ubuntu-22.04"
    assert machine.gpus[0].name == "NVIDIA GeForce RTX 2070 SUPER"


def test_binary_garbage_in_cpuinfo_harms_nothing_else(rtx2070: Path) -> None:
    (rtx2070 / "proc/cpuinfo").write_bytes(bytes(range(256)) * 64 + b"\nflags: \xff\xfe avx2\n")

    machine = detect(rtx2070, env={}).machine

    assert machine.cpu.flags == ("avx2",)
    assert machine.cpu.name is None
    assert machine.driver is not None
    assert machine.driver.version == "550.163.01"


def test_empty_files_give_a_machine_of_which_little_is_known(rtx2070: Path) -> None:
    for file in rtx2070.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.write_bytes(b"")

    report = detect(rtx2070, env={})

    assert report.machine.os_name == "unknown-unknown"
    assert report.machine.gpus == ()
    assert report.machine.driver is None
    assert report.machine.memory_bytes is None
    assert report.warnings == ()


def test_without_sys_the_driver_still_names_the_gpu(rtx2070: Path) -> None:
    shutil.rmtree(rtx2070 / "sys")

    gpu = detect(rtx2070, env={}).machine.gpus[0]

    assert gpu.compute_capability == "7.5"
    assert gpu.pci_id == "10de:1e84"


def test_without_nvidia_smi_the_kernel_module_names_the_gpu(rtx2070: Path) -> None:
    shutil.rmtree(rtx2070 / "captured")

    machine = detect(rtx2070, env={}, gpu_by_pci_id=known_gpu).machine

    assert machine.gpus == (
        Gpu(
            name="NVIDIA GeForce RTX 2070 SUPER",
            compute_capability="7.5",
            architecture="Turing",
            uuid="GPU-5c1f7d7e-1b8e-4c1d-9d0c-2f5c1b6f7a01",
            pci_id="10de:1e84",
        ),
    )
    assert machine.sources["gpus"] == "procfs"
    assert machine.driver is not None
    assert (machine.driver.version, machine.sources["driver"]) == ("550.163.01", "procfs")


def test_an_empty_folder_leaves_the_driver_unknown_rather_than_absent(tmp_path: Path) -> None:
    machine = detect(tmp_path, env={}).machine

    assert machine.driver is None
    assert not machine.driver_is_known


def test_libraries_without_a_loaded_module_are_no_driver(rtx2070: Path) -> None:
    shutil.rmtree(rtx2070 / "proc/driver")
    shutil.rmtree(rtx2070 / "captured")
    (rtx2070 / "sys/module/nvidia/version").unlink()
    library = rtx2070 / "usr/lib/x86_64-linux-gnu"
    library.mkdir(parents=True)
    (library / "libcuda.so.550.163.01").touch()
    (library / "libcuda.so.1").symlink_to("libcuda.so.550.163.01")

    report = detect(rtx2070, env={})

    assert report.machine.driver is None
    assert report.machine.driver_is_known
    assert [warning.reference for warning in report.warnings] == ["driver-not-loaded"]


def test_a_gpu_that_the_driver_does_not_report_is_told(rtx2070: Path) -> None:
    lost = rtx2070 / "sys/bus/pci/devices/0000:41:00.0"
    shutil.copytree(rtx2070 / "sys/bus/pci/devices/0000:01:00.0", lost)

    report = detect(rtx2070, env={})

    assert len(report.machine.gpus) == 1
    assert [warning.reference for warning in report.warnings] == ["gpu-not-initialising"]


def test_a_virtual_function_is_no_gpu_of_its_own(rtx2070: Path) -> None:
    devices = rtx2070 / "sys/bus/pci/devices"
    shutil.copytree(devices / "0000:01:00.0", devices / "0000:01:00.4")
    (devices / "0000:01:00.4" / "physfn").symlink_to("../0000:01:00.0")

    assert detect(rtx2070, env={}).warnings == ()


def test_a_container_that_was_given_no_gpu_is_told_so(rtx2070: Path) -> None:
    shutil.rmtree(rtx2070 / "captured")
    (rtx2070 / ".dockerenv").touch()

    report = detect(rtx2070, env={})

    assert report.machine.os.container == "docker"
    assert [warning.reference for warning in report.warnings] == ["container-no-gpu-flag"]


def test_a_link_in_a_captured_machine_does_not_lead_into_this_one(rtx2070: Path) -> None:
    (rtx2070 / "etc/os-release").unlink()
    (rtx2070 / "etc/os-release").symlink_to("/etc/os-release")

    assert detect(rtx2070, env={}).machine.os.id == "unknown"


def test_a_folder_that_is_a_link_does_not_lead_into_this_machine(tmp_path: Path) -> None:
    (tmp_path / "etc").symlink_to("/etc")
    (tmp_path / "proc").symlink_to("/proc")

    machine = detect(tmp_path, env={}).machine

    assert machine.os.id == "unknown"
    assert machine.memory_bytes is None
    assert not machine.driver_is_known


def test_an_nvidia_smi_that_forgot_its_driver_version_still_names_the_gpu(rtx2070: Path) -> None:
    captured = rtx2070 / "captured"
    refusal = 'Field "driver_version" is not a valid field to query.\n'
    (captured / "nvidia-smi-query.txt").write_text(refusal, encoding="utf-8")
    answer = "NVIDIA X, GPU-1, 8192, 7.5, 0x1E8410DE, Disabled\n"
    (captured / "nvidia-smi-query-later.txt").write_text(answer, encoding="utf-8")

    machine = detect(rtx2070, env={}).machine

    assert [(gpu.name, gpu.mig) for gpu in machine.gpus] == [("NVIDIA X", False)]
    assert machine.driver is not None
    assert machine.driver.version == "550.163.01"


def test_control_characters_in_names_never_reach_a_terminal(rtx2070: Path) -> None:
    answer = "\x1b[31mNVIDIA\x07 X, GPU-1, 8192, 7.5, 550.163.01, 0x1E8410DE, [N/A]\n"
    (rtx2070 / "captured/nvidia-smi-query.txt").write_text(answer, encoding="utf-8")

    name = detect(rtx2070, env={}).machine.gpus[0].name

    assert name.isprintable()
