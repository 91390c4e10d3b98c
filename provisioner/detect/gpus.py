"""One list of GPUs and one driver out of what the bus, the kernel module, NVML and nvidia-smi say.

Pure: the probes have looked, here their answers are weighed. NVML is believed before nvidia-smi,
nvidia-smi before procfs, procfs before the bare bus. The catalog's names come in by a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from provisioner.detect.host import printable
from provisioner.detect.nvidia_kernel import KernelSight
from provisioner.detect.pci import VENDORS, PciDevice, slot_of
from provisioner.detect.reports import GpuFacts, NvmlReport, SmiReport
from provisioner.machine import Driver, Gpu

GpuByPciId = Callable[[str, str, "str | None"], "Gpu | None"]
"""(vendor, device, subsystem) → the catalog's GPU: ``("10de", "2204", "1043:87b5")``."""

_VENDOR_NAMES = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}


class Sight(msgspec.Struct, frozen=True):
    """Everything that was seen of graphics processors and the NVIDIA driver."""

    pci: tuple[PciDevice, ...] = ()
    kernel: KernelSight = KernelSight(None, (), None, False)
    nvml: NvmlReport = NvmlReport()
    smi: SmiReport = SmiReport()
    gfx_targets: dict[str, str] = {}

    @property
    def on_nvidia_bus(self) -> tuple[PciDevice, ...]:
        """The NVIDIA GPUs on the bus that a host driver could hold."""
        return tuple(
            device
            for device in self.pci
            if VENDORS[device.vendor] == "nvidia" and device.driver != "vfio-pci"
        )

    @property
    def reported(self) -> tuple[tuple[GpuFacts, ...], str]:
        """The GPUs that the driver itself reports, and through which door."""
        if len(self.smi.gpus) > len(self.nvml.gpus):
            return self.smi.gpus, "nvidia-smi"
        return self.nvml.gpus, "nvml"


def gpus_of(sight: Sight, catalog: GpuByPciId | None) -> tuple[tuple[Gpu, ...], str]:
    """All GPUs, NVIDIA's in the driver's order first, and the best source that was heard."""
    known = catalog or _nobody_knows
    others = tuple(
        _from_bus(device, known, sight.gfx_targets)
        for device in sight.pci
        if VENDORS[device.vendor] != "nvidia"
    )
    facts, source = sight.reported
    if facts:
        on_bus = {device.slot: device for device in sight.pci}
        return tuple(_from_driver(fact, on_bus, known) for fact in facts) + others, source
    if sight.kernel.gpus:
        return _from_procfs(sight, known) + others, "procfs"
    return tuple(_from_bus(device, known, {}) for device in sight.on_nvidia_bus) + others, "pci"


def driver_of(sight: Sight) -> tuple[Driver | None, str]:
    """The driver that is loaded, and who said so.

    A library without a loaded module is no driver. Where the two differ, ``version`` is the
    library's: it is what programs talk to.
    """
    module = sight.kernel.module
    heard = sight.nvml.driver or sight.smi.driver
    if heard is None and module is None:
        return None, "procfs"
    version = heard or sight.kernel.library_version or sight.smi.library
    source = "nvml" if sight.nvml.driver else "nvidia-smi" if heard else None
    return Driver(
        version=version or (module.version if module else None),
        cuda=sight.nvml.cuda or sight.smi.cuda,
        flavour=module.flavour if module else None,
        kernel_module_version=module.version if module else None,
    ), source or (module.source if module else "procfs")


def _from_driver(fact: GpuFacts, on_bus: Mapping[str, PciDevice], known: GpuByPciId) -> Gpu:
    device = on_bus.get(slot_of(fact.slot)) if fact.slot else None
    ids = _ids(fact.device) or ((device.vendor, device.device) if device else None)
    board = _ids(fact.subsystem)
    subsystem = ":".join(board) if board else device.subsystem if device else None
    row = known(*ids, subsystem) if ids else None
    pci_id = ":".join(ids) if ids else None
    said = ".".join(map(str, fact.capability)) if fact.capability else None
    return Gpu(
        name=printable(fact.name or "")
        or (row.name if row else f"NVIDIA GPU {pci_id or ''}".strip()),
        compute_capability=said or (row.compute_capability if row else None),
        architecture=(row.architecture if row else None) or fact.architecture,
        memory_bytes=fact.memory_bytes,
        uuid=printable(fact.uuid) if fact.uuid else None,
        pci_id=pci_id,
        mig=fact.mig,
    )


def _from_procfs(sight: Sight, known: GpuByPciId) -> tuple[Gpu, ...]:
    on_bus = {device.slot: device for device in sight.pci}
    found = []
    for listed in sight.kernel.gpus:
        device = on_bus.get(listed.slot)
        row = known(device.vendor, device.device, device.subsystem) if device else None
        found.append(
            Gpu(
                name=listed.name or (row.name if row else "NVIDIA GPU"),
                compute_capability=row.compute_capability if row else None,
                architecture=row.architecture if row else None,
                uuid=listed.uuid,
                pci_id=device.id if device else None,
            )
        )
    return tuple(found)


def _from_bus(device: PciDevice, known: GpuByPciId, targets: Mapping[str, str]) -> Gpu:
    vendor = VENDORS[device.vendor]
    row = known(device.vendor, device.device, device.subsystem)
    return Gpu(
        name=row.name if row else f"{_VENDOR_NAMES[vendor]} GPU {device.id}",
        vendor=vendor,
        compute_capability=row.compute_capability if row else None,
        architecture=targets.get(device.slot) or (row.architecture if row else None),
        memory_bytes=device.memory_bytes,
        pci_id=device.id,
    )


def _nobody_knows(_vendor: str, _device: str, _subsystem: str | None) -> Gpu | None:
    return None


def _ids(number: int | None) -> tuple[str, str] | None:
    """Vendor and device out of NVML's one number, whose lower half is the vendor."""
    if not number:
        return None
    return f"{number & 0xFFFF:04x}", f"{number >> 16 & 0xFFFF:04x}"
