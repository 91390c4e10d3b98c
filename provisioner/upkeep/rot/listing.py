"""What there is to try: the newest patch of each minor release, on the Pythons of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from provisioner.catalog.sheets import ANY_PLATFORM
from provisioner.errors import UsageError
from provisioner.machine import Interpreter
from provisioner.request import canonical
from provisioner.upkeep.package_index import PackageIndex
from provisioner.upkeep.releases import Release, releases, source_releases
from provisioner.upkeep.rot import probe
from provisioner.version import minor, order

_PLATFORMS = ("linux-x86_64", ANY_PLATFORM)
_DEFAULT = ("torch", "tensorflow", "jax")
"""What is tried when nothing is named."""
BESIDE = {"torch": ("numpy",), "jax": ("jaxlib",)}
"""What a release needs to be of use, and may not ask for itself."""


class Tried(msgspec.Struct, frozen=True):
    """One release and the interpreters that have a wheel of it, newest first."""

    framework: str
    version: str
    interpreters: tuple[Interpreter, ...]

    @property
    def called(self) -> str:
        """``torch 2.1.2``."""
        return f"{self.framework} {self.version}"

    @property
    def requirements(self) -> tuple[str, ...]:
        """What a person would install, the release itself first."""
        return (f"{self.framework}=={self.version}", *BESIDE.get(self.framework, ()))


class Pythons:
    """The interpreters of this machine that uv makes environments for, one of each minor release.

    That is Python 3; of a free-threaded one few dependencies have wheels.
    """

    def __init__(self, found: Iterable[Interpreter]) -> None:
        self._by_minor: dict[str, Interpreter] = {}
        for one in sorted(found, key=lambda item: order(item.version.rstrip("t+"))):
            if one.version.startswith("3.") and not one.version.endswith("t"):
                self._by_minor[minor(one.version)] = one

    @property
    def minors(self) -> tuple[str, ...]:
        """``3.6``, …, oldest first."""
        return tuple(self._by_minor)

    def newest_first(self, wanted: Sequence[str]) -> tuple[Interpreter, ...]:
        """Those of some minor releases that are here."""
        return tuple(one for name, one in reversed(self._by_minor.items()) if name in wanted)


def to_try(words: Sequence[str], index: PackageIndex, pythons: Pythons) -> Iterator[Tried]:
    """The releases that words name (none: all), oldest first, project by project.

    A word is a project, or ``NAME==VERSION`` for one release, which need not be a newest patch.
    Raises UsageError ``unknown-subject``, also for a release that no Python here has a wheel of,
    and OutsideError when the index does not answer.
    """
    for word in words or _DEFAULT:
        name, _, version = word.partition("==")
        project = canonical(name)
        if project not in probe.FRAMEWORKS:
            raise _unknown(word, f"Say one of {', '.join(probe.FRAMEWORKS)}.")
        listed = _served(project, index, pythons)
        found = [one for one in listed if one.version == version] if version else _newest(listed)
        if not found:
            raise _unknown(word, "The index has no wheel of it for a Python of this machine.")
        yield from found


def _unknown(word: str, hint: str) -> UsageError:
    return UsageError("unknown-subject", f"{word[:80]!r} cannot be tried here.", hint=hint)


def _served(project: str, index: PackageIndex, pythons: Pythons) -> list[Tried]:
    return [
        Tried(project, release.version, interpreters)
        for release in _usable(project, index, pythons.minors)
        if (interpreters := pythons.newest_first(release.pythons))
    ]


def _usable(project: str, index: PackageIndex, minors: Sequence[str]) -> list[Release]:
    found = releases(project, index.files(project), minors)
    return [one for one in found if one.platform in _PLATFORMS and not one.yanked]


def _newest(listed: Iterable[Tried]) -> list[Tried]:
    newest: dict[str, Tried] = {}
    for one in sorted(listed, key=lambda item: order(item.version)):
        newest[minor(one.version)] = one
    return list(newest.values())


class Dependencies:
    """The versions of dependencies that one Python could have, asked of the index once each."""

    def __init__(self, index: PackageIndex) -> None:
        self._index = index
        self._found: dict[tuple[str, str], Sequence[str]] = {}

    def versions(self, name: str, python: str) -> Sequence[str]:
        """Oldest first: those with a wheel, or where none has one those with a source."""
        from provisioner.download import NotThereError

        if (name, python) not in self._found:
            try:
                files = self._index.files(name)
            except NotThereError:
                files = []
            wheels = [
                one.version
                for one in releases(name, files, (python,))
                if one.platform in _PLATFORMS and not one.yanked and python in one.pythons
            ]
            sources = (
                one.version for one in source_releases(name, files, (python,)) if one.pythons
            )
            self._found[name, python] = sorted({*(wheels or sources)}, key=order)
        return self._found[name, python]
