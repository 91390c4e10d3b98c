from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from provisioner.upkeep import writing
from provisioner.upkeep.from_facts import main

CHECKOUT = Path(__file__).resolve().parents[3]
FACTS = CHECKOUT.parent / "shared" / "facts"
needs_facts = pytest.mark.skipif(
    not FACTS.is_dir(), reason="the gathered facts lie beside the checkout in CI"
)


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks"))
    monkeypatch.setenv("DLSETUP_STACKS", str(copy))
    return copy


@needs_facts
def test_the_second_run_changes_nothing(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stacks / "nvidia/cuda.jsonl").unlink()

    assert main([str(FACTS), "--write"]) == 0
    assert main([str(FACTS)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if "do not make" not in line][-2:] == [
        "1 files written.",
        "Nothing changes.",
    ]


@needs_facts
def test_a_change_is_shown_and_waits_for_write(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = stacks / "nvidia/cuda.jsonl"
    damaged = sheet.read_text(encoding="utf-8").replace("525.60.13", "1.2.3")
    sheet.write_text(damaged, encoding="utf-8")

    assert main([str(FACTS)]) == 1

    shown = capsys.readouterr().out
    assert "--- nvidia/cuda.jsonl" in shown
    assert '"525.60.13"' in shown
    assert sheet.read_text(encoding="utf-8") == damaged


@needs_facts
def test_rows_that_were_added_by_hand_stay(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = stacks / "nvidia/gpus.jsonl"
    own = sheet.read_text(encoding="utf-8").splitlines()[0].replace('"0020"', '"268f"')
    with sheet.open("a", encoding="utf-8") as stream:
        stream.write(own + "\n")
    (stacks / "nvidia/cuda.jsonl").unlink()

    assert main([str(FACTS), "--write"]) == 0

    assert own in sheet.read_text(encoding="utf-8").splitlines()
    assert (stacks / "nvidia/cuda.jsonl").exists()
    told = [line for line in capsys.readouterr().out.splitlines() if "do not make" in line]
    assert [line for line in told if line.startswith("nvidia/gpus.jsonl: ")]


@pytest.mark.usefixtures("stacks")
def test_facts_that_are_not_there_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 3
    assert capsys.readouterr().err.startswith("error: facts-unreadable\n")


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--force"]])
def test_wrong_words_show_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "FACTS_DIR" in capsys.readouterr().err


def test_files_appear_whole_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    writing.write(tmp_path, {"new/sheet.jsonl": b"{}\n", "contents.json": b"{}\n"})

    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["contents.json", "new/sheet.jsonl"]


def test_a_new_empty_file_is_a_change(tmp_path: Path) -> None:
    assert writing.changes(tmp_path, {"empty.jsonl": b""}) == {"empty.jsonl": []}
