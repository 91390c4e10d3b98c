"""NVIDIA's own builds of TensorFlow 1 as wheels, and what is known of their months.

The wheels cannot be read from here. Their CUDA comes from the branch they were built from, the
driver and the GPU generations from the notes of the image of the same month.
"""

from __future__ import annotations

import re

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.avx import needs_avx
from provisioner.upkeep.facts.table import Facts, architectures, pythons, short
from provisioner.version import minor

_BRANCH = "nvidia-tensorflow (pip"
_IMAGE = "nvcr.io/nvidia/tensorflow"
_WHEEL = re.compile(r"[\d.]+\+nv(\d\d\.\d\d)")
_AS_BEFORE = "same"
_INDEXES = {"pyindex": "nvidia-pyindex", "redist": "nvidia-redist"}


def wheels(facts: Facts, addresses: dict[str, str]) -> list[Build]:
    """The wheels whose Python is known, each with the index it was seen on."""
    found = []
    for row in facts.rows("11_nvidia_tensorflow"):
        match = _WHEEL.fullmatch(row["wheel_version"])
        index = next((name for word, name in _INDEXES.items() if row["index"] == word), None)
        release = release_of(facts, match[1]) if match else None
        if match and index and release and row["python"]:
            found.append(_wheel(facts, row, match[1], addresses[index]))
    return found


def unplanned(facts: Facts, addresses: dict[str, str]) -> list[Build]:
    """The wheels of which something is missing that a plan would need: the Python, or the driver.

    The month's branch says their CUDA; which index they lie on is the one they were seen on.
    """
    planned = {row.version for row in wheels(facts, addresses)}
    found, seen = [], ""
    for row in facts.rows("11_nvidia_tensorflow"):
        seen = seen if row["index"] == _AS_BEFORE else row["index"]
        match = _WHEEL.fullmatch(row["wheel_version"])
        index = next((name for word, name in _INDEXES.items() if seen.endswith(word)), None)
        release = release_of(facts, match[1]) if match else None
        if index and release and release["cuda"] and row["wheel_version"] not in planned:
            found.append(_unread(facts, row, release, addresses[index]))
    return found


def _unread(facts: Facts, row: dict[str, str], release: dict[str, str], index: str) -> Build:
    named = f"{short(row['source'])}: {row['note'] or 'named'}"
    return _build(
        facts, row, release, index, f"{named}; {release['source']}; architectures not known"
    )


def _build(
    facts: Facts, row: dict[str, str], release: dict[str, str], index: str, evidence: str
) -> Build:
    """What is known of a wheel by the branch that it was built from."""
    return Build(
        framework="nvidia-tensorflow",
        provides="tensorflow",
        version=row["wheel_version"],
        variant="nvidia",
        platform="linux-x86_64",
        pythons=pythons(row["python"]),
        cuda=minor(release["cuda"]),
        cudnn=release["cudnn"] or None,
        cpu=("avx",) if needs_avx(facts, release["framework_version"]) else (),
        index=index,
        index_holds_dependencies=True,
        kind="announced",
        evidence=evidence,
        checked=facts.gathered,
    )


def release_of(facts: Facts, month: str) -> dict[str, str] | None:
    """The row of the branch that a month's wheel and image were built from."""
    for row in facts.rows("16_framework_images"):
        if row["image"].startswith(_BRANCH) and row["tag"].startswith(f"{month}-tf1"):
            return row
    return None


def families_of(facts: Facts, month: str) -> tuple[str, str]:
    """The capabilities that a month's notes name, and a note where an earlier month had to do."""
    named = {
        row["tag"][:5]: row["gpu_families"]
        for row in facts.rows("16_framework_images")
        if row["image"] == _IMAGE and row["gpu_families"] and row["tag"][:5] <= month
    }
    nearest = max(named, key=natural)
    numbers = " ".join(_lowest(facts, name) for name in named[nearest].split())
    return numbers, "" if nearest == month else f"; GPU generations as {nearest}"


def _lowest(facts: Facts, family: str) -> str:
    """The lowest capability of a generation: the least that a build for it must hold."""
    rows = facts.rows("02_arch_lifecycle")
    named = next(row for row in rows if row["architecture"] == family)
    return named["compute_capabilities"].split()[0]


def _wheel(facts: Facts, row: dict[str, str], month: str, index: str) -> Build:
    release = release_of(facts, month) or {}
    image = next(
        r
        for r in facts.rows("16_framework_images")
        if r["image"] == _IMAGE and r["tag"].startswith(f"{month}-tf1")
    )
    numbers, note = families_of(facts, month)
    evidence = f"{short(row['source'])}; {release['source']}; {short(image['source'])}{note}"
    return msgspec.structs.replace(
        _build(facts, row, release, index, evidence),
        sass=architectures(numbers),
        driver_floor=re.findall(r"\d{3}(?:\.\d+)*", image["driver_min"])[0],
    )
