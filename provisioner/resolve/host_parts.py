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
        raise _unavailable("This plan uses no NVIDIA GPU, and containers would get none.")
    if beside.toolkit(facts.catalog, machine) is None:
        raise _unavailable(
            "The catalog knows no packages of the NVIDIA Container Toolkit for "
            f"{machine.os_name} on {machine.arch}."
        )


def warnings(facts: Facts) -> Iterator[Warning]:
    """Yield what an NVSwitch takes that dlsetup installs from nowhere."""
    if not facts.gpus or facts.has_windows_driver:
        return
    known = beside.fabric_managers(facts.catalog, facts.machine)
    for switch in beside.switches(facts.catalog, facts.machine):
        if not (known and is_managed(switch)):
            wanted = " and ".join(("a fabric manager of the driver's very version", *switch.needs))
            yield Warning(
                "fabric-manager-needed",
                f"On a board with NVSwitches, {switch.name}, CUDA starts only under {wanted}: "
                "install that too, this plan does not.",
            )


def is_managed(switch: Nvswitch) -> bool:
    """Whether a script can see the switch, and install all that it takes."""
    return switch.device is not None and not switch.needs


def _unavailable(message: str) -> RefusedError:
    return RefusedError(
        "container-toolkit-unavailable",
        message,
        hint="Leave out nvidia-container-toolkit.",
        data={"refused": (), "alternatives": ()},
    )
