"""Texts of many systems and driver generations, read by the pure parsers."""

from __future__ import annotations

import pytest

from provisioner.detect.amd_kfd import gfx_target
from provisioner.detect.containers import parse_client_version
from provisioner.detect.cpu import generic_level, parse_cpuinfo
from provisioner.detect.disks import homes_of_environments, parse_mounts
from provisioner.detect.host import printable
from provisioner.detect.memory import parse_meminfo
from provisioner.detect.nvidia_kernel import parse_gpu_information, parse_proc_version
from provisioner.detect.nvidia_smi import parse_banner, parse_query
from provisioner.detect.os_release import parse_os_release
from provisioner.detect.pci import slot_of
from provisioner.detect.pythons import parse_python_answer
from provisioner.detect.toolkits import (
    parse_nvcc_version,
    parse_version_json,
    parse_version_txt,
)
from provisioner.detect.tools import parse_tool_version
from provisioner.machine import Interpreter


@pytest.mark.parametrize(
    ("text", "version", "flavour"),
    [
        pytest.param(
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01"
            "  Tue Apr  8 12:41:17 UTC 2025",
            "550.163.01",
            "proprietary",
            id="closed",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build"
            "  (dvs-builder@U22-I3-B17-02-5)  Tue Sep 23 09:55:41 UTC 2025",
            "580.95.05",
            "open",
            id="open",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX Open Kernel Module  570.86.15  Release Build",
            "570.86.15",
            "open",
            id="open-without-architecture",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX aarch64 Kernel Module  535.183.06  Mon Jul 1 2024",
            "535.183.06",
            "proprietary",
            id="closed-aarch64",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12 09:19:07 UTC 2022",
            "390.157",
            "proprietary",
            id="two-parts",
        ),
    ],
)
def test_both_kernel_modules_tell_version_and_flavour(
    text: str, version: str, flavour: str
) -> None:
    assert parse_proc_version(f"{text}\nGCC version:  gcc version 11.4.0\n") == (version, flavour)


@pytest.mark.parametrize(
    "text", ["", "NVRM version:", "NVRM version: NVIDIA UNIX Kernel Module\n", "\0"]
)
def test_a_damaged_version_file_tells_nothing(text: str) -> None:
    assert parse_proc_version(text) is None


@pytest.mark.parametrize(
    ("banner", "driver", "cuda"),
    [
        pytest.param(
            "| NVIDIA-SMI 331.62     Driver Version: 331.62         |", "331.62", None, id="331"
        ),
        pytest.param(
            "| NVIDIA-SMI 390.157                Driver Version: 390.157                   |",
            "390.157",
            None,
            id="390",
        ),
        pytest.param(
            "| NVIDIA-SMI 418.67       Driver Version: 418.67       CUDA Version: 10.1     |",
            "418.67",
            "10.1",
            id="418",
        ),
        pytest.param(
            "| NVIDIA-SMI 550.54.08              Driver Version: 551.78    "
            "     CUDA Version: 12.4     |",
            "551.78",
            "12.4",
            id="wsl2",
        ),
        pytest.param(
            "| NVIDIA-SMI 610.43.02              KMD Version: 610.43.02    "
            " CUDA UMD Version: 13.3     |",
            "610.43.02",
            "13.3",
            id="610",
        ),
        pytest.param(
            "| NVIDIA-SMI 615.10                 KMD Version: 615.33       "
            " CUDA UMD Version: 13.4     |",
            "615.33",
            "13.4",
            id="615-wsl2",
        ),
        pytest.param(
            "| NVIDIA-SMI 470.256.02   Driver Version: 470.256.02   CUDA Version: N/A      |",
            "470.256.02",
            None,
            id="no-cuda-in-container",
        ),
    ],
)
def test_every_generation_of_the_banner_is_read(banner: str, driver: str, cuda: str | None) -> None:
    report = parse_banner(f"Thu Nov 19 09:12:44 2026\n+----+\n{banner}\n+----+\n")

    assert (report.driver, report.cuda, report.error) == (driver, cuda, None)


def test_a_mismatch_is_recognised_and_names_the_library() -> None:
    report = parse_banner(
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.90\n"
    )

    assert report.mismatch
    assert (report.driver, report.library) == (None, "550.90")


def test_the_complaint_of_a_machine_without_a_driver_is_kept() -> None:
    text = (
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
        " Make sure that the latest NVIDIA driver is installed and running.\n\n"
    )

    report = parse_banner(text)

    assert report.driver is None
    assert report.error is not None
    assert report.error.startswith("NVIDIA-SMI has failed")


def test_the_query_tells_each_gpu_and_leaves_open_what_it_cannot_say() -> None:
    report = parse_query(
        "NVIDIA A100-SXM4-80GB, GPU-1, 81920, 8.0, 535.183.01, 0x20B210DE, Enabled\n"
        "NVIDIA GB10, GPU-2, [N/A], 12.1, 535.183.01, 0x2E1210DE, [Not Supported]\n"
        "Unable to determine the device handle for GPU0000:41:00.0: GPU is lost.\n"
    )

    first, second = report.gpus
    assert (first.name, first.capability, first.mig) == ("NVIDIA A100-SXM4-80GB", (8, 0), True)
    assert first.memory_bytes == 80 * 1024**3
    assert (second.memory_bytes, second.mig, second.capability) == (None, None, (12, 1))
    assert report.driver == "535.183.01"


@pytest.mark.parametrize("text", ["", "No devices were found\n", "a, b\n", "\0\0\0,,,,,,\n"])
def test_an_answer_without_gpus_has_none(text: str) -> None:
    assert parse_query(text).gpus == ()


def test_procfs_names_a_gpu() -> None:
    facts = parse_gpu_information(
        "Model: \t\t NVIDIA H100 PCIe\nIRQ:   \t\t 18\nBus Type: \t PCIe\n"
    )

    assert facts["Model"] == "NVIDIA H100 PCIe"


@pytest.mark.parametrize(
    ("written", "slot"),
    [
        ("00000000:1B:00.0", "0000:1b:00.0"),
        ("0000:01:00.0", "0000:01:00.0"),
        ("00000001:00:00.0", "0001:00:00.0"),
    ],
)
def test_one_slot_has_one_spelling(written: str, slot: str) -> None:
    assert slot_of(written) == slot


@pytest.mark.parametrize(
    ("number", "target"), [(110000, "gfx1100"), (90010, "gfx90a"), (90402, "gfx942"), (0, None)]
)
def test_amd_targets_are_written_as_the_compilers_write_them(
    number: int, target: str | None
) -> None:
    assert gfx_target(number) == target


def test_os_release_knows_quotes_comments_and_escapes() -> None:
    facts = parse_os_release(
        '# a comment\nID=rocky\nVERSION_ID="9.4"\nNAME=\'Rocky\'\nX="a \\"b\\""\nnot one\n'
    )

    assert facts == {"ID": "rocky", "VERSION_ID": "9.4", "NAME": "Rocky", "X": 'a "b"'}


def test_an_arm_processor_has_flags_and_no_level_that_cannot_be_proved() -> None:
    text = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes sve\nCPU implementer\t: 0x41\n"

    name, flags, count = parse_cpuinfo(text)

    assert (name, flags, count) == (None, ("aes", "asimd", "evtstrm", "fp", "sve"), 1)
    assert generic_level("aarch64", frozenset(flags)) == "aarch64"


def test_a_processor_without_avx_is_no_v3() -> None:
    v2 = "cx16 lahf_lm mmx sse sse2 pni ssse3 sse4_1 sse4_2 popcnt"

    assert generic_level("x86_64", frozenset(v2.split())) == "x86_64_v2"
    assert generic_level("x86_64", frozenset({"mmx", "sse", "sse2"})) == "x86_64"


def test_memory_is_counted_in_bytes() -> None:
    assert parse_meminfo("MemTotal:       16384000 kB\nMemFree: 1 kB\n") == 16384000 * 1024
    assert parse_meminfo("MemTotal: lots\n") is None


MOUNTS = """\
/dev/nvme0n1p2 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
tmpfs /tmp tmpfs rw 0 0
/dev/nvme0n1p1 /boot/efi vfat rw 0 0
/dev/sda1 /data xfs rw 0 0
/dev/sda1 /srv/data xfs rw 0 0
/dev/sdb1 /media/My\\040Disk ext4 rw 0 0
/dev/sdc1 /mnt/archive ext4 ro 0 0
/dev/loop3 /snap/core/1 squashfs ro 0 0
overlay /var/lib/docker/overlay2/abc/merged overlay rw 0 0
server:/home /home nfs4 rw 0 0
broken line
"""


def test_only_file_systems_that_could_hold_an_environment_count_and_each_once() -> None:
    assert homes_of_environments(parse_mounts(MOUNTS)) == ["/", "/data", "/home", "/media/My Disk"]


def test_the_overlay_below_a_container_is_its_disk() -> None:
    mounts = "overlay / overlay rw 0 0\n/dev/sda2 /etc/hosts ext4 rw 0 0\n"

    assert homes_of_environments(parse_mounts(mounts)) == ["/"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Docker version 28.2.2, build e6534b4\n", "28.2.2"),
        ("podman version 4.3.1\n", "4.3.1"),
        ("NVIDIA Container Toolkit CLI version 1.17.8\ncommit: f202b80\n", "1.17.8"),
        ("cli-version: 1.13.5\nlib-version: 1.13.5\n", "1.13.5"),
        ("nonsense", None),
    ],
)
def test_container_clients_tell_their_versions(text: str, version: str | None) -> None:
    assert parse_client_version(text) == version


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [
        ("conda", "conda 24.9.2\n", "24.9.2"),
        ("mamba", "mamba 1.5.8\nconda 24.3.0\n", "1.5.8"),
        ("mamba", "2.0.5\n", "2.0.5"),
        ("micromamba", "1.5.8\n", "1.5.8"),
        ("uv", "uv 0.13.8 (abc 2026-11-12)\n", "0.13.8"),
        ("uv", "error: no such file\n", None),
    ],
)
def test_tools_tell_their_versions(name: str, text: str, version: str | None) -> None:
    assert parse_tool_version(text, name) == version


def test_a_toolkit_tells_its_release_in_three_ways() -> None:
    nvcc = "Cuda compilation tools, release 13.0, V13.0.88\nBuild cuda_13.0.r13.0/compiler\n"

    assert parse_version_json('{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}') == "12.4.1"
    assert parse_version_txt("CUDA Version 10.2.89\n") == "10.2.89"
    assert parse_nvcc_version(nvcc) == "13.0"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cuda": 3}', '{"cuda": {"version": "$(id)"}}'])
def test_a_damaged_version_sheet_tells_nothing(text: str) -> None:
    assert parse_version_json(text) is None


@pytest.mark.parametrize(
    ("text", "interpreter"),
    [
        (
            "3.12.1\ncpython\n/usr/bin/python3\n",
            Interpreter(version="3.12.1", path="/usr/bin/python3"),
        ),
        (
            "hello\n3.15.0a2\ncpython\n/x/python\n",
            Interpreter(version="3.15.0a2", path="/x/python"),
        ),
        (
            "3.13.0t\ncpython\n/x/python3.13t\n",
            Interpreter(version="3.13.0t", path="/x/python3.13t"),
        ),
        ("3.10.14\npypy\n/x/pypy\n", None),
        ("", None),
        ("pyenv: python3.6: command not found\n", None),
    ],
)
def test_an_interpreter_is_what_it_says_it_is(text: str, interpreter: Interpreter | None) -> None:
    assert parse_python_answer(text) == interpreter


def test_names_are_one_short_printable_line() -> None:
    assert printable("a\x1b[31m\n\tb\N{REPLACEMENT CHARACTER}  c") == "a [31m b c"
    assert len(printable("x" * 5000)) == 200
