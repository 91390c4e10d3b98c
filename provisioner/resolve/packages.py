"""What a wheel needs beside it: packages of NVIDIA, other builds, the CUDA they share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from provisioner.catalog.find import caps_on
from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import ANY_PLATFORM
from provisioner.request import Wish, admits, parse_wish
from provisioner.resolve.candidates import NO_CUDA, OUTSIDE, Need, cuda_of, file_of
from provisioner.resolve.companions import bounds
from provisioner.resolve.facts import Facts
from provisioner.version import numbers


def needs_of_packages(facts: Facts, name: str, row: Build) -> Iterator[Need]:
    """Yield the packages that a wheel is bound to; NVIDIA's only where a GPU is used.

    ``name`` is what the build was asked for as, ``tensorflow`` for tensorflow-gpu.
    """
    if row.via != "pip":
        return
    bound = facts.has_variants(row.framework) and row.platform != ANY_PLATFORM
    base = facts.base_of(row)
    if base is not None and facts.named_base(row) is None:
        yield _unnamed_base(row, base)
    for text in (*row.requires, *announced_cudnn(facts, row)):
        wish = parse_wish(text)
        if ";" in text and not _holds(text, row.extra or ""):
            continue
        if wish.name.startswith("nvidia-"):
            if facts.gpus:
                yield _package(row, wish)
                yield from shared_files(facts, wish.name)
        elif bound and text == wish.name == base:
            yield _unknown_base(row, base)
        elif wish.name in facts.catalog.frameworks or wish.is_component:
            yield _package(row, wish, variant=row.variant if bound else None)
    yield from _needs_of_cuda(facts, name, row)


def needs_of_companions(facts: Facts, row: Build) -> Iterator[Need]:
    """Yield what of a build a companion of the user's cannot stand: caps, another CUDA."""
    for bound in bounds(facts, row):
        if bound.requirement is None:
            yield Need(
                on=OUTSIDE,
                reference="cuda-mismatch-ext-build",
                reason=bound.reason,
                evidence=bound.evidence,
                failed=True,
            )
    bounded = facts.bounded_companions
    if not bounded or row.via == "conda":
        return
    for cap in caps_on(facts.catalog.caps, row.framework, row.version):
        wish = parse_wish(cap.requirement)
        for asked in bounded:
            if asked.name == wish.name and not _meet(asked.specifier, wish.specifier):
                yield Need(
                    on=OUTSIDE,
                    reference="companions-refused",
                    reason=f"it needs {cap.requirement}, and you asked for {asked.text}",
                    evidence=cap.evidence,
                    failed=True,
                )


def _meet(one: str, other: str) -> bool:
    """Whether some version is within both ranges: their ends and what lies beside are tried."""
    from packaging.specifiers import SpecifierSet

    ends = {item.version.removesuffix(".*") for text in (one, other) for item in SpecifierSet(text)}
    beside = (version for end in ends for version in (end, f"{end}.0.1"))
    return any(admits(one, version) and admits(other, version) for version in ("0", *beside))


def cudnn_left_open(row: Build) -> str | None:
    """The cuDNN wheel whose version a build leaves open; None where it names one, or none."""
    for text in row.requires:
        wish = parse_wish(text)
        if wish.name.startswith("nvidia-cudnn") and not wish.specifier.startswith("=="):
            return wish.name
    return None


def announced_cudnn(facts: Facts, row: Build) -> Iterator[str]:
    """The cuDNN wheel of a build whose own requirements nobody could read."""
    if row.kind != "announced" or row.cuda is None or row.cudnn is None or row.requires:
        return
    package = f"nvidia-cudnn-cu{row.cuda.split('.')[0]}"
    if (package, row.cudnn) in facts.libraries:
        yield f"{package}=={row.cudnn}"


def _needs_of_cuda(facts: Facts, name: str, row: Build) -> Iterator[Need]:
    """The CUDA that a build comes with, and for one that extends another, that one's.

    An extension is compiled against its base's CUDA runtime, and minor-version compatibility
    holds forward only: the base's may be newer within the same major release, not older. What is
    built for each variant of its base has the very CUDA of it, and torchaudio insists on that.
    """
    base = facts.base_of(row)
    if base is None:
        yield Need(
            on=cuda_of(name),
            reference="cuda-mismatch-ext-build",
            reason=f"it is built with CUDA {row.cuda}" if row.cuda else "it is built without CUDA",
            evidence=row.evidence,
            among=(row.cuda or NO_CUDA,),
        )
        return
    shared = _shared_cuda(facts, row)
    if shared:
        told = row.cuda or "/".join(row.bundles_cuda)
        yield Need(
            on=cuda_of(base),
            reference="cuda-mismatch-ext-build",
            reason=f"it is built for CUDA {told}, and {base} beside it has to be as well",
            evidence=row.evidence,
            among=shared,
        )


def _shared_cuda(facts: Facts, row: Build) -> tuple[str, ...]:
    """The CUDA releases of its base that an extension works with; empty: it does not care."""
    if row.bundles_cuda:
        return row.bundles_cuda if facts.gpus else ()
    if row.cuda is None:
        return ()
    if facts.has_variants(row.framework):
        return (row.cuda,)
    major, dot, _ = row.cuda.partition(".")
    known = (version for version in facts.cuda if version.partition(".")[0] == major)
    return tuple(
        version for version in known if not dot or numbers(version) >= numbers(row.cuda)
    ) + (() if dot else (major,))


def shared_files(facts: Facts, package: str, why: str = "it needs") -> Iterator[Need]:
    """Yield what a package of NVIDIA's asks for itself: the files that others would write too."""
    for shared in facts.catalog.shared_files:
        if package in shared.packages:
            yield Need(
                on=file_of(shared.file),
                reference="packages-overwrite-each-other",
                reason=f"{why} {package}, which writes {shared.file}",
                evidence=shared.evidence,
                among=(package,),
            )


def _unnamed_base(row: Build, base: str) -> Need:
    """What extends another framework works inside it, also where its metadata forget to say so."""
    return Need(
        on=base,
        reference="framework-pin-conflict",
        reason=f"it extends {base}",
        evidence=row.evidence,
    )


def _unknown_base(row: Build, base: str) -> Need:
    return Need(
        on=base,
        reference="framework-pin-conflict",
        reason=f"nobody knows which {base} it was built with",
        evidence=row.evidence,
        failed=True,
    )


def _package(row: Build, wish: Wish, variant: str | None = None) -> Need:
    return Need(
        on=wish.name,
        reference="framework-pin-conflict",
        reason=f"it needs {wish.text}" + (f" as {variant}" if variant else ""),
        evidence=row.evidence,
        specifier=wish.specifier,
        variant=variant,
    )


@lru_cache(maxsize=4096)
def _holds(text: str, extra: str) -> bool:
    """Whether a requirement with a marker counts for this extra; what asks for a Python may."""
    from packaging.requirements import Requirement

    marker = Requirement(text).marker
    if marker is None or "extra" not in str(marker):
        return True
    return any(marker.evaluate({"extra": name}) for name in (extra, ""))
