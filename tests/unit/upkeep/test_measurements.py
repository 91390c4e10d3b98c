"""What is kept of wheels between runs, and what is not believed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from provisioner.catalog.upkeep_rows import Reading
from provisioner.upkeep.measurements import Measurements
from provisioner.upkeep.package_index import IndexFile
from provisioner.upkeep.readings import Measured

FILE = IndexFile(name="torch-1.0-py3-none-any.whl", url="https://index.test/a", sha256="a" * 64)
RULES = [
    Reading(
        project="torch",
        fact="cuda",
        member="torch/version\\.py",
        pattern="cuda = (.*)",
        evidence="a wheel",
        checked="2026-11-20",
    )
]
MEASURED = Measured(wheel=FILE.name, cuda=("13.2",), size=7, members=("torch/version.py",))


def test_what_was_read_is_known_to_the_next_run(tmp_path: Path) -> None:
    Measurements(tmp_path).keep(FILE, RULES, MEASURED)

    assert Measurements(tmp_path).known(FILE, RULES) == MEASURED


def test_other_rules_have_read_nothing_yet(tmp_path: Path) -> None:
    kept = Measurements(tmp_path)
    kept.keep(FILE, RULES, MEASURED)
    other = [msgspec.structs.replace(RULES[0], pattern="cuda: (.*)")]

    assert kept.known(FILE, other) is None
    assert kept.known(FILE, []) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"wheel": 3, "size": 1}'])
def test_what_is_damaged_is_read_again(tmp_path: Path, content: bytes) -> None:
    kept = Measurements(tmp_path)
    kept.keep(FILE, RULES, MEASURED)
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(content)

    assert kept.known(FILE, RULES) is None


def test_a_file_without_a_hash_could_be_another_one_tomorrow(tmp_path: Path) -> None:
    kept = Measurements(tmp_path)
    unhashed = msgspec.structs.replace(FILE, sha256=None)
    kept.keep(unhashed, RULES, MEASURED)

    assert kept.known(unhashed, RULES) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("digest", ["../" * 9 + "etc/passwd", "", "A" * 64, "a" * 63])
def test_what_is_no_hash_names_no_file(tmp_path: Path, digest: str) -> None:
    kept = Measurements(tmp_path / "kept")
    strange = msgspec.structs.replace(FILE, sha256=digest)
    kept.keep(strange, RULES, MEASURED)

    assert kept.known(strange, RULES) is None
    assert list(tmp_path.rglob("*")) == []


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    for kept in (Measurements(None), Measurements(tmp_path / "file")):
        kept.keep(FILE, RULES, MEASURED)
        assert kept.known(FILE, RULES) is None
