"""Machines that remedies are asked for, each as a report tells of it and as detection saw it."""

from __future__ import annotations

from provisioner import workflow
from provisioner.describe import Options
from provisioner.doctor import Patient, Symptoms
from provisioner.machine import Machine

DESCRIBED: dict[str, tuple[str, str, str]] = {
    "turing-jammy": ("RTX 2070 SUPER", "ubuntu-22.04", "535.183.01"),
    "ada-noble": ("RTX 4090", "ubuntu-24.04", "550.54.14"),
    "pascal-bookworm": ("GTX 1080", "debian-12", "535.183.01"),
    "pascal-noble": ("GTX 1080", "ubuntu-24.04", ""),
    "hopper-rocky": ("H100", "rocky-9", "535.183.01"),
    "blackwell-noble": ("RTX 5090", "ubuntu-24.04", "570.86.16"),
    "blackwell-fedora": ("RTX 5090", "fedora-44", ""),
    "kepler-jammy": ("Tesla K80", "ubuntu-22.04", "470.256.02"),
    "volta-noble": ("Tesla V100-PCIE-16GB", "ubuntu-24.04", "580.65.06"),
    "maxwell-jammy": ("GTX 980", "ubuntu-22.04", "580.65.06"),
    "ada-wsl": ("RTX 4090", "ubuntu-22.04-wsl2", "551.61"),
    "ada-windows": ("RTX 4090", "windows-11", "551.61"),
    "amd-noble": ("RX 7900 XTX", "ubuntu-24.04", ""),
    "jetson": ("Jetson AGX Orin 64GB", "ubuntu-22.04", ""),
    "ampere-focal": ("RTX 3090", "ubuntu-20.04", "470.256.02"),
    "ampere-bookworm": ("RTX 3090", "debian-12", ""),
    "hopper-jammy": ("H100", "ubuntu-22.04", "535.183.01"),
    "ada-tumbleweed": ("RTX 4090", "opensuse-tumbleweed", ""),
    "blackwell-windows": ("RTX 5090", "windows-11", ""),
    "grace-jammy": ("GH200 480GB", "ubuntu-22.04", "535.183.01"),
    "rdna2-jammy": ("gfx1030", "ubuntu-22.04", ""),
    "vega-jammy": ("gfx900", "ubuntu-22.04", ""),
    "gfx1031-jammy": ("gfx1031", "ubuntu-22.04", ""),
    "amd-windows": ("RX 7900 XTX", "windows-11", ""),
    "ampere-suse": ("RTX 3090", "opensuse-leap-15.6", "550.54.14"),
}
"""By name: GPU, system, driver."""
ARM = {"jetson", "grace-jammy"}
CONTAINERS = {"ada-noble", "blackwell-noble", "pascal-bookworm"}
"""Those that are asked for inside a container too."""


def described(name: str) -> Machine:
    """A machine of the table."""
    gpu, system, driver = DESCRIBED[name]
    options = Options(
        gpus=(gpu,),
        os=system,
        driver=driver or None,
        arch="aarch64" if name in ARM else "x86_64",
    )
    return workflow.machine_of(options)[0]


def patient(name: str, *, container: bool = False, text: str = "") -> Patient:
    """What a report of that machine tells, and nothing else."""
    machine = described(name)
    driver = machine.driver.version if machine.driver else None
    symptoms = Symptoms(
        text=text.lower(),
        lines=tuple(text.splitlines()),
        os_id=machine.os.id,
        os_version=machine.os.version,
        wsl=machine.os.wsl,
        container=container,
        arch=machine.arch,
        gpus=machine.gpus,
        driver=driver or "",
    )
    return Patient(symptoms, workflow.catalog())
