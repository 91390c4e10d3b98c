"""Drivers for a machine: which release, package and flavour the resolver would put there."""

from __future__ import annotations

import shlex

from provisioner.catalog.find import names_of_system
from provisioner.catalog.rows import Cuda, DriverPackage
from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates.drivers import REQUIRES_CUDA, branch_of, cuda_of
from provisioner.plan import Plan
from provisioner.recipes.driver import package_for
from provisioner.version import at_least, numbers

_INSTALLERS = {"debian": "sudo apt install", "redhat": "sudo dnf install", "suse": "sudo zypper in"}


def on_linux(patient: Patient) -> bool:
    """Whether it is Linux, WSL and containers among it, or nobody said what else."""
    return patient.machine.os.id not in {"windows", "macos"}


def has_windows_driver(patient: Patient) -> bool:
    """Whether the driver is that of Windows: on Windows itself and in WSL."""
    return patient.machine.os.wsl or patient.machine.os.id == "windows"


def takes_driver(patient: Patient) -> bool:
    """Whether a Linux driver belongs there: on Linux itself, not in WSL, not in a container."""
    inside = patient.symptoms.container or patient.machine.os.container
    return on_linux(patient) and not patient.machine.os.wsl and not inside


def is_tegra(patient: Patient) -> bool:
    """Whether the GPU is a Jetson's, whose driver comes with JetPack alone."""
    capabilities = {gpu.compute_capability for gpu in patient.machine.gpus}
    rows = (row for row in patient.catalog.architectures if row.tegra)
    return any(row.compute_capability in capabilities for row in rows)


def usual(patient: Patient) -> Plan | None:
    """The plan for the framework that somebody wants to run, where a GPU is known.

    Where the driver is one that nobody knows, such as Windows' in a report of WSL: for any.
    """
    if not patient.machine.gpus:
        return None
    found = patient.plan(patient.framework)
    return found or patient.of_any_driver.plan(patient.framework)


def fresh(patient: Patient) -> Plan | None:
    """The same plan for a machine whose driver may be replaced."""
    return patient.without_driver.plan(patient.framework) if patient.machine.gpus else None


def plan_driver(patient: Patient) -> str | None:
    """The oldest driver that the planned build runs on."""
    plan = usual(patient)
    return plan.driver.minimum if plan else None


def is_upgrade_planned(patient: Patient) -> bool:
    """Whether the planned build needs another driver than the one that runs."""
    plan = usual(patient)
    return plan is not None and plan.driver.action == "upgrade"


def is_to_be_ensured(patient: Patient) -> bool:
    """Whether the planned build needs a driver, and nobody said which one runs."""
    plan = usual(patient)
    return bool(plan and plan.accelerator == "cuda" and plan.driver.action == "ensure")


def minimum(patient: Patient) -> str | None:
    """The oldest driver for what is installed or started, else for what would be installed.

    None where the driver that runs is new enough for that: then it is not what fails.
    """
    plan = fresh(patient)
    floors = [_floor(patient), plan.driver.minimum if plan else None]
    now = running(patient)
    return next((one for one in floors if one and not (now and at_least(now, one))), None)


def running(patient: Patient) -> str:
    """The driver that runs; empty where nobody said it."""
    driver = patient.machine.driver
    return (driver.version if driver else None) or patient.symptoms.driver


def _floor(patient: Patient) -> str | None:
    """The floor of the newest CUDA that a package is for, or that an image asks the driver for.

    A package runs on any driver of its CUDA's major; ``cuda>=12.4`` of an image is that release.
    """
    wheels = [cuda for one in patient.symptoms.packages if (cuda := cuda_of(one))]
    floors = [row.driver_floor for cuda in wheels if (row := _cuda(patient, cuda))]
    image = REQUIRES_CUDA.search(patient.symptoms.text)
    asked = _cuda(patient, image[1]) if image else None
    floors += [asked.driver_bundled] if asked else []
    windows = has_windows_driver(patient)
    told = [floor.windows if windows else floor.linux for floor in floors]
    return max((floor for floor in told if floor), key=numbers, default=None)


def _cuda(patient: Patient, version: str) -> Cuda | None:
    return next((row for row in patient.catalog.cuda if row.version == version), None)


def last_branch(patient: Patient) -> str | None:
    """The newest branch that drives the machine's GPUs; None where every newer one does."""
    plan = fresh(patient)
    return plan.driver.last_branch if plan else None


def is_out_of_reach(patient: Patient) -> bool:
    """Whether no driver of the GPUs is as new as what is installed needs."""
    last, floor = last_branch(patient), _floor(patient)
    return bool(last and floor and numbers(floor)[:1] > numbers(last)[:1])


def dropped_gpu(patient: Patient, *, said: bool) -> bool:
    """Whether the driver's branch drives the GPUs no more; ``said`` where no driver is named."""
    last, now = last_branch(patient), running(patient)
    if last is None or not now:
        return said and last is not None
    branch = branch_of(now, patient.catalog, windows=has_windows_driver(patient))
    return bool(branch) and numbers(branch) > numbers(last)[:1]


def row_of(patient: Patient) -> DriverPackage | None:
    """The package of the planned driver, where the system is one that takes it."""
    plan = fresh(patient)
    if plan is None or not takes_driver(patient) or not patient.system or is_tegra(patient):
        return None
    if plan.accelerator != "cuda":
        return None
    return package_for(plan, patient.catalog)


def install(patient: Patient) -> str | None:
    """How to install the planned driver."""
    row = row_of(patient)
    return installed(patient, row) if row else None


def installed(patient: Patient, row: DriverPackage) -> str:
    """The command; for a repository of its own, the script that adds and checks that first."""
    if row.repository:
        script = shlex.join(["dlsetup", "render", "script", patient.framework, *patient.options])
        what = f"{row.package}, branch {row.branch}"
        return f"{script} (it adds NVIDIA's repository and installs {what})"
    family = patient.system.family if patient.system else ""
    return f"{_INSTALLERS[family]} {row.package}"


def upgrade(patient: Patient) -> str | None:
    """How to install the planned driver, where its branch is as new as what is installed needs."""
    row, floor = row_of(patient), minimum(patient)
    if row is None or floor is None or numbers(row.branch)[:1] < numbers(floor)[:1]:
        return None
    return installed(patient, row)


def newest_branch(patient: Patient) -> str | None:
    """The planned branch, where it is older than what is installed needs: no newer one is known."""
    row, floor = row_of(patient), minimum(patient)
    if row is None or floor is None or numbers(row.branch)[:1] >= numbers(floor)[:1]:
        return None
    return row.branch


def flavour(patient: Patient) -> str | None:
    """The kernel modules that the GPUs need, ``open`` or ``proprietary``."""
    plan = fresh(patient)
    return plan.driver.flavour if plan else None


def flavour_install(patient: Patient) -> str | None:
    """How to change to the other kernel modules, of the same branch where the archive has them."""
    planned, wanted = row_of(patient), flavour(patient)
    if planned is None or planned.repository:
        return installed(patient, planned) if planned else None
    return installed(patient, of_running_branch(patient, wanted) or planned)


def of_running_branch(patient: Patient, wanted: str | None) -> DriverPackage | None:
    """The archive's package of the branch that runs, where that branch drives the GPUs."""
    names = names_of_system(patient.catalog, patient.machine.os.id, patient.machine.os.version)
    branch, last = running(patient).partition(".")[0], last_branch(patient)
    same = [
        row
        for row in patient.catalog.driver_packages
        if (row.os in names and row.branch == branch and row.flavour == wanted)
        and not (last and numbers(branch) > numbers(last))
        and not row.repository
    ]
    return min(same, key=lambda row: (len(row.package), row.package), default=None)


def takes_both_flavours(patient: Patient) -> bool:
    """Whether the GPUs run with the open and with the proprietary kernel modules."""
    return fresh(patient) is not None and {"open", "proprietary"} <= allowed_flavours(patient)


def allowed_flavours(patient: Patient) -> frozenset[str]:
    """The kernel modules that every GPU of the machine takes."""
    capabilities = {gpu.compute_capability for gpu in patient.machine.gpus}
    rows = [r for r in patient.catalog.architectures if r.compute_capability in capabilities]
    allowed = [frozenset(row.kernel_modules) for row in rows]
    return frozenset.intersection(*allowed) if allowed else frozenset()


def place(patient: Patient) -> str | None:
    """Where a driver is installed that does not belong where the program runs."""
    if takes_driver(patient):
        return None
    return "on Windows" if has_windows_driver(patient) else "on the host"
