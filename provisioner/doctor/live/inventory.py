"""What a report of a fault needs beside the findings: files and programs, as they speak."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from provisioner.detect.host import Host
from provisioner.detect.watch import Crew, Watch
from provisioner.errors import DlsetupError

_LIMIT_S = 20.0
_MOST_LINES, _LONGEST = 400, 400
_DRIVER = r"(?i)nvidia|cuda|nouveau|cudnn|nccl|amdgpu|rocm|linux-(?:image|headers|modules)"
_KERNEL = (
    r"NVRM|(?i:nvidia|nouveau|amdgpu|xid|iommu|AMD-Vi|DMAR|secure ?boot|lockdown|out of memory)"
)
_LOADED = (
    r"(?i)lib(?:cuda|cudnn|cublas|cufft|curand|cusparse|cusolver|nvrtc|nvJitLink|nccl|nvidia"
    r"|amdhip|roc)"
)
_VARIABLES = re.compile(
    r"(?:CUDA|NVIDIA|NCCL|TF|TORCH|PYTORCH|XLA|JAX|HIP|HSA|ROCR?|NVCC|OMP|MKL|CONDA|PYTHON|LD)_?[A-Z0-9_]*"
    r"|PATH|CC|CXX|VIRTUAL_ENV|SHELL|LANG|DISPLAY|XDG_SESSION_TYPE"
)


class Program(NamedTuple):
    """A program to ask, and which of its lines are kept; empty keeps all."""

    title: str
    argv: tuple[str, ...]
    keep: str = ""


PROGRAMS = (
    Program("nvidia-smi", ("nvidia-smi",)),
    Program("nvidia-smi -q", ("nvidia-smi", "-q")),
    Program("nvidia-smi topo -m", ("nvidia-smi", "topo", "-m")),
    Program("rocminfo", ("rocminfo",), r"(?i)name:|gfx"),
    Program(
        "lspci", ("lspci", "-nnk"), r"(?i)vga|3d controller|display|nvidia|nouveau|amdgpu|bridge"
    ),
    Program("dkms status", ("dkms", "status")),
    Program("mokutil --sb-state", ("mokutil", "--sb-state")),
    Program(
        "packages of dpkg",
        ("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version} ${Origin}\\n"),
        _DRIVER,
    ),
    Program("packages on hold", ("apt-mark", "showhold")),
    Program(
        "origins of the driver",
        (
            "apt-cache",
            "policy",
            "cuda-drivers",
            "nvidia-open",
            "nvidia-driver",
            "libcuda1",
            "cuda-keyring",
        ),
    ),
    Program(
        "packages of rpm",
        ("rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{VENDOR}\\n"),
        _DRIVER,
    ),
    Program("loader's cache", ("ldconfig", "-p"), _LOADED),
    Program("nvcc", ("nvcc", "--version")),
    Program("gcc", ("gcc", "--version")),
    Program("g++", ("g++", "--version")),
    Program("clang", ("clang", "--version")),
    Program("cmake", ("cmake", "--version")),
    Program("processor", ("lscpu",)),
    Program(
        "module of the driver",
        ("modinfo", "nvidia"),
        r"^(?:filename|version|license|supported|srcversion|vermagic|signer|firmware|depends):",
    ),
    Program(
        "docker", ("docker", "info"), r"(?i)version|runtime|cgroup|driver|root|cdi|operating|nvidia"
    ),
    Program("podman", ("podman", "--version")),
    Program("nvidia-ctk", ("nvidia-ctk", "--version")),
    Program("disks", ("df", "-hT")),
    Program("inodes", ("df", "-i")),
    Program("kernel log", ("dmesg",), _KERNEL),
    Program(
        "kernel log of the journal",
        ("journalctl", "-k", "-b", "-o", "cat", "-n", "4000", "--no-pager"),
        _KERNEL,
    ),
)
_FILES = (
    ("/proc/version", ""),
    ("/proc/cmdline", ""),
    ("/etc/os-release", ""),
    ("/proc/driver/nvidia/version", ""),
    ("/proc/driver/nvidia/params", ""),
    ("/proc/modules", r"(?i)nvidia|nouveau|amdgpu|drm"),
    ("/proc/meminfo", r"MemTotal|MemAvailable|SwapTotal|HugePages_Total"),
    ("/etc/docker/daemon.json", ""),
    ("/etc/wsl.conf", ""),
)
_FOLDERS = (
    ("/etc/modprobe.d", _DRIVER),
    ("/etc/ld.so.conf.d", ""),
    ("/etc/apt/sources.list.d", _DRIVER),
    ("/etc/yum.repos.d", r"(?i)nvidia|cuda|^\["),
    ("/var/lib/dkms", ""),
)
_GPUS = "/proc/driver/nvidia/gpus"


def see(host: Host) -> dict[str, list[str]]:
    """What files and programs say, by title, each bounded; what is not there is left out."""
    crew = Crew(time.monotonic() + _LIMIT_S)
    asked: list[tuple[str, Watch[list[str]]]] = [
        (program.title, crew.add(Watch(program.title, _asking(host, program), [])))
        for program in PROGRAMS
    ]
    found = {path: lines for path, lines in _files(host) if lines}
    crew.work()
    found |= {title: watch.answer for title, watch in asked if watch.answer}
    found["environment variables"] = [
        f"{name}={value}" for name, value in sorted(host.env.items()) if _VARIABLES.fullmatch(name)
    ]
    return found


def _asking(host: Host, program: Program) -> Callable[[], list[str]]:
    def ask() -> list[str]:
        try:
            told = host.output(program.title, program.argv)
        except DlsetupError:
            return []
        return _kept(f"{told.stdout}\n{told.stderr}", program.keep) if told else []

    return ask


def _files(host: Host) -> Iterator[tuple[str, list[str]]]:
    for path, keep in _FILES:
        yield path, _kept(host.read(path) or "", keep)
    for folder, keep in _FOLDERS:
        for name in host.entries(folder):
            yield f"{folder}/{name}", _kept(host.read(f"{folder}/{name}") or "", keep)
    for name in host.entries(_GPUS):
        yield f"{_GPUS}/{name}", _kept(host.read(f"{_GPUS}/{name}/information") or "", "")


def _kept(text: str, keep: str) -> list[str]:
    """The lines that are wanted, the last of them where they are many, each of a bounded length."""
    pattern = re.compile(keep)
    lines = [line.rstrip()[:_LONGEST] for line in text.splitlines() if line.strip()]
    return [line for line in lines if pattern.search(line)][-_MOST_LINES:]
