"""What was done to an environment behind dlsetup's back is seen, and never taken for the old."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from provisioner.environments.hold import held
from provisioner.errors import RefusedError
from tests.cli.environments import PYTHON, Home, digest, package, tensorflow
from tests.unit.upkeep.loopback import Loopback, serving


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one environment; making it is what takes time."""
    with serving() as index:
        tensorflow(index)
        package(index, "beside", "1.0", "")
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("demo", "tensorflow-cpu", "beside").code == 0
    return made.path / "data"


@pytest.fixture
def home(once: Path, index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    package(index, "beside", "1.0", "")
    shutil.copytree(once, tmp_path / "data", symlinks=True)
    return Home(tmp_path, index)


def generation(home: Home) -> int:
    return int(home.run("env", "show", "demo", "--json").data["environment"]["generation"])


def rewritten(path: Path, **fields: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


NO_CONFIGURATION = """\
error: environment-damaged

The environment demo is damaged.

  its Python is only the one it stands on: {path} cannot be read

hint: Make it anew: dlsetup up demo tensorflow-cpu beside --python {python}
      Or take it away: dlsetup env remove demo
"""


def test_the_python_it_stands_on_never_stands_in_for_its_own(home: Home) -> None:
    told = home.environments / "demo" / "1" / "pyvenv.cfg"
    told.unlink()
    ran = home.run("env", "run", "demo", "--", "python", "--version")
    listed = home.run("env", "list", "--json").document["warnings"]

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == NO_CONFIGURATION.format(path=told, python=PYTHON)
    assert [item["reference"] for item in listed] == ["environment-damaged"]
    assert home.run("verify", "demo", "--json").error["reference"] == "environment-damaged"
    assert home.up("demo", "tensorflow-cpu", "beside", "--json").data["changed"] is True
    assert generation(home) == 2
    assert home.run("env", "run", "demo", "--", "no-such-program").err.startswith(
        "error: program-not-found"
    )


@pytest.mark.parametrize("text", ["", "version_info = 3.12\n"])
def test_a_configuration_that_names_no_base_is_none(text: str, home: Home) -> None:
    (home.environments / "demo" / "1" / "pyvenv.cfg").write_text(text)
    ran = home.run("env", "run", "demo", "--json", "--", "python", "--version")

    assert ran.code == 3


@pytest.mark.parametrize("gone", ["tensorflow", "beside.py", "beside-1.0.dist-info"])
def test_a_package_that_was_deleted_is_made_anew(gone: str, home: Home) -> None:
    (found,) = (home.environments / "demo" / "1").glob(f"lib/*/site-packages/{gone}")
    shutil.rmtree(found) if found.is_dir() else found.unlink()

    assert home.up("demo", "tensorflow-cpu", "beside", "--json").data["changed"] is True
    assert generation(home) == 2


def test_what_python_writes_when_it_runs_is_no_change(home: Home) -> None:
    (site,) = (home.environments / "demo" / "1").glob("lib/*/site-packages")
    (site / "__pycache__").mkdir(exist_ok=True)
    (site / "mine.py").write_text("")

    assert home.up("demo", "tensorflow-cpu", "beside", "--json").data["changed"] is False


def test_the_same_words_again_write_nothing_after_a_switch_back(home: Home) -> None:
    package(home.index, "third", "1.0", "")
    home.up("new", "tensorflow-cpu", "beside")
    home.up("new", "tensorflow-cpu", "beside", "third")
    back = home.up("new", "tensorflow-cpu>=2", "beside", "--json")
    before = digest(home.environments)
    same = home.up("new", "tensorflow-cpu>=2", "beside", "--json")

    assert (back.data["changed"], back.data["environment"]["generation"]) == (True, 1)
    assert same.data["changed"] is False
    assert digest(home.environments) == before
    pointer = json.loads((home.environments / "new" / "environment.json").read_text())
    assert pointer["asked"]["words"] == ["tensorflow-cpu>=2", "beside"]


FILES = (
    "journal.jsonl",
    "environment.json",
    "1/generation.json",
    "1/plan.json",
    "1/pylock.toml",
    "1/pyvenv.cfg",
)


def harmed(path: Path, harm: str) -> None:
    path.unlink()
    if harm == "pipe":
        os.mkfifo(path)
    elif harm == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("harm", ["pipe", "folder", "endless"])
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_keeps_nobody_waiting_and_hides_no_other(
    name: str, harm: str, home: Home
) -> None:
    assert home.up("other", "tensorflow-cpu").code == 0
    harmed(home.environments / "demo" / name, harm)
    began = time.monotonic()
    listed = home.run("env", "list", "--json")
    verbs = [
        home.run(*words, "--json")
        for words in (
            ("env", "show", "demo"),
            ("env", "rollback", "demo"),
            ("env", "upgrade", "demo", "--dry-run"),
            ("verify", "demo"),
        )
    ]
    references = {ran.error["reference"] for ran in verbs if ran.code}

    assert "other" in {item["name"] for item in listed.data["environments"]}
    assert references <= {"environment-damaged", "unknown-environment", "no-earlier-generation"}
    assert time.monotonic() - began < 60
    if name != "environment.json":
        assert "environment-damaged" in references
        assert home.run("env", "remove", "demo", "--json").data["removed"] == "demo"


NO_JOURNAL = """\
error: environment-damaged

The environment demo is damaged.

  journal.jsonl: it is a link

hint: Take it away: dlsetup env remove demo
      And make it anew: dlsetup up
"""


def test_a_journal_that_is_none_is_said_with_a_way_out_that_works(home: Home) -> None:
    harmed(home.environments / "demo" / "journal.jsonl", "endless")
    ran = home.up("demo", "tensorflow-cpu", "beside")

    assert (ran.code, ran.err) == (3, NO_JOURNAL)
    assert home.run("env", "remove", "demo").code == 0
    assert home.up("demo", "tensorflow-cpu", "beside").code == 0


@pytest.mark.parametrize("text", [b"", b"[[", b"packages = 3\n", b"\xff", b"[[packages]]\n"])
@pytest.mark.parametrize("words", [("verify", "demo"), ("env", "export", "demo", "-o", "b.tar")])
def test_a_damaged_lock_is_the_environments_damage_and_not_uvs(
    text: bytes, words: tuple[str, ...], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.path)
    (home.environments / "demo" / "1" / "pylock.toml").write_bytes(text)
    ran = home.run(*words, "--json")

    assert (ran.code, ran.error["reference"]) == (3, "environment-damaged")
    assert ran.error["context"][0].startswith("pylock.toml: ")


@pytest.mark.parametrize("file", ["environment.json", "1/generation.json"])
@pytest.mark.parametrize(
    "asked",
    [
        {"foo": 1},
        {"words": 3, "options": {}},
        {"words": ["tensorflow-cpu"], "options": 7},
        {"words": ["tensorflow-cpu"], "options": {"gpus": "none"}},
        {"words": ["tensorflow-cpu"], "options": {}, "pre": "yes"},
    ],
)
def test_a_request_that_cannot_be_read_is_damage_and_the_next_up_mends_it(
    asked: dict[str, object], file: str, home: Home
) -> None:
    rewritten(home.environments / "demo" / file, asked=asked)
    ran = home.run("env", "upgrade", "demo", "--dry-run", "--json")

    assert (ran.code, ran.error["reference"]) == (3, "environment-damaged")
    assert home.up("demo", "tensorflow-cpu", "beside", "--json").data["changed"] is False
    assert home.run("env", "upgrade", "demo", "--dry-run", "--json").code == 0


CUT_OFF = """\
error: unknown-environment

There is no environment demo.

  its removal was cut off, and this ends it: dlsetup env remove demo

hint: Name one of: dlsetup env list
      Or make it: dlsetup up NAME REQ
"""


def test_a_removal_that_was_cut_off_is_called_that(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("provisioner.environments.generations.drop", killed)
        assert home.run("env", "remove", "demo").code == 130
    shown = home.run("env", "show", "demo")

    assert (shown.code, shown.err) == (2, CUT_OFF)
    assert home.run("env", "remove", "demo", "--json").data["removed"] == "demo"
    assert list(home.environments.iterdir()) == []


def test_a_removal_holds_the_name_once_and_to_its_end(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds: list[str] = []

    def counted(name: str) -> contextlib.AbstractContextManager[Path]:
        holds.append(name)
        return held(name)

    def taken_away(name: str) -> None:
        with pytest.raises(RefusedError, match="Another dlsetup is at work"), held(name):
            pass
        holds.append("taken away")

    monkeypatch.setattr("provisioner.environments.store.held", counted)
    monkeypatch.setattr("provisioner.up.held", counted)
    monkeypatch.setattr("provisioner.jupyter.along.taken_away", taken_away)
    assert home.run("env", "remove", "demo").code == 0

    assert holds == ["demo", "taken away"]


@pytest.mark.parametrize("harm", ["pipe", "endless"])
def test_a_kernel_that_is_no_file_is_somebody_elses_and_keeps_nobody_waiting(
    harm: str, home: Home
) -> None:
    kernel = home.path / "data" / "jupyter" / "kernels" / "dlsetup-demo" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.touch()
    harmed(kernel, harm)
    shown = home.run("env", "show", "demo", "--json")

    assert (shown.code, shown.data.get("kernel")) == (0, None)
    assert home.run("env", "remove", "demo").code == 0
    assert os.path.lexists(kernel)
