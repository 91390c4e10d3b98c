"""Which file of each locked package an environment of one Python and platform takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from provisioner.errors import RefusedError
from provisioner.lock.pylock import Document
from provisioner.lock.record import Record

_LINUX = re.compile(r"(\w+)-manylinux_(\d+)_(\d+)")
_OLDEST_GLIBC = {"x86_64": 5}
"""The oldest minor release of glibc 2 that wheels of a processor name; 17 for the others."""
_WITH_PYMALLOC = 7
"""The last minor release of Python 3 whose wheels say ``m``."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One wheel that the lock lists, to be carried as it is."""

    package: str
    version: str
    name: str
    url: str
    """An address of the web, or ``file:``."""
    hashes: Mapping[str, str]
    size: int | None = None


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """One package that the lock lists as source: to be packed from where it is installed."""

    package: str
    source: str
    """What it was built from, in words."""


def chosen(document: Document, about: Record) -> tuple[File | Installed, ...]:
    """Return what is carried for each package of a lock, in the lock's order.

    Raises RefusedError ``bundle-cannot-carry`` for a package of which no wheel fits.
    """
    places = {tag: place for place, tag in enumerate(_tags(about))}
    return tuple(_chosen(package, places) for package in document.packages)


def listed(package: Mapping[str, Any]) -> tuple[File, ...]:
    """Return the wheels that a lock lists for a package; none for what comes as source.

    Raises ValueError for what is no file of a lock.
    """
    archive = package.get("archive")
    if archive and _named(archive).endswith(".whl"):
        return (_file(package, archive),)
    return tuple(_file(package, file) for file in package.get("wheels", ()))


def _chosen(package: Mapping[str, Any], places: Mapping[str, int]) -> File | Installed:
    wheels = listed(package)
    if wheels:
        return _best(package, wheels, places)
    for kind in ("sdist", "archive", "vcs", "directory"):
        if kind in package and not package[kind].get("editable"):
            told = _named(package[kind]) if kind in {"sdist", "archive"} else kind
            return Installed(package=str(package["name"]), source=told)
    raise _cannot(package, "it is installed from a folder of this machine, in place")


def _best(package: Mapping[str, Any], files: Sequence[File], places: Mapping[str, int]) -> File:
    """The file that uv takes: the best tag, and of equals the later build."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    found = []
    for file in files:
        try:
            _, _, build, tags = parse_wheel_filename(file.name)
        except InvalidWheelFilename:
            continue
        fits = [places[str(tag)] for tag in tags if str(tag) in places]
        if fits:
            found.append(((-min(fits), build or (0, "")), file))
    if not found:
        raise _cannot(package, "none of its wheels fits the environment's Python")
    return max(found, key=lambda item: item[0])[1]


def _file(package: Mapping[str, Any], file: Mapping[str, Any]) -> File:
    said = {
        "package": package["name"],
        "version": str(package.get("version", "")),
        "name": _named(file),
        "url": file.get("url") or f"file://{file.get('path', '')}",
        "hashes": file.get("hashes", {}),
        "size": file.get("size"),
    }
    try:
        return msgspec.convert(said, File)
    except msgspec.ValidationError as error:
        raise ValueError(f"{said['name']!r}: {error}") from error


def _named(file: Mapping[str, Any]) -> str:
    """What a file is called: as the lock says, or as its address ends."""
    place = unquote(urlsplit(str(file.get("url") or "")).path) or str(file.get("path", ""))
    return str(file.get("name") or place.rstrip("/").rpartition("/")[2])


def _tags(about: Record) -> Iterator[str]:
    """The tags of wheels that fit, the best first."""
    from packaging.tags import compatible_tags, cpython_tags

    major, minor = (int(part) for part in about.python.split("."))
    interpreter = f"cp{major}{minor}"
    abi = interpreter + ("m" if (major, minor) <= (3, _WITH_PYMALLOC) else "")
    platforms = list(_platforms(about.platform))
    yield from map(str, cpython_tags((major, minor), [abi], platforms))
    yield from map(str, compatible_tags((major, minor), interpreter, platforms))


def _platforms(platform: str) -> Iterator[str]:
    """The platform tags of a platform in uv's words, the newest first."""
    from packaging.tags import platform_tags

    match = _LINUX.fullmatch(platform)
    if match is None:  # no glibc: it stands on this machine, so this machine's are its own
        yield from platform_tags()
        return
    arch, newest = match[1], int(match[3])
    old = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    for minor in range(newest, _OLDEST_GLIBC.get(arch, 17) - 1, -1):
        yield f"manylinux_2_{minor}_{arch}"
        if minor in old:
            yield f"{old[minor]}_{arch}"
    yield f"linux_{arch}"


def _cannot(package: Mapping[str, Any], reason: str) -> RefusedError:
    return RefusedError(
        "bundle-cannot-carry",
        f"{package['name']} cannot be carried in a bundle.",
        context=(reason,),
        hint="Make the environment without it, or with another version: dlsetup up NAME REQ",
    )
