"""The PCI Express link of each GPU, and the window that its memory needs."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.machine import Machine

_DEVICES = "/sys/bus/pci/devices"
_NVIDIA = "0x10de"
_DISPLAY = "0x03"


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say which GPU has no memory window, or a narrower link than it could have."""
    if machine.os.container or machine.os.wsl:
        return
    for slot in host.entries(_DEVICES):
        folder = f"{_DEVICES}/{slot}"
        kind = host.line(f"{folder}/class") or ""
        if host.line(f"{folder}/vendor") != _NVIDIA or not kind.startswith(_DISPLAY):
            continue
        resource = (host.read(f"{folder}/resource") or "").splitlines()
        if resource and resource[0].split()[:2] == ["0x0000000000000000"] * 2:
            yield f"NVRM: BAR0 is 0M @ 0x0 (PCI:{slot}): no window in memory"
        now, most = (host.line(f"{folder}/{name}_link_width") or "" for name in ("current", "max"))
        if now.isdigit() and most.isdigit() and 0 < int(now) < int(most):
            yield f"{slot}: link width {now} of {most}"
