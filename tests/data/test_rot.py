"""The record of what was installed for real, and the caps that were made from it."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Cap
from provisioner.catalog.upkeep_rows import Rot
from provisioner.request import admits
from provisioner.upkeep.rot.caps import MARK, caps_of
from provisioner.version import minor, order

FAMILIES = ("torch", "tensorflow", "jax")
_ONE = (
    r"(?P<version>[\d.]+) on Python (?P<python>\d\.\d+\.\d+) works with (?P<name>[a-z0-9-]+) "
    r"(?P<good>[\w.]+), not (?:with (?P<bad>[\w.]+)|without)"
)


@pytest.fixture(scope="module")
def record(catalog: Catalog) -> dict[tuple[str, str], Rot]:
    return {(row.framework, row.version): row for row in catalog.rot}


@pytest.fixture(scope="module")
def measured(catalog: Catalog) -> list[Cap]:
    return [cap for cap in catalog.caps if cap.evidence.startswith(MARK)]


def test_the_measured_caps_are_exactly_what_the_record_proves(
    catalog: Catalog, measured: list[Cap]
) -> None:
    def key(cap: Cap) -> tuple[str, str, str]:
        return cap.framework, cap.version, cap.requirement

    assert sorted(measured, key=key) == sorted(caps_of(catalog.rot), key=key)


def test_the_evidence_of_a_measured_cap_names_releases_versions_and_pythons(
    measured: list[Cap], record: dict[tuple[str, str], Rot]
) -> None:
    assert measured
    for cap in measured:
        proof = cap.evidence.removeprefix(MARK)
        whose, _, rest = proof.partition(", whose METADATA asks for the same: ")
        for text in (rest or proof).split("; "):
            match = re.fullmatch(_ONE, text)
            assert match, text
            assert admits(cap.version, match["version"])
            framework = whose if rest else cap.framework
            assert record[framework, match["version"]].python == match["python"]
            requirement = Requirement(cap.requirement)
            assert requirement.name == match["name"]
            assert requirement.specifier.contains(match["good"])
            assert match["bad"] is None or not requirement.specifier.contains(match["bad"])


def test_a_range_holds_nothing_but_minor_releases_that_were_tried(
    measured: list[Cap], catalog: Catalog, record: dict[tuple[str, str], Rot]
) -> None:
    tried = {(framework, minor(version)) for framework, version in record}
    for cap in measured:
        if cap.framework not in FAMILIES:  # of the same code as one of them
            continue
        for row in catalog.builds(cap.framework):
            if admits(cap.version, row.version.partition("+")[0]):
                assert (cap.framework, minor(row.version)) in tried


def test_every_minor_release_was_tried_with_its_newest_patch(
    catalog: Catalog, record: dict[tuple[str, str], Rot]
) -> None:
    """Of torch and TensorFlow: those that the index still has for a Python that is here."""
    pythons = {minor(row.python) for row in record.values()}
    newest: dict[tuple[str, str], str] = {}
    for framework in ("torch", "tensorflow"):
        for row in catalog.builds(framework):
            here = row.framework == framework and row.platform == "linux-x86_64"
            if here and row.kind == "measured" and pythons & set(row.pythons):
                key = framework, minor(row.version)
                newest[key] = max(newest.get(key, "0"), row.version, key=order)

    assert newest
    assert {(framework, version) for (framework, _), version in newest.items()} <= set(record)


def test_every_release_works_with_its_caps(catalog: Catalog) -> None:
    """All but one: jax 0.1.23 needs a jaxlib of its time, and the index has none before 0.4."""
    broken = [row for row in catalog.rot if row.capped != "works"]

    assert [(row.framework, row.version) for row in broken] == [("jax", "0.1.23")]
    assert "xla_data_pb2" in broken[0].capped


def test_of_the_newest_patches_54_work_plainly_and_all_78_with_their_caps(catalog: Catalog) -> None:
    newest: dict[tuple[str, str], Rot] = {}
    for row in sorted(catalog.rot, key=lambda row: order(row.version)):
        newest[row.framework, minor(row.version)] = row
    del newest["jax", "0.1"]

    assert len(newest) == 78
    assert sum(row.plain == "works" for row in newest.values()) == 54
    assert sum(row.capped == "works" for row in newest.values()) == 78


def test_a_release_has_caps_exactly_where_it_does_not_work_without(catalog: Catalog) -> None:
    """One that nothing helps has none either."""
    healed = [row for row in catalog.rot if row.capped == "works"]

    assert [row for row in healed if (row.plain == "works") is bool(row.caps)] == []
