"""Graphics processors on the PCI bus, from ``/sys/bus/pci/devices``: there without any driver."""

from __future__ import annotations

import re

import msgspec

from provisioner.detect.host import Host

DEVICES = "/sys/bus/pci/devices"
VENDORS = {"10de": "nvidia", "1002": "amd", "8086": "intel"}
"""Vendor ids (pci.ids) of those who make graphics processors that compute."""
_DISPLAY_CLASS = "03"
_ACCELERATOR_CLASS = "12"
"""AMD's Instinct parts call themselves processing accelerators."""
_HEX = re.compile(r"0x[0-9a-f]{4,8}")


class PciDevice(msgspec.Struct, frozen=True):
    """A device on the bus; ids are four lower-case hex digits without ``0x``.

    ``subsystem`` is vendor and device of the board's maker, ``"1043:87b5"``.
    """

    slot: str
    vendor: str
    device: str
    subsystem: str | None = None
    driver: str | None = None
    memory_bytes: int | None = None

    @property
    def id(self) -> str:
        """Vendor and device as pci.ids writes them, ``"10de:2204"``."""
        return f"{self.vendor}:{self.device}"


def probe(host: Host) -> tuple[PciDevice, ...]:
    """The graphics processors on the bus, in the order of their slots."""
    found = (_gpu_in(host, slot) for slot in host.entries(DEVICES))
    return tuple(device for device in found if device is not None)


def slot_of(text: str) -> str:
    """One spelling for the slots of procfs, sysfs, NVML and nvidia-smi: ``0000:01:00.0``."""
    domain, _, rest = text.strip().lower().rpartition(":")[0].partition(":")
    tail = text.strip().lower().rpartition(":")[2]
    tail = tail if "." in tail else f"{tail}.0"
    return f"{domain[-4:].rjust(4, '0')}:{rest}:{tail}"


def _gpu_in(host: Host, slot: str) -> PciDevice | None:
    folder = f"{DEVICES}/{slot}"
    class_ = _hex_in(host, f"{folder}/class")
    vendor = _hex_in(host, f"{folder}/vendor")
    device = _hex_in(host, f"{folder}/device")
    if class_ is None or vendor not in VENDORS or device is None:
        return None
    computes = class_.startswith(_ACCELERATOR_CLASS) and VENDORS[vendor] == "amd"
    # A virtual function of a card is a share of a card that is already counted.
    if not (class_.startswith(_DISPLAY_CLASS) or computes) or host.exists(f"{folder}/physfn"):
        return None
    board = _hex_in(host, f"{folder}/subsystem_vendor"), _hex_in(host, f"{folder}/subsystem_device")
    memory = host.line(f"{folder}/mem_info_vram_total") or ""
    return PciDevice(
        slot=slot,
        vendor=vendor,
        device=device,
        subsystem=f"{board[0]}:{board[1]}" if all(board) else None,
        driver=_driver_of(host, folder),
        memory_bytes=int(memory) if memory.isdecimal() else None,
    )


def _hex_in(host: Host, path: str) -> str | None:
    text = (host.line(path) or "").lower()
    return text[2:] if _HEX.fullmatch(text) else None


def _driver_of(host: Host, folder: str) -> str | None:
    """The kernel driver that holds the device: uevent says it in plain text."""
    match = re.search(r"^DRIVER=([\w-]+)$", host.read(f"{folder}/uevent") or "", re.MULTILINE)
    return match[1] if match else None
