from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from provisioner.catalog.export import export
from provisioner.catalog.load import Catalog


@pytest.fixture(scope="module")
def exported() -> dict[str, list[dict[str, Any]]]:
    stacks = Path(__file__).resolve().parents[3] / "stacks"
    document: dict[str, list[dict[str, Any]]] = json.loads(json.dumps(export(Catalog(stacks))))
    return document


def test_the_document_has_the_parts_of_the_contract(
    exported: dict[str, list[dict[str, Any]]],
) -> None:
    assert list(exported) == ["cuda", "cudnn", "gpus", "drivers", "builds", "images"]
    assert all(exported.values())


def test_cuda_rows_have_the_keys_of_the_contract(exported: dict[str, list[dict[str, Any]]]) -> None:
    row = next(row for row in exported["cuda"] if row["version"] == "12.8")

    assert row["architectures"][:2] == ["sm_50", "sm_52"]
    assert row["driver_floor"] == {"linux": "525.60.13", "windows": "528.33"}
    assert row["checked"] == "2026-11-20"
    assert "ptxas" in row["evidence"]


def test_builds_say_every_key_even_where_nothing_is_known(
    exported: dict[str, list[dict[str, Any]]],
) -> None:
    keys = {
        *("framework", "version", "variant", "platform", "pythons", "cuda", "cudnn"),
        *("sass", "ptx", "requires", "evidence", "kind"),
    }

    assert all(keys <= set(row) for row in exported["builds"])


def test_there_is_one_build_for_one_framework_version_variant_and_platform(
    exported: dict[str, list[dict[str, Any]]],
) -> None:
    names = Counter(
        (row["framework"], row["version"], row["variant"], row["platform"])
        for row in exported["builds"]
    )

    assert [name for name, times in names.items() if times > 1] == []


def test_a_build_that_answers_to_two_names_is_exported_once(
    exported: dict[str, list[dict[str, Any]]],
) -> None:
    found = [row for row in exported["builds"] if row["version"] == "1.15.5+nv22.12"]

    assert [row["framework"] for row in found] == ["nvidia-tensorflow"]


def test_only_cudnn_stands_under_cudnn(exported: dict[str, list[dict[str, Any]]]) -> None:
    assert {row["package"] for row in exported["cudnn"]} == {
        "cudnn",
        "nvidia-cudnn-cu11",
        "nvidia-cudnn-cu12",
        "nvidia-cudnn-cu13",
    }
