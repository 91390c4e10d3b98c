"""The tools that install a system's packages: what the script says where they differ."""

from __future__ import annotations

import msgspec

from provisioner.catalog.rows import OperatingSystemRow


class PackageTool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool, and the files below templates/shell that are written for it."""

    tool: str
    instead: dict[str, tuple[str, ...]] = {}
    """Files of functions in the place of those for apt; they define functions of the same names."""
    lines: str = ""
    """The end of the names of lines that are written for it: ``.rpm``."""
    install: str = ""
    """How it is told to install."""
    repositories: str = ""
    """The folder of files that name its repositories."""
    listing: str = "dpkg -l '*nvidia*'"
    """What shows the packages of drivers."""
    writes: tuple[tuple[str, str], ...] = (
        ("/etc/apt/sources.list.d", "dlsetup-{name}.list, unless apt has that source"),
        ("/etc/apt/keyrings", "dlsetup-{name}.asc, the key of that repository"),
    )
    """Where it is told of a repository, and what."""


def _with_rpm(tool: str, install: str, repositories: str) -> PackageTool:
    return PackageTool(
        tool=tool,
        instead={
            "apt.sh": ("rpm.sh", f"{tool}.sh"),
            "repository.sh": ("rpm_repository.sh",),
        },
        lines=".rpm",
        install=install,
        repositories=repositories,
        listing="rpm -qa '*nvidia*'",
        writes=(
            (repositories, f"dlsetup-{{name}}.repo, unless {tool} has that repository"),
            ("rpm's database", "the key of that repository"),
        ),
    )


APT = PackageTool(tool="apt")
_BY_FAMILY = {
    "debian": APT,
    "redhat": _with_rpm("dnf", "install -y", "/etc/yum.repos.d"),
    "suse": _with_rpm(
        "zypper",
        "install --no-recommends --auto-agree-with-licenses",
        "/etc/zypp/repos.d",
    ),
}


def package_tool(row: OperatingSystemRow | None) -> PackageTool | None:
    """Return what installs the packages of a system; None where no script can."""
    return _BY_FAMILY.get(row.family) if row else None
