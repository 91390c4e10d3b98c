"""What leaves the program: whole files with the rights people expect, and a closed pipe."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.cli.output import write_file
from provisioner.errors import OutsideError

CHECKOUT = Path(__file__).resolve().parents[2]
DLSETUP = (sys.executable, "-m", "provisioner")
PLAN = ("torch", "--gpu", "T4", "--driver", "535.183.01", "--os", "ubuntu-22.04", "--arch", "amd64")


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=["022", "077", "002"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask: int = request.param
    before = os.umask(mask)
    yield mask
    os.umask(before)


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DLSETUP, *words],
        cwd=CHECKOUT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_file_gets_the_rights_that_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    write_file(tmp_path / "environment.yml", "a\n")
    write_file(tmp_path / "install.sh", "b\n", executable=True)

    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("environment.yml", "install.sh")]
    assert modes == [0o666 & ~umask, 0o777 & ~umask]
    now = os.umask(umask)
    assert now == umask


def test_nothing_is_left_where_a_text_cannot_be_written_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "install.sh").write_text("the old one\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutsideError) as caught:
        write_file(tmp_path / "install.sh", "half of a new one\n")

    assert caught.value.reference == "cannot-write"
    assert caught.value.context == ("No space left on device",)
    assert [path.name for path in tmp_path.iterdir()] == ["install.sh"]
    assert (tmp_path / "install.sh").read_text() == "the old one\n"


def test_a_folder_in_the_way_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "install.sh").mkdir()

    with pytest.raises(OutsideError):
        write_file(tmp_path / "install.sh", "text\n")

    assert [path.name for path in tmp_path.iterdir()] == ["install.sh"]


def test_a_file_is_written_in_utf_8_with_plain_line_ends(tmp_path: Path) -> None:
    write_file(tmp_path / "a", "§ …\n")

    assert (tmp_path / "a").read_bytes() == "§ …\n".encode()


@pytest.mark.parametrize(
    ("format_name", "file"),
    [("script", "install.sh"), ("dockerfile", "Dockerfile"), ("conda", "environment.yml")],
)
def test_a_folder_as_output_gets_the_file_under_its_own_name(
    format_name: str, file: str, tmp_path: Path
) -> None:
    printed = run("render", format_name, *PLAN)
    written = run("render", format_name, *PLAN, "-o", f"{tmp_path}/")

    assert (printed.returncode, written.returncode) == (0, 0)
    assert [path.name for path in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text(encoding="utf-8") == printed.stdout
    assert os.access(tmp_path / file, os.X_OK) is (format_name == "script")
    assert written.stdout == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("catalog", "export"), 0, id="json"),
        pytest.param(("render", "--list"), 0, id="text"),
        pytest.param(("resolve", "torch==99", "--json"), 1, id="a-refusal-stays-one"),
    ],
)
def test_a_reader_that_went_away_is_no_answer_and_no_traceback(
    words: tuple[str, ...], code: int
) -> None:
    """``dlsetup catalog export | true``: exit code 1 would say that the answer is no."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*DLSETUP, *words],
            cwd=CHECKOUT,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (code, "")


def test_the_audit_of_a_sound_catalog_exits_0() -> None:
    told = run("catalog", "check")
    as_json = run("catalog", "check", "--json")

    assert (told.returncode, as_json.returncode) == (0, 0)
    assert json.loads(as_json.stdout)["data"] == {"problems": []}


def test_the_audit_of_a_broken_catalog_exits_1_and_names_the_row(tmp_path: Path) -> None:
    stacks = Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks"))
    file = stacks / "debian" / "driver_packages.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('branch = "535"', 'branch = "536"', 1), encoding="utf-8")
    env = {"DLSETUP_STACKS": str(stacks)}
    told = run("catalog", "check", env=env)
    as_json = run("catalog", "check", "--json", env=env)

    assert (told.returncode, as_json.returncode) == (1, 1)
    assert "branch 536 has no row" in told.stdout
    assert "debian/driver_packages.toml" in told.stdout
    assert "Problem(" not in told.stdout
    envelope = json.loads(as_json.stdout)
    assert envelope["status"] == "ok"
    assert len(envelope["data"]["problems"]) == 1


@pytest.mark.parametrize("words", [("detect",), ("detect", "--json"), ("resolve", "torch")])
def test_an_output_that_is_full_is_one_clear_error(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*DLSETUP, *words],
            cwd=CHECKOUT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "error: cannot-write" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_an_output_that_is_closed_is_one_clear_error() -> None:
    shell = shlex.join([*DLSETUP, "resolve", "torch", "--json"]) + " >&-"
    done = subprocess.run(
        ["sh", "-c", shell], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith("error: cannot-write\n")
    assert "Traceback" not in done.stderr


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, "a\n", executable=True)
        assert os.read(reading, 10) == b"a\n"
    finally:
        os.close(reading)
    assert pipe.is_fifo()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_names_is_written(tmp_path: Path, *, there: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    if there:
        target.write_text("old", encoding="utf-8")
    link.symlink_to("target")
    write_file(link, "new\n")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]
