"""The window in memory of each GPU, and its PCI Express link."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect import pci
from provisioner.detect.host import Host
from provisioner.machine import Machine
from provisioner.plan import Warning

_QUARTER = 4
"""Half of the lanes is what boards with two slots give, and costs little."""


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str | Warning]:
    """Say which GPU has no memory window; a warning tells of a link with few of its lanes."""
    if machine.os.container or machine.os.wsl:
        return
    slots = [one.slot for one in pci.probe(host) if pci.VENDORS[one.vendor] == "nvidia"]
    for slot in slots:
        folder = f"{pci.DEVICES}/{slot}"
        resource = (host.read(f"{folder}/resource") or "").splitlines()
        if resource and [int(word, 16) for word in resource[0].split()[:2]] == [0, 0]:
            yield f"NVRM: BAR0 is 0M @ 0x0 (PCI:{slot}): no window in memory"
        now, most = (host.line(f"{folder}/{name}_link_width") or "" for name in ("current", "max"))
        if now.isdigit() and most.isdigit() and 0 < int(now) * _QUARTER <= int(most):
            text = f"The GPU at {slot} has {now} of its {most} PCI Express lanes."
            yield Warning("gpu-link-narrow", text)
