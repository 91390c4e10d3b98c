"""Wheels as a table by name, which is how pixi wants them: requirements of one name become one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.plan import Plan
from provisioner.render.carrying import cannot_carry

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.requirements import Requirement

_SYSTEMS = {"windows": ("nt", "win32", "Windows"), "macos": ("posix", "darwin", "Darwin")}
_LINUX = ("posix", "linux", "Linux")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_VARIABLE = re.compile(r"[a-z_]{3,}")
_GIT = re.compile(r"git\+(?P<git>[^@#]+(?:@[^@/#]+/[^@#]*)?)(?:@(?P<rev>[^#]+))?(?:#.*)?")


class Wheels(msgspec.Struct, frozen=True):
    """What pixi is to take from package indexes, and what does not concern the machine."""

    packages: dict[str, object]
    left_out: tuple[str, ...]


def table(
    requests: Iterable[str], indexes: Mapping[str, str], plan: Plan, catalog: Catalog
) -> Wheels:
    """Return requirements as pixi writes them, each name once, with the index it is bound to.

    pixi has no markers: they are answered here, for the plan's machine. Raises UsageError
    ``bad-requirement`` for what is no requirement, RefusedError ``format-cannot-carry`` for a
    marker that asks for more than is planned, and for a name with an address and a range.
    """
    from packaging.utils import canonicalize_name

    found: dict[str, list[Requirement]] = {}
    left_out: list[str] = []
    for text in requests:
        requirement = _parsed(text)
        if requirement.marker is None or _holds(requirement.marker, plan, catalog):
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
        else:
            left_out.append(text)
    bound = {str(canonicalize_name(name)): index for name, index in indexes.items()}
    packages = {name: _told(asked, bound.get(name), plan, catalog) for name, asked in found.items()}
    return Wheels(packages, tuple(left_out))


def _parsed(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise UsageError(
            "bad-requirement",
            f"{text[:80]!r} is not a requirement, and pixi knows packages by name.",
            hint="Write a name with an optional version range, such as 'numpy<2'.",
        ) from error


def _holds(marker: Marker, plan: Plan, catalog: Catalog) -> bool:
    known = _environment(plan.machine, plan.python)
    asked = {*_VARIABLE.findall(_QUOTED.sub("", str(marker)))} - {"and", "not"}
    if beyond := sorted(asked - {*known}):
        what = f"a requirement that depends on {', '.join(beyond)}"
        raise cannot_carry("pixi", what, plan, catalog)
    return marker.evaluate(known)


def _environment(machine: Machine, python: str) -> dict[str, str]:
    """What markers can ask about, as far as any machine like this one answers alike."""
    name, platform, system = _SYSTEMS.get(machine.os.id, _LINUX)
    return {
        "implementation_name": "cpython",
        "os_name": name,
        "platform_machine": machine.arch,
        "platform_python_implementation": "CPython",
        "platform_system": system,
        "python_version": python,
        "sys_platform": platform,
    }


def _told(asked: list[Requirement], index: str | None, plan: Plan, catalog: Catalog) -> object:
    """All that is asked of one name: a range alone where that says it, else a table."""
    ranges = [str(one.specifier) for one in asked if str(one.specifier)]
    addresses = {one.url for one in asked if one.url}
    told: dict[str, object] = {}
    if extras := sorted({extra for one in asked for extra in one.extras}):
        told["extras"] = extras
    if addresses:
        if ranges or len(addresses) > 1:
            what = f"{asked[0].name} from an address and a range"
            raise cannot_carry("pixi", what, plan, catalog)
        return _from(addresses.pop()) | told
    version = ",".join(dict.fromkeys(ranges)) or "*"
    if index:
        told["index"] = index
    return {"version": version, **told} if told else version


def _from(address: str) -> dict[str, object]:
    if address.startswith("file://"):
        return {"path": address.removeprefix("file://")}
    if found := _GIT.fullmatch(address):
        return {key: value for key, value in found.groupdict().items() if value}
    return {"url": address}
