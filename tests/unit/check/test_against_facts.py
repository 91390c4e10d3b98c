"""Whole tables of the facts, row by row: what a row says is what is found, and nothing else."""

from __future__ import annotations

import pytest

from tests.table import factsheet, rules
from tests.unit.check.checking import CATALOG, checked, machine, references

TAGS = factsheet.rows("10_cuda_image_tags.csv")
SUPPORTED = {row["tag"] for row in TAGS if row["status"].startswith("supported")}
LISTED = {row["tag"] for row in TAGS}
ABOUT_TAGS = {"image-tag-gone", "image-tag-unknown", "image-unknown"}
CARDS = {"GTX 1080": (6, 1), "Tesla V100": (7, 0), "RTX 3090": (8, 6), "RTX 5090": (12, 0)}
ABOUT_GPUS = {"gpu-too-old", "gpu-too-new", "gpu-unsupported", "cuda-libraries-too-old"}
PLENTY = {"GTX 1080": "580.65.06", "Tesla V100": "580.65.06"}


def _of_tag(tag: str) -> set[str]:
    text = f"FROM nvidia/cuda:{tag}\n"
    found = checked("Dockerfile", text, machine("RTX 3090", driver="580.65.06"))
    return {one.reference for one in found.findings} & ABOUT_TAGS


@pytest.mark.parametrize("release", sorted({row["cuda"] for row in TAGS}))
def test_a_tag_is_told_as_nvidias_lists_have_it(release: str) -> None:
    tags = [row["tag"] for row in TAGS if row["cuda"] == release]

    expected = {tag: set() if tag in SUPPORTED else {"image-tag-gone"} for tag in tags}
    assert {tag: _of_tag(tag) for tag in tags} == expected


def test_the_number_of_cudnn_that_left_the_tags_is_told_with_the_tag_that_there_is() -> None:
    tags = [tag for tag in sorted(SUPPORTED) if "-cudnn-" in tag]
    assert len(tags) > 50
    for tag in tags:
        for wrong in (tag.replace("-cudnn-", "-cudnn8-"), tag.replace("-cudnn-", "-cudnn9-")):
            if wrong in LISTED:
                continue
            found = checked("Dockerfile", f"FROM nvidia/cuda:{wrong}", machine("none")).findings

            assert [one.reference for one in found] == ["image-tag-unknown"], wrong
            assert found[0].fix == (f"FROM nvidia/cuda:{tag}",)


@pytest.mark.parametrize("card", CARDS)
def test_a_pinned_wheel_is_told_where_it_has_no_code_for_the_gpu(card: str) -> None:
    on = machine(card, driver=PLENTY.get(card, "610.43.02"))
    wrong = {}
    for build in factsheet.torch_builds():
        known = build.sass is not None and build.measured and build.cuda is not None
        if build.variant != "default" or build.platform != "linux-x86_64" or not known:
            continue
        found = references("requirements.txt", f"torch=={build.version}\n", on)
        serves = rules.kind(build, CARDS[card]) is not None
        if bool(found & ABOUT_GPUS) is serves:
            wrong[str(build.version)] = found

    assert wrong == {}


@pytest.mark.parametrize("cuda", ["11.8", "12.1", "12.4", "12.8", "13.0"])
def test_an_image_is_told_where_the_driver_is_below_the_floor_of_its_cuda(cuda: str) -> None:
    floor = str(rules.floor(cuda, windows=False))
    tag = next(tag for tag in sorted(SUPPORTED) if tag.startswith(f"{cuda}.") and "-base-" in tag)
    text = f"FROM nvidia/cuda:{tag}\n"
    below = str(int(floor.split(".", maxsplit=1)[0]) - 1)

    # The branch below the floor's, and the floor itself.
    known = {row.branch for row in CATALOG.drivers}
    while below not in known:
        below = str(int(below) - 1)
    old = references("Dockerfile", text, machine("RTX 3090", driver=f"{below}.1"))
    enough = references("Dockerfile", text, machine("RTX 3090", driver=floor))
    assert ("driver-too-old" in old, "driver-too-old" in enough) == (True, False)


def test_companions_are_told_beside_any_other_torch_than_theirs() -> None:
    on = machine("none")
    torches = {str(one.version) for one in factsheet.torch_builds() if one.variant == "default"}
    for companion in factsheet.companions()[::7]:
        exact = [item for item in companion.torch if item.operator == "=="]
        if not exact or "*" in exact[0].version or exact[0].version not in torches:
            continue
        right = exact[0].version
        other = next(one for one in sorted(torches) if one not in companion.torch)
        pin = f"{companion.name}=={companion.version}\n"

        found = {
            torch: "framework-pin-conflict"
            in references("requirements.txt", f"torch=={torch}\n{pin}", on)
            for torch in (right, other)
        }
        assert found == {right: False, other: True}, pin


def test_driver_packages_that_lead_elsewhere_are_told_with_where() -> None:
    rows = factsheet.rows("13_ubuntu_redirects.csv")
    assert len(rows) > 20
    for row in rows:
        on = machine("RTX 3090", os=f"ubuntu-{row['ubuntu']}")
        text = f"#!/bin/sh\napt-get install -y nvidia-driver-{row['package']}\n"
        found = [one for one in checked("install.sh", text, on).findings if one.severity != "note"]

        told = {one.reference for one in found} & {"driver-package-redirects", "gpu-not-driven"}
        branch = row["installs"].split("-")[0]
        assert told, row
        assert f" {branch}" in found[0].message or f"-{branch}" in found[0].message, row
