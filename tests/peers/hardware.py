"""Comparing what peers state of GPUs, drivers, CUDA and cuDNN with the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.peers.ours import NOTHING, Answer, Ours, begins, capability, words


def _driver_floor(ours: Ours, cuda: str, linux: str, windows: str) -> Iterator[Answer]:
    row = ours.cuda.get(cuda, {"driver_floor": {}, "evidence": ""})
    for system, theirs in (("Linux", linux), ("Windows", windows)):
        said = row["driver_floor"].get(system.lower()) or NOTHING
        subject = f"oldest driver of CUDA {cuda}, {system}"
        yield Answer(subject, theirs, said, begins(said, theirs), row["evidence"])


def _driver_bundled(ours: Ours, cuda: str, driver: str) -> Iterator[Answer]:
    row = ours.cuda.get(cuda, {"driver_bundled": {}, "evidence": ""})
    said = row["driver_bundled"].get("linux") or NOTHING
    subject = f"driver that came with CUDA {cuda}"
    agrees = begins(said, driver) or begins(driver, said)
    yield Answer(subject, driver, said, agrees, row["evidence"])


def _toolkit(ours: Ours, version: str) -> Iterator[Answer]:
    row = ours.cuda.get(version.rpartition(".")[0], {"toolkits": [], "evidence": ""})
    said = ", ".join(row["toolkits"]) or NOTHING
    agrees = version in row["toolkits"]
    yield Answer(f"toolkit {version}", version, said, agrees, row["evidence"])


def _branch_cuda(ours: Ours, branch: str, cuda: str) -> Iterator[Answer]:
    row = ours.drivers.get(branch, {"cuda": None, "evidence": ""})
    said = row["cuda"] or NOTHING
    yield Answer(f"CUDA of driver branch {branch}", cuda, said, said == cuda, row["evidence"])


def _generation(ours: Ours, capability: str, name: str) -> Iterator[Answer]:
    row = ours.architectures.get(capability)
    said = row.name if row else NOTHING
    agrees = said == name.split(maxsplit=1)[0]
    yield Answer(f"generation of {capability}", name, said, agrees, row.evidence if row else "")


def _tegra(ours: Ours, capability: str, theirs: bool) -> Iterator[Answer]:
    row = ours.architectures.get(capability)
    said = str(row.tegra) if row else NOTHING
    agrees = said == str(theirs)
    evidence = row.evidence if row else ""
    yield Answer(f"{capability} is a Jetson's", str(theirs), said, agrees, evidence)


def _cuda_range(ours: Ours, target: str, first: str, last: str) -> Iterator[Answer]:
    """Both ends, as the first and the last of our CUDA releases that lie between them."""
    own_first, own_last, evidence = _bounds(ours, target)
    if first != "?":
        theirs, said = (ours.release(bound, first=True) for bound in (first, own_first))
        yield Answer(f"first CUDA for {target}", theirs, said, said == theirs, evidence)
    theirs, said = (ours.release(bound, first=False) for bound in (last or "none", own_last))
    yield Answer(f"last CUDA for {target}", theirs, said, said == theirs, evidence)


def _bounds(ours: Ours, target: str) -> tuple[str, str, str]:
    """The first and last CUDA of a target, and the evidence."""
    digits = target.removeprefix("sm_").rstrip("af")
    row = ours.architectures.get(f"{digits[:-1]}.{digits[-1]}")
    if row is not None and target == f"sm_{digits}":
        return row.first_cuda or NOTHING, row.last_cuda or "none", row.evidence
    lists = {cuda: row["architectures"] for cuda, row in ours.cuda.items() if row["architectures"]}
    have = [cuda for cuda, accepted in lists.items() if target in accepted]
    if not have:
        return NOTHING, NOTHING, ""
    last = "none" if have[-1] == list(lists)[-1] else have[-1]
    return have[0], last, ours.cuda[have[0]]["evidence"]


def _cudnn(ours: Ours, version: str, cuda: str, low: str, high: str) -> Iterator[Answer]:
    rows = [
        row
        for row in ours.cudnn
        if row["via"] == "pip"
        and begins(row["version"], version)
        and row["package"].endswith(f"cu{cuda}")
        and row["sass"]
    ]
    found = sorted({capability(target) for row in rows for target in row["sass"]}, key=float)
    subject = f"of cuDNN {version} for CUDA {cuda}"
    evidence = " ".join(row["evidence"] for row in rows)
    said = found[0] if found else NOTHING
    yield Answer(f"lowest capability {subject}", low, said, said == low, evidence)
    said = ", ".join(found) or NOTHING
    yield Answer(f"capabilities {subject}: {high}", high, said, high in found, evidence)


def _capability_of(ours: Ours, name: str, capability: str) -> Iterator[Answer]:
    yield _by_name(ours, name, capability, "compute_capability", "10de")


def _amd_target(ours: Ours, name: str, target: str) -> Iterator[Answer]:
    yield _by_name(ours, name, target, "architecture", "1002")


def _by_name(ours: Ours, name: str, theirs: str, key: str, vendor: str) -> Answer:
    """A card by its whole name, or by how the names of its models begin: A100, A100 PCIe."""
    asked = words(name)
    rows = ours.names.get(asked) or [
        row for known, rows in ours.names.items() if known[: len(asked)] == asked for row in rows
    ]
    rows = [row for row in rows if row["vendor"] == vendor]
    said = ", ".join(sorted({row[key] or NOTHING for row in rows})) or NOTHING
    return Answer(
        f"{key} of {name}", theirs, said, said == theirs, rows[0]["evidence"] if rows else ""
    )


def _gpu_name(ours: Ours, device: str, name: str, boards: list[str]) -> Iterator[Answer]:
    for board in boards:
        row = ours.gpus.get(("10de", device, board)) or ours.gpus.get(("10de", device, ""))
        said = row["name"] if row else NOTHING
        subject = f"name of 10de:{device} {board}".rstrip()
        yield Answer(subject, name, said, said == name, row["evidence"] if row else "")


KINDS: dict[str, Callable[..., Iterator[Answer]]] = {
    "driver_floor": _driver_floor,
    "driver_bundled": _driver_bundled,
    "toolkit": _toolkit,
    "branch_cuda": _branch_cuda,
    "generation": _generation,
    "tegra": _tegra,
    "cuda_range": _cuda_range,
    "cudnn": _cudnn,
    "capability": _capability_of,
    "amd_target": _amd_target,
    "gpu_name": _gpu_name,
}
"""The kinds of tables, and what is made of one row."""
