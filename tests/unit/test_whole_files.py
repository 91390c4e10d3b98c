"""Several files that appear together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner import whole_file


def test_what_was_renamed_is_taken_back_when_a_later_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_text("before")
    (tmp_path / "old").chmod(0o640)
    last = tmp_path / "new/below/last"
    real = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target == last:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        whole_file.put_all(
            [(tmp_path / name, b"after", False) for name in ("old", "other")]
            + [(last, b"after", False)]
        )

    assert [path.name for path in tmp_path.rglob("*")] == ["old"]
    assert (tmp_path / "old").read_text() == "before"
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o640


def test_all_stand_there_and_nothing_beside_them(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    whole_file.put_all([(tmp_path / "a", b"1", False), (tmp_path / "new/b", b"2", True)])

    found = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"a": "1", "b": "2"}
    assert (tmp_path / "new/b").stat().st_mode & 0o100
