"""What may stand after FROM: images with a row, one after the other, and nothing else."""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.render import render
from tests.golden import made_catalog, plans

SYSTEM = "docker.io/library/debian:12"
PYTHON = "docker.io/library/python:3.11-slim-bookworm"


def without(*images: str) -> Catalog:
    catalog = made_catalog.catalog()
    catalog.images = tuple(row for row in catalog.images if row.image not in images)
    return catalog


def bases(catalog: Catalog) -> set[str]:
    """Images that a build would fetch: what follows FROM and is no stage of the file itself."""
    text = render((plans.cpu(),), "dockerfile", catalog)[0].text
    lines = [line.split() for line in text.splitlines() if line.startswith("FROM ")]
    return {words[1] for words in lines} - {words[3] for words in lines if "AS" in words}


def test_the_systems_own_image_is_taken_where_it_has_the_python() -> None:
    assert bases(without()) == {SYSTEM}


def test_a_systems_image_without_proof_gives_way_to_pythons() -> None:
    assert bases(without(SYSTEM)) == {PYTHON}


def test_where_neither_is_proved_there_is_no_dockerfile() -> None:
    with pytest.raises(RefusedError) as caught:
        bases(without(SYSTEM, PYTHON))

    assert caught.value.reference == "no-base-image"
    assert "Python 3.11" in caught.value.message
