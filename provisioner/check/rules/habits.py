"""What goes wrong sooner or later: no pins, no GPU for the container, retired keys, runfiles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground
from provisioner.check.images import shown
from provisioner.check.own_drivers import writes_driver
from provisioner.check.said import Fetched, Package

_RUNFILE = re.compile(r"(cuda_|NVIDIA-Linux)[\w.-]*\.run", re.IGNORECASE)
_DRIVER_PACKAGE = re.compile(
    r"nvidia-driver.*|cuda(-\d+-\d+)?|cuda-drivers.*|nvidia-open.*|libnvidia-(?!container).*"
)
"""``cuda-toolkit-12-4`` is the toolkit alone."""
_GIVES_GPU = {
    False: '"runArgs": ["--gpus", "all"]',
    True: "reserve one: deploy.resources.reservations.devices, capabilities: [gpu]",
}
"""How a development container is given GPUs, and how a service, which has a name."""


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what asks for trouble."""
    yield from _open(ground)
    yield from _without_gpu(ground)
    yield from _gpu_not_here(ground)
    yield from _retired(ground)
    yield from _runfiles(ground)


def _open(ground: Ground) -> Iterator[Flaw]:
    """Frameworks without a pin, told together."""
    found = [
        one
        for one in ground.part.packages()
        if one.name in ground.catalog.frameworks and not _is_pinned(one) and not one.conditional
    ]
    if found:
        names = ", ".join(dict.fromkeys(one.name for one in found))
        yield Flaw(
            reference="not-pinned",
            severity="note",
            message=f"{names}: no version is pinned, so it is another one tomorrow.",
            places=tuple(one.at for one in found),
            fix=("dlsetup lock pins a plan with every package it needs",),
        )


def _is_pinned(package: Package) -> bool:
    return "==" in package.specifier or "===" in package.specifier


def _without_gpu(ground: Ground) -> Iterator[Flaw]:
    """A container that holds CUDA and is given no GPU, on a machine that has one."""
    if ground.part.uses_gpu is not False or not ground.gpus:
        return
    for image in ground.images:
        if image.cuda:
            yield Flaw(
                reference="container-no-gpu-flag",
                severity="warning" if ground.part.may_use_gpu else "error",
                message=f"{shown(image.image.name)} holds CUDA, and the container is given no GPU.",
                places=(image.image.at,),
                fix=(_GIVES_GPU[ground.part.name != ""],),
                confidence="likely",
            )


def _gpu_not_here(ground: Ground) -> Iterator[Flaw]:
    """A container that is to be given a GPU, on a machine without one."""
    for one in ground.part.given_gpus():
        if not ground.machine.gpus:
            yield Flaw(
                reference="gpu-not-here",
                severity="error",
                message=f"The container{_called(ground)} is to be given a GPU, and the machine has"
                " none: it does not start.",
                places=(one.at,),
                fix=("leave the GPU out, or run it on a machine that has one",),
                confidence="likely",
            )


def _called(ground: Ground) -> str:
    return f" {ground.part.name}" if ground.part.name else ""


def _retired(ground: Ground) -> Iterator[Flaw]:
    for one in ground.part.fetched():
        for key in ground.catalog.retired_keys:
            # What signs the repository of machine-learning packages is another matter.
            if key.key in one.name.lower() and "/machine-learning/" not in one.name:
                yield Flaw(
                    reference="key-retired",
                    severity="error",
                    message=f"The key {key.key} signs none of NVIDIA's packages since"
                    f" {key.replaced}: with it apt refuses what {key.by} signs.",
                    places=(one.at,),
                    evidence=(key.evidence,),
                    fix=(f"trust the key {key.by}, which the package cuda-keyring brings",),
                )


def _runfiles(ground: Ground) -> Iterator[Flaw]:
    """An installer of NVIDIA's beside packages of the system: two owners of the same files."""
    started = [one for one in ground.part.fetched() if one.run and _RUNFILE.fullmatch(one.name)]
    beside = [one for one in ground.part.system_packages() if _DRIVER_PACKAGE.fullmatch(one.name)]
    for one in started:
        if beside and writes_driver(one):
            yield Flaw(
                reference="runfile-beside-packages",
                severity="error",
                message=f"{one.name} and {beside[0].name} both install the driver: the next upgrade"
                " of packages breaks it.",
                places=(one.at, beside[0].at),
                fix=(_packages_alone(one),),
                confidence="likely",
            )
        elif writes_driver(one) and (ground.part.inside == "image" or ground.inside.os.wsl):
            image = ground.part.inside == "image"
            yield Flaw(
                reference="driver-in-container" if image else "driver-in-wsl2",
                severity="error",
                message=f"{one.name} installs an NVIDIA driver, which belongs to the "
                + ("host." if image else "Windows side."),
                places=(one.at,),
                fix=(_without_driver(one, image=image),),
            )


def _holds_toolkit(one: Fetched) -> bool:
    """Whether there is more in a runfile than the driver."""
    return one.name.lower().startswith("cuda_")


def _packages_alone(one: Fetched) -> str:
    either = ", or give the runfile --toolkit --silent" if _holds_toolkit(one) else ""
    return f"take packages alone{either}"


def _without_driver(one: Fetched, *, image: bool) -> str:
    if _holds_toolkit(one):
        return "give it --toolkit --silent"
    return "leave it out" if image else "leave it out; change the driver in Windows"
