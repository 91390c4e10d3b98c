"""What an environment takes is read from its wheels, and counted once on every file system."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner import room, settings
from provisioner.errors import OutsideError
from provisioner.lock import Lock, Target, Uv, pylock
from provisioner.lock.sources import Index, Sources
from provisioner.lock.uv import program
from provisioner.settings import Address
from tests.unit.upkeep.loopback import Loopback, serving
from tests.unit.upkeep.wheels import installable

BLOCK = 4096
MEMBERS = {"big/data.bin": "x" * 1_000_001, "big/__init__.py": "y" * 5000, "big/small.py": "z"}
BIG = 245 * BLOCK + 2 * BLOCK + BLOCK
"""By hand: 1,000,001 bytes are 245 blocks, 5000 bytes 2, one byte 1."""
ABOUT = 3 * BLOCK
"""METADATA, WHEEL and RECORD, each shorter than a block."""
MODULES = 3 * BLOCK
OWN = room.OWN_BYTES


class World:
    """A lock of two packages, the index they are on, and folders."""

    def __init__(self, index: Loopback, path: Path) -> None:
        self.index = index
        self.path = path
        self.cache, self.home = path / "uv", path / "envs" / "demo"
        self.sources = Sources((Index("default", Address(index.address), default=True),))
        packages = [self._package(name) for name in ("big", "tiny")]
        self.lock = Lock(
            text=pylock.Document(tuple(packages)).text(
                f"{sys.version_info[0]}.{sys.version_info[1]}", {}
            ),
            packages=(),
            plan="",
            target=Target(f"{sys.version_info[0]}.{sys.version_info[1]}", "linux"),
        )

    def _package(self, name: str) -> dict[str, object]:
        members = MEMBERS if name == "big" else {f"{name}.py": ""}
        file, data = installable(name, "1.0", members)
        hosted = self.index.add(name, file, data)
        url = f"{self.index.address.removesuffix('/simple/').rstrip('/')}/files/{file}"
        return {
            "name": name,
            "version": "1.0",
            "index": self.index.address,
            "wheels": [{"url": url, "hashes": {"sha256": hosted.sha256}}],
        }

    def uv(self, *, offline: bool = False) -> Uv:
        return Uv(settings.Settings(), offline=offline)

    def need(self, *, offline: bool = False, home: Path | None = None) -> room.Need:
        return room.need_of(self.lock, self.sources, self.uv(offline=offline), home or self.home)

    def fill_the_cache(self) -> None:
        uv = self.uv()
        place = self.path / "other"
        uv.make_environment(place, sys.executable)
        lock = self.path / "pylock.toml"
        lock.write_text(self.lock.text)
        uv.sync(place, lock, self.sources)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with serving() as index:
        made = World(index, tmp_path)
        monkeypatch.setenv("UV_CACHE_DIR", str(made.cache))
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("UV_LINK_MODE", raising=False)
        yield made


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "dlsetup-test", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_what_is_fetched_and_unpacked_is_counted_in_blocks(world: World) -> None:
    need = world.need()
    sizes = sum(hosted.size for files in world.index.projects.values() for hosted in files)

    assert (need.packages, need.fetched) == (2, 2)
    assert (need.download_at_least, need.disk_at_least) == (False, False)
    assert need.download_bytes == sizes
    assert need.weights["big"].unpacked == BIG + ABOUT
    assert need.weights["big"].modules == MODULES


def test_on_one_file_system_a_file_counts_once(world: World) -> None:
    (place,) = world.need().places

    assert place.holds == (room.CACHE, room.HOME, room.TEMPORARY)
    assert place.needed_bytes == BIG + ABOUT + ABOUT + MODULES + 2 * OWN


def test_where_files_are_copied_each_counts_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_LINK_MODE", "copy")
    (place,) = world.need().places

    assert place.needed_bytes == 2 * (BIG + ABOUT + ABOUT) + MODULES + 2 * OWN


def test_on_two_file_systems_each_holds_its_own(world: World, small: Path) -> None:
    cache, home = world.need(home=small / "demo").places

    assert (cache.holds, home.holds) == ((room.CACHE, room.TEMPORARY), (room.HOME,))
    assert home.needed_bytes == BIG + ABOUT + ABOUT + MODULES + OWN
    assert home.free_bytes <= 1024**2


def test_what_uv_has_already_takes_nothing(world: World) -> None:
    world.fill_the_cache()
    need = world.need()

    assert (need.fetched, need.download_bytes) == (0, 0)
    assert need.disk_bytes == 2 * OWN
    assert not need.download_at_least
    assert need.disk_at_least  # what Python compiles of them was not looked up


def test_half_of_it_in_the_cache_is_half_of_it(world: World) -> None:
    world.fill_the_cache()
    subprocess.run([program(), "cache", "clean", "--quiet", "tiny"], check=True)
    need = world.need()

    assert need.fetched == 1
    assert set(need.weights) == {"tiny"}


def test_what_does_not_fit_is_said_before_anything_is_begun(world: World, small: Path) -> None:
    with pytest.raises(OutsideError) as caught:
        world.need(home=small / "demo").check()
    error = caught.value

    assert (error.reference, error.message) == (
        "disk-full",
        "There is too little room: nothing was begun.",
    )
    assert error.context == (f"{small}/demo  needed 2 MB, free 1 MB: the environment",)
    assert error.hint == (
        "Make room there; Or name a folder on another disk in DLSETUP_HOME (the environment)."
    )


def test_a_cache_that_is_full_is_named(
    world: World, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(small / "uv"))
    with pytest.raises(OutsideError) as caught:
        world.need().check()

    assert caught.value.hint.endswith("UV_CACHE_DIR (uv's cache).")


@pytest.mark.parametrize("cached", [True, False])
def test_what_is_cached_is_no_reason_to_refuse(
    world: World, small: Path, cached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["mount", "-o", "remount,size=5m", str(small)], check=True)
    monkeypatch.setenv("UV_CACHE_DIR", str(small / "uv"))
    if cached:
        world.fill_the_cache()
    left = 1_200_000  # enough for a record, and not for the package
    (small / "filler").write_bytes(bytes(shutil.disk_usage(small).free - left))
    need = world.need(home=small / "demo")

    assert all(place.is_enough for place in need.places) is cached


def test_a_server_that_serves_no_parts_sends_what_is_small_whole(world: World) -> None:
    world.index.behaviour["big-1.0-py3-none-any.whl"] = ["whole"]

    assert not world.need().disk_at_least


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_what_is_not_known_makes_it_the_least(world: World, harm: str) -> None:
    if harm == "gone":
        world.index.behaviour["big-1.0-py3-none-any.whl"] = ["404"]
    else:
        world.index.projects["big"][0].data = b"no wheel"
    need = world.need()

    assert (need.download_at_least, need.disk_at_least) == (True, True)
    assert set(need.weights) == {"tiny"}


def test_offline_nobody_is_asked(world: World) -> None:
    need = world.need(offline=True)

    assert (need.download_at_least, need.disk_at_least) == (True, True)
    assert world.index.requests == 0
