"""What the machine itself needs beside frameworks: the container toolkit, a fabric manager."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog import beside
from provisioner.catalog.driver_rows import Nvswitch
from provisioner.catalog.find import names_of_system
from provisioner.catalog.rows import OperatingSystemRow
from provisioner.errors import RefusedError
from provisioner.plan import DriverPlan, Warning
from provisioner.resolve.facts import Facts


def possible(facts: Facts) -> None:
    """Raise RefusedError ``container-toolkit-unavailable`` where it is asked for in vain."""
    if not facts.request.host:
        return
    machine = facts.machine
    if not facts.gpus:
        raise _unavailable(
            "This plan uses no NVIDIA GPU, and containers would get none.",
            "Name the GPU with --gpu; on a machine without one, leave out "
            "nvidia-container-toolkit.",
        )
    if beside.toolkit(facts.catalog, machine) is None:
        raise _unavailable(
            "The catalog knows no packages of the NVIDIA Container Toolkit for "
            f"{machine.os_name} on {machine.arch}.",
            "Leave out nvidia-container-toolkit.",
        )


def warnings(facts: Facts, driver: DriverPlan) -> Iterator[Warning]:
    """Yield what the driver and an NVSwitch take that dlsetup installs from nowhere.

    And which GPU may sit beside one.
    """
    if not facts.gpus or facts.has_windows_driver:
        return
    if driver.action not in {"keep", "none"} and driver.package is None and facts.system:
        yield Warning("no-driver-package", _by_hand(facts.system, facts, driver))
    known = beside.fabric_managers(facts.catalog, facts.machine)
    for switch in beside.switches(facts.catalog, facts.machine):
        gpus = beside.boards(facts.catalog, facts.machine, switch)
        names = " and ".join(gpu.name for gpu in gpus)
        told = all(beside.is_told(gpu, switch) for gpu in gpus)
        if not (known and is_managed(switch)):
            yield Warning("fabric-manager-needed", _lacking(names, switch, told))
        elif not told:
            yield Warning(
                "board-not-told",
                f"{names} may sit on a board with NVSwitches (HGX), where CUDA starts only under "
                "a fabric manager, or on one without. The driver is right for both; the script "
                "looks for a switch, and installs the fabric manager where one is.",
            )


def _by_hand(home: OperatingSystemRow, facts: Facts, driver: DriverPlan) -> str:
    """Why no script installs the driver here, and what to do."""
    catalog, machine = facts.catalog, facts.machine
    names = names_of_system(catalog, home.id, home.version)
    if beside.driver_packages(catalog, machine):
        why = "its packages are of other branches"
    elif any(row.os in names for row in catalog.driver_packages):
        why = f"those of NVIDIA's repository are not for {machine.arch}"
    elif home.nvidia_repository is None:
        why = "NVIDIA's guide names no repository for it"
    else:
        why = f"the catalog has no key to trust NVIDIA's repository {home.nvidia_repository} by"
    return (
        f"No package of driver branch {driver.branch} is known for {home.name}: {why}. Install "
        f"{_wanted(driver)} as NVIDIA's driver installation guide says, and reboot, before the "
        "rest."
    )


def _wanted(driver: DriverPlan) -> str:
    if driver.minimum is None:
        return f"a driver of branch {driver.branch}"
    return f"driver {driver.needed}{',' if driver.last_branch else ''}"


def _lacking(names: str, switch: Nvswitch, told: bool) -> str:
    where = "On a board with NVSwitches (HGX)" if told else "If on a board with NVSwitches (HGX)"
    wanted = " and ".join(("a fabric manager of the driver's very version", *switch.needs))
    packages = " and ".join(("nvidia-fabricmanager", *switch.needs))
    return (
        f"{where}, {names} starts CUDA only under {wanted}, which this plan does not install. "
        f"NVIDIA's repository has packages whose names begin with {packages}."
    )


def is_managed(switch: Nvswitch) -> bool:
    """Whether a script can see the switch, and install all that it takes."""
    return switch.device is not None and not switch.needs


def _unavailable(message: str, hint: str) -> RefusedError:
    return RefusedError(
        "container-toolkit-unavailable",
        message,
        hint=hint,
        data={"refused": (), "alternatives": ()},
    )
