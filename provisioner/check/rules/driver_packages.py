"""The system's packages of the driver: where they lead, which module, and where none belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from provisioner.catalog.rows import DriverPackage
from provisioner.check import own_drivers
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Place, SystemPackage
from provisioner.errors import RefusedError
from provisioner.plan import Request
from provisioner.resolve import question_of
from provisioner.resolve.drivers import drives, scenarios

_DRIVER = re.compile(
    r"nvidia-driver(-\d+.*)?|nvidia-(dkms|kernel|open|headless|utils)\b.*|cuda-drivers.*"
    r"|xserver-xorg-video-nvidia.*|kmod-nvidia.*|akmod-nvidia.*|nvidia-open.*"
)
_BRANCH = re.compile(r"nvidia-driver-(\d+)(-.*)?")
_METAPACKAGE = re.compile(r"cuda(-\d+-\d+)?")
"""Brings the driver along: ``cuda``, ``cuda-12-4``; the toolkit alone is cuda-toolkit."""


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with driver packages."""
    for package in ground.part.system_packages():
        driver = _DRIVER.fullmatch(package.name)
        whole = _METAPACKAGE.fullmatch(package.name)
        if not driver and not whole:
            continue
        if ground.part.inside == "image" or ground.inside.os.wsl:
            found: Flaw | None = _belongs_elsewhere(ground, package, is_whole=bool(whole))
        else:
            found = _on_this_system(ground, package)
        if found is not None:
            yield softened(found, conditional=package.conditional)
    if ground.part.inside == "image" or ground.inside.os.wsl:
        return
    for one in ground.part.fetched():
        version = own_drivers.of_runfile(one) if one.run else None
        if version and (wrong := _by_name(ground, one.at, version)):
            yield wrong


def _belongs_elsewhere(ground: Ground, package: SystemPackage, *, is_whole: bool) -> Flaw:
    image = ground.part.inside == "image"
    place = "The host's driver is mounted into containers" if image else "On WSL2 the driver is"
    place += ": another one inside hides or breaks it" if image else " that of Windows"
    toolkit = f"cuda-toolkit{package.name.removeprefix('cuda')}"
    return Flaw(
        reference="driver-in-container" if image else "driver-in-wsl2",
        severity="error",
        message=f"{package.name} installs an NVIDIA driver. {place}.",
        places=(package.at,),
        fix=(f"{toolkit}, which is the toolkit alone",)
        if is_whole
        else ("leave it out" if image else "leave it out; change the driver in Windows",),
    )


def _on_this_system(ground: Ground, package: SystemPackage) -> Flaw | None:
    row = ground.driver_package(package)
    match = _BRANCH.fullmatch(package.name)
    if row is None:
        branch = own_drivers.of_package(package) or ""
        found = _by_name(ground, package.at, branch, opened=own_drivers.is_open(package))
        return found or (_unknown(ground, package) if match else None)
    wrong = _wrong(ground, row)
    if wrong is not None:
        reference, reason = wrong
        return Flaw(
            reference=reference,
            severity="error",
            message=f"{package.name} installs driver {row.branch}, {row.flavour} module: {reason}.",
            places=(package.at,),
            evidence=(row.evidence,),
            fix=_instead(ground),
        )
    if match and package.name != row.package:
        return Flaw(
            reference="driver-package-redirects",
            severity="warning",
            message=f"On {ground.inside.os_name} {package.name} only leads to {row.package}: it"
            f" installs driver {row.version or row.branch}.",
            places=(package.at,),
            evidence=(row.evidence,),
            fix=(f"name {row.package}, if that branch is meant",),
        )
    return None


def _wrong(ground: Ground, row: DriverPackage) -> tuple[str, str] | None:
    """Why a driver is none for a GPU of the machine, and the word for it."""
    for gpu in ground.gpus:
        known = ground.facts.architectures[gpu.compute_capability or ""]
        if row.flavour not in known.kernel_modules:
            only = " or ".join(known.kernel_modules)
            return "driver-wrong-flavour", f"{gpu.name} ({known.name}) takes only the {only} one"
        if not drives(row.branch, known):
            first, last = known.first_driver_branch, known.last_driver_branch
            ends = f"up to {last}" if last else f"from {first} on"
            return "gpu-not-driven", f"{gpu.name} ({known.name}) is driven by branches {ends}"
    return None


def _by_name(ground: Ground, at: Place, driver: str, *, opened: bool = False) -> Flaw | None:
    """A driver of NVIDIA's own: its name tells the branch, and the open module."""
    branch = driver.partition(".")[0]
    for gpu in ground.gpus:
        known = ground.facts.architectures[gpu.compute_capability or ""]
        if opened and "open" not in known.kernel_modules:
            reference = "driver-wrong-flavour"
            reason = f"has the open module, and {gpu.name} ({known.name}) takes only the " + (
                " or ".join(known.kernel_modules) + " one"
            )
        elif branch and not drives(branch, known):
            first, last = known.first_driver_branch, known.last_driver_branch
            ends = f"up to {last}" if last else f"from {first} on"
            reference = "gpu-not-driven"
            reason = f"is of branch {branch}, and {gpu.name} ({known.name}) is driven by branches"
            reason += f" {ends}"
        else:
            continue
        return Flaw(
            reference=reference,
            severity="error",
            message=f"{at.text} {reason}.",
            places=(at,),
            evidence=(known.evidence,),
            fix=_instead(ground),
            confidence="likely",
        )
    return None


def _instead(ground: Ground) -> tuple[str, ...]:
    """The package that a plan would install on a machine like this one without a driver."""
    sources = {**ground.inside.sources, "driver": "option"}
    bare = msgspec.structs.replace(ground.inside, driver=None, sources=sources)
    try:
        facts = question_of(bare, Request(requirements=()), (), ground.catalog).facts
        choices = [one for way in scenarios(facts) for one in way.choices if one.package]
    except RefusedError:
        return ()
    return (str(choices[0].package),) if choices else ()


def _unknown(ground: Ground, package: SystemPackage) -> Flaw | None:
    """A branch that the system's archive had, has under another name, or never had."""
    here = f"{ground.inside.os.id}-{ground.inside.os.version}"
    if not any(row.os == here for row in ground.catalog.driver_packages):
        return None
    return Flaw(
        reference="driver-package-unknown",
        severity="warning",
        message=f"{here} is not known to have {package.name}.",
        places=(package.at,),
        fix=_instead(ground),
        confidence="likely",
    )
