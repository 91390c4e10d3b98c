"""One environment: what its interpreter would import, without importing anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.doctor.symptoms import Installed
from provisioner.errors import DlsetupError, UsageError
from provisioner.request import canonical
from provisioner.resources import templates

_TIME_LIMIT_S = 20.0
_TORCH = "torch"


class Package(msgspec.Struct, frozen=True):
    """One package as its metadata says; ``place`` is the folder it lies in."""

    name: str
    version: str
    place: str
    installer: str = ""
    needs: tuple[str, ...] = ()
    """Its requirements of packages that break others: numpy, protobuf, the frameworks."""
    glibc: str = ""
    """The oldest glibc that its wheel was built for; empty where the wheel does not say."""


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
    torch: dict[str, str] = {}
    """What torch's ``version.py`` says: ``cuda``, ``hip`` and ``xpu``, empty for what it lacks."""


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


def imported(inside: Inside) -> dict[str, Package]:
    """The packages as they would be imported: the first of each name on the path."""
    found: dict[str, Package] = {}
    for one in inside.packages:
        found.setdefault(canonical(one.name), one)
    return found


def installed(inside: Inside) -> tuple[Installed, ...]:
    """The packages as doctor's rules read them; torch's build is what its own files say."""
    listed = []
    for name, one in imported(inside).items():
        version, _, local = one.version.partition("+")
        if name == _TORCH and not local and (cuda := inside.torch.get("cuda")):
            local = f"cu{cuda.replace('.', '')}"
        manager = "conda" if one.installer == "conda" else "pip"
        quote = f"{one.name} {one.version} in {one.place}"
        listed.append(Installed(name, version, local, manager, quote))
    return tuple(listed)
