"""The NVIDIA driver: keep it, install the right package, or say why neither will do."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.beside import driver_packages, parts_of, repository
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import DriverPackage
from provisioner.plan import DriverPlan, Plan, Step

_ANY = "0"
"""A floor that every driver reaches, where the plan states none."""


def steps(plan: Plan, catalog: Catalog) -> tuple[Step, ...]:
    """Return the steps that see to the driver, or nothing where no GPU is used.

    A driver that fits is always left alone, whatever the plan would have installed.
    """
    if plan.accelerator != "cuda" or plan.driver.action == "none":
        return ()
    minimum = plan.driver.minimum or _ANY
    if plan.machine.os.wsl:
        return (_step(plan, "The driver of Windows", (("driver_stop_wsl", minimum),), ()),)
    if plan.driver.action == "keep":
        return (_step(plan, "NVIDIA driver, kept", (("driver_stop", *_range(plan)),), ()),)
    row = package_for(plan, catalog)
    if row is None:
        reason = (("driver_by_hand", *_range(plan)),)
        return (_step(plan, "NVIDIA driver, your own", reason, ()),)
    wanted = (row.package, row.branch, minimum)
    parts = parts_of(catalog, plan.machine, row.package)
    run = (
        *_repository(plan, row, wanted, catalog),
        ("driver_install", *wanted, row.component or "main", (parts and parts.modules) or ""),
        *_held(plan, row),
        ("driver_reboot", row.package),
    )
    title = f"NVIDIA driver: {row.package} unless one that fits runs"
    return (*_held_still(plan, row), _step(plan, title, run, ("root", "network", "reboot")))


def package_for(plan: Plan, catalog: Catalog) -> DriverPackage | None:
    """Return the package that installs the planned branch on the planned system, or None.

    The plan's own choice comes first; else branch and flavour decide, and of several the one
    with the plainest name, which is the one that is not for servers only.
    """
    here = driver_packages(catalog, plan.machine)
    named = [row for row in here if row.package == plan.driver.package]
    if named:
        return named[0]
    fitting = [row for row in here if _is_planned(row, plan.driver)]
    return min(fitting, key=lambda row: (len(row.package), row.package), default=None)


def _repository(
    plan: Plan, row: DriverPackage, wanted: tuple[str, str, str], catalog: Catalog
) -> Iterator[tuple[str, ...]]:
    """Before a package of a publisher's repository: see that it is wanted, then add that."""
    found = repository(catalog, plan.machine, row) if row.repository else None
    if found is not None:
        yield ("driver_wanted", *wanted)
        trusted = (found.name, found.address, found.key, found.fingerprint)
        yield ("repository_add", *trusted, row.pinning or row.package)
        if row.pinning:
            yield ("driver_pin", row.pinning)


def _held(plan: Plan, row: DriverPackage) -> Iterator[tuple[str, ...]]:
    """Where newer branches drop a GPU: a name that redirects to one must not bring it some day.

    Elsewhere the driver's updates are wanted, and a repository's pinning or stream does the same.
    """
    if plan.driver.last_branch and not row.repository:
        yield ("package_hold", row.package)


def _held_still(plan: Plan, row: DriverPackage) -> Iterator[Step]:
    """Before the driver: the hold that a run lost which was cut off after installing it."""
    for hold in _held(plan, row):
        yield Step(
            id="hold",
            title=f"NVIDIA driver: {row.package}, once installed, stays on its branch",
            check=(("package_held", row.package),),
            run=(("hold_wanted", row.package), hold),
            needs=("root",),
        )


def _is_planned(row: DriverPackage, driver: DriverPlan) -> bool:
    return row.branch == driver.branch and driver.flavour in {None, row.flavour}


def _range(plan: Plan) -> tuple[str, ...]:
    """The oldest driver that will do, and the newest branch where newer ones dropped a GPU."""
    last = (plan.driver.last_branch,) if plan.driver.last_branch else ()
    return (plan.driver.minimum or _ANY, *last)


def _step(plan: Plan, title: str, run: tuple[tuple[str, ...], ...], needs: tuple[str, ...]) -> Step:
    return Step(
        id="driver",
        title=title,
        check=(("driver_fits", *_range(plan)),),
        run=run,
        needs=needs,
    )
