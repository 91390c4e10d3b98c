"""torchvision and torchaudio: each release, and the torch release it is a pair with."""

from __future__ import annotations

import re

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, glibc, pythons

_PIN = re.compile(r"torch\s*\(?\s*(==|>=)\s*([\d.]+)")


def pairs(facts: Facts, package: str, torch: list[Build]) -> list[Build]:
    """The builds of ``package``: the default wheel, and a variant for each of its torch's."""
    found = []
    for row in facts.rows("06_torch_pairs"):
        if row["package"] != package:
            continue
        requires, partner, note = _requirement(row)
        builds = [b for b in torch if b.version == partner and b.platform == "linux-x86_64"]
        found += [_pair(facts, row, build, requires=requires, note=note) for build in builds]
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


def _pair(facts: Facts, row: dict[str, str], torch: Build, *, requires: str, note: str) -> Build:
    default = torch.variant == "default"
    source = f"{row['source']}: {note}"
    if not default:
        source = f"{source}; variants as torch {torch.version}"
    supported = pythons(row["python_tags_linux_x86_64"]) or torch.pythons
    return Build(
        framework=row["package"],
        version=row["version"],
        variant=torch.variant,
        platform=torch.platform,
        pythons=tuple(sorted(supported, key=natural)),
        cuda=torch.cuda,
        requires=(requires,),
        glibc=glibc(row["source"]),
        index=torch.index,
        kind="measured" if default else "announced",
        evidence=source,
        checked=facts.gathered,
    )
