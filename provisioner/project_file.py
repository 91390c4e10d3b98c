"""A project's own request: ``dlsetup.toml``, or ``[tool.dlsetup]`` in ``pyproject.toml``.

The nearest one from a folder upwards counts, as ``pyproject.toml`` itself is found; of two in one
folder, ``dlsetup.toml``. It says what is asked for, and names classes of machines to ask it for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from provisioner import toml
from provisioner.errors import UsageError

T = TypeVar("T")

NAME = "dlsetup.toml"
_SHARED = "pyproject.toml"


class MachineClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of machine, in the words of the machine options."""

    file: str | None = None
    """A saved ``detect --json``; an absolute path once read."""
    gpu: tuple[str, ...] = ()
    driver: str | None = None
    os: str | None = None
    arch: str | None = None


class Project(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"
):
    """What a project asks for, in the words of the command line."""

    requirements: tuple[str, ...] = ()
    profile: str | None = None
    python: str | None = None
    via: Literal["pip", "conda", "container"] | None = None
    keep_driver: bool = False
    machines: dict[str, MachineClass] = {}

    def machine(self, name: str) -> MachineClass:
        """Return the class of that name. Raises UsageError ``unknown-class``."""
        if name not in self.machines:
            raise unknown_class(name, tuple(self.machines))
        return self.machines[name]


def nearest(folder: Path) -> tuple[Path, Project] | None:
    """Return the nearest project file at or above a folder and what it says; None without one.

    Raises UsageError ``bad-project-file``, naming what cannot be honoured: bad TOML, an unknown
    key, a value of the wrong type. A ``pyproject.toml`` that does not mention dlsetup is passed by.
    """
    for place in (folder, *folder.parents):
        for name in (NAME, _SHARED):
            path = place / name
            found = _read(path) if path.is_file() else None
            if found is not None:
                return path, found
    return None


def unknown_class(name: str, known: tuple[str, ...]) -> UsageError:
    """Return the error for a class that no project file names."""
    listed = ", ".join(sorted(known))
    return UsageError(
        "unknown-class",
        f"The project file names no machine class {name[:60]!r}.",
        context=(f"it names {listed}",) if known else (),
        hint="Name one of those."
        if known
        else f"Describe it in {NAME}, as a table [machines.{name[:60]!r}] with gpu, driver, os.",
    )


def _read(path: Path) -> Project | None:
    document = _document(path)
    if path.name == _SHARED:
        tool = document.get("tool")
        if not isinstance(tool, dict) or "dlsetup" not in tool:
            return None
        document = tool["dlsetup"]
    if not isinstance(document, dict):
        raise _bad(path, "tool.dlsetup is no table")
    machines = document.get("machines", {})
    if not isinstance(machines, dict):
        raise _bad(path, "machines is no table")
    # One by one, so that a mistake can be told with the name of its class.
    classes = {name: _class(path, name, table) for name, table in machines.items()}
    plain = {key: value for key, value in document.items() if key != "machines"}
    return msgspec.structs.replace(_converted(path, plain, Project), machines=classes)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return toml.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _bad(path, getattr(error, "strerror", None) or str(error)) from error


def _class(path: Path, name: str, table: object) -> MachineClass:
    found = _converted(path, table, MachineClass, f"machines.{name}: ")
    if found.file is None:
        return found
    return msgspec.structs.replace(found, file=str(path.parent / found.file))


def _converted(path: Path, table: object, kind: type[T], place: str = "") -> T:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise _bad(path, place + str(error)) from error


def _bad(path: Path, reason: str) -> UsageError:
    return UsageError(
        "bad-project-file",
        f"{path} is not a project file.",
        context=(reason,),
        hint="It may hold requirements, profile, python, via, keep-driver and machines; "
        "a machine gpu, driver, os, arch and file.",
    )
