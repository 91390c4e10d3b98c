"""``up`` makes an environment whole or not at all, proves it, and leaves alone what is so."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
from pathlib import Path

import pytest

from provisioner import workflow
from tests.cli.environments import PYTHON, Home, contents, digest, package, tensorflow
from tests.unit.upkeep.loopback import Loopback


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    return Home(tmp_path, index)


MADE = """\
demo is ready: tensorflow-cpu 2.21.0 computes on the CPU.
Enter it with: dlsetup env shell demo

Environment demo
  holds        tensorflow-cpu 2.21.0
  python       {python}
  computes on  cpu
  place        {place}
  generation   1
  use it       dlsetup env run demo -- python
"""
PLAIN = """\
Environment plain
  holds        beside 1.0, fine 2.5
  python       {python}
  computes on  cpu
  place        {place}
  generation   1
  use it       dlsetup env run plain -- python
"""
SO_ALREADY = "Nothing changed: demo is already what was asked for.\n\n"


def test_an_environment_is_made_and_a_second_call_changes_nothing(home: Home) -> None:
    first = home.up("demo", "tensorflow-cpu")
    place = home.environments / "demo" / "1"
    told = MADE.format(python=PYTHON, place=place)
    before = digest(home.environments)
    second = home.up("demo", "tensorflow-cpu")

    assert (first.code, first.out) == (0, told), first.err
    assert (second.code, second.out) == (0, SO_ALREADY + told.partition("\n\n")[2])
    assert digest(home.environments) == before
    assert re.fullmatch(rf"took \d+ s; log {home.logs[0]}", first.err.splitlines()[-1])
    assert "took" not in second.err


def test_without_a_request_the_hint_is_one_for_up(home: Home) -> None:
    ran = home.up("demo", "--json")

    assert (ran.code, ran.error["reference"]) == (2, "nothing-asked")
    assert ran.error["hint"].startswith("Name a package: dlsetup up demo torch; ")


def test_what_is_wrong_with_docker_is_said_only_where_it_matters(home: Home) -> None:
    docker = home.path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho 'Docker version 28.2.2, build e6534b4'\n")
    docker.chmod(0o755)
    machine = {
        "PATH": f"{docker.parent}{os.pathsep}{os.environ['PATH']}",
        "DOCKER_HOST": f"unix://{home.path}/none.sock",
    }
    words = ("tensorflow==1.15.*",)
    told = "warning: A docker client is here, but there is no daemon"
    gpu = {"DLSETUP_OVERRIDE_GPUS": "RTX 4090", "DLSETUP_OVERRIDE_DRIVER": "580.65.06"}

    assert told in home.run("detect", **machine).err
    assert told in home.run("resolve", *words, "--via", "container", **gpu, **machine).err
    assert told not in home.run("resolve", "torch", **gpu, **machine).err
    assert told not in home.up("demo", "tensorflow-cpu", **machine).err


def test_programs_are_told_the_same(home: Home) -> None:
    first, second = (home.up("demo", "tensorflow-cpu", "--json") for _ in range(2))
    made = first.data["environment"]
    place = home.environments / "demo" / "1"

    assert first.code == 0, first.err
    assert (first.data["changed"], second.data["changed"]) == (True, False)
    assert second.data["environment"] == made
    assert (made["name"], made["path"], made["python"]) == ("demo", str(place), PYTHON)
    assert (made["generation"], made["verified"]) == (1, True)
    assert made["lock"] == str(place / "pylock.toml")
    assert [pin["version"] for pin in made["plan"]["pins"]] == ["2.21.0"]


def test_its_plan_and_its_lock_are_kept_beside_it(home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    place = home.environments / "demo" / "1"
    rendered = home.run("render", "conda", str(place / "plan.json"))
    lock = (place / "pylock.toml").read_text()

    assert rendered.code == 0, rendered.err
    assert '"tensorflow-cpu==2.21.0"' in rendered.out
    assert 'name = "tensorflow-cpu"\nversion = "2.21.0"' in lock
    assert "sha256" in lock


def test_what_does_not_compute_leaves_no_environment(home: Home, index: Loopback) -> None:
    index.projects.clear()
    tensorflow(index, answer=5)
    ran = home.up("demo", "tensorflow-cpu")

    assert ran.code == 1
    assert ran.err.endswith(
        "error: environment-not-verified\n\n"
        "What was installed does not work, and was taken away again.\n\n"
        "  compute tensorflow: tensorflow computes wrongly on the CPU\n"
        f"  log  {home.logs[0]}\n\n"
        "hint: Ask for other versions\n"
    )
    assert list(home.environments.iterdir()) == []


def test_a_failure_keeps_the_environment_of_before(home: Home, index: Loopback) -> None:
    home.up("demo", "tensorflow-cpu")
    before = contents(home.environments)
    tensorflow(index, "2.20.0", answer=5)
    ran = home.up("demo", "tensorflow-cpu==2.20.0")

    assert ran.code == 1
    assert contents(home.environments) == before
    assert home.run("env", "show", "demo", "--json").data["environment"]["verified"]


def test_another_result_is_another_generation(home: Home, index: Loopback) -> None:
    tensorflow(index, "2.20.0")
    home.up("demo", "tensorflow-cpu")
    ran = home.up("demo", "tensorflow-cpu==2.20.0")

    assert ran.code == 0
    assert (
        "  replaces     generation 1: tensorflow-cpu 2.21.0, Python "
        f"{PYTHON} (kept: dlsetup env rollback demo)\n"
    ) in ran.err
    assert ran.out.splitlines()[:3] == [
        "demo is ready: tensorflow-cpu 2.20.0 computes on the CPU.",
        "Enter it with: dlsetup env shell demo",
        "Generation 1 is kept. To go back: dlsetup env rollback demo",
    ]
    kept = ["1", "2", "environment.json", "journal.jsonl"]
    assert sorted(os.listdir(home.environments / "demo")) == kept


def test_without_a_framework_what_is_installed_is_told_once(home: Home, index: Loopback) -> None:
    package(index, "beside", "1.0", "")
    package(index, "fine", "2.5", "")
    made = home.up("plain", "beside", "fine>=2")
    place = home.environments / "plain" / "1"

    assert made.code == 0, made.err
    assert made.out.partition("\n\n")[2] == PLAIN.format(python=PYTHON, place=place)
    assert home.run("env", "list").out.endswith("  beside 1.0, fine 2.5\n")


@pytest.mark.parametrize("harm", ["package", "interpreter", "lock", "plan"])
def test_what_was_tampered_with_is_made_anew(harm: str, home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    place = home.environments / "demo" / "1"
    site = place / "lib" / f"python{PYTHON}" / "site-packages"
    harmed = {
        "package": site / "tensorflow_cpu-2.21.0.dist-info",
        "interpreter": place / "bin" / "python",
        "lock": place / "pylock.toml",
        "plan": place / "plan.json",
    }
    harmed[harm].rename(home.path / "taken")
    ran = home.up("demo", "tensorflow-cpu", "--json")

    assert ran.data["changed"]
    assert ran.data["environment"]["generation"] == 2


def test_what_was_not_chosen_and_does_not_import_is_said(home: Home, index: Loopback) -> None:
    package(index, "needs-a-screen", "1.0", "raise OSError('no display')\n")
    package(index, "fine", "1.0", "")
    ran = home.up("demo", "tensorflow-cpu", "needs-a-screen", "fine>=1")

    assert ran.code == 0
    assert ran.err.splitlines()[-1] == (
        "warning: needs_a_screen of needs-a-screen does not import: OSError: no display"
    )
    note = "  note         needs_a_screen of needs-a-screen does not import: OSError: no display\n"
    assert note in home.run("env", "show", "demo").out


def test_a_dry_run_shows_the_plan_and_makes_nothing(home: Home) -> None:
    ran = home.up("demo", "tensorflow-cpu", "--dry-run", "--json")

    assert ran.code == 0
    assert ran.data["plan"]["pins"][0]["name"] == "tensorflow-cpu"
    assert (ran.data["changed"], ran.data["would_change"]) == (False, True)
    assert not home.environments.exists()
    assert home.logs == []


@pytest.mark.parametrize(
    "words",
    [
        ("--gpu", "RTX 3090"),
        ("--driver", "580"),
        ("--os", "ubuntu-24.04"),
        ("--arch", "x86_64"),
        ("--machine", "machine.json"),
    ],
    ids=str,
)
def test_another_machine_cannot_be_meant(words: tuple[str, ...], home: Home) -> None:
    ran = home.up("demo", "tensorflow-cpu", *words, "--json")

    assert ran.code == 2
    assert ran.error["reference"] == "not-this-machine"
    assert not home.environments.exists()


def test_the_cpu_may_be_wanted(home: Home) -> None:
    ran = home.up("demo", "tensorflow-cpu", "--gpu", "none", "--json")

    assert ran.code == 0
    assert ran.data["environment"]["plan"]["machine"]["sources"]["gpus"] == "option"


@pytest.mark.parametrize("name", ["Demo", "-x", "../x", "a/b", ".x", "", "a b", "x" * 65, "é"])
def test_names_are_plain(name: str, home: Home) -> None:
    ran = home.run("up", "--json", "--", name, "tensorflow-cpu")

    assert (ran.code, ran.error["reference"]) == (2, "bad-name")


def test_a_folder_that_something_else_made_is_left_alone(home: Home) -> None:
    taken = home.environments / "demo"
    taken.mkdir(parents=True)
    (taken / "thesis.txt").write_text("years of work")
    ran = home.up("demo", "tensorflow-cpu", "--json")

    assert (ran.code, ran.error["reference"]) == (1, "place-taken")
    assert digest(home.environments).keys() == {"demo", "demo/thesis.txt"}


def test_two_at_once_do_not_meet(home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    handle = os.open(home.environments / "demo", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    busy = home.up("demo", "tensorflow-cpu", "--json")
    removed = home.run("env", "remove", "demo", "--json")
    os.close(handle)

    assert (busy.code, busy.error["reference"]) == (1, "environment-busy")
    assert (removed.code, removed.error["reference"]) == (1, "environment-busy")
    assert home.up("demo", "tensorflow-cpu", "--json").data["changed"] is False


def test_what_a_killed_run_left_is_swept_away(home: Home) -> None:
    half = home.environments / "demo" / "1" / "bin"
    half.mkdir(parents=True)
    record = {"name": "demo", "generation": 0}
    (home.environments / "demo" / "environment.json").write_text(json.dumps(record))
    (home.environments / "demo" / ".environment.json.half").write_text("{")
    (half / "left").touch()

    assert home.run("env", "list", "--json").data["environments"] == []
    assert home.run("env", "show", "demo").code == 2
    ran = home.up("demo", "tensorflow-cpu", "--json")
    assert ran.data["environment"]["generation"] == 1
    told = ["1", "environment.json", "journal.jsonl"]
    assert sorted(os.listdir(home.environments / "demo")) == told
    assert not (half / "left").exists()


def test_a_failure_after_a_killed_run_leaves_nothing_of_either(home: Home) -> None:
    half = home.environments / "demo" / "1"
    half.mkdir(parents=True)
    record = {"name": "demo", "generation": 0}
    (home.environments / "demo" / "environment.json").write_text(json.dumps(record))

    home.index.projects.clear()
    tensorflow(home.index, answer=5)
    assert home.up("demo", "tensorflow-cpu").code == 1
    assert list(home.environments.iterdir()) == []


def test_without_the_network_and_without_a_cache_nothing_is_left(home: Home) -> None:
    ran = home.up("demo", "tensorflow-cpu", "--offline", "--json")

    assert ran.code == 3
    assert home.index.requests == 0
    assert not home.environments.exists() or list(home.environments.iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_an_interrupted_run_leaves_nothing(
    ending: signal.Signals, home: Home, index: Loopback
) -> None:
    package(index, "sleeper", "1.0", "import time; print('zzz', flush=True); time.sleep(600)\n")
    running = home.start("up", "demo", "tensorflow-cpu", "sleeper", "--python", PYTHON)
    assert running.stderr is not None
    while "proving" not in (line := running.stderr.readline()):
        assert line, running.communicate()
    assert (home.environments / "demo" / "1" / "bin").is_dir()
    running.send_signal(ending)
    running.communicate(timeout=30)

    assert running.returncode == 130
    assert list(home.environments.iterdir()) == []


def test_a_project_file_asks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.path)
    (home.path / "dlsetup.toml").write_text('requirements = ["tensorflow-cpu==2.21.*"]\n')
    ran = home.up("demo", "--json")

    assert ran.code == 0, ran.err
    request = ran.data["environment"]["plan"]["request"]
    assert request["requirements"] == ["tensorflow-cpu==2.21.*"]
    assert workflow.catalog().builds("tensorflow-cpu")
