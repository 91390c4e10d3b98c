"""What code is compiled for: targets that nvcc does not know, and GPUs that none of them serves."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.check.cuda_releases import first_with, knows, newest_fitting
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.rules.toolkits import Toolkit, compilers
from provisioner.check.said import CompileTargets
from provisioner.resolve.serving import serve
from provisioner.version import architecture_of, at_least, capability_of, numbers


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with the targets of a part."""
    said = list(ground.part.compile_targets())
    if not said:
        return
    toolkits = compilers(ground)
    for one in said:
        for flaw in _unknown(ground, one, toolkits):
            yield softened(flaw, conditional=one.conditional)
    for setting in dict.fromkeys(one.setting for one in said):
        same = [one for one in said if one.setting == setting]
        for flaw in _without_gpu(ground, same, toolkits):
            yield softened(flaw, conditional=any(one.conditional for one in same))


def _unknown(ground: Ground, said: CompileTargets, toolkits: list[Toolkit]) -> Iterator[Flaw]:
    """Targets that no nvcc of this part takes."""
    for name in said.names:
        if not toolkits or any(knows(ground, toolkit.cuda, name) for toolkit in toolkits):
            continue
        toolkit = toolkits[-1]
        first = first_with(ground, name)
        early = first is not None and not at_least(toolkit.cuda, first)
        when = f": CUDA {first} is the first that does" if early else ""
        yield Flaw(
            reference="target-unknown-to-nvcc",
            severity="error",
            message=f"{said.setting} asks for {name}, and nvcc of CUDA {toolkit.cuda}"
            f" ({toolkit.what}) does not know it{when}.",
            places=(said.at, toolkit.at),
            evidence=(ground.facts.cuda[toolkit.cuda].evidence,),
            fix=tuple(_without(ground, said, name, toolkits, first if early else None)),
            confidence="certain" if ground.facts.cuda[toolkit.cuda].architectures else "likely",
        )
        return


def _without(
    ground: Ground, said: CompileTargets, name: str, toolkits: list[Toolkit], first: str | None
) -> Iterator[str]:
    known = [one for one in said.names if any(knows(ground, kit.cuda, one) for kit in toolkits)]
    serves = known and all(_serves(ground, known, index) for index in range(len(ground.gpus)))
    if serves:
        yield f"{_written(said, known)}, without {name}"
    newest = newest_fitting(ground, first or "0")
    if first and newest:
        either = "or " if serves else ""
        yield f"{either}take CUDA {first} or later; {newest} is the newest that fits"


def _without_gpu(
    ground: Ground, said: list[CompileTargets], toolkits: list[Toolkit]
) -> Iterator[Flaw]:
    """A GPU of the machine that neither machine code nor PTX is made for."""
    names = [name for one in said for name in one.names]
    for index, gpu in enumerate(ground.gpus):
        if _serves(ground, names, index):
            continue
        capability = gpu.compute_capability or ""
        target = architecture_of(capability)
        at = said[0].at
        yield Flaw(
            reference="gpu-not-in-targets",
            severity="error",
            message=f"{said[0].setting} compiles for {', '.join(dict.fromkeys(names))}: none of"
            f" them runs on {gpu.name} ({capability}).",
            places=(at,),
            evidence=(ground.facts.architectures[capability].evidence,),
            fix=tuple(_with(ground, said[0], target, toolkits)),
        )
        return


def _with(
    ground: Ground, said: CompileTargets, target: str, toolkits: list[Toolkit]
) -> Iterator[str]:
    """The list with the GPU's own target, if an nvcc here takes it."""
    if not toolkits or any(knows(ground, toolkit.cuda, target) for toolkit in toolkits):
        yield _written(said, [*said.names, target])
        return
    first = first_with(ground, target)
    newest = newest_fitting(ground, first or "0")
    if first and newest:
        yield (
            f"{_written(said, [target])}, with CUDA {first} or later; {newest} is the newest that"
            " fits"
        )


def _serves(ground: Ground, names: list[str], index: int) -> bool:
    gpu = ground.gpus[index]
    sass = [name for name in names if name.startswith("sm_")]
    ptx = [name for name in names if name.startswith("compute_")]
    capability = gpu.compute_capability or ""
    return serve(gpu.name, capability, sass, ptx, ground.facts.tegra) is not None


def _written(said: CompileTargets, names: list[str]) -> str:
    """Targets in the words of the place where they are set."""
    names = sorted(dict.fromkeys(names), key=lambda name: numbers(capability_of(name)[0]))
    if said.setting == "nvcc":
        return " ".join(
            f"-gencode arch=compute_{name.partition('_')[2]},code={name}" for name in names
        )
    codes = dict.fromkeys(name.partition("_")[2] for name in names)
    if said.setting == "TORCH_CUDA_ARCH_LIST":
        words = [
            "".join(capability_of(f"sm_{number}")) + "+PTX" * (f"compute_{number}" in names)
            for number in codes
        ]
        return f'{said.setting}="{" ".join(words)}"'
    words = [
        number
        if {f"sm_{number}", f"compute_{number}"} <= set(names)
        else number + ("-real" if f"sm_{number}" in names else "-virtual")
        for number in codes
    ]
    return f'{said.setting}="{";".join(words)}"'
