"""What can go wrong around the launcher: each a clear error, exit code 3, nothing half-made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.launcher.checkout import Checkout, told

# Covers every Python of the system, so that only the test's own PATH offers one.
HIDE = 'for it in /usr/bin/python3*; do mount --bind /dev/null "$(readlink -f "$it")"; done;'


def apart(kind: str, script: str, *words: str) -> list[str]:
    """The command that runs a script, with ``words`` as $1 and so on, in a namespace of its own.

    What it mounts or cuts off is gone when it ends.
    """
    return [str(shutil.which("unshare")), kind, "/bin/sh", "-euc", script, "sh", *words]


def assert_refused(done: subprocess.CompletedProcess[str], reference: str, *said: str) -> None:
    assert done.returncode == 3, done
    assert done.stdout == ""
    error = done.stderr[done.stderr.index("error: ") :]
    assert error.startswith(f"error: {reference}\n\n")
    assert "\nhint: " in error
    for fact in said:
        assert fact in error


def test_a_place_that_cannot_be_written_is_named(checkout: Checkout) -> None:
    done = checkout.call("detect", DLSETUP_HOME="/proc/nowhere")

    assert_refused(done, "place-not-writable", "tried: /proc/nowhere/", "set DLSETUP_HOME")


def test_a_file_where_the_place_should_be_is_named(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = checkout.call("detect", DLSETUP_HOME=f"{tmp_path}/file")

    assert_refused(done, "place-not-writable", f"tried: {tmp_path}/file/")


def test_with_json_the_error_is_one_object_on_standard_output(checkout: Checkout) -> None:
    done = checkout.call("resolve", "torch", "--json", DLSETUP_HOME="/proc/nowhere")

    answer = json.loads(done.stdout)
    assert done.returncode == 3
    assert set(answer) == {"schema", "command", "status", "data", "warnings", "errors"}
    assert (answer["schema"], answer["command"], answer["status"]) == (1, "resolve", "error")
    assert answer["errors"][0]["reference"] == "place-not-writable"
    assert set(answer["errors"][0]) == {"reference", "message", "context", "hint"}


@pytest.mark.network
@pytest.mark.root
def test_a_read_only_checkout_keeps_its_environment_in_the_home(with_uv: Checkout) -> None:
    mount = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; PATH=$2; "$1/dlsetup" detect'
    read_only = apart("--mount", mount, str(with_uv.root), str(with_uv.tools))

    first = with_uv.call(command=read_only, PATH=os.environ["PATH"])
    second = with_uv.call(command=read_only, PATH=os.environ["PATH"])

    assert str(told(first)["prefix"]).startswith(f"{with_uv.home}/.local/share/dlsetup/")
    assert second.stderr == ""
    assert not with_uv.place.exists()
    assert list(with_uv.home.rglob("compiled"))


@pytest.mark.network
@pytest.mark.root
@pytest.mark.parametrize("installer", ["uv", "venv"])
def test_a_full_disk_is_said_and_left_as_it_was(
    with_uv: Checkout, tmp_path: Path, installer: str
) -> None:
    if installer == "venv":
        (with_uv.tools / "uv").unlink()
    (tmp_path / "small").mkdir()
    fill = (
        'mount -t tmpfs -o size=2m none "$1"; rc=0;'
        '(PATH=$2; DLSETUP_HOME=$1; export DLSETUP_HOME; "$3" detect) || rc=$?;'
        'find "$1" ! -type d; exit $rc'
    )
    small = apart("--mount", fill, str(tmp_path / "small"), str(with_uv.tools), with_uv.launcher)

    done = with_uv.call(command=small, PATH=os.environ["PATH"])

    assert_refused(done, "disk-full", "another disk")


@pytest.mark.root
@pytest.mark.parametrize(
    ("installer", "words"), [("uv", "Failed to fetch"), ("venv", "No matching distribution")]
)
def test_without_a_network_the_installers_own_words_are_shown(
    with_uv: Checkout, installer: str, words: str
) -> None:
    if installer == "venv":
        (with_uv.tools / "uv").unlink()
    offline = apart("--net", 'PATH=$1; "$2" detect', str(with_uv.tools), with_uv.launcher)

    done = with_uv.call(
        command=offline,
        PATH=os.environ["PATH"],
        UV_NO_CACHE="1",
        UV_HTTP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
        COLUMNS="40",
    )

    assert_refused(done, "environment-not-made", words, "network")
    assert not with_uv.place.exists()


@pytest.mark.network
@pytest.mark.parametrize("installer", ["uv", "venv"])
def test_a_package_with_another_hash_is_not_installed(with_uv: Checkout, installer: str) -> None:
    if installer == "venv":
        (with_uv.tools / "uv").unlink()
    (with_uv.root / "requirements.txt").write_text(f"distro==1.9.0 --hash=sha256:{'0' * 64}\n")

    done = with_uv.call("detect")

    assert_refused(done, "environment-not-made", "0" * 64)
    assert not with_uv.place.exists()


@pytest.mark.root
def test_without_any_python_the_names_that_were_tried_are_said(checkout: Checkout) -> None:
    (checkout.tools / "python3").unlink()
    hide = f'{HIDE} PATH=$1; "$2" detect'
    bare = apart("--mount", hide, str(checkout.tools), checkout.launcher)

    done = checkout.call(command=bare, PATH=os.environ["PATH"])

    assert_refused(done, "python-not-found", "python3.13 to python3.10", "install Python 3.10")
    assert not checkout.place.exists()


@pytest.mark.network
def test_a_name_on_the_path_that_does_not_run_is_passed_over(checkout: Checkout) -> None:
    for shim in ("python3.13", "python3.12", "uv"):
        checkout.offer(shim, 'echo "pyenv: $0: command not found" >&2; exit 127')

    told(checkout.call("detect"))


def without_ensurepip(checkout: Checkout) -> None:
    """Let every Python of this test answer like Debian's before python3-venv is installed."""
    real = shutil.copy((checkout.tools / "python3").resolve(), checkout.home)
    for name in ("python3.13", "python3.12", "python3.11", "python3.10", "python3"):
        lacks = f'[ ! -e "{checkout.home}/added" ] && case "$*" in *ensurepip*) exit 1 ;; esac'
        checkout.offer(name, f'{lacks}; exec {real} "$@"')


@pytest.mark.network
@pytest.mark.root
def test_on_debian_root_adds_the_missing_package_and_says_so(checkout: Checkout) -> None:
    without_ensurepip(checkout)
    checkout.offer("id", "echo 0")
    checkout.offer("apt-get", 'echo "$*" >>"$HOME/asked"; [ "$1" = install ] && : >"$HOME/added"')
    hide = f'{HIDE} PATH=$1; "$2" detect'

    done = checkout.call(
        command=apart("--mount", hide, str(checkout.tools), checkout.launcher),
        PATH=os.environ["PATH"],
    )

    told(done)
    assert "running: apt-get install -y --no-install-recommends python3." in done.stderr
    assert "-venv" in (checkout.home / "asked").read_text()


@pytest.mark.root
def test_on_debian_others_are_told_the_command(checkout: Checkout) -> None:
    without_ensurepip(checkout)
    checkout.offer("id", "echo 1000")
    checkout.offer("apt-get", 'touch "$HOME/asked"')
    hide = f'{HIDE} PATH=$1; "$2" detect'

    done = checkout.call(
        command=apart("--mount", hide, str(checkout.tools), checkout.launcher),
        PATH=os.environ["PATH"],
    )

    assert_refused(done, "venv-missing", "as root: apt-get install -y", "-venv")
    assert not (checkout.home / "asked").exists()
