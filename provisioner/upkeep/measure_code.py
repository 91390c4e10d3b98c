"""The GPU code in torchvision's and torchaudio's default wheels, read where they lie.

A published wheel never changes, so a release that has a row is not read again: each costs some
megabytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog.rows import WheelCode
from provisioner.catalog.sheets import natural
from provisioner.errors import OutsideError
from provisioner.upkeep.fatbin import Code, code_of
from provisioner.upkeep.package_index import IndexFile, PackageIndex

PACKAGES = ("torchvision", "torchaudio")
_WHEEL = re.compile(r"[^-]+-(?P<version>\d+(?:\.\d+)*)-[^-]+-[^-]+-.*linux.*_x86_64\.whl")
_LIBRARY = re.compile(r"(?!.*\.libs/).+\.so")
"""Extension modules; what auditwheel put beside them is other people's."""


def wheel_codes(index: PackageIndex, known: tuple[WheelCode, ...], day: str) -> list[WheelCode]:
    """The known rows, and one for each release that has none yet."""
    found = list(known)
    read = {(row.package, row.version) for row in known}
    for package in PACKAGES:
        wheels = {
            match["version"]: file
            for file in index.files(package)
            if (match := _WHEEL.fullmatch(file.name)) and not file.yanked
        }
        found += [
            _read(index, package, version, file, day)
            for version, file in wheels.items()
            if (package, version) not in read
        ]
    return found


def _read(index: PackageIndex, package: str, version: str, file: IndexFile, day: str) -> WheelCode:
    with index.wheel(file.url) as archive:
        own = [name for name in archive.namelist() if _LIBRARY.fullmatch(name)]
        if not own:
            raise OutsideError(
                "measured-otherwise", f"{file.name} holds no library of its own to read."
            )
        codes = {name: code_of(archive.read(name)) for name in sorted(own)}
    holding = [name for name, code in codes.items() if code != Code((), ())]
    members = " ".join(holding) or "no library holds GPU code"
    return WheelCode(
        package=package,
        version=version,
        sass=_union(code.sass for code in codes.values()),
        ptx=_union(code.ptx for code in codes.values()),
        evidence=f"{file.name}: {members}",
        checked=day,
    )


def _union(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for names in lists for name in names}, key=natural))
