"""The state of the system's packages, as dpkg and apt themselves tell it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.errors import OutsideError

_TIME_LIMIT_S = 120.0
_APT = Path("/etc/apt")
_FOLDERS = ("sources.list.d", "keyrings", "trusted.gpg.d", "preferences.d")
"""Where files say what apt installs from, whom it trusts, and what it prefers."""
_FIELDS = "${Package}\\t${Architecture}\\t${Version}\\t${db:Status-Status}\\n"
_GONE = ("not-installed", "config-files")
_HARD_NEEDS = (
    "APT::AutoRemove::RecommendsImportant=false",
    "APT::AutoRemove::SuggestsImportant=false",
)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the package manager holds at one moment; packages by the names that apt prints."""

    packages: dict[str, str]
    """Versions of what is installed, be it to the end or half."""
    leftover: tuple[str, ...] = ()
    """Removed, with their configuration kept."""
    automatic: tuple[str, ...] = ()
    """Installed because others need them."""
    held: tuple[str, ...] = ()
    """Kept at their version by somebody's wish."""
    files: dict[str, str] = {}
    """Files of sources, keys and preferences, each with its SHA-256."""


def snapshot() -> Snapshot:
    """Look at the packages of this system. Raises OutsideError, where dpkg or apt fails."""
    native = _said("dpkg", "--print-architecture").strip()
    packages: dict[str, str] = {}
    leftover: list[str] = []
    for line in _said("dpkg-query", "-W", f"-f={_FIELDS}").splitlines():
        package, arch, version, status = line.split("\t")
        name = package if arch in {native, "all"} else f"{package}:{arch}"
        if status not in _GONE:
            packages[name] = version
        elif status == "config-files":
            leftover.append(name)
    return Snapshot(
        packages=packages,
        leftover=tuple(leftover),
        automatic=tuple(sorted(_said("apt-mark", "showauto").split())),
        held=tuple(sorted(_said("apt-mark", "showhold").split())),
        files=dict(_files()),
    )


def missing(names: Iterable[str]) -> tuple[str, ...]:
    """Return those packages that are not installed to their end."""
    asked = tuple(names)
    if not asked:
        return ()
    form = "-f=${Package} ${db:Status-Status}\n"
    said = process.run(("dpkg-query", "-W", form, *asked), timeout=_TIME_LIMIT_S).stdout
    return tuple(name for name in asked if f"{name} installed" not in said.splitlines())


def kernels() -> tuple[str, ...]:
    """How the names of kernels' packages end here: that of the one that runs, then all others."""
    form = "-f=${Package}\n"
    said = process.run(("dpkg-query", "-W", form, "linux-image-*"), timeout=_TIME_LIMIT_S).stdout
    names = (name.removeprefix("linux-image-") for name in said.split())
    return tuple(dict.fromkeys((os.uname().release, *names)))


def owner(path: str) -> str | None:
    """Return the package that a file came with, or None."""
    said = process.run(("dpkg-query", "-S", path), timeout=_TIME_LIMIT_S)
    return said.stdout.partition(": ")[0] if said.returncode == 0 else None


def unneeded(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the installed packages that nothing else here depends on, by apt's word.

    apt is told that these, and no others, were installed for the sake of others. Raises
    OutsideError.
    """
    import tempfile

    native = _said("dpkg", "--print-architecture").strip()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".states") as states:
        for name in names:
            package, _, arch = name.partition(":")
            states.write(f"Package: {package}\nArchitecture: {arch or native}\n")
            states.write("Auto-Installed: 1\n\n")
        states.flush()
        options = [f"Dir::State::extended_states={states.name}", *_HARD_NEEDS]
        words = [word for option in options for word in ("-o", option)]
        said = _said("apt-get", "-s", *words, "autoremove")
    return tuple(sorted(line.split()[1] for line in said.splitlines() if line.startswith("Remv ")))


def on_offer(wanted: Mapping[str, str]) -> bool:
    """Whether apt still has every one of these packages in its version."""
    if not wanted:
        return True
    lines = (line.split("|") for line in _said("apt-cache", "madison", *wanted).splitlines())
    offered = {(cells[0].strip(), cells[1].strip()) for cells in lines if len(cells) > 1}
    return {*wanted.items()} <= offered


def _files() -> Iterator[tuple[str, str]]:
    import hashlib

    for path in sorted(path for folder in _FOLDERS for path in (_APT / folder).glob("*")):
        # What is not for us to read cannot be told apart later.
        if path.is_file() and os.access(path, os.R_OK):
            yield str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def _said(*words: str) -> str:
    done = process.run(words, timeout=_TIME_LIMIT_S)
    if done.returncode != 0:
        raise OutsideError(
            "packages-unknown",
            f"{words[0]} does not say what is installed here.",
            context=tuple(done.stderr.splitlines()[-3:]),
            hint=f"See what it says: {' '.join(words[:2])}",
        )
    return done.stdout
