"""CUDA's libraries beside frameworks: brought twice, brought by nobody, or too new for the GPU."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build, Library
from provisioner.check import choice
from provisioner.check.cuda_releases import fits
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.images import shown, siblings
from provisioner.check.said import Package
from provisioner.request import admits
from provisioner.resolve.packages import cudnn_left_open
from provisioner.resolve.serving import serve
from provisioner.sizes import human
from provisioner.version import is_dotted, numbers, order

_BRING = frozenset({"cudatoolkit", "cudnn", "cuda-toolkit", "cuda", "cuda-libraries"})
_PLAIN = "stand on a plain image, unless something is compiled with nvcc"
_FIRST_STABLE_MAJOR = 11
"""From CUDA 11 on libraries are called after the major release, and any minor one will do."""


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with CUDA's libraries of a part."""
    for package in ground.part.packages():
        if package.manager != "pip" or package.name not in ground.catalog.frameworks:
            continue
        rows = choice.taken(ground, package).builds
        if not rows or not ground.gpus or rows[0].cuda is None:
            continue
        for found in (
            *_twice(ground, package, rows[0]),
            *_by_nobody(ground, package, rows[0]),
            *_cudnn(ground, package, rows[0]),
        ):
            yield softened(found, conditional=package.conditional)


def _brings(package: Package, row: Build) -> bool:
    """Whether the wheel, or what it requires, brings CUDA's libraries."""
    asked = not row.extra or bool(set(row.extra.split(",")) & set(package.extras))
    return row.libraries == "bundled" and asked


def _twice(ground: Ground, package: Package, row: Build) -> Iterator[Flaw]:
    extends = ground.facts.base_of(row) is not None
    if extends or not ground.part.final or not _brings(package, row):
        return
    for image in ground.images:
        if image.holds_libraries and not image.builds:
            size = f" ({human(row.disk_bytes)} unpacked)" if row.disk_bytes else ""
            plain = ground.remedy.command([f"{package.name}{package.specifier.split('+')[0]}"])
            yield Flaw(
                reference="cuda-twice",
                severity="note",
                message=f"CUDA is in the image twice: {shown(image.image.name)} holds {image.cuda},"
                f" and {package.name} {row.version}{size} brings {row.cuda} of its own.",
                places=(image.image.at, package.at),
                evidence=(row.evidence,),
                fix=(f"{_PLAIN}:", *plain) if plain else (_PLAIN,),
                confidence="likely",
            )


def _by_nobody(ground: Ground, package: Package, row: Build) -> Iterator[Flaw]:
    """A wheel that leaves CUDA to the system computes on the CPU where nothing brings it."""
    cuda = row.cuda or ""
    if _brings(package, row) or "." not in cuda:
        return
    held = [image.cuda for image in ground.images if image.holds_libraries and image.cuda]
    if any(_serves(other, cuda) for other in held) or _brought_otherwise(ground, package):
        return
    known = [tool.version for tool in ground.inside.toolkits]
    if any(_serves(other, cuda) for other in known):
        return
    inside = ground.part.inside == "image" and ground.images
    has = f"; the image holds CUDA {held[0]}" if held else ""
    what = f"CUDA {cuda}" + (f" and cuDNN {row.cudnn}" if row.cudnn else "")
    beside = [one for one in ground.part.packages() if one.where == package.where]
    fitting = [
        ground.remedy.image(other.image)
        for image in ground.images
        for other in siblings(ground.catalog, image)
        if other.cuda and _serves(other.cuda, cuda) and fits(ground, other.cuda, packaged=True)
    ]
    lines = ground.remedy.instead_of(ground.inside, beside, package, None)
    yield Flaw(
        reference="cuda-not-brought",
        severity="error" if inside else "warning",
        message=f"{package.name} {row.version} takes {what} from the system{has}, and nothing here"
        " brings them: without them it computes on the CPU, silently.",
        places=(package.at,),
        evidence=(row.evidence,),
        fix=(*fitting[:1], *lines),
        confidence="certain" if inside else "likely",
    )


def _serves(held: str, wanted: str) -> bool:
    """Whether the libraries of one CUDA release are those that a build of another loads."""
    mine, its = numbers(held)[:2], numbers(wanted)[:2]
    return mine[0] == its[0] and (its[0] >= _FIRST_STABLE_MAJOR or mine == its)


def _brought_otherwise(ground: Ground, package: Package) -> bool:
    """Whether conda, the system's packages or wheels of NVIDIA's bring libraries, which may do."""
    beside = [one for one in ground.part.packages() if one.where == package.where]
    return (
        any(one.name in _BRING and one.manager == "conda" for one in beside)
        or any(one.name.startswith(("nvidia-cudnn", "nvidia-cuda-")) for one in beside)
        or any(
            one.name.startswith(("cuda", "libcudnn", "nvidia-cuda-toolkit"))
            for one in ground.part.system_packages()
        )
        or any(image.builds for image in ground.images)
        or any(
            image.standing == "local" or (image.cuda is None and image.standing == "unknown")
            for image in ground.images
        )
        or any(".run" in one.name for one in ground.part.fetched())
    )


def _cudnn(ground: Ground, package: Package, row: Build) -> Iterator[Flaw]:
    """A cuDNN that is left open is the newest one, and that may have dropped the GPU."""
    name = cudnn_left_open(row)
    if name is None or not _brings(package, row):
        return
    newest = _newest(ground, package, row, name)
    if newest is None:
        return
    for gpu in ground.gpus:
        capability = gpu.compute_capability or ""
        if serve(gpu.name, capability, newest.sass, newest.ptx, ground.facts.tegra):
            continue
        beside = [one for one in ground.part.packages() if one.where == package.where]
        yield Flaw(
            reference="cudnn-too-new",
            severity="error",
            message=f"{package.name} {row.version} leaves {name} open, and {newest.version}, the"
            f" newest, has no code for {gpu.name} ({capability}).",
            places=(package.at,),
            evidence=(newest.evidence,),
            fix=ground.remedy.instead_of(ground.inside, beside, package, None),
        )
        return


def _newest(ground: Ground, package: Package, row: Build, name: str) -> Library | None:
    """The cuDNN that an installer takes; None where nobody read it."""
    bounds = [
        one.specifier
        for one in ground.part.packages()
        if one.name == name and one.where == package.where and one.specifier
    ]
    rows = [
        one
        for one in ground.catalog.libraries
        if one.package == name
        and one.platform == ground.facts.platform
        and is_dotted(one.version)
        and all(admits(bound, one.version) for bound in bounds)
    ]
    newest = max(rows, key=lambda one: order(one.version), default=None)
    return newest if newest and newest.sass and row.cuda else None
