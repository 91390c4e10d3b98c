"""What uv refuses: the next candidate, or why there is none; texts whole."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.locking import CPU, LINUX, PYTHON, SUPER, TORCH, World, add

LOCKED = """\
{place}: 4 packages with their hashes, for Python {python} on ubuntu-22.04 x86_64
  chosen    torch 2.14.1+cu126
  download  SIZE at most
  install   uv pip sync {place}
"""
COMPANION = """\
torch 2.14.1: choosing what else it needs
error: companions-refused

acme==1.0 cannot be installed beside torch 2.14.1.

  all versions of acme depend on typing-extensions<4.10 and torch<=2.14.1+cu126 depends on \
typing-extensions>=4.10.0
  this plan needs torch==2.14.1+cu126 and acme==1.0

hint: Ask for another version of it, or leave it out.
"""
TWO = """\
torch 2.14.1: choosing what else it needs
error: companions-refused

one==1.0 and two==1.0 cannot be installed beside torch 2.14.1.

  all versions of two depend on numpy>=3 and all versions of one depend on numpy<3
  this plan needs one==1.0 and two==1.0

hint: Ask for another version of it, or leave it out.
"""
CAP = (
    "  numpy<2 is a cap that keeps torch 2.1.2 working: A module that was compiled using NumPy 1.x "
    "cannot be run in NumPy 2\n"
)
NONE_LEFT = "uv takes no build of torch==2.14.1 that would fit this machine."
SECOND = "uv refuses it: filelock was not found in the package registry"


def test_the_answer_for_people_is_short_and_whole(world: World) -> None:
    done = world.run(f"torch=={TORCH}", *SUPER, "--python", PYTHON)

    assert (done.code, done.err) == (0, "torch 2.14.1: choosing what else it needs\n")
    assert re.sub(r"\d+ kB", "SIZE", done.out) == LOCKED.format(place=world.lock, python=PYTHON)


def test_a_build_that_uv_refuses_gives_way_to_the_next(world: World) -> None:
    """The newest build needs what nobody has; the one before it is locked."""
    world.cu126.projects["torch"].clear()
    add(world.cu126, "torch", f"{TORCH}+cu126", ("nowhere-to-be-found",), tag=LINUX)
    add(world.cu126, "torch", "2.14.0+cu126", ("filelock",), tag=LINUX)

    done = world.run("torch", *SUPER, "--python", PYTHON, "--json")

    assert (done.code, done.packages["torch"]) == (0, "2.14.0+cu126")
    refused = done.document["data"]["plan"]["refused"]
    told = next(item for item in refused if item["candidate"] == f"torch {TORCH}+cu126")
    assert told["reference"] == "installer-refuses"
    assert told["reason"].startswith("uv refuses it: nowhere-to-be-found was not found in the")


def test_when_no_build_is_left_every_refusal_says_why(world: World) -> None:
    world.default.projects.pop("filelock")

    done = world.run(f"torch=={TORCH}", *SUPER, "--keep-driver", "--python", PYTHON, "--json")

    assert done.code == 1
    error = done.document["errors"][0]
    assert (error["reference"], error["message"]) == ("installer-refuses", NONE_LEFT)
    refused = {item["candidate"]: item["reason"] for item in done.document["data"]["refused"]}
    assert refused[f"torch {TORCH}+cu126"].startswith(SECOND)
    assert done.document["data"]["request"]["requirements"] == [f"torch=={TORCH}"]
    assert not world.lock.exists()


def test_a_companion_that_does_not_go_with_the_pins_is_named(world: World) -> None:
    add(world.default, "typing-extensions", "4.9.0")
    add(world.default, "acme", "1.0", ("typing-extensions<4.10",))
    add(world.default, "fine", "1.0")

    done = world.run(f"torch=={TORCH}", "fine", "acme==1.0", *SUPER, "--python", PYTHON)

    assert (done.code, done.out, done.err) == (1, "", COMPANION)


def test_companions_that_fight_each_other_are_both_named(world: World) -> None:
    add(world.default, "one", "1.0", ("numpy<3",))
    add(world.default, "two", "1.0", ("numpy>=3",))
    add(world.default, "numpy", "3.1")

    done = world.run(f"torch=={TORCH}", "one==1.0", "two==1.0", *SUPER, "--python", PYTHON)

    assert (done.code, done.err) == (1, TWO)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("-o", "{home}/"), "pylock.toml"),
        (("-o", "{home}"), "pylock.toml"),
        (("-o", "{home}/", "--name", "gpu"), "pylock.gpu.toml"),
        (("-o", "{home}/pylock.cpu.toml"), "pylock.cpu.toml"),
    ],
)
def test_a_lock_bears_a_name_that_installers_read(
    world: World, words: tuple[str, ...], name: str
) -> None:
    put = [word.format(home=world.home) for word in words]

    done = world.run("numpy", *CPU, "--python", PYTHON, *put)

    assert done.code == 0
    assert [item.name for item in world.home.glob("*lock*")] == [name]


@pytest.mark.parametrize(
    "words", [("-o", "lock.toml"), ("-o", "pylock.a.b.toml"), ("--name", "a.b"), ("--name", "a/b")]
)
def test_another_name_is_wrong_usage(world: World, words: tuple[str, ...]) -> None:
    done = world.run("numpy", *CPU, *words)

    assert done.code == 2
    assert done.err.startswith("error: bad-lock-name\n")
    assert world.default.requests == 0


def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left(world: World) -> None:
    (world.home / "file").write_text("")

    done = world.run("numpy", *CPU, "--python", PYTHON, "-o", f"{world.home}/file/pylock.toml")

    assert (done.code, done.err.splitlines()[1]) == (3, "error: cannot-write")
    assert list(world.home.glob("*pylock*")) == []


def test_a_lock_can_go_to_standard_output(world: World) -> None:
    done = world.run("numpy", *CPU, "--python", PYTHON, "-o", "-")

    assert done.code == 0
    assert done.out.startswith('lock-version = "1.0"\n')
    assert done.out.endswith("cpu_was_asked_for = true\n")


def test_a_plan_of_another_way_is_refused_with_formats_that_can(world: World) -> None:
    done = world.run("torch", "--via", "conda", "--gpu", "RTX 3090", "--os", "ubuntu-22.04")

    assert done.code == 1
    assert done.err.startswith(
        "error: format-cannot-carry\n\npylock.toml cannot carry this request;"
    )


def test_ctrl_c_leaves_nothing_behind(world: World) -> None:
    import signal
    import time

    world.cu126.behaviour["torch"] = ["fine", "never"]
    temporary = world.home / "temporary"
    temporary.mkdir()
    process = world.start(
        *(f"torch=={TORCH}", *SUPER, "--python", PYTHON, "-o", f"{world.home}/"),
        TMPDIR=str(temporary),
    )
    deadline = time.monotonic() + 20
    while not list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)

    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert list(temporary.iterdir()) == []
    assert not world.lock.exists()


def test_without_uv_it_is_said_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "uv", None)

    done = world.run("numpy", *CPU, "--python", PYTHON, PATH="/nonexistent")

    assert done.code == 3
    assert done.err.endswith("""\
error: program-not-found

uv was not found: it chooses and installs the packages.

hint: Install it beside dlsetup (pip install uv), or put it on PATH.
""")


def test_a_companion_that_a_cap_stands_against_is_told_what_the_cap_is_for(world: World) -> None:
    add(world.cpu, "torch", "2.1.2+cpu", ("numpy",), tag="cp311-cp311-manylinux1_x86_64")
    add(world.default, "numpy", "1.26.4")
    add(world.default, "numpy", "2.4.0")
    add(world.default, "modern", "1.0", ("numpy>=2",))

    done = world.run("torch==2.1.*", "modern", *CPU, "--python", "3.11")

    assert done.code == 1
    assert "modern cannot be installed beside torch 2.1.2.\n" in done.err
    assert CAP in done.err


@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_stopped_while_it_waits_for_an_index_it_still_prints_its_one_object(
    ending: str, world: World
) -> None:
    import signal
    import time

    world.cu126.behaviour["torch"] = ["never"]
    process = world.start(f"torch=={TORCH}", *SUPER, "--python", PYTHON, "--json")
    time.sleep(2.5)  # it is given up after four

    process.send_signal(getattr(signal, ending))
    out, _ = process.communicate(timeout=20)

    assert process.returncode == 130
    assert [error["reference"] for error in json.loads(out)["errors"]] == ["interrupted"]
