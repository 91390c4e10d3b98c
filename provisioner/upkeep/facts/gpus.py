"""GPUs by PCI id: NVIDIA's from its driver's list, everybody's from pci.ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from provisioner.catalog.rows import AmdTarget, GpuModel
from provisioner.upkeep.facts.table import Facts, short

_GIB = 1024**3
_NO_GPU = re.compile(r"Audio Controller|NVSwitch|Dev ID|Coprocessor")
"""What pci.ids lists under a GPU's code name without being a GPU that somebody owns."""
_IN_THE_PROCESSOR = "integrated"
"""How the table of figures begins its note on a chip that shares the processor's memory."""
_INTEL_PROCESSORS = ("Core Ultra",)
_INTEL_CARDS = ("Arc", "Data Center GPU", "Iris Xe MAX")
"""Intel's families of products: some are processors, some are cards."""


def nvidia(facts: Facts) -> list[GpuModel]:
    """What NVIDIA's driver names, then what only pci.ids knows."""
    memory = _memory(facts)
    integrated = _integrated(facts)
    named = facts.rows("09_gpus")
    rest = [row for row in facts.rows("09_gpus_pciids_only") if not _NO_GPU.search(row["name"])]
    sold = _capabilities(named)
    found = [(row, row["name"]) for row in named]
    found += [(row, _name_of_rest(row, sold)) for row in rest]
    return [_nvidia(facts, row, name, memory.get(name), integrated) for row, name in found]


def _nvidia(
    facts: Facts,
    row: dict[str, str],
    name: str,
    figure: tuple[int, str] | None,
    integrated: Mapping[str, bool],
) -> GpuModel:
    """One row; ``figure`` is its memory in bytes, and who says so."""
    memory_bytes, source = figure or (None, "")
    return GpuModel(
        vendor="10de",
        device=row["pci_device"].lower(),
        subsystem=row["subvendor_subdevice"].lower().replace(" ", ":") or None,
        name=name,
        chip=row["chip"] or None,
        architecture=row["architecture"] or None,
        compute_capability=row["compute_capability"] or None,
        memory_bytes=memory_bytes,
        integrated=integrated.get(row["chip"]),
        last_driver_branch=_branch(row["last_driver_branch"]),
        evidence=short(row["source"]) + (f"; memory: {source}" if source else ""),
        checked=facts.gathered,
    )


def amd(facts: Facts, targets: Iterable[AmdTarget]) -> list[GpuModel]:
    """One row for each product name of each PCI id; the architecture is the gfx target.

    Whether a part is integrated is what ``targets`` say of its own.
    """
    integrated = {row.name: row.integrated for row in targets}
    return [
        GpuModel(
            vendor="1002",
            device=row["pci_device"].lower(),
            name=name,
            chip=row["pci_name"].split(" [")[0],
            architecture=row["gfx"] or None,
            integrated=integrated.get(row["gfx"]),
            official_rocm=row["official_rocm"] or None,
            evidence=short(row["source"].split(";")[0]),
            checked=facts.gathered,
        )
        for row in facts.rows("20_rocm_gpus")
        if not _NO_GPU.search(row["pci_name"])
        for name in sorted(_amd_names(row))
    ]


def intel(facts: Facts) -> list[GpuModel]:
    """One row for each PCI id; the architecture is Intel's code name."""
    return [
        GpuModel(
            vendor="8086",
            device=row["pci_device"].lower(),
            name=_in_brackets(row["pci_name"]) or row["pci_name"],
            chip=row["pci_name"].split(" [")[0],
            architecture=row["codename"] or None,
            integrated=_intel_integrated(row["family"]),
            evidence=short(row["source"].split(";")[0]),
            checked=facts.gathered,
        )
        for row in facts.rows("21_intel_gpus")
    ]


def _intel_integrated(family: str) -> bool | None:
    if family.startswith(_INTEL_PROCESSORS):
        return True
    return False if family.startswith(_INTEL_CARDS) else None


def _in_brackets(name: str) -> str | None:
    match = re.fullmatch(r"[^\[]+\[(.+)\]", name)
    return match[1] if match else None


def _capabilities(named: Iterable[dict[str, str]]) -> dict[str, set[str]]:
    """The capabilities under which NVIDIA's driver knows a product name."""
    found: dict[str, set[str]] = {}
    for row in named:
        product = row["name"].removeprefix("NVIDIA ")
        found.setdefault(product, set()).add(row["compute_capability"])
    return found


def _name_of_rest(row: dict[str, str], sold: dict[str, set[str]]) -> str:
    """The product in brackets; the chip where the driver knows that product as another chip.

    A rare board must not make the name of a common one ambiguous.
    """
    product = _in_brackets(row["name"]) or row["name"]
    known = sold.get(product)
    return row["chip"] if known and row["compute_capability"] not in known else product


def _branch(text: str) -> str | None:
    # "595+" is the newest branch that was read: no last branch is known.
    return text.removesuffix(".xx") if text.endswith(".xx") else None


def _amd_names(row: dict[str, str]) -> set[str]:
    names = set(filter(None, re.split(r"\s*\|\s*", row["marketing_names"])))
    bracketed = _in_brackets(row["pci_name"])
    if bracketed and not names:
        names = set(_spelled_out(bracketed))
    return names or {row["pci_name"]}


def _spelled_out(text: str) -> list[str]:
    """The products of a shared id: ``Radeon RX 9070/9070 XT`` → both, each with its family."""
    parts = [part.strip() for part in text.split("/")]
    family = re.match(r"((?:[A-Z][A-Za-z]+ )+)", parts[0])
    start = family[1] if family else ""
    return [
        part if part.startswith(start) or not part[:1].isdigit() else start + part for part in parts
    ]


def _memory(facts: Facts) -> dict[str, tuple[int, str]]:
    """Memory and its source by the driver's name, where all boards of that name have the same."""
    found: dict[str, dict[int, str]] = {}
    for row in facts.rows("19_gpu_specs"):
        source = short(row["source"].split(" (")[0])
        for name in filter(None, re.split(r"\s*\|\s*", row["driver_name"])):
            size = int(float(row["memory_gb"]) * _GIB)
            found.setdefault(name, {}).setdefault(size, source)
    return {name: sizes.popitem() for name, sizes in found.items() if len(sizes) == 1}


def _integrated(facts: Facts) -> dict[str, bool]:
    """Whether a chip shares the processor's memory, where all its figures say the same."""
    found: dict[str, set[bool]] = {}
    for row in facts.rows("19_gpu_specs"):
        found.setdefault(row["chip"], set()).add(row["note"].startswith(_IN_THE_PROCESSOR))
    return {chip: told.pop() for chip, told in found.items() if len(told) == 1}
