"""The log of a run holds what was run and said, nobody's secrets, and never stands in the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.runlog import Log


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("DLSETUP_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "dlsetup" / "log"


def test_it_holds_what_was_run_and_said_with_the_times(folder: Path) -> None:
    log = Log("demo", ("up", "demo", "torch>=2"))
    log.step("installing")
    log.line("Prepared 3 packages")
    log.end("done")

    assert log.path is not None
    assert log.path.parent == folder
    text = re.sub(r"\d{8}T\d{6}Z", "TIME", log.path.read_text())
    head, *rest = text.splitlines()
    assert re.fullmatch(r"dlsetup \S+, TIME", head)
    assert [re.sub(r"\[ +\d+\.\d s\]", "[SECONDS]", line) for line in rest] == [
        "$ dlsetup up demo 'torch>=2'",
        "[SECONDS] installing",
        "    Prepared 3 packages",
        "[SECONDS] done",
    ]


def test_nobody_else_reads_it(folder: Path) -> None:
    log = Log("demo", ())
    log.step("installing")
    log.end("done")

    assert log.path is not None
    assert log.path.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


def test_a_run_that_does_nothing_leaves_none(folder: Path) -> None:
    log = Log("demo", ())
    log.end("done")

    assert log.path is None
    assert not folder.exists()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET https://me:hunter22@index.example/simple", "https://****@index.example/simple"),
        (
            "from https://x.example/a.whl?X-Signature=abc&e=1 now",
            "https://x.example/a.whl?**** now",
        ),
        ("--token tok-123456", "--token ****"),
        ("password is pa55word", "password is ****"),
    ],
    ids=["user and password", "signed address", "token", "password"],
)
@pytest.mark.usefixtures("folder")
def test_secrets_are_masked(said: str, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INDEX_CORP_PASSWORD", "pa55word")
    monkeypatch.setenv("HF_TOKEN", "tok-123456")
    log = Log("demo", (said,))
    log.line(said)
    log.end("done")

    assert log.path is not None
    _, command, line, _ = log.path.read_text().splitlines()
    assert kept in line
    for text in (command, line):
        assert not re.search("hunter22|abc|tok-123456|pa55word", text)


@pytest.mark.usefixtures("folder")
def test_the_newest_twenty_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for number in range(23):
        monkeypatch.setattr("time.strftime", lambda *_, n=number: f"20261120T1200{n:02}Z")
        log = Log("demo", ())
        log.step("x")
        log.end("done")
        made.append(log.path)

    assert [path.exists() for path in made if path] == [False] * 3 + [True] * 20


def test_where_it_cannot_be_written_there_is_none(folder: Path) -> None:
    folder.parent.write_text("no folder")
    log = Log("demo", ())
    log.step("installing")
    log.end("done")

    assert log.path is None
