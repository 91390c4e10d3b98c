"""A disk that is full, at whatever moment, leaves the old state, and says so."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.room import Need
from tests.cli.environments import Home, contents, package
from tests.unit.upkeep.loopback import Loopback

pytestmark = pytest.mark.root

_KIB = 1024
_ROOM = 8 * _KIB * _KIB
_SIZES = [_KIB * 4**step for step in range(1, 7)]
"""What is left, from nothing to what is enough."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_ROOM}", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    for number in range(20):
        package(index, f"part-{number}", "1.0", f"# {'x' * 1000}\n" * 100)
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home", index)


# No framework: of those the catalog knows the size, and nothing is begun where there is no room.
WORDS = tuple(f"part-{number}" for number in range(20))
SETTINGS = {
    "target": lambda small: {"DLSETUP_HOME": str(small)},
    "cache": lambda small: {"UV_CACHE_DIR": str(small / "uv")},
    "tmp": lambda small: {"TMPDIR": str(small)},
}
REASONS = {"disk-full"}


def leave(small: Path, free: int) -> None:
    """Fill the disk but for so many bytes."""
    about = os.statvfs(small)
    filler = small / "filler"
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(4096, about.f_bavail * about.f_frsize - free))


@pytest.fixture(autouse=True)
def _nobody_looks_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if others filled the disk after it was seen to have room."""
    monkeypatch.setattr(Need, "check", lambda _: None)


@pytest.fixture
def settings(what: str, small: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    if what == "tmp":
        monkeypatch.setattr(tempfile, "tempdir", str(small))
    return SETTINGS[what](small)


@pytest.mark.parametrize("what", SETTINGS)
def test_the_first_one_is_whole_or_not_there(
    what: str, small: Path, home: Home, settings: dict[str, str]
) -> None:
    environments = small / "envs" if what == "target" else home.environments
    seen = set()
    for size in _SIZES:
        leave(small, size)
        ran = home.up("demo", *WORDS, "--json", **settings)
        (small / "filler").unlink()
        seen.add(ran.code)
        if ran.code:
            assert (ran.code, ran.error["reference"] in REASONS) == (3, True), ran.error
            assert not environments.exists() or list(environments.iterdir()) == []
        else:
            assert home.run("env", "show", "demo", "--json", **settings).code == 0
            home.run("env", "remove", "demo", **settings)
        assert list(environments.glob("*")) == []

    assert seen == {0, 3}


@pytest.mark.parametrize("what", SETTINGS)
def test_the_next_one_counts_or_the_old_one_stays(
    what: str, small: Path, home: Home, settings: dict[str, str]
) -> None:
    environments = small / "envs" if what == "target" else home.environments
    assert home.up("demo", *WORDS, **settings).code == 0
    before = contents(environments)
    package(home.index, "part-7", "1.1", "")
    seen = set()
    for size in _SIZES:
        leave(small, size)
        ran = home.run("env", "upgrade", "demo", "--json", **settings)
        (small / "filler").unlink()
        seen.add(ran.code)
        if ran.code:
            assert (ran.code, ran.error["reference"] in REASONS) == (3, True), ran.error
            assert contents(environments) == before
    shown = home.run("env", "show", "demo", "--json", **settings).data["environment"]

    assert seen == {0, 3}
    assert 'version = "1.1"' in Path(shown["lock"]).read_text()
    assert shown["verified"]


def test_a_disk_that_is_read_only_is_said_and_read(small: Path, home: Home) -> None:
    settings = {"DLSETUP_HOME": str(small)}
    assert home.up("demo", "part-1", "--json", **settings).code == 0
    before = contents(small)
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    same = home.up("demo", "part-1", "--json", **settings)
    requests = home.index.requests
    other = home.up("other", "part-1", "--json", **settings)
    asked = home.index.requests - requests
    package(home.index, "part-1", "1.1", "")
    newer = home.run("env", "upgrade", "demo", "--json", **settings)
    removed = home.run("env", "remove", "demo", "--json", **settings)

    assert (same.code, same.data["changed"]) == (0, False)
    assert (other.code, other.error["reference"], asked) == (3, "place-not-writable", 0)
    assert (newer.code, newer.error["reference"]) == (3, "place-not-writable")
    assert (removed.code, removed.error["reference"]) == (3, "place-not-writable")
    assert contents(small) == before
