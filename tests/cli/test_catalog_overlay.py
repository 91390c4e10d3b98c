"""``catalog overlay``, and what a refresh writes into it."""

from __future__ import annotations

import json

import pytest

from tests.cli.refreshing import NEWS, Place, jaxlibs, torch

RESOLVE = ("resolve", "torch==99.1.0", "--gpu", "RTX 4090", "--driver", "615")
UBUNTU = ("--os", "ubuntu-22.04", "--arch", "x86_64")


PLAN = """\
Install torch 99.1.0 with pip on Python 3.11, from the default index.
Keep driver 615.71.09: 580.65.06 or later is enough.

Plan
  for          NVIDIA GeForce RTX 4090, ubuntu-22.04 x86_64
  computes on  cuda 13.2
  cudnn        9.26
  download     748 bytes, 536 bytes on disk, without what they depend on

Packages
  torch  99.1.0  default  default index (measured)

Why
  torch  you asked for torch==99.1.0
  torch  NVIDIA GeForce RTX 4090 runs its machine code for sm_86
  torch  CUDA 13.2 runs on driver 580.65.06 or later
  torch  measured: torch-99.1.0-cp311-cp311-manylinux_2_28_x86_64.whl: version.py, CUDAConfig.h, \
METADATA

Good to know
  NVIDIA GeForce RTX 4090: tensor cores multiply tf32, bf16, fp16, fp8, int8, int4; \
float64 runs at 1/64 of float32's speed.
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
