"""Tables of other projects agree with the catalog, and each difference has its explanation.

The extracts lie in ``tests/peers``, the explanations in ``stacks/differences.toml``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner import toml
from provisioner.catalog.load import Catalog
from tests.peers.comparison import ABOUT, EXTRACTS, KINDS, Statement, statements
from tests.peers.ours import NOTHING, Answer, Ours

AGREEMENT = 0.98
"""Of the statements on which both sides speak."""
SILENCE = 0.03
"""Of all statements."""


TRIED: list[tuple[str, list[object], list[bool]]] = [
    ("driver_floor", ["12.8", "999.1", "528.33"], [False, True]),
    ("driver_floor", ["12.8", "525.60.13", "528.33"], [True, True]),
    ("driver_floor", ["99.9", "525.60.13", "528.33"], [False, False]),
    ("driver_bundled", ["12.8", "570.86.10"], [True]),
    ("driver_bundled", ["12.8", "570.86.11"], [False]),
    ("toolkit", ["12.8.1"], [True]),
    ("toolkit", ["12.8.7"], [False]),
    ("branch_cuda", ["580", "13.0"], [True]),
    ("branch_cuda", ["580", "12.9"], [False]),
    ("generation", ["8.9", "Ada Lovelace"], [True]),
    ("generation", ["8.9", "Hopper"], [False]),
    ("tegra", ["8.7", True], [True]),
    ("tegra", ["8.6", True], [False]),
    ("cuda_range", ["sm_70", "9.0", "12.9"], [True, True]),
    ("cuda_range", ["sm_70", "9.1", "13.0"], [False, False]),
    ("cuda_range", ["sm_90a", "12.0", ""], [True, True]),
    ("cuda_range", ["sm_90a", "12.1", "13.0"], [False, False]),
    ("torch_cuda", ["2.14.1", "12.6"], [True]),
    ("torch_cuda", ["2.14.1", "11.8"], [False]),
    ("pair", ["torchvision", "0.24.1", "2.9.1"], [True]),
    ("pair", ["torchvision", "0.24.1", "2.9.0"], [False]),
    ("pair", ["torchvision", "0.24", "2.9"], [True]),
    ("pair", ["torchvision", "0.24", "2.8"], [False]),
    ("pythons", ["torch", "2.14.1", "3.10", "3.14"], [True]),
    ("pythons", ["torch", "2.14.1", "3.10", "3.13"], [False]),
    ("highest_python", ["torch", "2.14.1", "3.14"], [True]),
    ("highest_python", ["torch", "2.14.1", "3.13"], [False]),
    ("tensorflow", ["tensorflow", "2.15.0", "12.2", "8.9"], [True, True]),
    ("tensorflow", ["tensorflow", "2.15.0", "12.3", "9.0"], [False, False]),
    ("torch_cudnn", ["2.14", "13.0", "9.24.0.43"], [True]),
    ("torch_cudnn", ["2.14", "13.0", "9.24.0.44"], [False]),
    ("sass", [["2.14"], "linux-x86_64", ["7.5", "8.0", "8.6", "9.0", "10.0", "12.0"]], [True]),
    ("sass", [["2.14"], "linux-x86_64", ["7.5", "8.0"]], [False]),
    ("ptx", [["2.14"], "linux-x86_64", ["12.0"]], [False]),
    ("ptx", [["2.14"], "linux-x86_64", ["none"]], [True]),
    ("cudnn", ["9.10.2", "12", "5.0", "12.0"], [True, True]),
    ("cudnn", ["9.10.2", "12", "7.5", "3.0"], [False, False]),
    ("capability", ["RTX 3090", "8.6"], [True]),
    ("capability", ["RTX 3090", "8.9"], [False]),
    ("capability", ["A100", "8.0"], [True]),
    ("amd_target", ["Radeon RX 7900 XTX", "gfx1100"], [True]),
    ("amd_target", ["Radeon RX 7900 XTX", "gfx1101"], [False]),
    ("gpu_name", ["2204", "NVIDIA GeForce RTX 3090", [""]], [True]),
    ("gpu_name", ["2204", "NVIDIA GeForce RTX 3080", [""]], [False]),
]


@pytest.fixture(scope="module")
def found(catalog: Catalog) -> list[Statement]:
    return statements(catalog)


def test_peers_agree_where_both_speak_and_neither_repeats_the_other(
    found: list[Statement],
) -> None:
    counted = [one for one in found if one.counts]

    assert len(counted) > 1500
    assert sum(one.answer.agrees for one in counted) / len(counted) >= AGREEMENT


def test_the_catalog_is_seldom_silent_on_what_peers_state(found: list[Statement]) -> None:
    silent = [one for one in found if one.answer.ours == NOTHING]

    assert len(silent) / len(found) <= SILENCE


def test_each_difference_is_explained_and_each_explanation_is_of_a_difference(
    catalog: Catalog, found: list[Statement]
) -> None:
    listed = [(row.peer, row.subject, row.theirs, row.ours) for row in catalog.differences]
    true = [
        (one.peer, one.answer.subject, one.answer.theirs, one.answer.ours)
        for one in found
        if not one.answer.agrees
    ]

    assert sorted(true) == sorted(listed)


def test_a_statement_has_one_subject(found: list[Statement]) -> None:
    subjects = [(one.peer, one.answer.subject) for one in found]

    assert len(set(subjects)) == len(subjects)


@pytest.mark.parametrize("path", EXTRACTS, ids=lambda path: path.stem)
def test_an_extract_says_where_and_when_it_was_read(path: Path) -> None:
    extract = toml.parse(path.read_text(encoding="utf-8"))

    assert set(extract) > ABOUT
    assert set(extract) - ABOUT <= set(KINDS)
    assert extract["source"]
    assert extract["cited"]
    assert re.fullmatch(r"[0-9a-f]{7,40}|", extract["commit"])
    assert re.fullmatch(r"2026-\d\d-\d\d", extract["read"])


@pytest.mark.parametrize(("kind", "row", "says"), TRIED)
def test_each_kind_of_statement_can_agree_and_can_differ(
    catalog: Catalog, kind: str, row: list[object], says: list[bool]
) -> None:
    assert [answer.agrees for answer in KINDS[kind](Ours(catalog), *row)] == says


def test_every_kind_is_tried_both_ways() -> None:
    seen = {(kind, says) for kind, _row, answers in TRIED for says in answers}

    assert seen >= {(kind, says) for kind in KINDS for says in (True, False)}


def test_a_row_that_rests_on_the_peer_is_not_counted() -> None:
    answer = Answer("CUDA of driver branch 580", "13.0", "13.0", agrees=True)

    assert Statement("uv", answer, independent=True).counts
    assert not Statement("uv", answer, independent=False).counts
    assert not Statement("uv", answer._replace(ours=NOTHING), independent=True).counts
