"""AMD's gfx targets from the kernel's compute driver, ``/sys/class/kfd/kfd/topology``."""

from __future__ import annotations

from provisioner.detect.host import Host

_NODES = "/sys/class/kfd/kfd/topology/nodes"


def parse_properties(text: str) -> dict[str, int]:
    """The ``name number`` lines of one node."""
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: int(number) for name, _, number in pairs if number.strip().isdecimal()}


def gfx_target(version: int) -> str | None:
    """``90010`` is ``gfx90a``, ``110000`` is ``gfx1100``: the step is one hex digit.

    Source: the kernel's kfd_topology, gfx_target_version = major * 10000 + minor * 100 + step.
    """
    if version <= 0:
        return None
    return f"gfx{version // 10000}{version // 100 % 100}{version % 100:x}"


def probe(host: Host) -> dict[str, str]:
    """The gfx target of each AMD processor by its PCI slot, ``{"0000:03:00.0": "gfx1100"}``."""
    found = {}
    for node in host.entries(_NODES):
        facts = parse_properties(host.read(f"{_NODES}/{node}/properties") or "")
        target = gfx_target(facts.get("gfx_target_version", 0))
        place = facts.get("location_id", 0)
        if target is not None:
            slot = f"{facts.get('domain', 0):04x}:{place >> 8 & 255:02x}:{place >> 3 & 31:02x}"
            found[f"{slot}.{place & 7:x}"] = target
    return found
