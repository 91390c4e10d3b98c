"""Newer CUDA on an older driver of a data-centre GPU: NVIDIA's ``cuda-compat`` packages.

A package brings the user-mode half of the driver that came with its CUDA; the kernel module stays.
NVIDIA supports that on data-centre GPUs only, and under the branches that each CUDA names.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provisioner.catalog.beside import is_data_centre
from provisioner.plan import Alternative
from provisioner.request import Wish
from provisioner.resolve.alternatives import gifts
from provisioner.resolve.drivers import branch_of
from provisioner.resolve.facts import Facts
from provisioner.resolve.premises import Question
from provisioner.resolve.search import Solution, is_better
from provisioner.version import at_least

_CUDA = "cuda"


def forward_compatible(question: Question, now: Solution | None = None) -> Iterator[Alternative]:
    """Yield the one package that gives more than ``now``, or an answer where there is none."""
    if now is not None and now.scenario.action != "keep":
        return
    names = [wish.name for wish in question.wishes]
    for package, cuda, driver in _packages(question.facts):
        found = _with_driver(question, driver).for_wishes(*_up_to(question, cuda)).solve()
        if found is None or (now and not is_better(question.wishes, found.found, now.found)):
            continue
        change = (
            f"keep the driver and install {package} beside it, with "
            f"/usr/local/cuda-{cuda}/compat first in LD_LIBRARY_PATH (data-centre GPUs only)"
        )
        yield Alternative(change, gifts(names, found))
        return


def _packages(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Packages that this driver and these GPUs take: name, CUDA, driver; newest CUDA first."""
    current = facts.machine.driver.version if facts.machine.driver else None
    home = facts.system
    if not current or facts.has_windows_driver or not home or not home.nvidia_repository:
        return
    branch = branch_of(facts, current)
    if (
        branch is None
        or not facts.gpus
        or not all(is_data_centre(facts.catalog, gpu) for gpu in facts.gpus)
    ):
        return
    for row in reversed(facts.catalog.forward_compatibility):
        driver = facts.compiler_floor_of(row.cuda)
        if branch.branch in row.branches and driver and not at_least(current, driver):
            yield f"cuda-compat-{row.cuda.replace('.', '-')}", row.cuda, driver


def _with_driver(question: Question, version: str) -> Question:
    """The same as frameworks see it through the package; the driver itself stays."""
    driver = question.facts.machine.driver
    if driver is None:
        return question
    changed = question.of_machine(driver=msgspec.structs.replace(driver, version=version))
    return changed.of_request(keep_driver=True)


def _up_to(question: Question, cuda: str) -> tuple[Wish, ...]:
    """The wishes for frameworks of this CUDA at most: more is not what the package is made for."""
    wishes = question.wishes
    if not any(wish.name in question.facts.catalog.frameworks for wish in wishes):
        return wishes
    own = next((wish.specifier for wish in wishes if wish.name == _CUDA), "")
    bound = Wish(
        name=_CUDA,
        specifier=",".join(filter(None, (own, f"<={cuda}"))),
        text=f"{_CUDA}<={cuda}",
    )
    return (*(wish for wish in wishes if wish.name != _CUDA), bound)


def runs_through_package(facts: Facts, cuda: str) -> bool:
    """Whether these GPUs and this driver run a CUDA through its ``cuda-compat`` package.

    NVIDIA's images hold the package of their CUDA.
    """
    current = facts.machine.driver.version if facts.machine.driver else None
    branch = branch_of(facts, current) if current else None
    return (
        branch is not None
        and bool(facts.gpus)
        and all(is_data_centre(facts.catalog, gpu) for gpu in facts.gpus)
        and any(
            row.cuda == cuda and branch.branch in row.branches
            for row in facts.catalog.forward_compatibility
        )
    )
