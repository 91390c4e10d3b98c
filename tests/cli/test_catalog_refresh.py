"""``catalog refresh`` and ``catalog overlay`` from the outside, against an index on loopback."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner import download
from tests.cli.refreshing import CHECKOUT, TORCH, Place, jaxlibs, torch
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Loopback, serving

RESOLVE = ("resolve", "torch==99.1.0", "--gpu", "RTX 4090", "--driver", "615")
UBUNTU = ("--os", "ubuntu-22.04", "--arch", "x86_64")
_PATIENCE_S = 30


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(download, "_BACKOFF_S", 0)
    with serving() as served:
        yield served


@pytest.fixture
def place(index: Loopback, tmp_path: Path) -> Place:
    return Place(tmp_path, index)


@pytest.fixture
def copy(index: Loopback, tmp_path: Path) -> Place:
    """As ``place``, with a catalog of its own."""
    return Place(tmp_path, index, Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks")))


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


NEWS = """\
frameworks/torch.jsonl
  + torch 99.1.0 linux-x86_64 pip default 13.2: CUDA 13.2; cuDNN 9.26.0.51; \
sm_75 sm_80 sm_86 sm_90 sm_100 sm_120; Python 3.11; \
requires nvidia-cudnn-cu13==9.26.0.51 [torch-99.1.0-cp311-cp311-manylinux_2_28_x86_64.whl]
frameworks/torch-index.jsonl
  + torch 99.1.0 linux-x86_64 pip cpu: Python 3.11 \
[pytorch/test-infra tools/scripts/generate_binary_build_matrix.py: every release is built for cpu]
"""
PLAN = """\
Plan
  for          NVIDIA GeForce RTX 4090, ubuntu-22.04 x86_64
  by           pip
  python       3.11
  computes on  cuda 13.2
  cudnn        9.26
  driver       keep 615.71.09; needs 580.65.06 or later
  download     0.0 GiB

Packages
  torch  99.1.0  default  default index (measured)

Why
  torch  you asked for torch==99.1.0
  torch  NVIDIA GeForce RTX 4090 runs its machine code for sm_86
  torch  CUDA 13.2 runs on driver 580.65.06 or later
  torch  measured: torch-99.1.0-cp311-cp311-manylinux_2_28_x86_64.whl: version.py, CUDAConfig.h, \
METADATA
"""


def test_a_release_that_nobody_has_heard_of_becomes_resolvable_and_goes_again(
    place: Place,
) -> None:
    torch(place.index)
    assert place.run(*RESOLVE, *UBUNTU).code == 1

    shown = place.run("catalog", "refresh", "torch", "--overlay")
    cost = f"2 requests, {place.index.bytes / 1e6:.1f} MB.\n"
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (
        f"{NEWS}2 news. 1 wheel read with {cost}Nothing was written: say --write to keep them.\n"
    )
    assert not place.overlay.exists()

    written = place.run("catalog", "refresh", "torch", "--write", "--overlay")
    assert (written.code, written.err) == (0, "")
    assert written.out == (
        f"{NEWS}2 news. 0 wheels read with 1 request, 0.0 MB.\nWritten: {place.overlay}\n"
    )

    again = place.run("catalog", "refresh", "torch", "--write", "--overlay")
    assert again.out == "No news. 0 wheels read with 1 request, 0.0 MB.\n"

    assert place.run("catalog", "overlay").out == (
        f"{place.overlay}, made 2026-11-20\n{NEWS}Drop it with: dlsetup catalog overlay --drop\n"
    )
    plan = place.run(*RESOLVE, *UBUNTU)
    assert (plan.code, plan.out, plan.err) == (0, PLAN, "")
    assert place.run("catalog", "check").code == 0

    assert place.run("catalog", "overlay", "--drop").out == "The overlay is gone.\n"
    assert place.run("catalog", "overlay", "--drop").out == "There is no overlay.\n"
    assert "no such release" in place.run(*RESOLVE, *UBUNTU).err
    assert place.run("catalog", "overlay").out == (
        "There is no overlay: the catalog is the one that ships with dlsetup.\n"
    )


def test_programs_are_told_the_same(place: Place) -> None:
    file = torch(place.index)

    ran = place.run("catalog", "refresh", "torch", "--write", "--overlay", "--json")

    document = json.loads(ran.out)
    assert list(document) == ["schema", "command", "status", "data", "warnings", "errors"]
    assert (document["command"], document["status"]) == ("catalog refresh", "ok")
    assert (document["warnings"], document["errors"]) == ([], [])
    first, second = document["data"]["news"]
    assert first == {
        "sheet": "frameworks/torch.jsonl",
        "change": "added",
        "row": "torch 99.1.0 linux-x86_64 pip default 13.2",
        "facts": [
            "CUDA 13.2",
            "cuDNN 9.26.0.51",
            "sm_75 sm_80 sm_86 sm_90 sm_100 sm_120",
            "Python 3.11",
            "requires nvidia-cudnn-cu13==9.26.0.51",
        ],
        "source": file.name,
    }
    assert second["sheet"] == "frameworks/torch-index.jsonl"
    assert document["data"]["written"] == str(place.overlay)
    assert document["data"]["bill"] == {
        "requests": place.index.requests,
        "bytes": place.index.bytes,
        "wheels": 1,
    }

    shown = place.run("catalog", "overlay", "--json").data
    assert shown == {
        "overlay": {
            "path": str(place.overlay),
            "made": "2026-11-20",
            "news": document["data"]["news"],
        }
    }
    assert place.run("catalog", "overlay", "--drop", "--json").data == {"dropped": True}
    assert place.run("catalog", "overlay", "--drop", "--json").data == {"dropped": False}
    assert place.run("catalog", "overlay", "--json").data == {"overlay": None}


def test_a_new_minor_release_of_cuda_runs_on_the_drivers_of_its_major_one(place: Place) -> None:
    torch(place.index, "13.9")

    ran = place.run("catalog", "refresh", "torch", "--write", "--overlay")

    assert "nvidia/cuda.jsonl\n  + 13.9: driver linux=580.65.06 windows=580 [floor: " in ran.out
    plan = place.run(*RESOLVE, *UBUNTU)
    assert plan.code == 0
    assert "computes on  cuda 13.9" in plan.out
    assert "CUDA 13.9 runs on driver 580.65.06 or later" in plan.out
    assert place.run("catalog", "check").code == 0
    too_old = place.run(*RESOLVE[:-1], "570", *UBUNTU, "--keep-driver")
    assert too_old.code == 1


def test_a_cuda_of_an_unknown_major_release_is_refused_as_unknown(place: Place) -> None:
    torch(place.index, "99.0")

    ran = place.run("catalog", "refresh", "torch", "--write", "--overlay")
    plan = place.run(*RESOLVE, *UBUNTU)

    assert ran.code == 0
    assert ran.err == (
        "warning: CUDA 99.0: it is of a new major release, whose driver floor nobody has entered "
        "yet\n"
        "warning: torch 99.1.0 linux-x86_64 pip default 99.0: CUDA 99.0 has no row\n"
    )
    assert ran.out.startswith("No news.")
    # Nothing follows from a row that was refused: no build for the CPU either.
    assert plan.code == 1
    assert "99.1.0" in plan.err
    assert not place.overlay.exists()


def test_a_row_that_the_audit_would_refuse_is_told_and_the_rest_goes_on(place: Place) -> None:
    torch(place.index, "13.2", "sm_999")
    jaxlibs(place.index, 1)

    ran = place.run("catalog", "refresh", "torch", "jaxlib", "--write", "--overlay")

    assert "warning: torch 99.1.0 linux-x86_64 pip default 13.2: sm_999" in ran.err
    assert "torch" not in ran.out
    assert "+ jaxlib 99.1.0" in ran.out
    assert place.run("catalog", "check").code == 0


def test_a_second_overlay_keeps_what_the_first_one_held(place: Place) -> None:
    torch(place.index)
    jaxlibs(place.index, 1)
    place.run("catalog", "refresh", "torch", "--write", "--overlay")
    place.run("catalog", "refresh", "jaxlib", "--write", "--overlay")

    rows = [
        item["row"] for item in place.run("catalog", "overlay", "--json").data["overlay"]["news"]
    ]

    assert rows == [
        "torch 99.1.0 linux-x86_64 pip default 13.2",
        "torch 99.1.0 linux-x86_64 pip cpu",
        "jaxlib 99.1.0 linux-x86_64 pip default",
    ]


def test_a_catalog_of_ones_own_is_changed_itself_and_knows_no_overlay(copy: Place) -> None:
    torch(copy.index)

    written = copy.run("catalog", "refresh", "torch", "--write")

    assert written.out.endswith(f"Written: {copy.stacks}\n")
    assert not copy.overlay.exists()
    assert copy.run(*RESOLVE, *UBUNTU).code == 0
    assert copy.run("catalog", "check").code == 0
    assert copy.run("catalog", "overlay").out.startswith("There is no overlay")

    refused = copy.run("catalog", "refresh", "torch", "--write", "--overlay")
    assert refused.code == 2
    assert "error: bad-usage" in refused.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"schema": 2, "made": "2026-11-20", "sheets": {}}',
        b'{"schema": 1, "made": 3}',
        b'{"schema": 1, "unheard": 3}',
        b'{"schema": 1, "sheets": {"frameworks/torch.jsonl": [' + b"[" * 100_000,
        b'{"schema": 1, "sheets": {"frameworks/torch.jsonl": [{"framework": "torch"}]}}',
        b'{"schema": 1, "sheets": {"frameworks/torch.jsonl": ["\xff"]}}',
    ],
    ids=[
        "empty",
        "cut",
        "no-text",
        "newer",
        "mistyped",
        "unheard",
        "deep",
        "bad-row",
        "no-text-in-a-row",
    ],
)
def test_a_damaged_overlay_is_told_with_the_way_out(place: Place, content: bytes) -> None:
    place.overlay.parent.mkdir(parents=True)
    place.overlay.write_bytes(content)

    for words in (
        ("resolve", "torch", "--gpu", "RTX 4090", *UBUNTU),
        ("render", "script", "torch", "--gpu", "RTX 4090", *UBUNTU),
        ("catalog", "show", "torch"),
        ("catalog", "overlay"),
    ):
        ran = place.run(*words)
        assert ran.code == 3, words
        assert ran.err.startswith("error: bad-overlay\n"), (words, ran.err)
        assert "hint: Drop it with: dlsetup catalog overlay --drop\n" in ran.err
    assert place.run("--version").code == 0
    assert place.run("catalog", "overlay", "--drop").code == 0
    assert place.run("catalog", "show", "torch").code == 0


def test_a_folder_where_the_overlay_belongs_is_told(place: Place) -> None:
    place.overlay.mkdir(parents=True)
    torch(place.index)

    assert "error: bad-overlay" in place.run("catalog", "show", "torch").err
    written = place.run("catalog", "overlay", "--drop")
    assert (written.code, "error: cannot-write" in written.err) == (3, True)


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
