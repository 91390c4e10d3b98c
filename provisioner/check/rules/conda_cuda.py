"""CUDA that conda brings, where its libraries are known to fail on a GPU whatever runs on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Package
from provisioner.request import admits

_MINOR = re.compile(r"==(\d+\.\d+)(\.\d+)*(\.\*)?")
_NAME = "cudatoolkit"


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield cudatoolkit pins under a framework that fail on a GPU of the machine."""
    for package in ground.part.packages():
        match = _MINOR.fullmatch(package.specifier)
        if package.name == _NAME and package.manager == "conda" and match:
            users = [
                one
                for one in ground.part.packages()
                if one.manager == "conda"
                and one.where == package.where
                and one.name in ground.catalog.frameworks
            ]
            for user in users[:1]:
                yield from _failing(ground, package, match[1], user)


def _failing(ground: Ground, package: Package, cuda: str, user: Package) -> Iterator[Flaw]:
    for gpu in ground.gpus:
        for conflict in ground.catalog.conflicts:
            general = not conflict.frameworks and not conflict.version and conflict.cuda
            if not general or conflict.effect != "refuse":
                continue
            hit = admits(conflict.cuda, cuda)
            if hit and admits(conflict.compute_capability, gpu.compute_capability or "0"):
                beside = [one for one in ground.part.packages() if one.where == package.where]
                flaw = Flaw(
                    reference=conflict.reference,
                    severity="error",
                    message=f"{package.name} {cuda} under {user.name}, on {gpu.name}:"
                    f" {conflict.reason}.",
                    places=(package.at, user.at),
                    evidence=(conflict.evidence,),
                    fix=ground.remedy.instead_of(ground.inside, beside, user, None),
                    confidence="likely",
                )
                yield softened(flaw, conditional=package.conditional or user.conditional)
                return
