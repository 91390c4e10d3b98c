"""Announced builds that follow from measured ones by rules of the catalog alone.

Pure functions: no table of gathered facts, no network. A release that was measured today gets
these builds today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.catalog.upkeep_rows import IndexVariant

_PARTNER = re.compile(r"torch\s*(==|>=)\s*([\d.]+)(?!\.\*)")
_CODE = "; GPU code: "


def measured(builds: Iterable[Build], framework: str) -> list[Build]:
    """The measured builds of the default index, of that very framework."""
    return [
        row
        for row in builds
        if (row.framework, row.kind, row.variant) == (framework, "measured", "default")
        and not row.yanked
    ]


def cpu_variants(
    releases: Iterable[Build], variants: Iterable[IndexVariant], addresses: Mapping[str, str]
) -> list[Build]:
    """The builds without CUDA that a publisher's index holds for each measured release.

    ``releases`` are measured builds, ``variants`` the rows of ``index_variants.toml``,
    ``addresses`` the publishers' places by name.
    """
    listed = tuple(variants)
    return [
        _without_cuda(release, variant, f"{addresses[variant.address]}/{variant.path}")
        for release in releases
        for variant in listed
        if variant.framework == release.framework
        and release.platform in variant.platforms
        and natural(release.version) >= natural(variant.first_version)
    ]


def pair_variants(pairs: Iterable[Build], torch: Iterable[Build]) -> list[Build]:
    """The variants of torch's companions: one for each that their torch has.

    ``pairs`` are measured builds of torchvision or torchaudio, ``torch`` the measured and announced
    wheels of torch. The variants of one release are built by one matrix from torch's lists: where a
    default wheel holds at least what its torch holds, a variant is taken to hold what its torch's
    variant does.
    """
    by_release: dict[tuple[str, str], list[Build]] = {}
    for row in torch:
        if row.via == "pip":
            by_release.setdefault((row.version, row.platform), []).append(row)
    found = []
    for pair in pairs:
        partners = by_release.get((_built_beside(pair, by_release), pair.platform), [])
        default = next((row for row in partners if row.variant == "default"), None)
        found += [_beside(pair, default, row) for row in partners if default and row is not default]
    return found


def partner(pair: Build) -> str:
    """The release of torch that a companion was built against.

    The one that it names; where it names none, or no single one, the numbers are the same.
    """
    for requirement in pair.requires:
        match = _PARTNER.fullmatch(requirement)
        if match:
            return match[2] if match[2].count(".") > 1 else f"{match[2]}.0"
    return pair.version


def _built_beside(pair: Build, torch: Mapping[tuple[str, str], list[Build]]) -> str:
    """The release of torch whose build matrix a companion comes from.

    Where it admits later ones as well, it is the newest that was there on its day with its CUDA.
    """
    named = partner(pair)
    if not any(text.startswith("torch>=") for text in pair.requires):
        return named
    alike = [
        row
        for rows in torch.values()
        for row in rows
        if (row.variant, row.platform, row.cuda) == ("default", pair.platform, pair.cuda)
        and natural(row.version) >= natural(named)
        and (row.released or "") <= (pair.released or "9")
    ]
    return max((row.version for row in alike), key=natural, default=named)


def _without_cuda(release: Build, variant: IndexVariant, index: str) -> Build:
    return Build(
        framework=release.framework,
        version=release.version,
        variant=variant.variant,
        platform=release.platform,
        pythons=release.pythons,
        glibc=release.glibc,
        index=index,
        kind="announced",
        evidence=variant.evidence,
        checked=variant.checked,
    )


def _beside(pair: Build, default: Build, torch: Build) -> Build:
    """The build of a companion beside one of its torch's variants.

    PTX of a variant is never taken over: the lists of the two packages differ in it.
    """
    proof, _, code = pair.evidence.partition(_CODE)
    alike = bool(default.sass) and set(default.sass) <= set(pair.sass) and torch.cuda is not None
    why = f"{_CODE}as torch's variant, because {code or proof} holds all its torch's"
    return Build(
        framework=pair.framework,
        version=pair.version,
        variant=torch.variant,
        platform=pair.platform,
        pythons=pair.pythons or torch.pythons,
        cuda=torch.cuda,
        sass=torch.sass if alike else (),
        accelerator=torch.accelerator,
        rocm=torch.rocm,
        requires=pair.requires,
        glibc=pair.glibc,
        index=torch.index,
        index_holds_dependencies=torch.index_holds_dependencies,
        kind="announced",
        evidence=f"{proof}; variants as torch {torch.version}{why if alike else ''}",
        checked=torch.checked,
    )
