"""What an index lists of a project, put together by release and platform.

File names alone say which Pythons, which platform and which glibc (PEP 425, 600); Requires-Python
narrows the Pythons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from provisioner.catalog.sheets import ANY_PLATFORM, natural
from provisioner.upkeep.package_index import IndexFile
from provisioner.version import glibc_of

_SYSTEMS = (
    (re.compile(r"(?:many)?linux.*_(x86_64|aarch64)"), "linux"),
    (re.compile(r"win_(amd64|arm64)"), "windows"),
    (re.compile(r"macosx_.*_(x86_64|arm64|intel|universal2)"), "macos"),
    (re.compile(r"any"), ANY_PLATFORM),
)
_MACHINES = {
    "amd64": ("x86_64",),
    "arm64": ("aarch64",),
    "intel": ("x86_64",),
    "universal2": ("x86_64", "aarch64"),
}
_EXACT = re.compile(r"cp(\d)(\d+)")
_GENERIC = re.compile(r"py(\d)(\d*)")
_PATCHES = range(32)
"""A minor release of Python counts where any of its patch releases is admitted."""
_SOURCE = re.compile(r"([\w.-]+)-(\d+(?:\.\d+)*(?:\.post\d+)?)\.tar\.gz", re.ASCII)
_STABLE = re.compile(r"[0-9]+(\.[0-9]+)*(\.post[0-9]+)?")
_WHEEL = re.compile(r"[\w.+!]+(-[\w.+!]+){4,5}\.whl", re.ASCII)
"""Any other name is nobody's wheel, and what stands in it is not to be printed."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The wheels of one release for one platform, as the index lists them."""

    project: str
    version: str
    platform: str
    """``linux-x86_64``, or ``any``."""
    files: tuple[IndexFile, ...]
    pythons: tuple[str, ...]
    unknown_pythons: tuple[str, ...] = ()
    """Pythons that it has wheels for, and that nobody has given a row yet."""
    yanked: bool = False
    """Its publisher took it back: installers take it only where it is pinned."""
    glibc: str | None = None
    """The oldest on which every listed Python has a wheel."""

    @property
    def samples(self) -> list[IndexFile]:
        """The wheels, that of the oldest plain Python first: one is read for all of them.

        Wheels for newer Pythons may still be added to a release; the first one stays.
        """
        return sorted(
            self.files, key=lambda file: (_is_free_threaded(file.name), natural(file.name))
        )

    @property
    def tells_pythons(self) -> bool:
        """Whether the index lists what its Pythons depend on: Requires-Python, or exact tags."""
        exact = all(_EXACT.search(file.name) and "abi3" not in file.name for file in self.files)
        return exact or any(file.requires_python for file in self.files)

    @property
    def released(self) -> str | None:
        """The day of the first upload."""
        return min(filter(None, (file.released for file in self.files)), default=None)


def releases(project: str, files: Iterable[IndexFile], pythons: Sequence[str]) -> Iterator[Release]:
    """Every stable release, for each platform, oldest first.

    A release counts as taken back where all its files were; else those files do not count.
    ``pythons`` are the minor releases there are: what a wheel for any Python 3 is held against.
    """
    from packaging.utils import canonicalize_name

    found: dict[tuple[str, str], list[IndexFile]] = {}
    for file in files:
        parts = parts_of(file.name)
        if not parts or canonicalize_name(parts[0]) != canonicalize_name(project):
            continue
        if _STABLE.fullmatch(parts[1]):
            for platform in dict.fromkeys(_platforms(parts[-1])):
                found.setdefault((parts[1], platform), []).append(file)
    for version, platform in sorted(found, key=lambda key: (natural(key[0]), key[1])):
        every = found[version, platform]
        listed = [file for file in every if not file.yanked] or every
        found_pythons = sorted({p for f in listed for p in _pythons(f, pythons)}, key=_python_order)
        yield Release(
            project=project,
            version=version,
            platform=platform,
            files=tuple(listed),
            pythons=tuple(p for p in found_pythons if p.removesuffix("t") in pythons),
            unknown_pythons=tuple(p for p in found_pythons if p.removesuffix("t") not in pythons),
            yanked=listed[0].yanked,
            glibc=_glibc(listed, pythons),
        )


def source_releases(
    project: str, files: Iterable[IndexFile], pythons: Sequence[str]
) -> Iterator[Release]:
    """Every stable release of a project that publishes its source alone, oldest first."""
    from packaging.utils import canonicalize_name

    found = {}
    for file in files:
        match = _SOURCE.fullmatch(file.name)
        if match and canonicalize_name(match[1]) == canonicalize_name(project) and not file.yanked:
            found[match[2]] = file
    for version in sorted(found, key=natural):
        file = found[version]
        yield Release(
            project=project,
            version=version,
            platform=ANY_PLATFORM,
            files=(file,),
            pythons=tuple(p for p in pythons if p[0] != "2" and admitted(file.requires_python, p)),
        )


def parts_of(name: str) -> list[str]:
    """Project, version, maybe a build number, Python, ABI, platform; empty: it is no wheel."""
    return name.removesuffix(".whl").split("-") if _WHEEL.fullmatch(name) else []


def _platforms(tags: str) -> Iterator[str]:
    for tag in tags.split("."):
        for pattern, system in _SYSTEMS:
            match = pattern.fullmatch(tag)
            if match and system == ANY_PLATFORM:
                yield system
            elif match:
                for machine in _MACHINES.get(match[1], (match[1],)):
                    yield f"{system}-{machine}"


def _pythons(file: IndexFile, known: Sequence[str]) -> set[str]:
    """The Pythons that a file's tags and Requires-Python admit; ``3.13t`` is free-threaded."""
    *_, interpreters, abis, _platform = file.name.removesuffix(".whl").split("-")
    found = set()
    for interpreter in interpreters.split("."):
        if exact := _EXACT.fullmatch(interpreter):
            oldest = f"{exact[1]}.{exact[2]}"
            if "abi3" in abis.split("."):
                found |= {p for p in known if _same_major(p, oldest) and _reaches(p, oldest)}
            else:
                free = any(abi.startswith("cp") and abi.endswith("t") for abi in abis.split("."))
                found.add(f"{oldest}t" if free else oldest)
        elif generic := _GENERIC.fullmatch(interpreter):
            oldest = f"{generic[1]}.{generic[2] or 0}"
            found |= {p for p in known if _same_major(p, oldest) and _reaches(p, oldest)}
    return {python for python in found if admitted(file.requires_python, python)}


def _same_major(python: str, other: str) -> bool:
    return python.split(".", maxsplit=1)[0] == other.split(".", maxsplit=1)[0]


def _reaches(python: str, oldest: str) -> bool:
    return natural(python) >= natural(oldest)


def admitted(requires_python: str | None, python: str) -> bool:
    """Whether any patch release of a Python is within a Requires-Python."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        asked = SpecifierSet(requires_python or "")
    except InvalidSpecifier:  # as installers do
        return True
    plain = python.removesuffix("t")
    return any(asked.contains(f"{plain}.{patch}") for patch in _PATCHES)


def _python_order(python: str) -> tuple[object, bool]:
    return natural(python.removesuffix("t")), python.endswith("t")


def _glibc(files: Iterable[IndexFile], known: Sequence[str]) -> str | None:
    """Of each Python the easiest wheel, of these the most demanding."""
    easiest: dict[str, str] = {}
    for file in files:
        if version := glibc_of(file.name):
            for python in _pythons(file, known):
                easiest[python] = min(easiest.get(python, version), version, key=natural)
    return max(easiest.values(), key=natural, default=None)


def _is_free_threaded(name: str) -> bool:
    abi = name.removesuffix(".whl").split("-")[-2]
    return abi.startswith("cp") and abi.endswith("t")
