"""Pins as one would write them into a file of a kind: each line can be pasted as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from provisioner import toml

_CONDA = re.compile(r"([^=]+)=([^=]+)(?:=(.+))?")
_PIP = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?(.*)")
_NO_NAME = re.compile(r"[^a-z0-9]+")


class Taken(msgspec.Struct, frozen=True):
    """One package with its version, and the place that it comes from."""

    requirement: str
    """For pip ``torch==2.8.0+cu126``, for conda ``pytorch=2.5.1=cuda126*``."""
    index: str | None = None
    channel: str | None = None


def lines(kind: str, taken: Sequence[Taken]) -> tuple[str, ...]:
    """Return what to write for some packages; in one list where the file has one.

    For shell, and what holds it, that is in words: what to take, and from where.
    """
    conda = [one for one in taken if one.channel]
    wheels = [one for one in taken if not one.channel]
    match kind:
        case "requirements":
            return (*_options(wheels), *(one.requirement for one in wheels))
        case "environment":
            named = (f"- {one.channel}::{one.requirement}" for one in conda)
            pip = (*_options(wheels), *(one.requirement for one in wheels))
            return (*named, *(("- pip:",) if pip else ()), *(f"  - {line}" for line in pip))
        case "pixi":
            return _pixi(conda, wheels)
        case "pyproject":
            return _pyproject(wheels)
        case _:
            return tuple(map(_prose, taken))


def one(kind: str, requirement: str) -> str:
    """Return a single requirement as it stands among the others of its file."""
    name, extras, version = _parted(requirement)
    match kind:
        case "environment":
            return f"- {requirement}"
        case "pixi":
            told = {"version": version or "*", "extras": extras}
            return f"{toml.key(name)} = {toml.value(told if extras else told['version'])}"
        case "pyproject":
            return toml.value(requirement)
        case _:
            return requirement


def conda(kind: str, name: str, version: str) -> str:
    """Return one of conda's packages, in any patch release, as it stands among the others."""
    if kind == "pixi":
        return f"{toml.key(name)} = {toml.value(f'{version}.*')}"
    return f"{'- ' if kind == 'environment' else ''}{name}={version}"


def is_code(line: str) -> bool:
    """Whether a line is one to paste, which no end of a column may break."""
    return bool(re.match(r"(dlsetup |--|- |  - |\[|\S+ = |\S+==\S+$)", line))


def _options(wheels: Iterable[Taken]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(f"--extra-index-url {one.index}" for one in wheels if one.index is not None)
    )


def _prose(taken: Taken) -> str:
    place = f"channel {taken.channel}" if taken.channel else taken.index
    return f"{taken.requirement} from {place or 'the default index'}"


def _pixi(conda: Sequence[Taken], wheels: Sequence[Taken]) -> tuple[str, ...]:
    found: list[str] = ["[dependencies]"] if conda else []
    for package in conda:
        match = _CONDA.fullmatch(package.requirement)
        name, version, build = match.groups() if match else (package.requirement, "*", None)
        told = {"version": f"=={version}" if build else version, "build": build}
        told["channel"] = package.channel
        kept = {key: value for key, value in told.items() if value}
        found.append(f"{toml.key(name)} = {toml.value(kept)}")
    found += ["[pypi-dependencies]"] if wheels else []
    for wheel in wheels:
        name, extras, version = _parted(wheel.requirement)
        given = {"version": version or "*", "extras": extras, "index": wheel.index}
        short = {key: value for key, value in given.items() if value}
        found.append(f"{toml.key(name)} = {toml.value(short if len(short) > 1 else version)}")
    return tuple(found)


def _pyproject(wheels: Sequence[Taken]) -> tuple[str, ...]:
    """uv's way to bind a package to an index: pip reads the first line alone."""
    bound = {_parted(one.requirement)[0]: one.index for one in wheels if one.index}
    names = {index: _NO_NAME.sub("-", index.rpartition("//")[2]) for index in bound.values()}
    found = [f"dependencies = {toml.value([one.requirement for one in wheels])}"]
    if bound:
        found.append("[tool.uv.sources]")
        found += [
            f"{toml.key(name)} = {toml.value({'index': names[index]})}"
            for name, index in bound.items()
        ]
    for index, name in names.items():
        found += ["[[tool.uv.index]]", f"name = {toml.value(name)}", f"url = {toml.value(index)}"]
        found.append("explicit = true")
    return tuple(found)


def _parted(requirement: str) -> tuple[str, list[str], str]:
    match = _PIP.fullmatch(requirement)
    name, extras, version = match.groups() if match else (requirement, None, "")
    return name, extras.split(",") if extras else [], version
