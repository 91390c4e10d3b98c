"""One environment: what its interpreter would import, without importing anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.detect.host import printable
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
    built_for: str = ""
    """The release of Python that its compiled wheel is for; empty where it fits several."""
    extensions: tuple[str, ...] = ()
    """Its compiled files, of a package that is built against torch."""
    compiled: tuple[str, ...] = ()
    """Its smallest compiled files, of a package that uses NumPy."""


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter says of itself."""

    python: str
    machine: str
    prefix: str
    user_site: str = ""
    packages: tuple[Package, ...] = ()
    """In the order of Python's path; of two in one folder, the one that is imported first."""
    modules: dict[str, str] = {}
    """The file that each watched module would be imported from."""
    beside: dict[str, str] = {}
    """Files of the working folder that bear such a module's name."""
    conda: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    torch: dict[str, str] = {}
    """What torch's ``version.py`` says: ``cuda``, ``hip`` and ``xpu``, empty for what it lacks."""


def asked(python: Path, env: Mapping[str, str], limit_s: float = _TIME_LIMIT_S) -> Inside:
    """Ask an interpreter, in the caller's own variables. Raises UsageError ``python-not-found``."""
    program = str(templates() / "doctor" / "environment.py")
    try:
        # Not isolated: what shadows a package for the user has to show.
        told = process.run((str(python), "-B", program), timeout=limit_s, env=env)
    except DlsetupError as error:
        raise _not_running(python, _lost(python) or error.message) from None
    # What a sitecustomize prints may stand before and after.
    lines = (one for one in reversed(told.stdout.splitlines()) if one.startswith("{"))
    try:
        return msgspec.json.decode(next(lines, ""), type=Inside)
    except msgspec.MsgspecError:
        said = [printable(one) for one in told.stderr.splitlines() if one.strip()]
        raise _not_running(python, f"it ended with {told.returncode}", *said[-1:]) from None


def _lost(python: Path) -> str:
    """What is wrong with its file; empty where nothing is."""
    if os.path.islink(python) and not os.path.exists(python):
        return f"it leads to {os.path.realpath(python)}, which is not there"
    return "" if os.path.exists(python) else "it is not there"


def _not_running(python: Path, *reasons: str) -> UsageError:
    return UsageError(
        "python-not-found",
        f"{python} is no Python that runs.",
        context=reasons,
        hint="Name an environment that dlsetup env list shows, or make it anew.",
    )


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
