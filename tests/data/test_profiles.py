"""Every profile was installed and imported once: prove_profiles keeps what came out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from provisioner.catalog.load import Catalog
from tests.data.conftest import CHECKOUT

ROWS: dict[str, dict[str, Any]] = {
    row["profile"]: row
    for row in map(json.loads, (CHECKOUT / "tests/data/profiles.jsonl").read_text().splitlines())
}
PROFILES = Catalog(CHECKOUT / "stacks").profiles


@pytest.mark.parametrize("name", [row.name for row in PROFILES])
def test_every_profile_was_imported_as_it_stands_today(name: str) -> None:
    (row,) = (row for row in PROFILES if row.name == name)
    proof = ROWS[name]

    assert proof["requirements"] == list(row.requirements)
    assert set(proof["modules"]) == set(row.modules)
    assert set(proof["programs"]) == set(row.programs)
    assert all(
        re.match(r"\d", version) for version in (proof["modules"] | proof["programs"]).values()
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", proof["checked"])


@pytest.mark.parametrize("name", [row.name for row in PROFILES])
def test_what_was_imported_is_what_the_plan_pinned(name: str) -> None:
    """A pin that another package's requirement had pushed aside would show here."""
    proof = ROWS[name]
    pinned = dict(
        text.partition("==")[::2] for text in proof["asked"] if re.search(r"==[^*]+$", text)
    )
    imported = {module.partition(".")[0]: text for module, text in proof["modules"].items()}

    for package, version in pinned.items():
        module = package.partition("[")[0].replace("-", "_")
        if module in imported:
            assert imported[module].partition("+")[0] == version.partition("+")[0]


def test_no_row_is_of_a_profile_that_is_gone() -> None:
    assert set(ROWS) == {row.name for row in PROFILES}


def test_memory_is_only_stated_with_its_proof() -> None:
    for row in PROFILES:
        said = (row.memory_bytes is not None, bool(row.memory_for), bool(row.evidence))
        assert len(set(said)) == 1, row.name
        assert bool(row.checked) == bool(row.evidence)
        assert row.modules or row.programs
        assert row.gpu or row.memory_bytes is None
