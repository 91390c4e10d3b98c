"""What goes with a driver on a machine: its parts, its fabric manager, the container toolkit."""

from __future__ import annotations

import re

from provisioner.catalog.driver_rows import ContainerToolkit, DriverParts, FamilyPackages, Nvswitch
from provisioner.catalog.find import names_of_system, system
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import DriverPackage, Repository
from provisioner.machine import Gpu, Machine

_WORD = re.compile(r"[a-z0-9]+")
_MAKERS = frozenset({"nvidia", "tesla"})
_SOCKET = re.compile(r"sxm\d*")
_CAPABILITY = re.compile(r"(sm_)?\d+\.?\d")


def driver_packages(catalog: Catalog, machine: Machine) -> tuple[DriverPackage, ...]:
    """The packages that install a driver on the machine, of repositories for its processor."""
    names = names_of_system(catalog, machine.os.id, machine.os.version)
    here = (row for row in catalog.driver_packages if row.os in names)
    return tuple(row for row in here if row.repository is None or repository(catalog, machine, row))


def repository(catalog: Catalog, machine: Machine, package: DriverPackage) -> Repository | None:
    """The publisher's repository of a package, if it is for the machine's processor."""
    wanted = (package.repository, package.os, machine.arch)
    found = (row for row in catalog.repositories if (row.name, row.os, row.arch) == wanted)
    return next(found, None)


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
    return tuple(row for row in catalog.nvswitches if boards(catalog, machine, row))


def boards(catalog: Catalog, machine: Machine, switch: Nvswitch) -> tuple[Gpu, ...]:
    """The machine's GPUs that may sit on boards with a switch, each name once.

    One may whose name says less than that of such a board: H100 is what H100 80GB HBM3 is called
    too, and sm_90 is either.
    """
    found = {
        gpu.name: gpu
        for gpu in machine.gpus
        if gpu.vendor == "nvidia" and any(_may_be(catalog, gpu, board) for board in switch.gpus)
    }
    return tuple(found.values())


def is_told(gpu: Gpu, switch: Nvswitch) -> bool:
    """Whether a GPU goes by the very name of one on boards with a switch."""
    return any(_words(gpu.name) == _words(board) for board in switch.gpus)


def is_data_centre(catalog: Catalog, gpu: Gpu) -> bool:
    """Whether the product is one of NVIDIA's data-centre GPUs: ``A100`` of A100-SXM4-80GB."""
    return _words(gpu.name)[:1] in [_words(row.name) for row in catalog.data_centre_gpus]


def is_for_servers(package: str) -> bool:
    """Whether a driver's package is that of Ubuntu's line for servers, which says so itself."""
    return "server" in package.split("-")


def family_packages(catalog: Catalog, machine: Machine) -> FamilyPackages | None:
    """What scripts get by themselves on the machine's system; None where nobody looked."""
    home = system(catalog, machine.os.id, machine.os.version)
    found = (row for row in catalog.family_packages if home and row.family == home.family)
    return next(found, None)


def toolkit(catalog: Catalog, machine: Machine) -> ContainerToolkit | None:
    """The container toolkit for the machine's system and processor; None where none is known."""
    home = system(catalog, machine.os.id, machine.os.version)
    wanted = (home.family if home else "", machine.arch)
    found = (row for row in catalog.container_toolkit if (row.family, row.arch) == wanted)
    return next(found, None)


def _may_be(catalog: Catalog, gpu: Gpu, board: str) -> bool:
    if _CAPABILITY.fullmatch(gpu.name.lower()):
        rows = (row for row in catalog.gpus if row.name == board)
        return any(row.compute_capability == gpu.compute_capability for row in rows)
    said, meant = _words(gpu.name), _words(board)
    if said[:1] != meant[:1]:
        return False
    return set(said) <= set(meant) or any(_SOCKET.fullmatch(word) for word in said)


def _words(name: str) -> list[str]:
    """A GPU's name as the driver prints it, pci.ids has it or people say it: without its maker."""
    return [word for word in _WORD.findall(name.lower()) if word not in _MAKERS]
