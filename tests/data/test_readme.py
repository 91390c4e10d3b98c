"""What stacks/README.md tells a newcomer to type, typed in a fresh copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from provisioner.catalog import check_fields, sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.upkeep_rows import Project, Reading

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "stacks/README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^##+ (.*?)\n(.*?)(?=^##|\Z)", README, re.MULTILINE | re.DOTALL))
SHARED = {"evidence", "checked", "project"}
COMMANDS = {
    title: blocks[0]
    for title, text in SECTIONS.items()
    if (blocks := re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy with its own sheets, whose ./dlsetup needs no environment of its own."""
    for name in ("provisioner", "stacks", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    launcher = tmp_path / "dlsetup"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m provisioner "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    return tmp_path


def typed(block: str, folder: Path) -> str:
    """What a block prints, typed at the top of the copy; every command must succeed."""
    kept = ("PATH", "HOME", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "SSL_CERT_FILE")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    done = subprocess.run(
        ["bash", "-e", "-c", block],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**environment, "XDG_DATA_HOME": f"{folder}/data", "XDG_CACHE_HOME": f"{folder}/cache"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_gpu_that_was_added_is_known_and_gets_a_plan(checkout: Path) -> None:
    said = typed(COMMANDS["A GPU"], checkout)

    assert "no problems found" in said
    assert "for          NVIDIA GeForce RTX 4090 Z, " in said
    assert "NVIDIA GeForce RTX 4090 Z runs its machine code for sm_8" in said
    assert "PCI ids        10de:268f" in said
    assert "memory         24 GiB" in said


def test_a_cuda_release_that_was_added_is_shown_with_its_driver(checkout: Path) -> None:
    said = typed(COMMANDS["A CUDA release and its driver branch"], checkout)

    assert "no problems found" in said
    assert "CUDA 13.6" in said
    assert "580.65.06" in said
    assert "630.10.02" in said
    assert "gcc up to 16, clang up to 22" in said
    assert "sm_130" in said


def test_a_build_that_was_added_is_a_framework_that_can_be_asked_for(checkout: Path) -> None:
    said = typed(COMMANDS["A framework's build, by hand"], checkout)

    assert "no problems found" in said
    assert "caffe  1.0.0  default  default index (announced)" in said


def test_an_operating_system_that_was_added_gets_a_plan(checkout: Path) -> None:
    said = typed(COMMANDS["An operating system"], checkout)

    assert "no problems found" in said
    assert "NVIDIA GeForce RTX 3090, fedora-49 x86_64" in said


def test_a_profile_that_was_added_can_be_asked_for(checkout: Path) -> None:
    said = typed(COMMANDS["A profile"], checkout)

    assert "no problems found" in said
    assert "  chosen        torch\n  as they come  sentence-transformers\n" in said
    assert "Companions\n  sentence-transformers\n" in said


@pytest.mark.network
def test_a_project_that_was_added_is_measured_and_gets_a_plan(checkout: Path) -> None:
    said = typed(COMMANDS["A framework from the package index"], checkout)

    assert said.count("no problems found") == 2
    assert "spconv-cu120  2.3.6  default  default index (measured)" in said
    assert "runs its machine code for sm_86" in said


@pytest.mark.network
def test_the_hard_case_is_measured_with_its_documents_and_gets_a_plan(checkout: Path) -> None:
    said = typed(COMMANDS["The hard case"], checkout)

    assert said.count("no problems found") == 2
    assert re.search(r"^  0\.15\.0 .* 8\.0-12\.0\+ +measured +12\.8$", said, re.MULTILINE)
    assert re.search(r"^  0\.14\.1 .* 8\.0-10\.0 +measured +12\.8$", said, re.MULTILINE)
    assert re.search(r"^  0\.14\.0 .* not known +measured +not known$", said, re.MULTILINE)
    assert "torchao  0.15.0  default  default index (measured)" in said
    assert "torch    2.9.1   default  default index (measured)" in said


def test_every_key_of_a_project_and_every_fact_of_a_reading_is_explained() -> None:
    told = SECTIONS["A framework from the package index"]
    facts = re.findall(r"`([\w-]+)`", " ".join(re.findall(r"^\| (.*?) \|", told, re.MULTILINE)))
    used = Catalog(ROOT / "stacks").readings
    keys = [*Project.__struct_fields__, *Reading.__struct_fields__]

    assert [row.fact for row in used if row.fact not in facts] == []
    for fact in facts:
        row = msgspec.structs.replace(used[0], fact=fact)
        assert list(check_fields.messages(row)) == []
    assert [
        name for name in keys if name not in SHARED and not re.search(rf"`{name}\b", told)
    ] == []


def test_every_kind_of_driver_branch_is_explained() -> None:
    told = SECTIONS["A CUDA release and its driver branch"]
    kinds = {row.kind for row in Catalog(ROOT / "stacks").drivers if row.kind}

    assert [kind for kind in kinds if f"`{kind}`" not in told] == []


def test_every_way_of_adding_is_tried_here() -> None:
    assert set(COMMANDS) == {
        "A GPU",
        "A CUDA release and its driver branch",
        "A framework from the package index",
        "The hard case",
        "A framework's build, by hand",
        "An operating system",
        "A profile",
        "Upkeep",
    }


def test_the_commands_of_upkeep_are_understood() -> None:
    lines = [line.partition("#")[0].split() for line in COMMANDS["Upkeep"].splitlines()]

    assert len(lines) == 5
    for words in lines:
        asked = [sys.executable, "-m", "provisioner", *words[1:], "--help"]
        done = subprocess.run(asked, check=False, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        options = [word for word in words if word.startswith("--")]
        assert [word for word in options if word not in done.stdout] == []


def test_every_sheet_is_in_the_table() -> None:
    cells = re.findall(r"^\| (.*?) \|", SECTIONS["The sheets"], re.MULTILINE)
    named = re.findall(r"`([^`]+)`", " ".join(cells))
    listed = [sheet.path for sheet in (*sheets.FIXED, *Catalog(ROOT / "stacks").build_sheets)]

    def is_named(path: str) -> bool:
        return path in named or f"{path.partition('/')[0]}/*.jsonl" in named

    assert [path for path in [*listed, sheets.CONTENTS] if not is_named(path)] == []


def test_every_sheet_in_the_table_is_there() -> None:
    cells = re.findall(r"^\| (.*?) \|", SECTIONS["The sheets"], re.MULTILINE)
    named = re.findall(r"`([\w/]+\.(?:jsonl|toml|json))`", " ".join(cells))

    assert [
        name for name in named if "NAME" not in name and not (ROOT / "stacks" / name).exists()
    ] == []


def test_every_platform_that_a_row_has_is_explained() -> None:
    catalog = Catalog(ROOT / "stacks")
    builds = [row for name in catalog.frameworks for row in catalog.builds(name)]
    told = SECTIONS["A framework's build, by hand"]

    assert [name for name in {row.platform for row in builds} if f"`{name}`" not in told] == []
