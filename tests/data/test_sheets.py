"""The sheets themselves: sound, complete, and what the gathered facts make of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.catalog import rows, sheets, words
from provisioner.catalog.check import audit
from provisioner.catalog.decode import read
from provisioner.catalog.dump import dump, header_of
from provisioner.catalog.load import Catalog
from provisioner.upkeep import pci_ids
from provisioner.upkeep.facts.table import Facts
from provisioner.upkeep.from_facts import others, texts
from provisioner.upkeep.writing import changes

CHECKOUT = Path(__file__).resolve().parents[2]
STACKS = CHECKOUT / "stacks"
FACTS = CHECKOUT.parent / "shared" / "facts"
BUILDS = Catalog(STACKS).build_sheets
ALL = (*sheets.FIXED, *BUILDS)


def test_the_audit_finds_nothing(catalog: Catalog) -> None:
    assert audit(catalog) == []


@pytest.mark.parametrize("sheet", ALL, ids=lambda sheet: sheet.path)
def test_a_sheet_written_again_is_the_same(sheet: sheets.Sheet) -> None:
    text = (STACKS / sheet.path).read_bytes()

    assert dump(sheet, read(sheet, text), header_of(text) if sheet.table else "") == text


def test_every_file_below_stacks_is_a_sheet_or_explains_them() -> None:
    known = {sheet.path for sheet in ALL} | {sheets.CONTENTS, "README.md"}

    assert {str(f.relative_to(STACKS)) for f in STACKS.rglob("*") if f.is_file()} == known


@pytest.mark.parametrize("sheet", ALL, ids=lambda sheet: sheet.path)
def test_evidence_names_no_host_of_the_default_index_or_of_a_mirror(sheet: sheets.Sheet) -> None:
    text = (STACKS / sheet.path).read_text(encoding="utf-8")

    assert not re.search(
        r"pypi\.(org|python)|pythonhosted|(archive|deb|ports)\.(ubuntu|debian)", text
    )


def test_hosts_are_named_in_one_sheet_only(catalog: Catalog) -> None:
    places = tuple(catalog.addresses.values())
    builds = [row for name in catalog.frameworks for row in catalog.builds(name)]
    code = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "provisioner").rglob("*.py")]

    assert {row.index for row in builds if row.index and not row.index.startswith(places)} == set()
    assert not [text for text in code if re.search(r"download\.pytorch|developer\.download", text)]


@pytest.mark.skipif(not FACTS.is_dir(), reason="the gathered facts lie beside the checkout in CI")
def test_the_facts_make_exactly_these_sheets() -> None:
    fresh = texts(Facts(FACTS), STACKS)

    assert changes(STACKS, fresh) == {}


@pytest.mark.skipif(not FACTS.is_dir(), reason="the gathered facts lie beside the checkout in CI")
def test_what_the_facts_do_not_make_was_read_elsewhere_and_says_where() -> None:
    left = others(Facts(FACTS), STACKS)

    written_elsewhere = (
        *pci_ids.SHEETS.values(),
        *BUILDS,
        sheets.DOCUMENTED,
        sheets.CONDA_LIBRARIES,
    )
    assert set(left) <= {sheet.path for sheet in written_elsewhere}
    for sheet in pci_ids.SHEETS.values():
        named = re.compile(r"pci\.ids \d{4}\.\d\d\.\d\d(; as all GPUs with this chip)?")
        assert [row for row in left[sheet.path] if not named.fullmatch(row.evidence)] == []
    recipe = re.compile(r"conda-forge/[a-z-]+-feedstock@[0-9a-f]{8} ")
    recipes = left[sheets.CONDA_LIBRARIES.path]
    assert [row for row in recipes if not recipe.match(row.evidence)] == []


def test_a_build_with_gpu_code_says_how_it_is_known(catalog: Catalog) -> None:
    builds = {row for name in catalog.frameworks for row in catalog.builds(name)}
    unexplained = [
        row
        for row in builds
        if row.cuda
        and not row.sass
        and row.framework == "torch"
        and "not known" not in row.evidence
    ]

    # torch 1.0 wheels hold no CUDAConfig.h: their list was never read.
    assert {row.version for row in unexplained} <= {"1.0.0", "1.0.1"}


def test_architecture_specific_targets_never_stand_among_a_frameworks_code(
    catalog: Catalog,
) -> None:
    names = ("torch", "torchvision", "torchaudio", "tensorflow")
    builds = {row for name in names for row in catalog.builds(name)}

    assert not [row for row in builds for name in row.sass if name[-1] in "af"]


def test_rows_are_what_their_type_says() -> None:
    for sheet in ALL:
        for row in read(sheet, (STACKS / sheet.path).read_bytes()):
            assert isinstance(row, sheet.row)
            assert isinstance(row, (rows.Row, words.Profile, words.Reference))
