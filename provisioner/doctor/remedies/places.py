"""Where a cause is at home: what a report leaves unsaid, the cause itself says."""

from __future__ import annotations

import msgspec

from provisioner.doctor.patient import Patient
from provisioner.machine import Machine, OperatingSystem


def placed(reference: str, patient: Patient) -> Patient:
    """The patient on the kind of machine that a cause speaks of, where nobody said another."""
    told = patient.symptoms
    if reference == "wsl2" and not patient.machine.os.wsl:
        return elsewhere(patient, in_wsl(patient))
    if reference == "aarch64-jetson" and not told.arch and patient.seen is None:
        return elsewhere(patient, msgspec.structs.replace(patient.machine, arch="aarch64"))
    return patient


def elsewhere(patient: Patient, machine: Machine) -> Patient:
    """The same symptoms on a machine that is described, as commands have to describe it too."""
    return patient.on(machine, from_afar=patient.seen is None)


def in_wsl(patient: Patient) -> Machine:
    """The machine's GPUs inside WSL, whose driver is that of Windows: unknown."""
    newest = max(
        (row for row in patient.catalog.systems if row.id == "ubuntu"), key=lambda r: r.version
    )
    here = patient.machine.os
    version = here.version if here.id == "ubuntu" and here.version else newest.version
    inside = OperatingSystem(id="ubuntu", version=version, wsl=True)
    return msgspec.structs.replace(patient.machine, os=inside, driver=None, sources={})
