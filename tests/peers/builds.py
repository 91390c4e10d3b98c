"""Comparing what peers state of builds of frameworks with the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.requirements import Requirement
from packaging.version import Version

from tests.peers.ours import NOTHING, Answer, Ours, begins, capability


def _torch_cuda(ours: Ours, version: str, cuda: str) -> Iterator[Answer]:
    rows = [
        row
        for row in ours.builds
        if (row["framework"], row["version"], row["platform"]) == ("torch", version, "linux-x86_64")
    ]
    # Where no variant of a release is known, nobody has written down which there are.
    transcribed = {row["variant"] for row in rows} - {"default", "cpu"}
    theirs = cuda or "CPU"
    said = ", ".join(sorted({row["cuda"] or "CPU" for row in rows})) if transcribed else NOTHING
    found = [row for row in rows if (row["cuda"] or "CPU") == theirs]
    if found:
        said = theirs
    evidence = " ".join(row["evidence"] for row in found)
    yield Answer(f"builds of torch {version}: {theirs}", theirs, said, bool(found), evidence)


def _pair(ours: Ours, framework: str, version: str, torch: str) -> Iterator[Answer]:
    candidates = {
        row["version"]
        for row in ours.builds
        if row["framework"] == "torch" and begins(row["version"], torch)
    }
    rows = ours.default_builds(framework, version)
    asked = [Requirement(text) for row in rows for text in row["requires"]]
    asked = [one for one in asked if one.name == "torch" and one.specifier]
    agrees = bool(asked) and all(
        any(one.specifier.contains(v) for v in candidates) for one in asked
    )
    said = ", ".join(sorted({str(one.specifier) for one in asked})) or NOTHING
    evidence = " ".join(row["evidence"] for row in rows)
    yield Answer(f"torch of {framework} {version}", torch, said, agrees, evidence)


def _pythons(ours: Ours, framework: str, version: str, low: str, high: str) -> Iterator[Answer]:
    """``3.12+3.13`` is 3.12, and 3.13 as an experiment: either is what they say."""
    said, evidence = _ordered_pythons(ours, framework, version)
    ends = f"{said[0]} to {said[-1]}" if said else NOTHING
    theirs = [f"{low} to {top}" for top in high.split("+")]
    subject = f"Pythons of {framework} {version}"
    yield Answer(subject, " or ".join(theirs), ends, ends in theirs, evidence)


def _highest_python(ours: Ours, framework: str, version: str, high: str) -> Iterator[Answer]:
    said, evidence = _ordered_pythons(ours, framework, version)
    highest = said[-1] if said else NOTHING
    subject = f"highest Python of {framework} {version}"
    yield Answer(subject, high, highest, highest == high, evidence)


def _ordered_pythons(ours: Ours, framework: str, version: str) -> tuple[list[str], str]:
    rows = ours.default_builds(framework, version)
    plain = {tag for row in rows for tag in row["pythons"] if not tag.endswith("t")}
    return sorted(plain, key=Version), " ".join(row["evidence"] for row in rows)


def _tensorflow(ours: Ours, package: str, version: str, cuda: str, cudnn: str) -> Iterator[Answer]:
    rows = ours.default_builds(package, version)
    for key, theirs in (("cuda", cuda), ("cudnn", cudnn)):
        said = ", ".join(sorted({row[key] or "none" for row in rows})) or NOTHING
        subject = f"{key} of {package} {version}"
        evidence = " ".join(row["evidence"] for row in rows)
        yield Answer(subject, theirs, said, begins(said, theirs), evidence)


def _torch_cudnn(ours: Ours, version: str, cuda: str, cudnn: str) -> Iterator[Answer]:
    rows = [row for row in ours.default_builds("torch", version) if row["cuda"] == cuda]
    said = ", ".join(sorted({row["cudnn"] or NOTHING for row in rows})) or NOTHING
    subject = f"cuDNN of torch {version} with CUDA {cuda}"
    evidence = " ".join(row["evidence"] for row in rows)
    yield Answer(subject, cudnn, said, said == cudnn, evidence)


def _code(key: str) -> Callable[..., Iterator[Answer]]:
    def compare(
        ours: Ours, versions: list[str], platform: str, capabilities: list[str]
    ) -> Iterator[Answer]:
        rows = [row for one in versions for row in ours.default_builds("torch", one, platform)]
        found = {", ".join(map(capability, row[key])) or "none" for row in rows}
        said, theirs = "; ".join(sorted(found)) or NOTHING, ", ".join(capabilities)
        evidence = " ".join(row["evidence"] for row in rows)
        subject = f"{key} of torch {versions[0]} to {versions[-1]}, {platform}"
        yield Answer(subject, theirs, said, said == theirs, evidence)

    return compare


KINDS: dict[str, Callable[..., Iterator[Answer]]] = {
    "torch_cuda": _torch_cuda,
    "pair": _pair,
    "pythons": _pythons,
    "highest_python": _highest_python,
    "tensorflow": _tensorflow,
    "torch_cudnn": _torch_cudnn,
    "sass": _code("sass"),
    "ptx": _code("ptx"),
}
"""The kinds of tables, and what is made of one row."""
