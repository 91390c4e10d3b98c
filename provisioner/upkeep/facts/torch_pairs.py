"""torchvision and torchaudio: each release, and the torch release it is a pair with.

The GPU code of the default wheels was read out of them. The variants of one release are built by
one matrix from torch's lists: where a default wheel holds at least what its torch holds, a
variant is taken to hold what its torch's variant does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog.rows import Build, WheelCode
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, glibc, pythons

_PIN = re.compile(r"torch\s*\(?\s*(==|>=)\s*([\d.]+)")


def pairs(facts: Facts, package: str, torch: list[Build], code: Iterable[WheelCode]) -> list[Build]:
    """The builds of ``package``: the default wheel, and a variant for each of its torch's."""
    read = {row.version: row for row in code if row.package == package}
    found = []
    for row in facts.rows("06_torch_pairs"):
        if row["package"] != package:
            continue
        partner = _requirement(row)[1]
        builds = [b for b in torch if b.version == partner and b.platform == "linux-x86_64"]
        wheel = read.get(row["version"])
        found += [_pair(facts, row, build, _code(wheel, builds[0], build)) for build in builds]
    return found


def _requirement(row: dict[str, str]) -> tuple[str, str, str]:
    """What a release asks of torch, the release it was built against, and how that is known."""
    match = _PIN.match(row["requires_torch"])
    if match:
        return f"torch{match[1]}{match[2]}", _whole(match[2]), "METADATA"
    # The wheel names no torch: the numbers have been the same since 2.0.
    note = "METADATA names no torch, paired by its number"
    return f"torch=={row['version'].rsplit('.', 1)[0]}.*", row["version"], note


def _whole(version: str) -> str:
    return version if version.count(".") > 1 else f"{version}.0"


def _code(
    wheel: WheelCode | None, default: Build, torch: Build
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Machine code, PTX and their source, for the build beside one of torch's builds.

    PTX of a variant is never taken over: the lists of the two packages differ in it.
    """
    if wheel is None:
        return (), (), ""
    if torch is default:
        return wheel.sass, wheel.ptx, f"; GPU code: {wheel.evidence}"
    if torch.cuda is None or not default.sass or not set(default.sass) <= set(wheel.sass):
        return (), (), ""
    source = f"; GPU code: as torch's variant, because {wheel.evidence} holds all its torch's"
    return torch.sass, (), source


def _pair(
    facts: Facts,
    row: dict[str, str],
    torch: Build,
    code: tuple[tuple[str, ...], tuple[str, ...], str],
) -> Build:
    requires, _, note = _requirement(row)
    sass, ptx, source = code
    default = torch.variant == "default"
    taken = "" if default else f"; variants as torch {torch.version}"
    supported = pythons(row["python_tags_linux_x86_64"]) or torch.pythons
    return Build(
        framework=row["package"],
        version=row["version"],
        variant=torch.variant,
        platform=torch.platform,
        pythons=tuple(sorted(supported, key=natural)),
        cuda=torch.cuda,
        sass=sass,
        ptx=ptx,
        requires=(requires,),
        glibc=glibc(row["source"]),
        index=torch.index,
        kind="measured" if default else "announced",
        evidence=f"{row['source']}: {note}{taken}{source}",
        checked=facts.gathered,
    )
