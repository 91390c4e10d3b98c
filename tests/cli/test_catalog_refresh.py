"""``catalog refresh`` and ``catalog overlay`` from the outside, against an index on loopback."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.refreshing import NEWS, TORCH, Place, jaxlibs, torch
from tests.unit.upkeep import wheels

RESOLVE = ("resolve", "torch==99.1.0", "--gpu", "RTX 4090", "--driver", "615")
UBUNTU = ("--os", "ubuntu-22.04", "--arch", "x86_64")
_PATIENCE_S = 30


def state(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def wait_for(happened: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_without_a_network_nothing_is_touched(copy: Place) -> None:
    before = state(copy.home)

    for words in ((), ("torch",), ("tools",), ("torch", "tools")):
        ran = copy.run(
            "catalog", "refresh", *words, "--write", PIP_INDEX_URL="http://me:secret@127.0.0.1:9/"
        )
        assert (ran.code, ran.out) == (3, "")
        assert "error: index-unreachable\n" in ran.err
        assert "secret" not in ran.err
    assert {
        name: copied for name, copied in state(copy.home).items() if "cache" not in name
    } == before


def test_an_index_without_any_of_it_is_an_error(place: Place) -> None:
    ran = place.run("catalog", "refresh", "torch", "jaxlib")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: not-on-index\n")


def test_words_that_name_nothing_are_told(place: Place) -> None:
    ran = place.run("catalog", "refresh", "../../etc/passwd\x1b[2J")

    assert ran.code == 2
    assert ran.err.startswith("error: unknown-subject\n")
    assert "\x1b" not in ran.err


def test_troubles_are_warnings_and_the_rest_is_told(place: Place) -> None:
    files = jaxlibs(place.index, 3)
    files[1].data = b"no wheel"

    ran = place.run("catalog", "refresh", "jaxlib")

    assert ran.code == 0
    assert "jaxlib 99.1.0" in ran.out
    assert "jaxlib 99.3.0" in ran.out
    assert "jaxlib 99.2.0" not in ran.out
    assert ran.err.startswith(f"warning: {files[1].name}: ")


def test_killed_half_way_it_goes_on_where_it_was(place: Place, tmp_path: Path) -> None:
    files = jaxlibs(place.index, 12)
    undisturbed = Place(tmp_path / "other", place.index)
    undisturbed.home.mkdir()
    expected = undisturbed.run("catalog", "refresh", "jaxlib", "--json").data["news"]
    assert len(expected) == 12

    for file in files[5:]:
        place.index.behaviour[file.name] = ["never"]
    killed = place.start("catalog", "refresh", "jaxlib", "--json")
    wait_for(lambda: len(list(place.measured.rglob("*.json"))) == 5)
    killed.kill()
    killed.communicate()
    place.index.behaviour.clear()
    place.index.forget()

    ran = place.run("catalog", "refresh", "jaxlib", "--json")

    assert ran.data["news"] == expected
    assert ran.data["bill"]["wheels"] == 7
    assert place.index.wheels == {file.name for file in files[5:]}


def test_ctrl_c_ends_it_at_once(copy: Place) -> None:
    before = state(copy.home / "stacks")
    for file in jaxlibs(copy.index, 20)[3:]:
        copy.index.behaviour[file.name] = ["never"]
    process = copy.start("catalog", "refresh", "jaxlib", "--write")
    wait_for(lambda: len(list(copy.measured.rglob("*.json"))) == 3)

    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=_PATIENCE_S / 3)
    assert (process.returncode, out, err.strip()) == (130, "", "")
    assert state(copy.home / "stacks") == before
    assert {path.suffix for path in copy.measured.rglob("*.*")} == {".json"}


def test_two_at_once_do_not_disturb_each_other(place: Place) -> None:
    torch(place.index)
    jaxlibs(place.index, 8)
    words = ("catalog", "refresh", "torch", "jaxlib", "--write", "--overlay", "--json")

    both = [place.start(*words) for _ in range(2)]
    told = [json.loads(process.communicate(timeout=60)[0])["data"]["news"] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    # The second may find what the first has written.
    assert max(map(len, told)) == 10
    assert len(place.run("catalog", "overlay", "--json").data["overlay"]["news"]) == 10
    assert {path.name for path in place.overlay.parent.iterdir()} == {"catalog.json"}


def test_a_cache_that_cannot_be_written_is_no_obstacle(place: Place) -> None:
    torch(place.index)
    (place.home / "cache").write_text("in the way", encoding="utf-8")

    ran = place.run("catalog", "refresh", "torch")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(NEWS)


def test_an_overlay_that_cannot_be_written_is_told(place: Place) -> None:
    torch(place.index)
    (place.home / "data").write_text("in the way", encoding="utf-8")

    ran = place.run("catalog", "refresh", "torch", "--write", "--overlay")

    assert ran.code == 3
    assert ran.err.startswith("error: cannot-write\n")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk without room."""
    folder = tmp_path / "full"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], check=True)
    try:
        (folder / "filler").write_bytes(bytes(8192))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.root
def test_a_full_disk_keeps_nothing_and_spoils_nothing(place: Place, full: Path) -> None:
    torch(place.index)
    jaxlibs(place.index, 5)

    ran = place.run("catalog", "refresh", "torch", "jaxlib", XDG_CACHE_HOME=str(full))
    assert (ran.code, ran.err) == (0, "")
    assert "7 news. 6 wheels read" in ran.out

    written = place.run(
        "catalog", "refresh", "torch", "jaxlib", "--write", "--overlay", XDG_DATA_HOME=str(full)
    )
    assert written.code == 3
    assert written.err.startswith("error: cannot-write\n")
    assert not [path for path in full.rglob("*catalog.json*") if path.is_file()]


def test_reading_writes_nothing(copy: Place) -> None:
    torch(copy.index)
    before = state(copy.home)

    for words in (
        ("catalog", "refresh", "torch"),
        ("catalog", "overlay"),
        ("catalog", "overlay", "--drop"),
        ("catalog", "show", "torch"),
    ):
        assert copy.run(*words).code == 0

    after = state(copy.home)
    assert {name: copied for name, copied in after.items() if "cache" not in name} == before
    # What is kept is a page and a measurement.
    assert len([name for name in after if name.endswith(".json") and "measured" in name]) == 1


def test_a_page_that_commands_a_terminal_is_not_obeyed(place: Place) -> None:
    torch(place.index)
    data = wheels.torch("99.2.0", "13.2", ("sm_75",))
    place.index.add("torch", "torch-99.2.0-cp311-cp311-many\x1b[2Jlinux_x86_64.whl", data)
    place.index.add("torch", TORCH.replace("99.1.0", "99.3.0"), b"no\x1b[2Jwheel")

    ran = place.run("catalog", "refresh", "torch", "--overlay")

    assert ran.code == 0
    assert ran.out.startswith(NEWS)
    assert "\x1b" not in ran.out + ran.err
