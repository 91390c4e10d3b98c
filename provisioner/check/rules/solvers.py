"""What a solver takes the machine for: a driver that it has not, or no GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground
from provisioner.check.said import SolverCuda
from provisioner.resolve.facts import Facts
from provisioner.version import at_least, numbers


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with the driver that a solver is told of."""
    for told in ground.part.solver_cuda():
        if told.cuda is not None:
            yield from _too_new(ground, told, told.cuda)
        elif ground.gpus:
            yield from _none(ground, told)


def _too_new(ground: Ground, told: SolverCuda, cuda: str) -> Iterator[Flaw]:
    """A CUDA that the driver does not speak: an environment for it is refused."""
    spoken = spoken_by_driver(ground)
    row = ground.facts.cuda.get(cuda if "." in cuda else f"{cuda}.0")
    driver = ground.machine.driver
    if spoken is None or driver is None or at_least(spoken, cuda):
        return
    yield Flaw(
        reference="driver-too-old",
        severity="error",
        message=f"pixi installs this only where the driver speaks CUDA {cuda}, and this machine's"
        f" {driver.version} speaks {spoken}.",
        places=(told.at,),
        evidence=(row.evidence,) if row else (),
        fix=(f'cuda = "{spoken}"', *_newer(ground.facts, cuda)),
        confidence="certain" if driver.cuda else "likely",
    )


def _newer(facts: Facts, cuda: str) -> Iterator[str]:
    row = facts.cuda.get(cuda if "." in cuda else f"{cuda}.0")
    floor = row and (
        row.driver_bundled.windows if facts.has_windows_driver else row.driver_bundled.linux
    )
    if floor:
        yield f"or install driver {floor} or later"


def _none(ground: Ground, told: SolverCuda) -> Iterator[Flaw]:
    """conda's builds for CUDA ask for the driver: where the solver sees none, it takes others."""
    found = [
        one
        for one in ground.part.packages()
        if one.manager == "conda"
        and one.name in ground.catalog.frameworks
        and "cpu" not in one.build
        and _has_cuda_builds(ground, one.name)
    ]
    spoken = spoken_by_driver(ground)
    if found:
        names = ", ".join(dict.fromkeys(one.name for one in found))
        yield Flaw(
            reference="cpu-only-wheel",
            severity="warning",
            message=f"pixi solves as for a machine without a GPU, so {names} is a build for the CPU"
            " or none: no [system-requirements] say what CUDA the driver speaks.",
            places=(*(one.at for one in found), told.at),
            fix=("[system-requirements]", f'cuda = "{spoken}"') if spoken else (),
            confidence="likely",
        )


def _has_cuda_builds(ground: Ground, name: str) -> bool:
    return any(row.via == "conda" and row.cuda for row in ground.catalog.builds(name))


def spoken_by_driver(ground: Ground) -> str | None:
    """The newest CUDA that the driver speaks: as it says itself, else as its branch came with."""
    driver = ground.machine.driver
    if driver is None or driver.version is None:
        return None
    if driver.cuda:
        return driver.cuda
    branch = driver.version.partition(".")[0]
    told = [row.cuda for row in ground.catalog.drivers if row.branch == branch and row.cuda]
    return max(told, key=numbers, default=None)
