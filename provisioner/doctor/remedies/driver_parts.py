"""What goes with a driver: modules that are built already, and the fabric manager."""

from __future__ import annotations

from provisioner.catalog.beside import fabric_managers, parts_of
from provisioner.catalog.rows import DriverPackage
from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies import drivers


def modules_package(patient: Patient) -> str | None:
    """The modules that the archive has built and signed, without a kernel, of the driver there is.

    Of the planned driver where none is known; None where the archive has none of that branch: the
    modules of another one do not go with its libraries.
    """
    planned = drivers.row_of(patient)
    if planned is None:
        return None
    row: DriverPackage | None = planned
    if drivers.running(patient):
        flavours = [planned.flavour, *(drivers.allowed_flavours(patient) - {planned.flavour})]
        found = (drivers.of_running_branch(patient, flavour) for flavour in flavours)
        row = next((one for one in found if one), None)
    parts = parts_of(patient.catalog, patient.machine, row.package) if row else None
    return (parts.modules or None) if parts else None


def fabric_manager(patient: Patient) -> str | None:
    """The fabric manager of the branch that runs, where the archive has it."""
    branch = drivers.running(patient).partition(".")[0]
    names = fabric_managers(patient.catalog, patient.machine) if branch else ()
    return next((name for name in names if name.endswith(f"-{branch}")), None)


def fabric_upgrade(patient: Patient) -> str | None:
    """The planned driver together with its fabric manager, where the archive has both."""
    row = drivers.row_of(patient)
    parts = parts_of(patient.catalog, patient.machine, row.package) if row else None
    if row is None or parts is None or not parts.fabric_manager or row.repository:
        return None
    return f"{drivers.installed(patient, row)} {parts.fabric_manager}"
