"""Secure Boot: only a trouble where the module of the driver is there and does not load."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.detect import nvidia_kernel
from provisioner.detect.host import Host
from provisioner.doctor.live import driver
from provisioner.machine import Machine

_VARIABLES = "/sys/firmware/efi/efivars"
_VALUE_AT = 4
"""The value follows four bytes of attributes (UEFI specification, efivarfs)."""


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say that Secure Boot is on where a module that was built here is not loaded."""
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus) or machine.os.container:
        return
    if nvidia_kernel.probe(host).module is not None or not is_on(host):
        return
    kernel = machine.os.kernel or ""
    if driver.has_module(host, kernel):
        yield "UEFI Secure Boot is enabled, and the module nvidia is there and not loaded"


def is_on(host: Host) -> bool:
    """Whether the firmware enforces signatures."""
    for name in host.entries(_VARIABLES, "SecureBoot-"):
        value = host.read_bytes(f"{_VARIABLES}/{name}", _VALUE_AT + 1)
        if value and len(value) > _VALUE_AT:
            return value[_VALUE_AT] == 1
    return False
