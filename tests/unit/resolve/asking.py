"""Asking the resolver from a test: a machine in words, rows made for the occasion."""

from __future__ import annotations

from typing import Any

from provisioner import resources
from provisioner.catalog.find import gpu_by_word
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.machine import Driver, Machine, OperatingSystem
from provisioner.plan import Plan, Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from provisioner.resolve.facts import Facts

STACKS = resources.stacks()
EVIDENCE: dict[str, Any] = {"evidence": "written for the test", "checked": "2026-11-20"}


class MadeBuilds(Catalog):
    """The real catalog with other builds in it."""

    def __init__(self, *made: Build) -> None:
        super().__init__(STACKS)
        self.made = made

    @property
    def frameworks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.framework for row in self.made))

    def builds(self, framework: str) -> tuple[Build, ...]:
        return tuple(row for row in self.made if row.framework == framework)


def machine(*gpus: str, driver: str | None = None, wsl: bool = False) -> Machine:
    """An Ubuntu 22.04 with these GPUs; whose driver nobody looked at, if none is named."""
    named = Catalog(STACKS)
    return Machine(
        os=OperatingSystem(id="ubuntu", version="22.04", wsl=wsl, libc="glibc 2.35"),
        gpus=tuple(gpu_by_word(named, gpu) for gpu in gpus),
        driver=Driver(version=driver) if driver else None,
        sources={"gpus": "option", **({"driver": "option"} if driver else {})},
    )


def facts(catalog: Catalog, *gpus: str, wsl: bool = False) -> Facts:
    """What the resolver knows of such a machine."""
    return Facts(machine(*gpus, wsl=wsl), Request(requirements=("torch",)), catalog)


def plan(
    catalog: Catalog,
    *words: str,
    gpus: tuple[str, ...] = (),
    driver: str | None = None,
    via: str | None = None,
) -> Plan:
    """The plan for these words."""
    request = Request(requirements=words, via=via)
    wishes = tuple(parse_wish(word) for word in words)
    return resolve(question_of(machine(*gpus, driver=driver), request, wishes, catalog))
