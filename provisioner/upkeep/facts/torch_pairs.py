"""torchvision's and torchaudio's wheels of the default index, each with the torch it pairs with."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog.rows import Build, WheelCode
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, glibc, pythons

_PIN = re.compile(r"torch\s*\(?\s*(==|>=)\s*([\d.]+)")


def pairs(facts: Facts, package: str, torch: list[Build], code: Iterable[WheelCode]) -> list[Build]:
    """The default wheels of ``package``, with the GPU code that was read out of them.

    ``torch`` are torch's default wheels.
    """
    read = {row.version: row for row in code if row.package == package}
    partners = {b.version: b for b in torch if b.platform == "linux-x86_64"}
    return [
        _pair(facts, row, partners[release], read.get(row["version"]))
        for row in facts.rows("06_torch_pairs")
        if row["package"] == package and (release := _requirement(row)[1]) in partners
    ]


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


def _pair(facts: Facts, row: dict[str, str], torch: Build, wheel: WheelCode | None) -> Build:
    requires, _, note = _requirement(row)
    supported = pythons(row["python_tags_linux_x86_64"]) or torch.pythons
    return Build(
        framework=row["package"],
        version=row["version"],
        platform=torch.platform,
        pythons=tuple(sorted(supported, key=natural)),
        cuda=torch.cuda,
        sass=wheel.sass if wheel else (),
        ptx=wheel.ptx if wheel else (),
        requires=(requires,),
        glibc=glibc(row["source"]),
        kind="measured",
        evidence=f"{row['source']}: {note}" + (f"; GPU code: {wheel.evidence}" if wheel else ""),
        checked=facts.gathered,
    )
