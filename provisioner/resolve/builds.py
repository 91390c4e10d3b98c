"""Builds of frameworks as candidates: what each needs of the machine, in words and in facts."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import ANY_PLATFORM, SOURCE, natural
from provisioner.plan import Serve
from provisioner.request import Wish, parse_wish
from provisioner.resolve import devices, processors
from provisioner.resolve.candidates import (
    GLIBC,
    OUTSIDE,
    PYTHON,
    Candidate,
    Need,
)
from provisioner.resolve.compilers import needs_of_framework
from provisioner.resolve.conda import can_bring
from provisioner.resolve.facts import Facts
from provisioner.resolve.gpu_needs import known_failures, needs_of_driver, needs_of_gpus
from provisioner.resolve.packages import cudnn_left_open, needs_of_companions, needs_of_packages
from provisioner.resolve.serving import serve
from provisioner.version import is_pre_release, numbers, order, public


def _is_pinned(wish: Wish) -> bool:
    """Whether one version is asked for: a release that was taken back is for those who name it."""
    return wish.specifier.startswith("==") and not wish.specifier.endswith(".*")


def has_unread_code(row: Build) -> bool:
    """Whether a build has GPU code of its own, and nobody read for which GPUs.

    Of an announced build only what is said to be unknown is: others may have none.
    """
    told = row.kind == "measured" and (row.cuda is not None or bool(row.bundles_cuda))
    return (told or bool(row.unknown)) and not (row.sass or row.ptx)


class Builds:
    """Makes candidates out of build rows, for one machine.

    ``wishes`` are by name; ``cuda`` and ``cudnn`` among them bind every framework.
    """

    def __init__(self, facts: Facts, wishes: dict[str, Wish]) -> None:
        self.facts = facts
        self.wishes = wishes

    def candidates(self, framework: str, routes: tuple[str, ...]) -> list[Candidate]:
        """Return the builds that answer to a name, best first, along the given routes.

        Order: what is for the maker of the GPUs, where that is not NVIDIA; newest; on a machine
        without a GPU the build without CUDA; an image where the output is one; measured before
        announced; SASS before PTX; what asks no more of the driver than its CUDA does; newest CUDA.
        """
        wish = self.wishes.get(framework)
        rows = [
            row
            for build in self.facts.builds(framework)
            for row in (one_each(build) if self.facts.gpus else (build,))
            if row.platform in {self.facts.platform, ANY_PLATFORM}
            and devices.is_for(row, self.facts.accelerator)
            and self._goes_along(row, routes)
            and (wish is None or is_asked(wish, row))
            and (not is_pre_release(row.version) or self._takes_pre_releases(wish))
            and (not row.yanked or (wish is not None and _is_pinned(wish)))
        ]
        served = {id(row): self._served(row) for row in rows}
        tied = len(routes) > 1 and "container" in routes

        def merits(row: Build) -> tuple[object, ...]:
            native = all(serve.kind == "sass" for serve in served[id(row)] or ())
            bare = not self.facts.gpus and self.cuda_of(row) is None
            image = tied and row.via == "container"
            return order(row.version)[:2], bare, image, row.kind == "measured", native

        def rank(row: Build) -> tuple[object, ...]:
            cuda = numbers(self.cuda_of(row) or "0")
            own_name = row.framework == framework
            modest = row.driver_floor is None
            local = order(row.version)[2]
            own = not self.facts.devices or row.accelerator == self.facts.accelerator
            return own, *merits(row), modest, cuda, own_name, local, natural(row.variant)

        rows.sort(key=rank, reverse=True)
        return [
            Candidate(
                on=framework,
                version=row.version,
                variant=row.variant,
                row=row,
                serves=served[id(row)] or (),
                merits=merits(row),
            )
            for row in rows
        ]

    def _takes_pre_releases(self, wish: Wish | None) -> bool:
        """Whether ``--pre`` asks for them, or the wish itself names one."""
        return self.facts.request.pre or (wish is not None and bool(wish.specifier))

    def _goes_along(self, row: Build, routes: tuple[str, ...]) -> bool:
        route = route_of(row, computes_on_gpu=bool(self.facts.gpus))
        if route == "conda" and "conda-native" in routes:  # nobody asked for the channel
            native = all(serve.kind == "sass" for serve in self._served(row) or ())
            return bool(self.facts.gpus) and native
        return route in routes

    def sibling(self, row: Build) -> str | None:
        """The framework that a build extends, if it does.

        It is bound to the same variant of it, and that one decides on GPUs, CUDA and driver.
        """
        if row.sass or row.ptx or row.via != "pip" or has_unread_code(row):
            return None
        return next(devices.extended(self.facts.catalog, row), None)

    def cuda_of(self, row: Build) -> str | None:
        """The CUDA a build comes with; that of the framework it extends where it names none."""
        name = self.sibling(row)
        if row.cuda is not None or name is None:
            return row.cuda
        bounds = [wish for text in row.requires if (wish := parse_wish(text)).name == name]
        fitting = [
            other
            for other in self.facts.catalog.builds(name)
            if other.variant == row.variant
            and other.platform == row.platform
            and all(wish.admits(other.version) for wish in bounds)
        ]
        return fitting[-1].cuda if fitting else None

    def needs(self, candidate: Candidate) -> tuple[Need, ...]:
        """Return what a build needs, the machine's hard facts first."""
        row: Build = candidate.row
        return (
            *_source_alone(row),
            *self._exclusions(row),
            *known_failures(self.facts, row),
            *self._needs_of_hardware(row, candidate.serves),
            *self._needs_of_system(row),
            *self._needs_of_wishes(candidate.on, row),
            *needs_of_packages(self.facts, candidate.on, row),
            *needs_of_companions(self.facts, row),
            *(needs_of_framework(candidate.on, row) if self._meets_nvcc else ()),
        )

    @property
    def _meets_nvcc(self) -> bool:
        return "nvcc" in self.wishes and bool(self.facts.gpus)

    def _exclusions(self, row: Build) -> Iterator[Need]:
        for item in self.facts.exclusions:
            if item.covers(row):
                yield Need(
                    on=OUTSIDE,
                    reference=item.reference,
                    reason=item.reason,
                    evidence=item.evidence,
                    failed=True,
                )

    def _needs_of_hardware(self, row: Build, serves: tuple[Serve, ...]) -> Iterator[Need]:
        if not self.sibling(row):
            yield from devices.needs(self.facts, row)
            yield from needs_of_gpus(self.facts, row, serves)
            yield from needs_of_driver(self.facts, row, serves)

    def _served(self, row: Build) -> tuple[Serve, ...] | None:
        """How the build serves every GPU; None when it leaves one out."""
        if self.facts.devices:
            return devices.serves(self.facts, row)
        found = []
        for gpu in self.facts.gpus:
            served = serve(
                gpu.name, gpu.compute_capability or "", row.sass, row.ptx, self.facts.tegra
            )
            if served is None:
                return None
            found.append(served)
        return tuple(found)

    def _needs_of_system(self, row: Build) -> Iterator[Need]:
        yield Need(
            on=PYTHON,
            reference="python-unsupported",
            reason=f"it is built for Python {' '.join(row.pythons)}",
            evidence=row.evidence,
            among=row.pythons,
        )
        if route_of(
            row, computes_on_gpu=bool(self.facts.gpus)
        ) == "conda-libraries" and not can_bring(self.facts, row):
            yield Need(
                on="conda",
                reference="cudnn-missing",
                reason=f"no channel has CUDA {row.cuda}{_with_cudnn(row)} for it",
                evidence=row.evidence,
                failed=True,
            )
        if self.facts.other_libc and row.via != "container":
            yield Need(
                on=GLIBC,
                reference="glibc-too-old",
                reason=f"it needs glibc; this machine has {self.facts.other_libc}",
                evidence=row.evidence,
                failed=True,
            )
        elif row.glibc and self.facts.glibc and row.via != "container":
            yield Need(
                on=GLIBC,
                reference="glibc-too-old",
                reason=f"it needs glibc {row.glibc} or later",
                evidence=row.evidence,
                floor=row.glibc,
            )
        yield from processors.needs(self.facts, row)

    def _needs_of_wishes(self, framework: str, row: Build) -> Iterator[Need]:
        for component, value in (("cuda", row.cuda), ("cudnn", row.cudnn)):
            wish = self.wishes.get(component)
            if wish is None or self.facts.base_of(row):  # what it extends decides, and is there
                continue
            if component == "cudnn" and (package := cudnn_left_open(row)) and self.facts.gpus:
                yield Need(
                    on=package,
                    reference="not-what-was-asked",
                    reason=f"it takes the {package} that is chosen, and you asked for {wish.text}",
                    evidence=row.evidence,
                    specifier=wish.specifier,
                )
                continue
            if value is None or not wish.admits(value):
                reason = f"it comes with {component} {value or 'none'}, not {wish.text}"
                yield Need(
                    on=f"{component}[{framework}]",
                    reference="not-what-was-asked",
                    reason=reason,
                    evidence=row.evidence,
                    failed=True,
                )


def _source_alone(row: Build) -> Iterator[Need]:
    if row.variant == SOURCE:
        yield Need(
            on=OUTSIDE,
            reference="source-only",
            reason="its publisher offers its source alone, and plans compile nothing yet",
            evidence=row.evidence,
            failed=True,
        )


def one_each(row: Build) -> Iterator[Build]:
    """A build for each CUDA that it holds a library for: that of the CUDA beside it is loaded."""
    if not row.code_by_cuda:
        yield row
    for code in row.code_by_cuda:
        yield msgspec.structs.replace(
            row,
            cuda=code.cuda,
            bundles_cuda=(code.cuda,),
            sass=code.sass,
            ptx=code.ptx,
            code_by_cuda=(),
        )


def _with_cudnn(row: Build) -> str:
    return f" with cuDNN {row.cudnn}" if row.cudnn else ""


def route_of(row: Build, *, computes_on_gpu: bool) -> str:
    """Return how a build gets to the machine.

    ``pip``; ``conda-libraries`` for a wheel that leaves CUDA to the system, so that conda brings
    it; ``conda`` for a package of the channel; ``container``; ``""`` where it makes no sense: a
    channel's build with CUDA without a GPU, and the other way round.
    """
    if row.via == "pip":
        system = computes_on_gpu and row.cuda is not None and row.libraries == "system"
        return "conda-libraries" if system else "pip"
    if row.via == "conda":
        return row.via if computes_on_gpu == (row.cuda is not None) else ""
    return row.via if computes_on_gpu else ""


def is_asked(wish: Wish, row: Build) -> bool:
    """Whether a build is within what was asked; ``==2.5.1+cu121`` asks for the variant too."""
    if "+" in wish.specifier and "+" not in row.version:
        return wish.admits(f"{row.version}+{row.variant}")
    return wish.admits(row.version) or wish.admits(public(row.version))
