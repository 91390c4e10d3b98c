from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.catalog.load import Catalog

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog(CHECKOUT / "stacks")
