"""The environments that ``up`` made are shown, used and removed; nothing else is."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, digest, tensorflow
from tests.unit.upkeep.loopback import Loopback, serving


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one environment; making it is what takes time."""
    with serving() as index:
        tensorflow(index)
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("demo", "tensorflow-cpu").code == 0
    return made.path / "data"


@pytest.fixture
def home(once: Path, index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    tensorflow(index, "2.20.0")
    shutil.copytree(once, tmp_path / "data", symlinks=True)
    return Home(tmp_path, index)


def test_two_stand_side_by_side_and_removing_one_leaves_the_other_as_it_was(home: Home) -> None:
    assert home.up("older.one", "tensorflow-cpu==2.20.0").code == 0
    listed = home.run("env", "list")
    before = digest(home.environments / "demo")
    sizes = [item["size"] for item in home.run("env", "list", "--json").data["environments"]]
    removed = home.run("env", "remove", "older.one")

    told = [f"{size['bytes'] / 1000:.0f} kB" for size in sizes]
    assert listed.out == (
        f"demo       python {PYTHON}  cpu  {told[0]}  tensorflow-cpu 2.21.0\n"
        f"older.one  python {PYTHON}  cpu  {told[1]}  tensorflow-cpu 2.20.0\n"
    )
    assert (removed.code, removed.out, removed.err) == (0, "older.one is gone.\n", "")
    assert [path.name for path in home.environments.iterdir()] == ["demo"]
    assert digest(home.environments / "demo") == before


def test_without_any_the_way_to_one_is_said(index: Loopback, tmp_path: Path) -> None:
    ran = Home(tmp_path, index).run("env", "list")

    assert ran.out == "There is no environment. Make one: dlsetup up NAME REQ\n"


def test_list_and_show_agree(home: Home) -> None:
    listed = home.run("env", "list", "--json").data["environments"]
    shown = home.run("env", "show", "demo", "--json").data

    assert listed == [shown["environment"]]
    assert shown["changed"] is False


def test_a_program_runs_inside_and_its_exit_code_passes_through(home: Home) -> None:
    program = (
        "import os, sys, tensorflow; print(tensorflow.__version__, sys.prefix, "
        "os.environ['VIRTUAL_ENV'], os.environ['PATH'].split(':')[0], sys.argv[1:]); sys.exit(41)"
    )
    running = home.start("env", "run", "demo", "--", "python", "-c", program, "$(x) '", "--json")
    out, err = running.communicate(timeout=60)
    place = str(home.environments / "demo" / "1")

    assert running.returncode == 41, err
    assert out == f"2.21.0 {place} {place} {place}/bin {['$(x) ' + chr(39), '--json']}\n"


def test_what_was_made_for_the_cpu_sees_no_gpu_unless_told_to(home: Home) -> None:
    assert home.up("cpu", "tensorflow-cpu", "--gpu", "none").code == 0

    def seen(name: str, **settings: str) -> str:
        program = "import os; print(os.environ.get('CUDA_VISIBLE_DEVICES', 'all'))"
        running = home.start("env", "run", name, "--", "python", "-c", program, **settings)
        return running.communicate(timeout=60)[0].strip()

    assert not seen("cpu")
    assert seen("cpu", CUDA_VISIBLE_DEVICES="1") == "1"
    assert seen("demo") == "all"


def test_a_signal_reaches_the_program(home: Home) -> None:
    program = "import signal, sys; print('here', flush=True); signal.pause()"
    running = home.start("env", "run", "demo", "python", "-c", program)
    assert running.stdout is not None
    assert running.stdout.readline() == "here\n"
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)

    assert running.returncode == -signal.SIGTERM


def test_a_closed_pipe_ends_the_program_as_in_any_shell(home: Home) -> None:
    # Python would set it to be ignored again, so another program has to tell.
    running = home.start("env", "run", "demo", "--", "sh", "-c", "grep SigIgn /proc/self/status")
    out, _ = running.communicate(timeout=30)

    assert int(out.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0


NO_PROGRAM = """\
error: program-not-found

no-such-program was not found.

  command  no-such-program --json

hint: Install no-such-program or put it on PATH.
"""


def test_a_program_that_is_not_there_is_named_for_people(home: Home) -> None:
    ran = home.run("env", "run", "demo", "--", "no-such-program", "--json")

    assert (ran.code, ran.out, ran.err) == (3, "", NO_PROGRAM)


@pytest.mark.parametrize("words", [(), ("--",)])
def test_without_a_program_there_is_nothing_to_run(words: tuple[str, ...], home: Home) -> None:
    ran = home.run("env", "run", "demo", *words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: bad-usage\n\nMissing argument '-- CMD...'.\n")


GONE = """\
error: environment-damaged

The environment demo is damaged.

  its Python is gone: {base}

hint: Make it anew: dlsetup up demo tensorflow-cpu --python {python}
      Or take it away: dlsetup env remove demo
"""


def test_an_environment_whose_python_vanished_is_said_and_made_anew(home: Home) -> None:
    interpreter = home.environments / "demo" / "1" / "bin" / "python"
    was = interpreter.readlink()
    base = home.path / "uninstalled" / "bin" / "python"
    interpreter.unlink()
    interpreter.symlink_to(base)

    ran = home.run("env", "run", "demo", "--", "python", "--version")
    shown = home.run("env", "show", "demo")
    listed = home.run("env", "list", "--json")

    # The system's own never stands in for it.
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == GONE.format(base=base, python=PYTHON)
    told = (
        f"demo is damaged: its Python is gone: {base}; make it anew: "
        f"dlsetup up demo tensorflow-cpu --python {PYTHON}"
    )
    assert (shown.code, shown.err) == (0, f"warning: {told}\n")
    assert listed.document["warnings"] == [{"reference": "environment-damaged", "message": told}]

    assert home.up("demo", "tensorflow-cpu").code == 0
    assert (home.environments / "demo" / "2" / "bin" / "python").readlink() == was
    assert home.run("env", "show", "demo").err == ""


UNKNOWN = """\
error: unknown-environment

There is no environment other.

  there is demo

hint: Name one of: dlsetup env list
      Or make it: dlsetup up NAME REQ
"""


@pytest.mark.parametrize("verb", ["show", "remove", "run"])
def test_an_environment_that_is_not_there_is_said(verb: str, home: Home) -> None:
    words = ("env", verb, "other", *(("--", "true") if verb == "run" else ()))
    ran = home.run(*words)

    assert (ran.code, ran.err) == (2, UNKNOWN)


@pytest.mark.parametrize("name", ["..", "demo/1", "/etc", "Demo", "."])
def test_a_name_never_leads_elsewhere(name: str, home: Home) -> None:
    ran = home.run("env", "remove", "--json", "--", name)

    assert (ran.code, ran.error["reference"]) == (2, "bad-name")


def test_a_link_is_not_followed(home: Home) -> None:
    elsewhere = home.path / "elsewhere"
    shutil.move(home.environments / "demo", elsewhere)
    (home.environments / "demo").symlink_to(elsewhere)
    before = digest(elsewhere)

    assert home.run("env", "remove", "demo", "--json").error["reference"] == "unknown-environment"
    assert home.run("env", "list", "--json").data["environments"] == []
    assert home.up("demo", "tensorflow-cpu", "--json").error["reference"] == "place-taken"
    assert digest(elsewhere) == before


def test_links_inside_are_removed_and_not_what_they_lead_to(home: Home) -> None:
    kept = home.path / "kept"
    kept.mkdir()
    (kept / "thesis.txt").write_text("years of work")
    (home.environments / "demo" / "1" / "link").symlink_to(kept)
    (home.environments / "demo" / "2").symlink_to(kept)

    ran = home.run("env", "remove", "demo", "--json")
    assert ran.data == {"removed": "demo", "left": ["2"]}
    assert (kept / "thesis.txt").read_text() == "years of work"


def test_what_others_put_beside_it_stays_and_is_named(home: Home) -> None:
    (home.environments / "demo" / "notes.txt").write_text("mine")
    ran = home.run("env", "remove", "demo")

    assert ran.err == "These were put beside it and stay: notes.txt\n"
    assert digest(home.environments).keys() == {"demo", "demo/notes.txt"}


def test_a_folder_without_a_record_of_its_name_is_not_removed(home: Home) -> None:
    shutil.copytree(home.environments / "demo", home.environments / "copy", symlinks=True)
    ran = home.run("env", "remove", "copy", "--json")

    assert ran.error["reference"] == "unknown-environment"
    assert (home.environments / "copy" / "1").is_dir()


def test_a_damaged_one_is_said_and_hides_no_other(home: Home) -> None:
    assert home.up("broken", "tensorflow-cpu").code == 0
    (home.environments / "broken" / "environment.json").write_text("{")
    listed = home.run("env", "list", "--json")
    shown = home.run("env", "show", "broken", "--json")

    assert [item["name"] for item in listed.data["environments"]] == ["demo"]
    warnings = json.loads(listed.out)["warnings"]
    assert [item["reference"] for item in warnings] == ["environment-damaged"]
    assert (shown.code, shown.error["reference"]) == (3, "environment-damaged")


def test_one_whose_pointer_cannot_be_read_can_be_removed(home: Home) -> None:
    (home.environments / "demo" / "environment.json").write_text("{")

    assert home.run("env", "remove", "demo", "--json").data == {"removed": "demo", "left": []}
    assert list(home.environments.iterdir()) == []
