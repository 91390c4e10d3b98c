"""Texts held against machines that are described as on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.check import Checked, check, read
from provisioner.describe import Options, described
from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.plan import Request, Warning
from provisioner.recipes import steps_for
from provisioner.render import render
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from provisioner.workflow import routes_of

CATALOG = Catalog(resources.stacks())


def _none_here() -> tuple[Machine, tuple[Warning, ...]]:
    raise AssertionError("these tests never look at the machine they run on")


@cache
def machine(*gpus: str, driver: str | None = None, os: str = "ubuntu-24.04") -> Machine:
    """A machine as ``--gpu``, ``--driver`` and ``--os`` describe it."""
    options = Options(gpus=gpus, driver=driver, os=os, arch="x86_64")
    return described(options, CATALOG, _none_here)[0]


def checked(name: str, text: str, on: Machine, others: Mapping[str, str] | None = None) -> Checked:
    """What is found in a text; ``others`` are the files that there are beside it."""

    def opened(path: str) -> str:
        if path not in (others or {}):
            raise UsageError("bad-file-to-check", f"{path}.", context=("there is none",))
        return (others or {})[path]

    return check(read(name, text, opened), on, CATALOG, routes_of=routes_of)


def told(file: Checked, *, notes: bool = False) -> set[tuple[str, int]]:
    """References of what is found, each with the first line that it is about."""
    return {
        (one.reference, int(one.evidence[0].split(":")[1]))
        for one in file.findings
        if notes or one.severity != "note"
    }


def references(name: str, text: str, on: Machine) -> set[str]:
    """References of errors and warnings in a text."""
    return {reference for reference, _ in told(checked(name, text, on))}


def rendered(form: str, words: tuple[str, ...], on: Machine) -> list[tuple[str, str]]:
    """Name and text of the files that ``dlsetup render`` makes of some words."""
    wishes = tuple(map(parse_wish, words))
    request = Request(requirements=words)
    plan = resolve(question_of(on, request, wishes, CATALOG, carries=routes_of(form)))
    plan = msgspec.structs.replace(plan, steps=steps_for(plan, CATALOG))
    return [(one.path, one.text) for one in render((plan,), form, CATALOG)]
