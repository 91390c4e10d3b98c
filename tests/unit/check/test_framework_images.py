"""The framework images of the facts (table 16): each is known, with the CUDA that is in it."""

from __future__ import annotations

import re

import pytest
from packaging.version import Version

from tests.table import factsheet, rules
from tests.unit.check.checking import CATALOG, checked, machine

ROWS = factsheet.rows("16_framework_images.csv")
SIGHTED = {one.image.removeprefix("docker.io/") for one in CATALOG.sighted_images}
_OLD = "470.256.02"
_MINOR = re.compile(r"(\d+\.\d)[\du. ]*( in the image| preview| \([^)]*\))*")


def _tags(row: dict[str, str]) -> list[str]:
    """The tags that stand there in full."""
    words = [word.strip() for word in re.sub(r"\([^)]*\)", "", row["tag"]).split(",")]
    return [word for word in words if re.fullmatch(r"\d[\w.-]*", word) and ".x" not in word]


@pytest.mark.parametrize("image", sorted({row["image"] for row in ROWS}))
def test_each_tag_is_known_and_its_cuda_is_held_against_the_driver(image: str) -> None:
    on = machine("RTX 3090", driver=_OLD, os="ubuntu-20.04")
    unknown, wrong, judged = [], {}, 0
    for row in (row for row in ROWS if row["image"] == image):
        cuda = _MINOR.fullmatch(row["cuda"])
        for tag in _tags(row):
            found = checked("Dockerfile", f"FROM {image}:{tag}\n", on).findings
            names = {one.reference for one in found}
            if "image-unknown" in names:
                unknown.append(tag)
            if cuda and float(cuda[1]) >= 10:
                judged += 1
                old = rules.floor(cuda[1], windows=False) > Version(_OLD)
                # What is known of a framework inside may ask for more than its CUDA does.
                told = "driver-too-old" in names
                if told is not old and (old or f"{image}:{tag}" in SIGHTED):
                    wrong[tag] = (cuda[1], names)

    assert unknown == []
    assert wrong == {}
    assert judged > 5
