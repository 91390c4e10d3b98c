"""What goes with a driver on a machine: its parts, its fabric manager, the container toolkit."""

from __future__ import annotations

from provisioner.catalog.driver_rows import ContainerToolkit, DriverParts, Nvswitch
from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.machine import Machine


def parts_of(catalog: Catalog, machine: Machine, package: str | None) -> DriverParts | None:
    """What the machine's archive holds beside a driver's package; None where nobody looked."""
    name = f"{machine.os.id}-{machine.os.version}"
    found = (row for row in catalog.driver_parts if (row.os, row.driver) == (name, package))
    return next(found, None)


def fabric_managers(catalog: Catalog, machine: Machine) -> tuple[str, ...]:
    """The fabric managers that the machine's archive is known to hold, one for each branch."""
    name = f"{machine.os.id}-{machine.os.version}"
    found = (row.fabric_manager for row in catalog.driver_parts if row.os == name)
    return tuple(dict.fromkeys(package for package in found if package))


def switches(catalog: Catalog, machine: Machine) -> tuple[Nvswitch, ...]:
    """The NVSwitches that the machine's GPUs may sit beside."""
    names = {_model(gpu.name) for gpu in machine.gpus if gpu.vendor == "nvidia"}
    return tuple(row for row in catalog.nvswitches if names.intersection(map(_model, row.gpus)))


def toolkit(catalog: Catalog, machine: Machine) -> ContainerToolkit | None:
    """The container toolkit for the machine's system and processor; None where none is known."""
    home = system(catalog, machine.os.id, machine.os.version)
    wanted = (home.family if home else "", machine.arch)
    found = (row for row in catalog.container_toolkit if (row.family, row.arch) == wanted)
    return next(found, None)


def _model(name: str) -> str:
    """A GPU's name as the driver prints it or as pci.ids has it: with its maker, or without."""
    return name.removeprefix("NVIDIA ")
