"""Rows added by hand, as stacks/README.md tells it, in a copy of the catalog."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner import resources, workflow
from provisioner.catalog.check import audit
from provisioner.catalog.find import gpu_by_pci_id
from provisioner.catalog.load import Catalog
from provisioner.cli.catalog import check
from provisioner.errors import OutsideError
from provisioner.upkeep.contents import main, put_right

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks"))
    monkeypatch.setenv("DLSETUP_STACKS", str(folder))
    # Each question is a program of its own, which reads the catalog anew.
    monkeypatch.setattr(workflow, "catalog", lambda: Catalog(folder))
    return folder


def append(file: Path, row: Mapping[str, object]) -> None:
    """As a person does it: at the end, in any order, with spaces of one's own."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row, separators=(" , ", ":  ")) + "\n")


GPU = {
    "checked": "2027-01-15",
    "evidence": "lspci -nn and nvidia-smi -L of our own machine",
    "name": "NVIDIA GeForce RTX 4090 Z",
    "device": "268f",
    "vendor": "10de",
    "chip": "AD102",
    "architecture": "Ada",
    "compute_capability": "8.9",
}
BUILD = {
    "framework": "caffe",
    "version": "1.0.0",
    "platform": "linux-x86_64",
    "pythons": ["3.12"],
    "cuda": "12.6",
    "sass": ["sm_90", "sm_86"],
    "kind": "announced",
    "evidence": "release notes of caffe 1.0.0 (2027-01-02)",
    "checked": "2027-01-15",
}


def test_the_catalog_that_ships_needs_nothing(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stacks.is_dir()
    assert main([]) == 0
    assert capsys.readouterr().out == "Nothing changes.\n"


def test_a_gpu_of_a_later_day_finds_its_place_and_moves_the_newest_day(stacks: Path) -> None:
    append(stacks / "nvidia" / "gpus.jsonl", GPU)

    assert main(["--write"]) == 0
    catalog = Catalog(stacks)
    assert [str(problem) for problem in audit(catalog)] == []
    assert catalog.checked == "2027-01-15"
    found = gpu_by_pci_id(catalog, "10de", "268f", None)
    assert found is not None
    assert found.compute_capability == "8.9"


def test_a_new_framework_is_a_new_file_and_is_found_by_its_name(stacks: Path) -> None:
    append(stacks / "frameworks" / "caffe.jsonl", BUILD)

    assert main(["--write"]) == 0
    catalog = Catalog(stacks)
    assert [str(problem) for problem in audit(catalog)] == []
    assert "caffe" in catalog.frameworks
    assert [row.version for row in catalog.builds("caffe")] == ["1.0.0"]


def test_a_framework_that_was_taken_out_leaves_the_contents_too(stacks: Path) -> None:
    for sheet in stacks.glob("*/torchaudio*.jsonl"):
        sheet.unlink()

    assert main(["--write"]) == 0
    assert "torchaudio" not in Catalog(stacks).frameworks


def test_contents_that_were_lost_come_back(stacks: Path) -> None:
    whole = (stacks / "contents.json").read_bytes()
    (stacks / "contents.json").unlink()

    assert main(["--write"]) == 0
    assert (stacks / "contents.json").read_bytes() == whole


def test_without_write_the_change_is_shown_and_waits(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(stacks / "nvidia" / "gpus.jsonl", GPU)
    before = {path: path.read_bytes() for path in stacks.rglob("*") if path.is_file()}

    assert main([]) == 1
    shown = capsys.readouterr().out
    assert '+ "checked": "2027-01-15",' in shown
    assert {path: path.read_bytes() for path in stacks.rglob("*") if path.is_file()} == before


def test_the_comment_at_the_head_of_a_sheet_stays(stacks: Path) -> None:
    file = stacks / "python.toml"
    head, table, rest = file.read_text(encoding="utf-8").partition("[[python]]")
    file.write_text(head + table + rest.replace(" = ", "=", 3), encoding="utf-8")

    assert main(["--write"]) == 0
    assert file.read_text(encoding="utf-8") == head + table + rest


def test_a_damaged_sheet_is_named_and_nothing_is_written(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(stacks / "nvidia" / "gpus.jsonl", GPU)
    append(stacks / "nvidia" / "cuda.jsonl", {"version": 14})
    before = (stacks / "nvidia" / "gpus.jsonl").read_bytes()

    assert main(["--write"]) == 3
    assert "nvidia/cuda.jsonl, line" in capsys.readouterr().err
    assert (stacks / "nvidia" / "gpus.jsonl").read_bytes() == before


def test_a_word_it_does_not_know_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--wirte"]) == 2
    assert "python -m provisioner.upkeep.contents [--write]" in capsys.readouterr().err


def test_the_audit_fixes_the_form_before_it_looks(stacks: Path) -> None:
    append(stacks / "nvidia" / "gpus.jsonl", GPU)
    looked = CliRunner().invoke(check.command, [])
    fixed = CliRunner().invoke(check.command, ["--fix"])

    assert looked.exit_code == 1
    assert "dlsetup catalog check --fix puts it right" in looked.stdout
    assert (fixed.exit_code, fixed.stdout) == (0, "no problems found\n")
    assert fixed.stderr == (
        "put into its form: nvidia/gpus.jsonl\nput into its form: contents.json\n"
    )


def test_the_catalog_of_an_installed_package_is_not_edited(
    stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(stacks / "nvidia" / "gpus.jsonl", GPU)
    before = (stacks / "nvidia" / "gpus.jsonl").read_bytes()
    monkeypatch.setattr(resources, "ships_installed", lambda: True)

    with pytest.raises(OutsideError, match="is not edited"):
        put_right()
    assert (stacks / "nvidia" / "gpus.jsonl").read_bytes() == before


def test_what_cannot_be_read_is_left_and_all_of_it_told(stacks: Path) -> None:
    append(stacks / "nvidia" / "gpus.jsonl", {"vendor": "10de"})
    append(stacks / "nvidia" / "cuda.jsonl", {"version": 14})
    before = (stacks / "nvidia" / "gpus.jsonl").read_bytes()

    done = CliRunner().invoke(check.command, ["--fix"])

    assert done.exit_code == 1
    assert [line.partition(",")[0] for line in done.stdout.splitlines()] == [
        "nvidia/cuda.jsonl",
        "nvidia/gpus.jsonl",
    ]
    assert done.stderr == "not fixed: a sheet cannot be read\n2 problems found\n"
    assert (stacks / "nvidia" / "gpus.jsonl").read_bytes() == before
