"""Driver branches, as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.catalog.find import ENDED
from provisioner.catalog.rows import DriverPackage
from provisioner.cli.catalog.layout import UNKNOWN, facts, one_of, table
from provisioner.cli.catalog.text_hardware import capabilities
from provisioner.cli.display import Block
from provisioner.lookup.values import DriverAnswer, DriverBranches, Step

_EMPTY = Block("", ())
_KINDS = {
    "LTSB": "long-term support (LTSB)",
    "PB": "production branch (PB)",
    "NFB": "new-feature branch (NFB)",
}


def driver(answer: DriverAnswer) -> list[Block]:
    """What a driver branch drives and runs, then what installs it."""
    row = answer.branch
    title = f"Driver {answer.version}" if answer.version else f"Driver branch {row.branch}"
    return [
        facts(
            title,
            [
                ("branch", row.branch if answer.version else ""),
                ("kind", _KINDS.get(row.kind or "", row.kind or UNKNOWN)),
                ("end of life", _end(answer)),
                ("first release", row.first_version or "none yet that is known"),
                ("kernel module", _modules(answer)),
                ("drives", capabilities(answer.architectures)),
                ("machine code", _steps(answer.runs_cuda)),
                ("compiles PTX", _steps(answer.compiles_cuda)),
                ("came with", f"CUDA {row.cuda}" if row.cuda else ""),
            ],
        ),
        _packages(answer.packages),
        _redirected(answer),
    ]


def _end(answer: DriverAnswer) -> str:
    month = answer.branch.end_of_life
    if month is None:
        return UNKNOWN
    if month == ENDED:
        return "over"
    return f"{month}, over (looked at {answer.checked})" if answer.over else month


def _modules(answer: DriverAnswer) -> str:
    row = answer.branch
    if not row.kernel_modules[1:]:  # there is nothing to choose
        return one_of(row.kernel_modules) or UNKNOWN
    only = {
        module: [item for item in answer.architectures if item.kernel_modules == (module,)]
        for module in row.kernel_modules
    }
    told = f"{one_of(row.kernel_modules)}; {row.default_kernel_module} where a GPU takes both"
    for module, items in only.items():
        if items:
            told += f"; only {module} for {', '.join(dict.fromkeys(i.name for i in items))}"
    return told


def _steps(steps: Sequence[Step]) -> str:
    """``of CUDA up to 12.9``, and what later releases of the branch add."""
    if not steps:
        return UNKNOWN
    first, *rest = steps
    told = f"of CUDA up to {first.cuda}" if first.cuda else "of none of the catalog's CUDAs"
    return told + "".join(f"; from {step.driver} on up to {step.cuda}" for step in rest)


def _packages(packages: Sequence[DriverPackage]) -> Block:
    if not packages:
        return Block("Packages that install it", (("none that the catalog knows",),))
    rows = [(item.os, item.package, item.flavour, _version(item)) for item in packages]
    return table("Packages that install it", rows)


def _version(item: DriverPackage) -> str:
    """The driver's own version, without the packager's part."""
    told = (item.version or "").partition("-")[0]
    place = f"{item.repository} repository" if item.repository else ""
    return ", ".join(filter(None, (told, place)))


def _redirected(answer: DriverAnswer) -> Block:
    names: dict[tuple[str, str], list[str]] = {}
    for item in answer.redirected:
        own = [name for name in item.redirects if f"-{answer.branch.branch}" in name]
        names.setdefault((item.os, item.branch), []).extend(own)
    rows = [
        (system, f"installs {branch}:", ", ".join(sorted(set(found))))
        for (system, branch), found in names.items()
    ]
    return table("Packages named after it that install another branch", rows) if rows else _EMPTY


def driver_branches(answer: DriverBranches) -> list[Block]:
    """One line for each branch, newest first."""
    head = ("branch", "kind", "end of life", "first release", "CUDA", "kernel module")
    rows = [
        (
            row.branch,
            row.kind or UNKNOWN,
            row.end_of_life or UNKNOWN,
            row.first_version or UNKNOWN,
            row.cuda or "-",
            one_of(row.kernel_modules) or UNKNOWN,
        )
        for row in answer.branches
    ]
    more = [
        ("kind", "LTSB long-term, PB production, NFB new features"),
        ("CUDA", "the release that the branch came with"),
        ("one branch", f"dlsetup catalog show driver {answer.branches[0].branch}"),
    ]
    return [table("Driver branches, newest first", [head, *rows]), facts("More", more)]
