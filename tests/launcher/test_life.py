"""What happens to an environment later: moved, renewed, damaged, interrupted half-way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.checkout import Checkout, real_uv, told

pytestmark = pytest.mark.network

REMADE = "making a private environment"


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process is about to do."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited 30 seconds in vain")


def slow_install(checkout: Checkout) -> Path:
    """Let uv stop in the middle of its work; the file that is returned then exists."""
    reached = checkout.home / "reached"
    pause = f'case "$*" in "pip install "*) : >"{reached}"; exec sleep 60 ;; esac'
    checkout.offer("uv", f'{pause}; exec "{real_uv()}" "$@"')
    return reached


def test_a_moved_checkout_gets_an_environment_for_its_new_place(
    with_uv: Checkout, tmp_path: Path
) -> None:
    told(with_uv.call())
    moved = tmp_path / "moved"
    with_uv.root.rename(moved)

    first = with_uv.call(command=[str(moved / "dlsetup")])
    second = with_uv.call(command=[str(moved / "dlsetup")])

    assert str(told(first)["prefix"]).startswith(f"{moved}/.dlsetup/")
    assert REMADE in first.stderr
    assert second.stderr == ""


def test_a_changed_lock_renews_the_environment(with_uv: Checkout) -> None:
    before = told(with_uv.call())
    with (with_uv.root / "requirements.txt").open("a") as lock:
        lock.write("# one line more\n")

    after = with_uv.call()

    assert REMADE in after.stderr
    assert told(after)["prefix"] != before["prefix"]


def remove_interpreter(prefix: Path) -> None:
    (prefix / "bin/python").unlink()


def lose_its_target(prefix: Path) -> None:
    remove_interpreter(prefix)
    (prefix / "bin/python").symlink_to("/opt/python-that-was-uninstalled/bin/python3")


def put_something_else_there(prefix: Path) -> None:
    remove_interpreter(prefix)
    (prefix / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    (prefix / "bin/python").chmod(0o755)


def remove_packages(prefix: Path) -> None:
    shutil.rmtree(prefix / "lib")


def empty_the_pointer(prefix: Path) -> None:
    (prefix.parent / "current").write_text("")


@pytest.mark.parametrize(
    "damage",
    [
        remove_interpreter,
        lose_its_target,
        put_something_else_there,
        remove_packages,
        shutil.rmtree,
        empty_the_pointer,
    ],
)
def test_a_damaged_environment_is_made_anew(
    with_uv: Checkout, damage: Callable[[Path], None]
) -> None:
    damage(Path(str(told(with_uv.call())["prefix"])))

    mended = with_uv.call()

    told(mended)
    assert REMADE in mended.stderr
    assert with_uv.call().stderr == ""


ASTRAY = {"PIP_TARGET": "astray", "PIP_USER": "1", "PIP_PREFIX": "astray"}
ASTRAY |= {"UV_PYTHON_PREFERENCE": "only-managed", "UV_PYTHON": "3.4", "UV_TARGET": "astray"}
ASTRAY |= {"UV_SYSTEM_PYTHON": "1", "UV_NO_BINARY": "1", "VIRTUAL_ENV": "/nowhere"}


@pytest.mark.parametrize("installer", ["uv", "venv"])
def test_what_the_shell_tells_pip_and_uv_leads_no_package_elsewhere(
    with_uv: Checkout, installer: str, tmp_path: Path
) -> None:
    if installer == "venv":
        (with_uv.tools / "uv").unlink()
    astray = tmp_path / "astray"

    settings: dict[str, Any] = {k: v.replace("astray", str(astray)) for k, v in ASTRAY.items()}
    done = with_uv.call(**settings)

    packages = Path(str(told(done)["prefix"])).glob("lib/python3*/site-packages/click")
    assert list(packages)
    assert not astray.exists()


def test_an_environment_without_its_packages_is_never_published(with_uv: Checkout) -> None:
    (with_uv.root / "requirements.txt").write_text("# nothing is locked\n")

    done = with_uv.call()

    assert done.returncode == 3
    assert "error: environment-not-made" in done.stderr
    assert "No module named 'click'" in done.stderr
    assert not with_uv.place.exists()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, id="terminated"),
    ],
)
def test_an_interrupted_first_use_leaves_nothing(
    with_uv: Checkout, sent: signal.Signals, code: int
) -> None:
    reached = slow_install(with_uv)
    process = with_uv.start()
    until(reached.exists)

    process.send_signal(sent)
    out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert out == ""
    assert err.endswith("stopped; nothing half-made is left\n")
    assert not with_uv.place.exists()


def test_after_being_killed_half_way_the_next_call_starts_afresh(with_uv: Checkout) -> None:
    reached = slow_install(with_uv)
    process = with_uv.start()
    until(reached.exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert with_uv.environments() == ["new"]
    (with_uv.tools / "uv").unlink()
    (with_uv.tools / "uv").symlink_to(real_uv())

    told(with_uv.call())

    assert with_uv.environments() == ["current", "env"]


def test_leftovers_go_once_their_makers_are_dead(with_uv: Checkout) -> None:
    told(with_uv.call())
    with subprocess.Popen(["sleep", "60"]) as alive:
        dead = subprocess.Popen(["true"])
        dead.wait()
        for maker in (alive, dead):
            (with_uv.place / f"new.{maker.pid}.abcdef").mkdir()

        assert with_uv.call().stderr == ""

        assert (with_uv.place / f"new.{alive.pid}.abcdef").is_dir()
        assert not (with_uv.place / f"new.{dead.pid}.abcdef").exists()
        alive.kill()


def test_an_environment_in_use_outlives_its_renewal(with_uv: Checkout) -> None:
    program = "import sys, time\nprint(sys.prefix, flush=True)\ntime.sleep(60)\n"
    main = with_uv.root / "provisioner/__main__.py"
    swift = main.read_text()
    main.write_text(program)
    with with_uv.start() as process:
        assert process.stdout is not None
        in_use = Path(process.stdout.readline().strip())
        main.write_text(swift)
        with (with_uv.root / "requirements.txt").open("a") as lock:
            lock.write("# one line more\n")

        assert REMADE in with_uv.call().stderr

        assert (in_use / "bin/python").exists()
        process.kill()
