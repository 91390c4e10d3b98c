"""Measure what lies on the package index: builds, GPU code, and the tools that plans fetch.

    python -m provisioner.upkeep.measure_index [--write]

Reads file names, hashes and sizes from the index, and parts of wheels where they lie:
tensorflow-cpu's ``build_info.py``, and the libraries of torch's companions. Rows whose facts have
not changed keep their day.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TypeVar

import msgspec

from provisioner import resources
from provisioner.catalog import rows, sheets
from provisioner.catalog.dump import dump, header_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.sheets import natural
from provisioner.errors import DlsetupError, OutsideError
from provisioner.upkeep import writing
from provisioner.upkeep.facts.table import glibc, pythons
from provisioner.upkeep.facts.tensorflow import needs_avx
from provisioner.upkeep.measure_code import wheel_codes
from provisioner.upkeep.package_index import IndexFile, PackageIndex, address

CPU_PACKAGE = "tensorflow-cpu"
_WHEEL = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)-(?P<python>[^-]+)-[^-]+-(?P<platform>.+)\.whl"
)
_STABLE = re.compile(r"\d+(\.\d+)*(\.post\d+)?")
_TOOL_PLATFORM = re.compile(r"(many|musl)linux.*_(x86_64|aarch64)$")
_BUILD_INFO = "python/platform/build_info.py"
_IS_CUDA = re.compile(r"is_cuda_build['\"]?\s*[,:=]\s*(True|False)")

R = TypeVar("R", bound=rows.Row)


def cpu_builds(index: PackageIndex, day: str) -> list[rows.Build]:
    """tensorflow-cpu's stable releases for Linux on x86_64."""
    releases: dict[str, list[tuple[str, IndexFile]]] = {}
    for file in index.files(CPU_PACKAGE):
        match = _WHEEL.fullmatch(file.name)
        if not match or file.yanked or not _STABLE.fullmatch(match["version"]):
            continue
        if "linux" in match["platform"] and match["platform"].endswith("x86_64"):
            releases.setdefault(match["version"], []).append((match["python"], file))
    return [_cpu_build(index, version, found, day) for version, found in releases.items()]


def tool(index: PackageIndex, row: rows.Tool, day: str) -> rows.Tool:
    """The newest release of a tool that its row admits, with the hashes of its Linux wheels."""
    from packaging.specifiers import SpecifierSet

    admitted = SpecifierSet(row.specifier)
    releases: dict[str, set[str]] = {}
    for file in index.files(row.name):
        match = _WHEEL.fullmatch(file.name)
        if not match or not file.sha256 or file.yanked:
            continue
        if match["version"] in admitted and _TOOL_PLATFORM.search(match["platform"]):
            releases.setdefault(match["version"], set()).add(f"sha256:{file.sha256}")
    if not releases:
        raise OutsideError(
            "index-unreachable", f"The package index has no {row.name} {row.specifier}."
        )
    newest = max(releases, key=natural)
    return msgspec.structs.replace(
        row,
        version=newest,
        hashes=tuple(sorted(releases[newest])),
        evidence=f"package index: hashes of the Linux wheels of {row.name} {newest}",
        checked=day,
    )


def _cpu_build(
    index: PackageIndex, version: str, found: list[tuple[str, IndexFile]], day: str
) -> rows.Build:
    file = max(found, key=lambda pair: natural(pair[0]))[1]
    _expect_cpu(index, file)
    return rows.Build(
        framework=CPU_PACKAGE,
        version=version,
        platform="linux-x86_64",
        pythons=pythons(" ".join(python for python, _ in found)),
        glibc=glibc(file.name),
        cpu=("avx",) if needs_avx(version) else (),
        download_bytes=index.size(file.url),
        kind="measured",
        evidence=f"{file.name}: build_info.py (is_cuda_build False), size; index: wheel tags",
        checked=day,
    )


def _expect_cpu(index: PackageIndex, file: IndexFile) -> None:
    with index.wheel(file.url) as archive:
        member = next((name for name in archive.namelist() if name.endswith(_BUILD_INFO)), None)
        match = _IS_CUDA.search(archive.read(member).decode()) if member else None
    if not match or match[1] != "False":
        raise OutsideError(
            "measured-otherwise",
            f"{file.name} does not say that it is a build without CUDA.",
            context=(f"member {member}: {match[0] if match else 'no is_cuda_build'}",),
            hint="Look at the wheel, and change upkeep/measure_index.py to what it says.",
        )


def keeping_days(fresh: Iterable[R], old: Iterable[R]) -> list[R]:
    """Fresh rows, each replaced by the old one where only the day differs."""
    known = set(old)
    kept = []
    for row in fresh:
        same = (was for was in known if msgspec.structs.replace(was, checked=row.checked) == row)
        kept.append(next(same, row))
    return kept


def texts(index: PackageIndex, catalog: Catalog, day: str) -> dict[str, bytes]:
    """What the measured files should hold, by path."""
    cpu = sheets.builds(CPU_PACKAGE)
    builds = keeping_days(cpu_builds(index, day), catalog.builds(CPU_PACKAGE))
    tools = keeping_days((tool(index, row, day) for row in catalog.tools), catalog.tools)
    codes = wheel_codes(index, catalog.wheel_code, day)
    header = header_of(catalog.text_of(sheets.TOOLS))
    fresh = {
        cpu.path: dump(cpu, builds),
        sheets.WHEEL_CODE.path: dump(sheets.WHEEL_CODE, codes),
        sheets.TOOLS.path: dump(sheets.TOOLS, tools, header),
    }
    return writing.with_contents(catalog.folder, fresh)


def main(arguments: list[str]) -> int:
    """Run the command: 0 when nothing changes or the change was written, 1 when it waits."""
    if set(arguments) - {"--write"}:
        sys.stderr.write(__doc__ or "")
        return 2
    day = datetime.now(timezone.utc).date().isoformat()
    catalog = Catalog(resources.stacks())
    try:
        fresh = texts(PackageIndex(address()), catalog, day)
    except DlsetupError as error:
        return writing.complain(error)
    return writing.show_and_write(catalog.folder, fresh, for_real="--write" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
