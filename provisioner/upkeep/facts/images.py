"""TensorFlow inside container images: TensorFlow's own, and NVIDIA's for TensorFlow 1."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog.rows import Build, Image
from provisioner.upkeep.facts.avx import needs_avx
from provisioner.upkeep.facts.nvidia_tensorflow import families_of, release_of
from provisioner.upkeep.facts.table import Facts, architectures, short
from provisioner.version import minor

_OFFICIAL, _NVIDIA = "tensorflow/tensorflow", "nvcr.io/nvidia/tensorflow"
_TAG = re.compile(r"(\d+\.\d+\.\d+)-gpu(-py3)?")
_TF1_TAG = re.compile(r"(\d\d\.\d\d)-tf1-py3")
_PLAIN_CUDA = re.compile(r"\d+\.\d+(?:\.\d+)*")
_UBUNTU = re.compile(r"\d\d\.\d\d")
_BOTH_PYTHONS = "2.7 "


def builds(facts: Facts, registry: str, wheels: list[Build]) -> list[Build]:
    """One build for each image whose tag, CUDA and Python are known.

    ``registry`` is where the official images lie, ``wheels`` the measured wheels of TensorFlow:
    the official images hold these.
    """
    by_version = {
        wheel.version: wheel for wheel in wheels if wheel.cuda and wheel.platform == "linux-x86_64"
    }
    found = [
        _official(facts, row, f"{registry}/{_OFFICIAL}:{tag}", by_version[version])
        for row in facts.rows("16_framework_images")
        if row["image"] == _OFFICIAL and _PLAIN_CUDA.fullmatch(row["cuda"])
        for tag, version in _tags(row)
        if version in by_version and _is_shown(row, tag)
    ]
    return found + [made for row in facts.rows("16_framework_images") if (made := _tf1(facts, row))]


def images(facts: Facts, registry: str, builds: Iterable[Build]) -> list[Image]:
    """The images that builds name, with the system in them where a release says one."""
    systems = _systems(facts)
    return [
        Image(
            image=build.image,
            os=systems.get(build.image.removeprefix(f"{registry}/")),
            python=build.pythons[0] if build.pythons else None,
            cuda=build.cuda,
            evidence=build.evidence.split("; ")[0],
            checked=build.checked,
        )
        for build in builds
        if build.image
    ]


def _systems(facts: Facts) -> dict[str, str]:
    """Images with one release of Ubuntu in them, by name and tag; none that is said to vary."""
    found: dict[str, set[str]] = {}
    for row in facts.rows("16_framework_images"):
        for tag in _whole_tags(row):
            found.setdefault(f"{row['image']}:{tag}", set()).add(row["ubuntu"])
    return {
        image: f"ubuntu-{said.pop()}"
        for image, said in found.items()
        if len(said) == 1 and all(map(_UBUNTU.fullmatch, said))
    }


def _is_shown(row: dict[str, str], tag: str) -> bool:
    """Whether a tag was seen in use, or follows the scheme that TensorFlow documents.

    Deriving a tag from a Dockerfile's state is not enough for the old names with ``-py3``.
    """
    seen = "sighted" in row["note"] or row["how_known"] == "Dockerfile at the tag"
    return seen or not tag.endswith("-py3")


def _tags(row: dict[str, str]) -> list[tuple[str, str]]:
    """Whole tags of a cell with their release: ``2.0.0-gpu, -gpu-py3`` names two.

    While images had both Pythons, only the ``-py3`` ones are taken: what the others held is not
    sure.
    """
    found = [(word, match[1]) for word in _whole_tags(row) if (match := _TAG.fullmatch(word))]
    if row["python"].startswith(_BOTH_PYTHONS):
        found = [(tag, version) for tag, version in found if tag.endswith("-py3")]
    return found


def _whole_tags(row: dict[str, str]) -> list[str]:
    words = [word.strip().split(" ")[0] for word in row["tag"].split(",")]
    first = words[0].split("-")[0]
    return [f"{first}{word}" if word.startswith("-") else word for word in words]


def _official(facts: Facts, row: dict[str, str], image: str, wheel: Build) -> Build:
    return Build(
        framework="tensorflow",
        version=wheel.version,
        variant=image.split(":")[1],
        platform=wheel.platform,
        pythons=(re.findall(r"\d+\.\d+", row["python"])[-1],),
        cuda=minor(row["cuda"]),
        cudnn=row["cudnn"].split(" ")[0] or None,
        sass=wheel.sass,
        ptx=wheel.ptx,
        cpu=wheel.cpu,
        via="container",
        image=image,
        kind="announced",
        evidence=f"{short(row['source'])}; architectures: as {wheel.evidence.split(':')[0]}",
        checked=facts.gathered,
    )


def _tf1(facts: Facts, row: dict[str, str]) -> Build | None:
    """NVIDIA's TensorFlow 1 image of a month; None unless release, CUDA and driver are known."""
    match = _TF1_TAG.match(row["tag"]) if row["image"] == _NVIDIA else None
    release = release_of(facts, match[1]) if match else None
    drivers = re.findall(r"\d{3}(?:\.\d+)*", row["driver_min"])
    if not (match and release and drivers and row["cuda"]):
        return None
    month = match[1]
    names, note = families_of(facts, month)
    return Build(
        framework="tensorflow",
        version=release["framework_version"],
        variant=f"{month}-tf1-py3",
        platform="linux-x86_64",
        pythons=(row["python"],),
        cuda=minor(re.match(r"[\d.]+", row["cuda"])[0]),  # type: ignore[index]  # "11.7u1"
        cudnn=row["cudnn"] or None,
        sass=architectures(names),
        cpu=("avx",) if needs_avx(facts, release["framework_version"]) else (),
        via="container",
        image=f"{_NVIDIA}:{month}-tf1-py3",
        # Where two documents differ, the higher driver satisfies both.
        driver_floor=max(drivers),
        kind="announced",
        evidence=f"{short(row['source'])}; {release['source']}{note}",
        checked=facts.gathered,
    )
