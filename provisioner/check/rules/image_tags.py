"""Images: tags that are gone or never were, and CUDA that the driver or the GPU does not take."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Image as ImageRow
from provisioner.check import images
from provisioner.check.choice import unmet, wish_of
from provisioner.check.cuda_releases import driver_runs, fits, unserved
from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground
from provisioner.check.images import KnownImage, shown
from provisioner.check.said import Package
from provisioner.request import canonical

_PUBLISHERS = ("/nvidia/", "/pytorch/", "/tensorflow/")
"""Whose images the catalog lists by tag: an unknown one is worth a warning."""


_THROUGH_PACKAGE = (
    "it runs on this driver through the cuda-compat package in it, which NVIDIA supports on"
    " data-centre GPUs"
)


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with the images of a part."""
    for image in ground.images:
        yield from _standing(ground, image)
        yield from _ended(image)
        if image.builds:
            yield from _frameworks(ground, image)
        if image.cuda and not any(row.sass or row.ptx for row in image.builds):
            yield from _cuda(ground, image)


def _standing(ground: Ground, image: KnownImage) -> Iterator[Flaw]:
    name = shown(image.image.name)
    places = (image.image.at,)
    proof = (image.row.evidence,) if image.row else ()
    if image.standing == "ended":
        yield Flaw(
            reference="image-tag-gone",
            severity="warning",
            message=f"NVIDIA lists {name} as no longer supported, and deletes such tags.",
            places=places,
            evidence=proof,
            fix=tuple(_supported(ground, image)),
            confidence="likely",
        )
    elif image.standing == "unlisted":
        same = _same_release(ground, image)
        yield Flaw(
            reference="image-tag-unknown",
            severity="error",
            message=f"There is no {name}: NVIDIA's lists have CUDA {images.release(image)}, and not"
            " this tag.",
            places=places,
            evidence=tuple(row.evidence for row in same[:1]),
            fix=tuple(ground.remedy.image(row.image) for row in same[:1])
            or tuple(_supported(ground, image)),
            confidence="likely",
        )
    elif image.standing == "unknown" and not _is_plain(image):
        listed = any(owner in f"/{image.repository}" for owner in _PUBLISHERS)
        yield Flaw(
            reference="image-unknown",
            severity="warning" if listed and image.cuda else "note",
            message=f"The catalog does not know {name}: whether there is such an image, and what is"
            " in it, is unknown.",
            places=places,
            fix=tuple(_supported(ground, image)) if listed else (),
            confidence="unsure",
        )
    elif image.is_sighted and (ground.gpus or not image.cuda):
        known = f"CUDA {image.cuda} is in {name}" if image.cuda else f"There is a {name}"
        yield Flaw(
            reference="unknown-architectures",
            severity="note",
            message=f"{known}; for which GPUs the framework in it holds code is unknown.",
            places=places,
            evidence=proof,
            confidence="unsure",
        )


def _is_plain(image: KnownImage) -> bool:
    """Whether it is the plain image of a system that is known to have ended: that is said."""
    return image.ended is not None and image.repository.startswith("docker.io/library/")


def _ended(image: KnownImage) -> Iterator[Flaw]:
    if image.ended is not None:
        system = f"{image.ended.id}-{image.ended.version}"
        yield Flaw(
            reference="os-end-of-life",
            severity="note",
            message=f"The support of {system}, on which {shown(image.image.name)} stands, ended in"
            f" {image.ended.end_of_life}: what its repositories still hold is unknown.",
            places=(image.image.at,),
            evidence=(image.ended.evidence,),
            confidence="likely",
        )


def _same_release(ground: Ground, image: KnownImage) -> list[ImageRow]:
    wanted = images.release(image)
    return [
        row
        for row in images.siblings(ground.catalog, image)
        if images.release(row.image.partition(":")[2]) == wanted
        and fits(ground, row.cuda or "", packaged=True)
    ]


def _supported(ground: Ground, image: KnownImage) -> Iterator[str]:
    """The nearest supported tag that fits: of the same CUDA if it does, else the newest.

    One for another system where none for that of the image fits.
    """
    here = images.siblings(ground.catalog, image)
    for rows in (here, images.siblings(ground.catalog, image, any_system=True)):
        fitting = [row for row in rows if row.cuda and fits(ground, row.cuda, packaged=True)]
        same = [row for row in fitting if row.cuda == image.cuda]
        if fitting:
            best = (same or fitting)[0]
            yield ground.remedy.image(best.image)
            if best.cuda and not driver_runs(ground, best.cuda):
                yield _THROUGH_PACKAGE
            return


def _cuda(ground: Ground, image: KnownImage) -> Iterator[Flaw]:
    """CUDA itself against driver and GPU."""
    cuda = image.cuda or ""
    name = shown(image.image.name)
    row = ground.facts.cuda.get(cuda)
    if not ground.gpus or row is None:
        return
    floor = ground.facts.floor_of(cuda)
    if floor and not driver_runs(ground, cuda, packaged=True):
        yield Flaw(
            reference="driver-too-old",
            severity="error",
            message=f"{name} holds CUDA {cuda}, which needs driver {floor} or later, and"
            f" {ground.driver_told()}.",
            places=(image.image.at,),
            evidence=(row.evidence,),
            fix=(
                *_supported(ground, image),
                *_instead(ground, image),
                f"or install driver {floor} or later on the host",
            ),
        )
    missing = unserved(ground, cuda) if image.holds_libraries else None
    if missing and not _brings_own(ground):
        yield Flaw(
            reference="gpu-unsupported",
            severity="warning",
            message=f"{name} holds CUDA {cuda}, which makes no code for {missing.gpu}.",
            places=(image.image.at,),
            evidence=(missing.evidence,),
            fix=(*_supported(ground, image), *_instead(ground, image)),
        )


def _instead(ground: Ground, image: KnownImage) -> tuple[str, ...]:
    """What renders the framework that an image is named after, without it."""
    name = canonical(image.repository.rpartition("/")[2])
    return ground.remedy.command([name]) if name in ground.catalog.frameworks else ()


def _brings_own(ground: Ground) -> bool:
    """Whether frameworks are installed whose wheels hold CUDA themselves."""
    return any(
        row.cuda and row.libraries == "bundled"
        for package in ground.part.packages()
        if package.name in ground.catalog.frameworks
        for row in ground.catalog.builds(package.name)[-1:]
    )


def _frameworks(ground: Ground, image: KnownImage) -> Iterator[Flaw]:
    """An image with a framework inside is judged as that build."""
    for row in image.builds:
        package = Package(name=row.framework, specifier=f"=={row.version}", at=image.image.at)
        need = unmet(ground, wish_of(package), row)
        if need is None:
            continue
        told = f", and {ground.driver_told()}" if need.floor and not need.failed else ""
        unread = need.reference.startswith("unknown-")
        beside = list(ground.part.packages())
        yield Flaw(
            reference=need.reference,
            severity="note" if unread else "error",
            message=f"{shown(image.image.name)} holds {row.framework} {row.version}: {need.reason}"
            f"{told}.",
            places=(image.image.at,),
            evidence=(need.evidence,) if need.evidence else (),
            fix=() if unread else _in_its_place(ground, beside, package),
            confidence="unsure" if unread else "likely",
        )
        return


def _in_its_place(ground: Ground, beside: list[Package], package: Package) -> tuple[str, ...]:
    """Another image, or what renders one; a pin is nothing to put in the place of an image."""
    lines = ground.remedy.instead_of(ground.inside, beside, package, None)
    return tuple(line for line in lines if " from " not in line and not line.startswith("add "))
