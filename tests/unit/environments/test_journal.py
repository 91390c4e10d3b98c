"""A journal tells where things stood, whatever happened while it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.environments import journal
from provisioner.errors import OutsideError


def test_steps_are_told_as_they_begin_and_end(tmp_path: Path) -> None:
    with journal.step(tmp_path, 3, "python", "3.12"):
        cut = journal.cut_off(tmp_path)
    with pytest.raises(OutsideError), journal.step(tmp_path, 3, "packages"):
        raise OutsideError("disk-full", "Full.")
    entries = journal.read(tmp_path)

    assert cut is not None
    assert (cut.step, cut.state) == ("python", "begun")
    told = [(item.generation, item.step, item.state, item.detail) for item in entries]
    assert told == [
        (3, "python", "begun", "3.12"),
        (3, "python", "done", ""),
        (3, "packages", "begun", ""),
        (3, "packages", "failed", "disk-full"),
    ]
    assert journal.cut_off(tmp_path) is None


@pytest.mark.parametrize(
    ("step", "state", "is_cut_off"),
    [
        ("python", "begun", True),
        ("python", "done", True),
        ("proof", "done", True),
        ("switch", "begun", True),
        ("switch", "done", False),
        ("rollback", "done", False),
        ("proof", "failed", False),
    ],
)
def test_a_run_came_to_its_end_with_its_switch_or_its_failure(
    step: str, state: journal.State, is_cut_off: bool, tmp_path: Path
) -> None:
    journal.note(tmp_path, 1, step, state)
    journal.note(tmp_path, 1, "verify", "done")

    assert (journal.cut_off(tmp_path) is not None) == is_cut_off


@pytest.mark.parametrize("torn", [b'{"time": "2026', b"\xff\xfe\0", b"[]", b'{"time": 3}\n', b"\n"])
def test_a_torn_line_is_passed_over_and_takes_no_other_along(torn: bytes, tmp_path: Path) -> None:
    journal.note(tmp_path, 1, "switch", "done")
    with (tmp_path / journal.JOURNAL).open("ab") as stream:
        stream.write(torn)
    journal.note(tmp_path, 2, "switch", "done")

    assert [entry.generation for entry in journal.read(tmp_path)] == [1, 2]


def test_without_a_journal_nothing_is_known(tmp_path: Path) -> None:
    assert journal.read(tmp_path) == ()
    assert journal.cut_off(tmp_path) is None
    assert journal.last_verify(tmp_path, 1) is None


def test_the_last_proof_that_came_to_an_end_counts(tmp_path: Path) -> None:
    journal.note(tmp_path, 1, "proof", "done")
    journal.note(tmp_path, 1, "verify", "failed", "torch computes wrongly")
    journal.note(tmp_path, 2, "proof", "done")
    journal.note(tmp_path, 1, "proof", "begun")
    journal.note(tmp_path, 1, "proof", "failed", journal.CUT_OFF)
    last = journal.last_verify(tmp_path, 1)

    assert last is not None
    assert (last.step, last.state, last.detail) == ("verify", "failed", "torch computes wrongly")


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / journal.JOURNAL).symlink_to(tmp_path / "thesis.txt")
    with pytest.raises(OSError, match="symbolic"):
        journal.note(tmp_path, 1, "switch", "done")

    assert (tmp_path / "thesis.txt").read_text() == "years of work"
