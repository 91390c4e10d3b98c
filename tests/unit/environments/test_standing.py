"""An environment stands on a Python that was seen to run, and the next one is tried if not."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.detect import detect
from provisioner.environments import standing
from provisioner.errors import OutsideError
from provisioner.lock import Uv
from provisioner.machine import Interpreter, Machine, OperatingSystem
from provisioner.plan import DriverPlan, Plan, Request
from provisioner.progress import SILENT
from provisioner.settings import Settings

REAL = os.path.realpath(sys.executable)
VERSION = ".".join(map(str, sys.version_info[:3]))
MINOR = ".".join(map(str, sys.version_info[:2]))
Script = Callable[[str, str], str]
GOOD: dict[str, Any] = {
    "version": [*sys.version_info[:2], 1],
    "final": True,
    "implementation": "cpython",
    "free_threaded": False,
    "bits": 64,
    "platform": "x86_64-linux-gnu",
    "virtual": False,
    "conda": False,
    "headers": True,
    "lacks": [],
}


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(name: str, text: str) -> str:
        path = tmp_path / name / f"python{MINOR}"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def saying(script: Script) -> Callable[..., str]:
    """Stand-ins that answer as a Python would that this machine lacks."""

    def write(name: str, **facts: object) -> str:
        return script(name, f"echo '{json.dumps(GOOD | facts)}'")

    return write


def plan(*paths: str, python: str = MINOR, arch: str = "x86_64") -> Plan:
    pythons = tuple(Interpreter(version=f"{python}.1", path=path) for path in paths)
    system = OperatingSystem(id="ubuntu", version="24.04", libc="glibc 2.39")
    return Plan(
        machine=Machine(os=system, arch=arch, pythons=pythons),
        request=Request(requirements=()),
        via="pip",
        python=python,
        accelerator="cpu",
        cuda=None,
        cudnn=None,
        driver=DriverPlan(action="none"),
        pins=(),
    )


def made(folder: Path, wanted: Plan) -> str:
    standing.make_environment(folder, wanted, Uv(Settings(), offline=True), SILENT)
    return os.path.realpath(folder / "bin" / "python")


def test_every_python_3_of_this_machine_carries_an_environment(tmp_path: Path) -> None:
    pythons = detect(cache_dir=tmp_path / "cache").machine.pythons
    seen = set()
    for python in pythons:
        minor = ".".join(python.version.split(".")[:2])
        if minor.startswith("3.") and not python.version.endswith("t"):
            base = made(tmp_path / python.version, plan(python.path, python=minor))
            assert base == os.path.realpath(python.path)
            seen.add(minor)

    assert MINOR in seen


def copied(prefix: Path, *, without: str = "nothing") -> str:
    """A real interpreter at another prefix, and perhaps without a module that others have."""
    home = Path(REAL).parents[1]
    library = Path("lib") / f"python{MINOR}"
    (prefix / "bin").mkdir(parents=True)
    (prefix / library / "lib-dynload").mkdir(parents=True)
    shutil.copy(REAL, prefix / "bin")
    for source in (home / library).iterdir():
        if source.name not in {"lib-dynload", "site-packages"}:
            (prefix / library / source.name).symlink_to(source)
    for source in (home / library / "lib-dynload").iterdir():
        if not source.name.startswith(without):
            (prefix / library / "lib-dynload" / source.name).symlink_to(source)
    return str(prefix / "bin" / Path(REAL).name)


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "TIME_LIMIT_S", 1.0)


@pytest.mark.usefixtures("in_a_hurry")
def test_what_does_not_serve_is_passed_over_and_named(tmp_path: Path, script: Script) -> None:
    shim = script("shim", "echo 'pyenv: python: command not found' >&2; exit 127")
    hangs = script("hangs", "sleep 60")
    other = script("other", f'exec {REAL} "$@" | sed "s/\\[3, [0-9]*, /[3, 99, /"')
    chatty = script("chatty", "echo 3.11.0")
    gone = str(tmp_path / "gone" / "python")
    # As it is built on a machine that lacks OpenSSL's headers.
    lame = copied(tmp_path / "without-ssl", without="_ssl")
    wanted = plan(shim, hangs, other, chatty, gone, lame, REAL)

    fitting, tried = standing.bases(wanted)

    assert [base.path for base in fitting] == [REAL]
    assert tried == (
        f"{shim}: it ended with code 127: pyenv: python: command not found",
        f"{hangs}: it did not answer within 1 seconds",
        f"{other}: it is Python 3.99.{sys.version_info[2]}",
        f"{chatty}: what it answers is not what a Python answers",
        f"{gone}: {gone} was not found.",
        f"{lame}: it lacks ssl",
    )
    assert made(tmp_path / "environment", wanted) == REAL


def test_one_of_conda_is_known_and_carries_an_environment(tmp_path: Path) -> None:
    conda = copied(tmp_path / "conda")
    (tmp_path / "conda" / "conda-meta").mkdir()
    ((base,), _) = standing.bases(plan(conda))

    assert base.answer.conda
    assert made(tmp_path / "environment", plan(conda)) == os.path.realpath(conda)


def test_a_virtual_environment_is_nothing_to_stand_on(tmp_path: Path) -> None:
    made(tmp_path / "first", plan(REAL))
    python = str(tmp_path / "first" / "bin" / "python")

    assert standing.bases(plan(python)) == (
        (),
        (f"{python}: it belongs to a virtual environment",),
    )


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"implementation": "pypy"}, "it is no CPython but pypy"),
        ({"free_threaded": True}, "it is a free-threaded build"),
        ({"virtual": True}, "it belongs to a virtual environment"),
        ({"bits": 32, "platform": "i386-linux-gnu"}, "it is a 32-bit build"),
        ({"platform": "aarch64-linux-gnu"}, "it is built for aarch64"),
        (
            {"platform": "x86_64-linux-musl"},
            "it is built for musl, and this system has glibc",
        ),
        ({"lacks": ["ctypes", "zlib", "_lzma"]}, "it lacks ctypes, zlib"),
    ],
)
def test_a_python_that_wheels_do_not_fit_is_refused(
    facts: dict[str, object], reason: str, saying: Callable[..., str]
) -> None:
    path = saying("other", **facts)

    assert standing.bases(plan(path)) == ((), (f"{path}: {reason}",))


def test_the_best_comes_first(saying: Callable[..., str]) -> None:
    major, minor = sys.version_info[:2]
    older = saying("older", version=[major, minor, 9])
    newer = saying("newer", version=[major, minor, 12])
    conda = saying("conda", version=[major, minor, 14], conda=True)
    bare = saying("bare", version=[major, minor, 15], headers=False)
    poor = saying("poor", version=[major, minor, 15], headers=False, lacks=["_lzma"])
    preview = saying("preview", version=[major, minor, 0], final=False)

    fitting, _ = standing.bases(plan(preview, poor, bare, conda, older, newer))

    assert [base.path for base in fitting] == [newer, older, conda, bare, poor, preview]


def test_where_uv_cannot_use_one_the_next_is_taken(
    tmp_path: Path, saying: Callable[..., str]
) -> None:
    liar = saying("liar", version=[*sys.version_info[:2], 99])

    assert made(tmp_path / "environment", plan(liar, REAL)) == REAL


NONE_SERVES = """\
The plan needs Python {minor}, and none that serves is here or could be fetched.
{path}: it lacks ssl
uv's own build: \
"""


def test_where_none_serves_all_that_was_tried_is_said(
    tmp_path: Path, saying: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "none"))
    lame = saying("lame", lacks=["ssl"])
    with pytest.raises(OutsideError) as caught:
        made(tmp_path / "environment", plan(lame))

    error = caught.value
    told = "\n".join((error.message, *error.context))
    assert error.reference == "python-not-found"
    assert told.startswith(NONE_SERVES.format(minor=MINOR, path=lame))
    assert len(told.splitlines()[-1]) > len("uv's own build: ")
    assert error.hint == (
        f"Install Python {MINOR} (uv python install {MINOR}, pyenv, conda or the system's "
        "packages), or ask for another with --python."
    )
    assert not (tmp_path / "environment").exists()


@pytest.fixture
def uvs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a build of uv's own stands, as if it had been fetched."""
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    system = f"{sys.platform}-{os.uname().machine}-gnu"
    return tmp_path / "uv" / f"cpython-{VERSION}-{system}"


def test_last_uvs_own_build_is_taken(
    tmp_path: Path, uvs_own: Path, saying: Callable[..., str]
) -> None:
    own = copied(uvs_own)

    assert made(tmp_path / "environment", plan(saying("lame", lacks=["ssl"]))) == own


def test_even_uvs_own_build_has_to_serve(tmp_path: Path, uvs_own: Path) -> None:
    copied(uvs_own, without="_ssl")
    with pytest.raises(OutsideError) as caught:
        made(tmp_path / "environment", plan())

    assert caught.value.context == ("uv's own build: it lacks ssl",)
    assert not (tmp_path / "environment").exists()


def test_a_full_disk_is_not_mistaken_for_a_bad_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OutsideError("disk-full", "The disk is full where uv writes.")

    monkeypatch.setattr(Uv, "make_environment", full)
    with pytest.raises(OutsideError) as caught:
        made(tmp_path / "environment", plan(REAL))

    assert caught.value.reference == "disk-full"


@pytest.mark.parametrize("columns", [None, "40"])
@pytest.mark.parametrize("python", ["2.7", "3.3"])
def test_a_python_that_uv_does_not_know_is_refused_in_its_words(
    python: str, columns: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(OutsideError) as caught:
        made(tmp_path / "environment", plan(python=python))

    assert caught.value.reference == "python-not-found"
    assert "not supported" in caught.value.context[-1]
