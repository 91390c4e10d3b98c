"""Secure Boot: only a trouble where the module of the driver is there and does not load."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect import nvidia_kernel
from provisioner.detect.host import Host
from provisioner.doctor.live import modules
from provisioner.machine import Machine

_VARIABLES = "/sys/firmware/efi/efivars"
_VALUE_AT = 4
"""The value follows four bytes of attributes (UEFI specification, efivarfs)."""
_OWN_KEYS = "MokListRT-"


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str]:
    """Say that Secure Boot is on where a module that is there is not loaded."""
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus) or machine.os.container:
        return
    sight = nvidia_kernel.probe(host)
    if sight.module is not None or not is_on(host) or modules.blacklisted(host):
        return
    if modules.has_nvidia(host, machine.os.kernel or ""):
        yield "UEFI Secure Boot is enabled, and the module nvidia is there and not loaded"
        if host.entries(_VARIABLES) and not host.entries(_VARIABLES, _OWN_KEYS):
            yield "no Machine Owner Key is enrolled (MOK)"


def is_on(host: Host) -> bool:
    """Whether the firmware enforces signatures."""
    for name in host.entries(_VARIABLES, "SecureBoot-"):
        value = host.read_bytes(f"{_VARIABLES}/{name}", _VALUE_AT + 1)
        if value and len(value) > _VALUE_AT:
            return value[_VALUE_AT] == 1
    return False
