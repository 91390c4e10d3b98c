"""A file that a program keeps for itself is read to an end, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner import saved


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"\0text\n")
    (tmp_path / "link").symlink_to(tmp_path / "kept")

    assert saved.kept(tmp_path / "kept") == b"\0text\n"
    assert saved.kept(tmp_path / "link", follow=True) == b"\0text\n"


@pytest.mark.parametrize("follow", [False, True])
def test_what_is_no_file_keeps_nobody_waiting(follow: bool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "endless", "folder"):
        with pytest.raises(ValueError, match=r"^it is (no file|a link)$"):
            saved.kept(tmp_path / name, follow=follow)


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    with pytest.raises(ValueError, match=r"^it is larger than 64 MiB$"):
        saved.kept(tmp_path / "large")


def test_what_is_not_there_is_the_systems_to_say(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        saved.kept(tmp_path / "nothing")
