"""Which wheels belong together, held against cuda-toolkit's own METADATA as the facts have it."""

from __future__ import annotations

import re

import pytest

from provisioner import workflow
from tests.table.factsheet import rows

CATALOG = workflow.catalog()
KNOWN = {row.version: row for row in CATALOG.toolkits}
FACTS: dict[str, dict[str, str]] = {}
for fact in rows("02_cuda_toolkit_components.csv"):
    if "rc" not in fact["cuda_toolkit"]:
        pin = fact["pin"].removeprefix("==").removesuffix(".*")
        FACTS.setdefault(fact["cuda_toolkit"], {})[fact["component_wheel"]] = pin


def test_every_release_of_the_facts_has_a_row_and_no_other_does() -> None:
    assert KNOWN.keys() == FACTS.keys()


@pytest.mark.parametrize("version", FACTS)
def test_a_release_names_the_very_versions_of_the_facts(version: str) -> None:
    assert dict(KNOWN[version].components) == FACTS[version]


@pytest.mark.parametrize("version", FACTS)
def test_nvcc_itself_is_in_the_wheels_from_cuda_13_on(version: str) -> None:
    """Seen in the directory of each of the 36 wheels; facts/README: the rest is ptxas."""
    row = KNOWN[version]

    assert row.compiler == (int(version.partition(".")[0]) >= 13)
    holds = re.search(r"; nvidia_cuda_nvcc\S+\.whl: (no )?bin/nvcc$", row.evidence)
    assert holds is not None
    assert (holds[1] is None) == row.compiler


@pytest.mark.parametrize("system", [row for row in CATALOG.systems if row.gcc])
def test_the_compilers_of_a_system_with_apt_were_seen_in_its_archive(system: object) -> None:
    assert system in CATALOG.systems
    row = next(row for row in CATALOG.systems if row == system)
    if row.family != "debian":
        return
    seen = {
        item.package: item.version
        for item in CATALOG.system_packages
        if item.os == f"{row.id}-{row.version}"
    }

    assert (seen["g++"] or "").startswith(f"4:{row.gcc}.")
    for package in row.other_compilers:
        assert (seen[package] or "").startswith(package.removeprefix("g++-") + ".")
        assert int(package.removeprefix("g++-")) < int(row.gcc or 0)
