"""Packages that lie twice, and files that are imported in a package's place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from provisioner.doctor.live.environment import Inside, Package
from provisioner.request import canonical

_CONDA = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)")
_WATCHED = frozenset(("torch", "torchvision", "tensorflow", "numpy", "protobuf", "jax", "jaxlib"))
_CONDAS_NAMES = {"pytorch": "torch"}


def see(inside: Inside, packages: Mapping[str, Package]) -> Iterator[str]:
    """Say which packages are there twice or hidden. ``packages`` are those that are imported."""
    yield from _copies(inside)
    yield from _hiding(inside, packages)


def _copies(inside: Inside) -> Iterator[str]:
    """Packages that lie in two places, and those that conda and pip both brought."""
    places: dict[str, list[Package]] = {}
    for one in inside.packages:
        places.setdefault(canonical(one.name), []).append(one)
    yield from _twice(inside, places)
    for name in sorted(_WATCHED & places.keys()):
        first, *rest = places[name]
        others = [one for one in rest if one.version != first.version and one.place != first.place]
        if first.place != inside.user_site and _is_below(first.place, inside.prefix):
            # An environment's own copy rightly comes before those of the Python below it.
            others = [one for one in others if _is_below(one.place, inside.prefix)]
        if others:
            whose = (
                "the user's own folder" if first.place == inside.user_site else "the first folder"
            )
            yield (
                f"{name} ({first.version}) of {whose} {first.place} hides {others[0].version} "
                f"in {others[0].place}"
            )
    for match in filter(None, map(_CONDA.fullmatch, inside.conda)):
        name = _CONDAS_NAMES.get(match["name"], match["name"])
        for one in places.get(name, ()) if name in _WATCHED else ():
            theirs = match["version"]
            if one.installer not in {"conda", ""} and one.version.partition("+")[0] != theirs:
                yield f"{name} {one.version} of {one.installer} lies over conda's {theirs}"


def _twice(inside: Inside, places: Mapping[str, list[Package]]) -> Iterator[str]:
    """Packages that one folder tells of twice: an installation that was stopped leaves that."""
    for name, (first, *rest) in sorted(places.items()):
        left = [one for one in rest if one.place == first.place and one.version != first.version]
        if left and _is_below(first.place, inside.prefix):
            yield (
                f"{name} lies twice in {first.place}: {first.version}, which is imported, and "
                f"what an installation left behind of {left[0].version}"
            )


def _hiding(inside: Inside, packages: Mapping[str, Package]) -> Iterator[str]:
    """Files that are imported in a package's place, from PYTHONPATH or the working folder."""
    for name, one in packages.items():
        own = os.path.join(one.place, name)
        if not os.path.isdir(own):  # it lies elsewhere rightly: an editable one does
            continue
        taken, here = inside.modules.get(name, ""), inside.beside.get(name, "")
        if taken and not _is_below(taken, one.place):
            yield f"{taken} is imported as {name}, and hides {one.version} in {one.place}"
        elif here and not _is_below(here, one.place):
            yield f"{here} would be imported as {name} by a program that is started beside it"


def _is_below(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
