"""Driver branches, and the packages of Ubuntu that install them."""

from __future__ import annotations

import re
from typing import NamedTuple

from provisioner.catalog.rows import DriverBranch, DriverPackage
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.cuda import branch_of, bundled
from provisioner.upkeep.facts.table import Facts, short
from provisioner.version import is_dotted, minor

_KINDS = {
    "ltsb": "LTSB",
    "production": "PB",
    "pb": "PB",
    "nfb": "NFB",
    "evaluation/developer": "developer",
    "legacy": "legacy",
}
_SAME = "same pdf"
_OPEN_MARK = "first branch with open modules"
_OPEN_DEFAULT_MARK = "open modules become default"
_OPEN_ONLY_MARK = "modules are open source only"
_READ_FROM_LISTS = {"focal": "20.04"}
"""Releases that the table of redirects does not cover, read from the package lists instead."""


class Package(NamedTuple):
    """A package that really holds a driver, as an Ubuntu release offers it."""

    os: str
    suffix: str
    """What follows ``nvidia-driver-``: ``580-server-open``."""
    version: str
    component: str
    redirects: tuple[str, ...]
    evidence: str


def branches(facts: Facts) -> list[DriverBranch]:
    """One row for each branch that any table names."""
    stated = {row["branch"]: row for row in _stated(facts)}
    versions = _versions(facts)
    return [
        _branch(facts, branch, stated.get(branch), versions.get(branch, []))
        for branch in set(stated) | set(versions)
    ]


def packages(facts: Facts) -> list[DriverPackage]:
    """The packages that hold a driver, each with the names that redirect to it."""
    return [
        DriverPackage(
            os=f"ubuntu-{package.os}",
            package=f"nvidia-driver-{package.suffix}",
            branch=branch_of(package.version),
            flavour="open" if package.suffix.endswith("-open") else "proprietary",
            version=package.version,
            component=package.component,
            redirects=tuple(f"nvidia-driver-{name}" for name in package.redirects),
            evidence=package.evidence,
            checked=facts.gathered,
        )
        for package in _ubuntu(facts)
    ]


def _stated(facts: Facts) -> list[dict[str, str]]:
    """The table of branches, each row with a source of its own."""
    found: list[dict[str, str]] = []
    for row in facts.rows("03_driver_branches"):
        same = row["source"] == _SAME
        found.append(row | {"source": found[-1]["source"]} if same else row)
    return found


def _branch(
    facts: Facts, branch: str, row: dict[str, str] | None, known: list[tuple[str, str]]
) -> DriverBranch:
    first = min(known, key=lambda pair: natural(pair[0])) if known else None
    kind, packaged = _KINDS.get(row["type"].lower()) if row else None, ""
    if kind is None:
        kind, packaged = _packaged_kind(facts, branch)
    sources = (short(row["source"]) if row else "", first[1] if first else "", packaged)
    evidence = dict.fromkeys(filter(None, sources))
    return DriverBranch(
        branch=branch,
        kind=kind,
        end_of_life=_end_of_life(row["end_of_life"]) if row else None,
        first_version=first[0] if first else None,
        kernel_modules=_modules(facts, branch),
        default_kernel_module=_default_module(facts, branch),
        cuda=_cuda_of(facts, branch),
        evidence="; ".join(evidence),
        checked=facts.gathered,
    )


def _packaged_kind(facts: Facts, branch: str) -> tuple[str | None, str]:
    """What Ubuntu's packages of a branch say it is, and where, if all of them say the same."""
    found: dict[str, str] = {}
    for row in facts.rows("03_ubuntu_driver_packages"):
        if row["support_field"] and branch_of(row["version"]) == branch:
            found.setdefault(row["support_field"].lower(), short(row["source"]))
    if len(found) != 1:
        return None, ""
    kind, source = found.popitem()
    return _KINDS.get(kind), f"{source} (Support)"


def _versions(facts: Facts) -> dict[str, list[tuple[str, str]]]:
    """Every known Linux release of every branch, with the source that names it."""
    found = [
        (row["linux_x86_64"], f"CUDA {row['cuda']}: {short(row['source'])}")
        for row in facts.rows("01_cuda_driver")
        if row["kind"] != "minor_compat_floor"
    ]
    found += [(row["first_known_linux_version"], short(row["source"])) for row in _stated(facts)]
    found += [(package.version.split("-")[0], package.evidence) for package in _ubuntu(facts)]
    by_branch: dict[str, list[tuple[str, str]]] = {}
    for version, source in found:
        if version and is_dotted(version):
            by_branch.setdefault(branch_of(version), []).append((version, source))
    return by_branch


def _end_of_life(text: str) -> str | None:
    if match := re.search(r"\d{4}-\d\d", text):
        return match[0]
    return "ended" if text == "ended" else None


def _modules(facts: Facts, branch: str) -> tuple[str, ...]:
    """Which kernel modules a branch ships: open ones begin in one branch, and later stand alone."""
    table = facts.rows("03_driver_branches")
    first_open = next(row["branch"] for row in table if _OPEN_MARK in row["kernel_modules"])
    if natural(branch) < natural(first_open):
        return ("proprietary",)
    only = next(row["branch"] for row in table if _OPEN_ONLY_MARK in row["kernel_modules"])
    suffixes = [p.suffix for p in _ubuntu(facts) if branch_of(p.version) == branch]
    packaged_open_only = bool(suffixes) and all(name.endswith("-open") for name in suffixes)
    open_only = natural(branch) >= natural(only) or packaged_open_only
    return ("open",) if open_only else ("open", "proprietary")


def _default_module(facts: Facts, branch: str) -> str:
    """The kernel module a branch prefers where a GPU takes both."""
    if _modules(facts, branch) == ("open",):
        return "open"
    for row in facts.rows("03_driver_branches"):
        marked = _OPEN_DEFAULT_MARK in row["kernel_modules"]
        if marked and natural(branch) >= natural(row["branch"]):
            return "open"
    return "proprietary"


def _cuda_of(facts: Facts, branch: str) -> str | None:
    minors = {
        minor(row["cuda"].split()[0])
        for row in facts.rows("01_cuda_driver")
        if row["kind"] != "minor_compat_floor"
    }
    drivers = {version: bundled(facts, version)[0].linux for version in minors}
    found = [
        version for version, driver in drivers.items() if driver and branch_of(driver) == branch
    ]
    return max(found, key=natural, default=None)


def _ubuntu(facts: Facts) -> list[Package]:
    return _from_redirects(facts) + _from_lists(facts)


def _from_redirects(facts: Facts) -> list[Package]:
    found = []
    for codename, release in facts.json("13_ubuntu_driver_redirects").items():
        if "real" not in release:
            continue
        for suffix, real in release["real"].items():
            to_here = [old for old, new in release["redirects"].items() if new["final"] == suffix]
            component = real["component"]
            found.append(
                Package(
                    os=release["ubuntu"],
                    suffix=suffix,
                    version=real["version"],
                    component=component,
                    redirects=tuple(sorted(to_here, key=natural)),
                    evidence=f"Ubuntu {codename}-updates/{component} Packages index",
                )
            )
    return found


def _from_lists(facts: Facts) -> list[Package]:
    found = []
    for codename, release in _READ_FROM_LISTS.items():
        listed = [r for r in facts.rows("03_ubuntu_driver_packages") if r["ubuntu"] == codename]
        towards = {
            _suffix(row["package"]): _suffix(row["note"].removeprefix("transitional to "))
            for row in listed
            if row["note"].startswith("transitional to ")
        }
        for row in listed:
            suffix = _suffix(row["package"])
            if suffix in towards:
                continue
            to_here = [old for old in towards if _end(old, towards) == suffix]
            found.append(
                Package(
                    os=release,
                    suffix=suffix,
                    version=row["version"],
                    component="restricted",
                    redirects=tuple(sorted(to_here, key=natural)),
                    evidence=short(row["source"]),
                )
            )
    return found


def _suffix(package: str) -> str:
    return package.removeprefix("nvidia-driver-")


def _end(name: str, towards: dict[str, str]) -> str:
    while name in towards:
        name = towards[name]
    return name
