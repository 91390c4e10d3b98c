"""The host compilers that nvcc accepts, as ``crt/host_config.h`` of its wheels says."""

from __future__ import annotations

from provisioner.catalog.rows import HostCompilers
from provisioner.catalog.sheets import natural
from provisioner.errors import BadDataError
from provisioner.upkeep.facts.table import Facts, short
from provisioner.version import is_dotted, minor

_TABLE = "04_host_compiler"
_FIRST = "linux-x86_64"
"""The platform that every nvcc was read for."""


def of(facts: Facts, cuda: str) -> tuple[tuple[HostCompilers, ...], str]:
    """The limits of each nvcc of a CUDA minor release, oldest first, and where they were read.

    Raises BadDataError ``facts-unreadable`` where one nvcc differs between platforms.
    """
    read = [
        row
        for row in facts.rows(_TABLE)
        if is_dotted(row["nvcc_version"]) and minor(row["nvcc_version"]) == cuda
    ]
    found = {_limits(row) for row in read}
    if len({limits.nvcc for limits in found}) != len(found):
        raise BadDataError(
            "facts-unreadable",
            f"The limits of one nvcc of CUDA {cuda} differ between platforms.",
            hint="Rows hold them once for all platforms: tell them apart there first.",
        )
    sources = sorted(
        (short(row["source"]) for row in read if row["platform"] == _FIRST), key=natural
    )
    header = f"crt/host_config.h of {' '.join(sources)}"
    return tuple(sorted(found, key=lambda limits: natural(limits.nvcc))), header


def _limits(row: dict[str, str]) -> HostCompilers:
    return HostCompilers(
        nvcc=row["nvcc_version"],
        gcc=row["gcc_max_major"],
        clang=row["clang_max_major"],
        msvc_from=row["msc_ver_min"],
        msvc_below=row["msc_ver_below"],
    )
