"""What the machine itself needs beside frameworks: the container toolkit, a fabric manager."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog import beside
from provisioner.catalog.driver_rows import Nvswitch
from provisioner.errors import RefusedError
from provisioner.plan import Warning
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


def warnings(facts: Facts) -> Iterator[Warning]:
    """Yield what an NVSwitch takes that dlsetup installs from nowhere, and who may have one."""
    if not facts.gpus or facts.has_windows_driver:
        return
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
