"""One environment: what its interpreter would import and load, without importing anything."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.doctor.symptoms import Installed
from provisioner.errors import DlsetupError, UsageError
from provisioner.request import canonical
from provisioner.resources import templates

_TIME_LIMIT_S = 20.0
_LOADED = re.compile(
    r"\s(lib(?:cudnn|cublas|cublasLt|cudart|nvJitLink|cusparse|nccl|cusolver|cufft)[\w.]*) => (\S.*)"
)
_CONDA = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)")
_WATCHED = frozenset(("torch", "tensorflow", "numpy", "jax", "jaxlib", "onnxruntime"))


class Package(msgspec.Struct, frozen=True):
    """One package as its metadata says; ``place`` is the folder it lies in."""

    name: str
    version: str
    place: str
    installer: str = ""


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter says of itself."""

    python: str
    machine: str
    prefix: str
    user_site: str = ""
    packages: tuple[Package, ...] = ()
    modules: dict[str, str] = {}
    conda: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


def asked(python: Path, env: Mapping[str, str]) -> Inside:
    """Ask an interpreter, in the caller's own variables. Raises UsageError ``python-not-found``."""
    program = str(templates() / "doctor" / "environment.py")
    try:
        # Not isolated: what shadows a package for the user has to show.
        told = process.run((str(python), "-B", program), timeout=_TIME_LIMIT_S, env=env)
        return msgspec.json.decode(told.stdout.splitlines()[-1], type=Inside)
    except (DlsetupError, msgspec.MsgspecError, IndexError) as error:
        raise UsageError(
            "python-not-found",
            f"{python} is no Python that runs.",
            context=(str(error),),
            hint="Name an environment that dlsetup env list shows, or make it anew.",
        ) from None


def installed(inside: Inside) -> tuple[Installed, ...]:
    """The packages as they would be imported: the first of each name on the path."""
    found: dict[str, Installed] = {}
    for one in inside.packages:
        version, _, local = one.version.partition("+")
        name = canonical(one.name)
        manager = "conda" if one.installer == "conda" else "pip"
        quote = f"{one.name} {one.version} in {one.place}"
        found.setdefault(name, Installed(name, version, local, manager, quote))
    return tuple(found.values())


def lines(inside: Inside, env: Mapping[str, str]) -> Iterator[str]:
    """Say what is wrong with an environment in the words of programs."""
    yield from _copies(inside)
    for path in inside.libraries:
        yield from _loaded(path, inside, env)


def _copies(inside: Inside) -> Iterator[str]:
    """Packages that lie in two places, and those that conda and pip both brought."""
    places: dict[str, list[Package]] = {}
    for one in inside.packages:
        places.setdefault(canonical(one.name), []).append(one)
    for name, copies in places.items():
        if len(copies) > 1 and copies[0].version != copies[1].version:
            first, second = copies[:2]
            whose = "user site" if first.place == inside.user_site else "first on the path"
            yield (
                f"{name} {first.version} in {first.place} ({whose}) hides {second.version} "
                f"in {second.place}: two copies"
            )
    by_conda = {
        m["name"].lower(): m["version"] for text in inside.conda if (m := _CONDA.match(text))
    }
    names = {"pytorch": "torch"}
    for conda_name, version in by_conda.items():
        name = names.get(conda_name, conda_name)
        own = [one for one in places.get(name, ()) if one.installer not in {"conda", ""}]
        if own and name in _WATCHED and own[0].version != version:
            yield f"{name}: {own[0].installer} put {own[0].version} over conda's {version}: pip over conda"


def _loaded(path: str, inside: Inside, env: Mapping[str, str]) -> Iterator[str]:
    """What the loader would take for a library of a framework, without running any of it."""
    try:
        told = process.run(("ldd", path), timeout=_TIME_LIMIT_S, env=env)
    except DlsetupError:
        return
    for line in (*told.stdout.splitlines(), *told.stderr.splitlines()):
        if "version `" in line and "not found" in line:
            yield line.strip()
        match = _LOADED.search(line)
        if match and match[2].startswith("not found"):
            yield f"{match[1]}: cannot open shared object file: No such file or directory ({path})"
        elif match and _is_outside(match[2].split(" ")[0], inside, path):
            where = match[2].split(" ")[0]
            yield f"LD_LIBRARY_PATH: {match[1]} => {where} comes before the environment's own"


def _is_outside(found: str, inside: Inside, path: str) -> bool:
    """Whether a library lies elsewhere, while the environment has a copy of its own."""
    real, prefix = os.path.realpath(found), os.path.realpath(inside.prefix)
    if real.startswith(prefix + os.sep):
        return False
    name = os.path.basename(found)
    own = [os.path.join(os.path.dirname(path), name)]
    site = Path(path).parents[2] / "nvidia"
    own += [str(one) for one in site.glob(f"*/lib/{name}")] if site.is_dir() else []
    return any(os.path.exists(one) for one in own)
