"""What a script changed is told from the packages before and after it, and nothing else is."""

from __future__ import annotations

import msgspec
import pytest

from provisioner.apply.changes import settled, total
from provisioner.apply.packages import Snapshot
from provisioner.apply.record import Change, Record

DRIVER = "nvidia-driver-580-open"
BEFORE = Snapshot(
    packages={"bash": "5.2", "nvidia-driver-470": "470.1", "libc6": "2.39-1"},
    leftover=("nvidia-settings",),
    automatic=("libc6", "nvidia-driver-470"),
    files={"/etc/apt/sources.list.d/ubuntu.sources": "aa"},
)
AFTER = Snapshot(
    packages={
        "bash": "5.2",
        "libc6": "2.39-2",
        DRIVER: "580.1",
        "libnvidia-compute-580": "580.1",
        "nvidia-settings": "510",
        "vim": "9.1",
    },
    automatic=("libc6", "libnvidia-compute-580", "nvidia-settings"),
    files={
        "/etc/apt/sources.list.d/ubuntu.sources": "bb",
        "/etc/apt/sources.list.d/vim.list": "cc",
        "/etc/apt/keyrings/dlsetup-nvidia.asc": "dd",
    },
)
OPEN = Change(
    machine="",
    environment="demo",
    driver=DRIVER,
    began="2026-11-20T14:00:00+00:00",
    named=(DRIVER, "curl"),
    before=BEFORE,
)


def test_what_appeared_is_its_own_where_it_asked_for_it_or_something_needs_it() -> None:
    (change,) = settled(Record(changes=(OPEN,)), AFTER, 10).changes

    assert {*change.installed} == {DRIVER, "libnvidia-compute-580", "nvidia-settings"}
    assert change.configured == ("nvidia-settings",)
    assert change.files == {"/etc/apt/keyrings/dlsetup-nvidia.asc": "dd"}
    assert (change.before, change.code) == (None, 10)


def test_what_went_and_what_was_brought_to_another_version_is_known() -> None:
    (change,) = settled(Record(changes=(OPEN,)), AFTER, 10).changes

    assert change.removed == {"nvidia-driver-470": "470.1"}
    assert change.upgraded == {"libc6": ("2.39-1", "2.39-2")}
    assert change.automatic == ("nvidia-driver-470",)


def test_where_nobody_saw_the_end_nothing_that_went_is_its_work() -> None:
    (change,) = settled(Record(changes=(OPEN,)), AFTER).changes

    assert DRIVER in change.installed
    assert (change.removed, change.upgraded, change.automatic) == ({}, {}, ())
    assert change.code is None


def test_a_run_that_changed_nothing_leaves_no_record() -> None:
    assert settled(Record(changes=(OPEN,)), BEFORE, 1) == Record()


def test_what_is_not_so_any_more_is_forgotten() -> None:
    known = settled(Record(changes=(OPEN,)), AFTER, 10)

    assert settled(known, AFTER) == known
    assert settled(known, BEFORE) == Record()


def change(**what: object) -> Change:
    return msgspec.structs.replace(OPEN, before=None, code=0, **what)


@pytest.mark.parametrize(
    ("changes", "installed", "removed"),
    [
        ([{"installed": {"a": "1"}}, {"installed": {"b": "2"}}], {"a": "1", "b": "2"}, {}),
        ([{"installed": {"a": "1"}}, {"removed": {"a": "1"}}], {}, {}),
        ([{"removed": {"a": "1"}}, {"installed": {"a": "1"}}], {}, {}),
        ([{"removed": {"a": "1"}}, {"installed": {"b": "1"}}], {"b": "1"}, {"a": "1"}),
        (
            [{"installed": {"a": "1"}}, {"removed": {"a": "1"}, "installed": {"b": "1"}}],
            {"b": "1"},
            {},
        ),
    ],
    ids=["both", "its-own-went", "back-again", "in-place-of", "one-after-another"],
)
def test_changes_add_up(
    changes: list[dict[str, dict[str, str]]], installed: dict[str, str], removed: dict[str, str]
) -> None:
    found = total(Record(changes=tuple(change(**what) for what in changes)))

    assert (found.installed, found.removed) == (installed, removed)
