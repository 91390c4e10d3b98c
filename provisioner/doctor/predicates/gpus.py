"""What facts say of GPUs."""

from __future__ import annotations

import re

from provisioner.catalog.load import Catalog
from provisioner.doctor.symptoms import Symptoms
from provisioner.version import capability_of, numbers

_LISTED = re.compile(r"(?:sm|compute)_(\d{2,3})[af]?(?![0-9])")
_SUPPORTS = re.compile(r"supports cuda capabilities ([^\n]*)")
_NEEDED = re.compile(r"sm_(\d{2,3})[af]? is not compatible")
_SEVERAL = re.compile(
    r"(?m)(?:^ ?gpus: .* x ?\d|^ ?gpus: \d)"
    r"|(?<![\w.:])[2-8] ?x ?(?:nvidia|rtx|gtx|tesla|titan|[ahv]100|gpu)"
    r"|(?<![\w.])(?<!pcie )(?<!gen[1-6] )(?<!width )(?<!width: )x[2-8](?![\w.])(?! lane)"
    r"|gpu ?[1-7]:|cuda:[1-7](?!\d|\.)"
    r"|(?:multi|multiple|several|two|four|eight|both)[ -]gpus?"
)
_MIB_WORTH_A_WORD = 1024


def _targets(text: str) -> list[tuple[int, ...]]:
    """The compute capabilities of a list such as ``sm_70 sm_86 compute_90``."""
    return [numbers(capability_of(f"sm_{match[1]}")[0]) for match in _LISTED.finditer(text)]


def _met(symptoms: Symptoms) -> tuple[tuple[int, ...], list[tuple[int, ...]]] | None:
    """The capability of the GPU that PyTorch complains of, and those that its build has."""
    supports = _SUPPORTS.search(symptoms.text)
    if supports is None:
        return None
    needed = _NEEDED.search(symptoms.text)
    if needed and needed[1]:
        mine = numbers(capability_of(f"sm_{needed[1]}")[0])
    else:
        known = [gpu.compute_capability for gpu in symptoms.gpus if gpu.compute_capability]
        mine = max(map(numbers, known), default=())
    listed = _targets(supports[1])
    return (mine, listed) if mine and listed else None


def above_the_list(symptoms: Symptoms, _: Catalog) -> str | None:
    """The GPU is newer than everything that the build's own list has."""
    found = _met(symptoms)
    if found and found[0] > max(found[1]):
        return f"Compute capability {_dotted(found[0])} is above every target of the build."
    return None


def below_the_list(symptoms: Symptoms, _: Catalog) -> str | None:
    """The GPU is older than everything that the build's own list has."""
    found = _met(symptoms)
    if found and found[0] < min(found[1]):
        return f"Compute capability {_dotted(found[0])} is below every target of the build."
    return None


def hole_in_the_list(symptoms: Symptoms, _: Catalog) -> str | None:
    """The build has code for older GPUs and for newer ones, and none that this one runs."""
    found = _met(symptoms)
    if found is None:
        return None
    mine, listed = found
    served = any(one[0] == mine[0] and one <= mine for one in listed)
    if min(listed) < mine < max(listed) and not served:
        return f"Compute capability {_dotted(mine)} was left out of the build's targets."
    return None


def amd_gpu(symptoms: Symptoms, _: Catalog) -> str | None:
    """An AMD GPU."""
    return next(
        (f"{gpu.name} is a GPU of AMD's." for gpu in symptoms.gpus if gpu.vendor == "amd"), None
    )


def several_gpus(symptoms: Symptoms, _: Catalog) -> str | None:
    """More than one GPU."""
    many = len(symptoms.gpus) > 1 or _SEVERAL.search(symptoms.text)
    return "There are several GPUs." if many else None


def different_models(symptoms: Symptoms, _: Catalog) -> str | None:
    """GPUs of several models, which as a rule reach nothing of each other."""
    names = {gpu.name for gpu in symptoms.gpus if gpu.vendor == "nvidia"}
    return "The GPUs are of different models." if len(names) > 1 else None


def memory_without_process(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvidia-smi shows memory in use, and no process that uses it."""
    used = [
        int(match[1]) for match in re.finditer(r"(?<!\d)(\d{1,6})mib ?/ ?\d{1,6}mib", symptoms.text)
    ]
    if (
        used
        and max(used) > _MIB_WORTH_A_WORD
        and re.search(r"no running processes|no process", symptoms.text)
    ):
        return f"{max(used)} MiB are in use by no process that is shown."
    return None


def memory_while_idle(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvidia-smi shows most of the memory in use, while the GPU computes nothing."""
    for match in re.finditer(r"(?<!\d)(\d{1,6})mib ?/ ?(\d{1,6})mib ?\| {0,9}0%", symptoms.text):
        if int(match[1]) * 2 > int(match[2]):
            return f"{match[1]} of {match[2]} MiB are in use at 0 % load."
    return None


def _dotted(capability: tuple[int, ...]) -> str:
    return ".".join(map(str, capability))
