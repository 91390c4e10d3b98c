"""What would fit instead: asked of the resolver, as any plan is."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

from provisioner.catalog.load import Catalog
from provisioner.check import written
from provisioner.check.images import shown
from provisioner.check.said import Package
from provisioner.check.written import Taken
from provisioner.errors import DlsetupError
from provisioner.machine import Machine
from provisioner.plan import Plan, Request
from provisioner.request import canonical, parse_wish
from provisioner.resolve import question_of, resolve
from provisioner.resolve.search import Routes
from provisioner.version import public

_FORMATS = {
    "dockerfile": ("dockerfile",),
    "compose": ("compose", "dockerfile"),
    "devcontainer": ("devcontainer", "dockerfile"),
    "environment": ("conda",),
    "requirements": ("requirements", "script"),
    "pixi": ("pixi", "requirements"),
    "pyproject": ("requirements", "script"),
    "script": ("script",),
    "apptainer": ("apptainer", "dockerfile"),
}
"""The format to render instead of a kind of file: the first of these that there is."""
_NO_LINUX = ("windows", "macos")


_NAMES_IMAGE = {
    "dockerfile": "FROM {}",
    "compose": "image: {}",
    "devcontainer": '"image": "{}"',
    "apptainer": "From: {}",
}
"""How a kind of file names the image that it stands on."""


class Output(NamedTuple):
    """An output format, and the routes of the plans that it carries; ``kind`` is the file's."""

    name: str
    routes: Routes | None
    kind: str


def format_for(kind: str, machine: Machine, routes_of: Callable[[str], Routes | None]) -> Output:
    """Return what to render instead of a kind of file on a machine."""
    names = _FORMATS[kind] if machine.os.id not in _NO_LINUX else ("requirements", "conda")
    for name in names:
        if (routes := routes_of(name)) is not None:
            return Output(name, routes, kind)
    return Output("script", routes_of("script"), kind)


class Remedy:
    """Makes fixes in one format; ``options`` are the machine options as they were typed."""

    def __init__(
        self, catalog: Catalog, output: Output, options: Sequence[str], machine: Machine
    ) -> None:
        self.catalog = catalog
        self.machine = machine
        self.output = output
        self.options = tuple(options)
        self._plans: dict[tuple[object, ...], Plan | None] = {}

    def command(self, requirements: Sequence[str]) -> tuple[str, ...]:
        """What renders a plan for them on the machine; empty where there is none."""
        if self.plan(self.machine, requirements) is None:
            return ()
        return (shlex.join(["dlsetup", "render", self.output.name, *requirements, *self.options]),)

    def image(self, name: str) -> str:
        """An image as this kind of file names the one that it stands on."""
        return _NAMES_IMAGE.get(self.output.kind, "the image {}").format(shown(name))

    def instead_of(
        self, machine: Machine, beside: Sequence[Package], failing: Package, python: str | None
    ) -> tuple[str, ...]:
        """What to write instead of a package that does not fit, among the others of its place.

        The same release as another build; else the newest release that fits. Empty where there
        is neither.
        """
        others = self._others(beside, failing)
        name = _asked(failing)
        exact = f"{name}{_exact(failing)}"
        pinned = tuple(_pinned(one) for one in others)
        tries = (
            (exact, *pinned),
            (exact,),
            (name, *pinned),
            (name, *(_asked(one) for one in others)),
            (name,),
        )
        for words in dict.fromkeys(tries):
            for wanted in dict.fromkeys((python, None)):
                plan = self.plan(machine, words, wanted)
                if plan is not None:
                    return (*self._told(plan, failing, others, python), *self.command(words))
        return ()

    def beside(
        self, machine: Machine, beside: Sequence[Package], failing: Package
    ) -> tuple[str, ...]:
        """What to write instead of a package that does not go with the others of its place."""
        others = self._others(beside, failing)
        words = (_asked(failing), *(_pinned(one) for one in others))
        plan = self.plan(machine, words)
        if plan is None:
            return self.instead_of(machine, beside, failing, None)
        return (*self._told(plan, failing, others, None), *self.command(words))

    def plan(
        self, machine: Machine, words: Sequence[str], python: str | None = None
    ) -> Plan | None:
        """The plan for some requirements that leaves a working driver alone, if there is one."""
        key = (machine.os_name, tuple(words), python)
        if key not in self._plans:
            keeps = bool(machine.driver and machine.driver.version)
            self._plans[key] = self._resolved(machine, words, python, keep_driver=keeps)
        return self._plans[key]

    def _resolved(
        self, machine: Machine, words: Sequence[str], python: str | None, *, keep_driver: bool
    ) -> Plan | None:
        try:
            wishes = tuple(parse_wish(word) for word in words)
            request = Request(requirements=tuple(words), python=python, keep_driver=keep_driver)
            question = question_of(
                machine, request, wishes, self.catalog, carries=self.output.routes
            )
            return resolve(question)
        except (DlsetupError, ValueError):
            return None

    def _others(self, beside: Sequence[Package], failing: Package) -> list[Package]:
        """The other frameworks, each once: a plan is asked for none twice.

        Of several pins the one in the same branch counts, that is the nearest to what failed.
        """
        found: dict[str, Package] = {}
        for one in sorted(beside, key=lambda one: abs(one.at.line - failing.at.line)):
            if one.name != failing.name and one.name in self.catalog.frameworks:
                found.setdefault(one.name, one)
        return [one for one in beside if one is found.get(one.name)]

    def _told(
        self, plan: Plan, failing: Package, others: Sequence[Package], python: str | None
    ) -> list[str]:
        """The pins of what failed, and of what has to change with it."""
        before = {one.name: one.specifier for one in others}
        pins = [
            pin
            for pin in plan.pins
            if pin.name == failing.name
            or pin.name.startswith("nvidia-")
            or (pin.name in before and (pin.index or before[pin.name] != f"=={pin.version}"))
        ]
        if plan.image:
            return [self.image(plan.image), *_python(plan, python)]
        lines = self.lines(
            [
                Taken(pin.requirement or f"{pin.name}=={pin.version}", pin.index, pin.channel)
                for pin in pins
            ]
        )
        return [
            *lines,
            *_python(plan, python),
            *(self.added(c.requirement) for c in plan.constraints),
        ]

    def lines(self, taken: Sequence[Taken]) -> tuple[str, ...]:
        """What to write for some packages, as the file has it."""
        return written.lines(self.output.kind, taken)

    def added(self, requirement: str) -> str:
        """What to write besides."""
        line = written.one(self.output.kind, requirement)
        return f"add {line}" if line == requirement else line


def _python(plan: Plan, python: str | None) -> list[str]:
    return [f"with Python {plan.python}"] if python is not None and plan.python != python else []


def _asked(package: Package) -> str:
    """The package without its version; an extra decides what it is built for, and stays out."""
    return canonical(package.name)


def _exact(package: Package) -> str:
    """Its range without a build: ``==2.5.1`` of ``==2.5.1+cu121``."""
    return ",".join(public(part.strip()) for part in package.specifier.split(",") if part)


def _pinned(package: Package) -> str:
    return f"{_asked(package)}{_exact(package)}"
