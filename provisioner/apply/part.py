"""The part of a plan that needs root, as a script of its own and in a few words."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from provisioner.apply import packages
from provisioner.catalog.beside import family_packages
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.plan import Plan
from provisioner.render import facts, script

_PROGRAMS = ("curl", "gpg")
"""What the script fetches and checks the key of a repository with."""
_LEFT_ALONE = ("keep", "none")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done as root, before anything is."""

    environment: str
    path: str
    """Where the script lies, or will."""
    script: str
    packages: tuple[str, ...]
    """Packages of the system that are not there yet."""
    driver: str
    """The package that installs the driver."""
    named: tuple[str, ...]
    """Every package that the script asks for by its name."""
    branch: str | None
    replaces: str | None
    """The driver that runs now."""
    repository: str | None = None
    """The address of a publisher's repository that the driver comes from."""
    fingerprint: str | None = None
    """Of the one key that apt trusts it by."""


def part_of(plan: Plan, name: str, catalog: Catalog, place: Path | None) -> Part | None:
    """Return what a plan asks of the system; None where an environment is all it takes.

    ``place`` is where its script will lie. Raises RefusedError ``needs-system-steps`` where dlsetup
    cannot do it: packages that come another way, a driver that belongs to Windows or that no known
    package or only a whole script installs.
    """
    if plan.via != "pip":
        raise _another_way(plan)
    if plan.request.host:
        raise _for_host(plan)
    if plan.driver.action in _LEFT_ALONE:
        return None
    installs = facts.action(plan, "driver_install")
    file_name = f"{name}.sh"
    if installs is not None and not script.has_apt(plan, catalog):
        raise _by_hand(plan, _WITH_APT)
    text = script.system_part(plan, catalog, file_name)
    if installs is None or text is None:
        raise _by_hand(plan, _OF_WINDOWS if plan.machine.os.wsl else _unknown(plan))
    asked = facts.action(plan, "system_packages_install") or ()
    repository = facts.action(plan, "repository_add")
    brings = family_packages(catalog, plan.machine)
    bringing = brings.key_tools if brings else ()
    tools = bringing if repository and not all(map(shutil.which, _PROGRAMS)) else ()
    pinning = (repository[-1],) if repository else ()
    managers = facts.action(plan, "fabric_manager_install") or ()
    return Part(
        environment=name,
        path=str((place or Path()) / file_name),
        script=text,
        packages=packages.missing(dict.fromkeys((*asked, *tools))),
        driver=installs[0],
        named=(*asked, *bringing, *pinning, installs[0], *_modules(installs), *managers),
        branch=plan.driver.branch,
        replaces=plan.driver.current,
        repository=repository[1] if repository else None,
        fingerprint=repository[3] if repository else None,
    )


def _modules(installs: tuple[str, ...]) -> tuple[str, ...]:
    """What the script may ask for beside the driver, kernel by kernel."""
    kernels = packages.kernels()
    prebuilt = tuple(f"{installs[-1]}-{kernel}" for kernel in kernels if installs[-1])
    return (*prebuilt, *(f"linux-headers-{kernel}" for kernel in kernels))


_ELSEWHERE = {
    "conda": "dlsetup render conda REQ --via conda -o environment.yml; "
    "conda env create --file environment.yml",
    "container": "dlsetup render dockerfile REQ --via container -o Dockerfile; "
    "docker build --tag NAME .",
}


def _another_way(plan: Plan) -> RefusedError:
    what = "conda's channels" if plan.via == "conda" else "an image"
    return RefusedError(
        "needs-system-steps",
        f"up makes environments of wheels, and the packages of this plan come by {what}.",
        context=tuple(f"{pin.name} {pin.version}, by {plan.via}" for pin in plan.pins),
        hint=f"Leave out --via {plan.via}, or: {_ELSEWHERE[plan.via]}",
        data={"plan": plan},
    )


def _for_host(plan: Plan) -> RefusedError:
    """The error for what belongs to the machine and to no environment."""
    names = " ".join(plan.request.host)
    return RefusedError(
        "needs-system-steps",
        f"up makes an environment, and {names} is for the machine itself.",
        hint=f"dlsetup render script {names} -o host.sh; bash host.sh; "
        f"then the same command without {names}",
        data={"plan": plan},
    )


_WITH_APT = (
    "up installs drivers with apt only",
    "Install it by a script: dlsetup render script REQ -o install.sh; bash install.sh",
)
_OF_WINDOWS = ("it belongs to Windows", "Update it in Windows, and run there: wsl --shutdown")
"""Why dlsetup does not install a driver, and what to do then."""


def _unknown(plan: Plan) -> tuple[str, str]:
    why = f"the catalog knows no package that installs it on {plan.machine.os_name}"
    return why, "Install one by the way of this system, and reboot"


def _by_hand(plan: Plan, why: tuple[str, str]) -> RefusedError:
    """The error for a driver that dlsetup does not install here."""
    driver = plan.driver
    reason, hint = why
    return RefusedError(
        "needs-system-steps",
        "This plan needs another NVIDIA driver, and dlsetup does not install it here.",
        context=(
            f"needed  {driver.needed}",
            f"here    {driver.current or 'none is seen'}",
            f"why     {reason}",
        ),
        hint=f"{hint}; after that, give the same command again",
        data={"plan": plan},
    )
