"""``pixi.toml``: one workspace, an environment for each plan, conda's packages and wheels in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.carrying import cannot_carry
from provisioner.render.comments import head, wrapped
from provisioner.render.conda import CHANNEL, DEFAULTS
from provisioner.render.formats import RenderedFile
from provisioner.render.pypi import table
from provisioner.render.templates import fill
from provisioner.render.words import asked_of, sources

_FILE = "pixi.toml"
_SYSTEMS = {"windows": "win", "macos": "osx"}
_PROCESSORS = {
    ("linux", "x86_64"): "64",
    ("linux", "aarch64"): "aarch64",
    ("win", "x86_64"): "64",
    ("win", "aarch64"): "arm64",
    ("osx", "x86_64"): "64",
    ("osx", "aarch64"): "arm64",
    ("osx", "arm64"): "arm64",
}
_SPEC = re.compile(r"((?P<channel>[^:=]+)::)?(?P<name>[^=]+)=(?P<version>[^=]+)(=(?P<build>.+))?")
_KERNEL = re.compile(r"\d+(\.\d+){1,2}")


def files(plans: tuple[Plan, ...], catalog: Catalog) -> tuple[RenderedFile, ...]:
    """Return the workspace; of several plans each is a feature and the environment of its name.

    Raises RefusedError ``format-cannot-carry`` for what pixi has no words for.
    """
    names = facts.names(plans)
    alone = len(plans) == 1
    parts = [
        _part(plan, catalog, "" if alone else name) for plan, name in zip(plans, names, strict=True)
    ]
    text = fill(
        "conda/pixi.toml.j2",
        name="-".join(names),
        channels=_once(channel for plan in plans for channel in _channels(plan, catalog)),
        platforms=_once(_platform(plan, catalog) for plan in plans),
        parts=parts,
        names=() if alone else names,
    )
    return (RenderedFile(_FILE, text),)


def _part(plan: Plan, catalog: Catalog, name: str) -> dict[str, object]:
    """What is said of one plan; its tables stand below its feature where it has a name."""
    asked = asked_of(plan, "packages_install")
    wheels = table(asked.requests, dict(sources(asked)), plan, catalog)
    return {
        "prefix": f"feature.{name}." if name else "",
        "name": name,
        "head": (*head(plan, catalog), *_solver_lines(plan, catalog)),
        "feature": {"channels": _channels(plan, catalog), "platforms": [_platform(plan, catalog)]}
        if name
        else {},
        "tables": {
            "system-requirements": _system(plan, catalog),
            "dependencies": _packages(plan, catalog),
            "pypi-dependencies": wheels.packages,
            "pypi-options": _options(asked.values("--index")),
        },
        "left_out": wheels.left_out,
    }


def _options(indexes: tuple[str, ...]) -> dict[str, object]:
    return {"extra-index-urls": indexes} if indexes else {}


def _packages(plan: Plan, catalog: Catalog) -> dict[str, object]:
    found: dict[str, object] = {}
    for request in asked_of(plan, "conda_install").requests or (f"python={plan.python}",):
        spec = _SPEC.fullmatch(request)
        if spec is None:
            raise _no_words(plan, catalog, f"the package {request[:60]!r}")
        version = f"=={spec['version']}" if spec["build"] else f"{spec['version']}.*"
        told = {"version": version, "build": spec["build"], "channel": spec["channel"]}
        given = {key: value for key, value in told.items() if value}
        found[spec["name"]] = given if len(given) > 1 else version
    return found


def _system(plan: Plan, catalog: Catalog) -> dict[str, object]:
    """What pixi is told of the machine: it solves for that, and refuses a lesser one.

    Newer releases would have it beside the platform; this form all of them read.
    """
    machine = plan.machine
    found: dict[str, object] = {}
    if floor := facts.cuda_floor(plan, catalog):
        found["cuda"] = floor
    if machine.os.id in _SYSTEMS:
        return found
    kind, _, version = (machine.os.libc or "").partition(" ")
    row = system(catalog, machine.os.id, machine.os.version)
    glibc = version if kind == "glibc" else (row.glibc if row else None)
    if glibc:
        found["libc"] = {"family": "glibc", "version": glibc}
    kernel = _KERNEL.match(machine.os.kernel or "")
    if kernel:
        found["linux"] = kernel[0]
    return found


def _solver_lines(plan: Plan, catalog: Catalog) -> tuple[str, ...]:
    if plan.accelerator != "cuda":
        return ()
    floor = facts.cuda_floor(plan, catalog)
    told = (
        f"pixi chooses as for a machine whose driver speaks CUDA {floor}, and on one whose driver "
        "does not, or that has none, it refuses. "
        if floor
        else ""
    )
    by_build = any(
        isinstance(one, dict) and "build" in one for one in _packages(plan, catalog).values()
    )
    what = (
        "The builds for CUDA are pinned by build string" if by_build else "The wheels are for CUDA"
    )
    told += f"{what}; no build for the CPU fits."
    if plan.cuda:
        told += f" Where there is no GPU yet, tell it: CONDA_OVERRIDE_CUDA={plan.cuda}."
    return ("", *wrapped((told,)))


def _channels(plan: Plan, catalog: Catalog) -> tuple[str, ...]:
    channels = asked_of(plan, "conda_install").values("--channel") or (CHANNEL,)
    if DEFAULTS in channels:
        raise _no_words(
            plan, catalog, f"packages of conda's {DEFAULTS}, which pixi knows by no name"
        )
    return channels


def _platform(plan: Plan, catalog: Catalog) -> str:
    kernel = _SYSTEMS.get(plan.machine.os.id, "linux")
    processor = _PROCESSORS.get((kernel, plan.machine.arch))
    if processor is None:
        raise _no_words(plan, catalog, f"a plan for {plan.machine.os_name} {plan.machine.arch}")
    return f"{kernel}-{processor}"


def _no_words(plan: Plan, catalog: Catalog, what: str) -> RefusedError:
    return cannot_carry("pixi", what, plan, catalog)


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
