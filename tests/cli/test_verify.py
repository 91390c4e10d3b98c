"""``verify`` proves what ``up`` made as it is now, and says what is wrong with it by name."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, TENSORFLOW, Home, digest, package, tensorflow
from tests.cli.gpus import results
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import installable

GROUPS = ("gpus", "precisions", "cudnn", "memory", "nccl")
WORKS = """\
Environment demo
  pass            python                  {python}
  pass            versions                2 packages, each as it is locked
  pass            pins                    tensorflow-cpu 2.21.0
  pass            files                   {files} files, each where it was installed
  pass            imports tensorflow-cpu  import tensorflow: fine
  pass            compute tensorflow      tensorflow 2.21.0 computes on the CPU
  not applicable  numpy tensorflow        numpy is not installed
  pass            imports beside          import beside: fine
  not applicable  gpus                    the plan is for the CPU
  not applicable  precisions              the plan is for the CPU
  not applicable  cudnn                   the plan is for the CPU
  not applicable  memory                  the plan is for the CPU
  not applicable  nccl                    the plan is for the CPU

demo works: 7 checks passed, 6 do not apply.
"""


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    package(index, "beside", "1.0", "")
    made = Home(tmp_path, index)
    assert made.up("demo", "tensorflow-cpu", "beside").code == 0
    return made


def site(home: Home) -> Path:
    return home.environments / "demo" / "1" / "lib" / f"python{PYTHON}" / "site-packages"


def failed(home: Home) -> dict[str, str]:
    ran = home.run("verify", "demo", "--json")
    assert ran.document["status"] == "ok"
    found = {name: told for name, (result, told) in results(ran).items() if result == "fail"}
    assert ran.code == (1 if found else 0)
    return found


def test_what_works_is_said_check_by_check(home: Home) -> None:
    import platform

    ran = home.run("verify", "demo")
    files = sum(
        len((folder / "RECORD").read_text().splitlines())
        for folder in site(home).glob("*.dist-info")
    )

    assert ran.code == 0
    assert ran.out == WORKS.format(python=platform.python_version(), files=files)
    assert ran.err == "proving that demo works\n"


def test_the_count_comes_to_all_that_are_shown(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from provisioner.cli import progress

    told: list[tuple[str, int, int | None]] = []
    monkeypatch.setattr(progress.Steps, "count", lambda _, *words: told.append(words))
    home.run("verify", "demo")

    assert [done for _, done, _ in told] == list(range(1, 14))
    assert {of for _, _, of in told} == {None, 13}
    assert told[-1] == ("checks", 13, 13)


def test_nothing_is_written_but_a_line_of_the_journal(home: Home) -> None:
    before = digest(home.environments)
    home.run("verify", "demo")
    after = digest(home.environments)

    assert [name for name in after if after[name] != before.get(name)] == ["demo/journal.jsonl"]
    assert before.keys() <= after.keys()
    last = (home.environments / "demo" / "journal.jsonl").read_text().splitlines()[-1]
    entry = json.loads(last)
    assert (entry["step"], entry["generation"], entry["state"]) == ("verify", 1, "done")


def test_who_stops_it_and_lets_it_go_on_gets_the_same_answer(home: Home) -> None:
    running = home.start("verify", "demo", "--json")
    assert running.stderr is not None
    assert running.stderr.readline() == "proving that demo works\n"
    time.sleep(0.5)
    running.send_signal(signal.SIGSTOP)
    time.sleep(4)
    running.send_signal(signal.SIGCONT)
    out, _ = running.communicate(timeout=60)

    assert running.returncode == 0, out


def test_a_check_that_ends_without_an_answer_says_so(home: Home) -> None:
    replaced(home, "import os; os._exit(0)")

    told = failed(home)["imports tensorflow-cpu"]
    assert told == "the check ended without an answer (exit code 0)"


def test_a_failure_is_noted_in_the_journal_too(home: Home) -> None:
    (site(home) / "beside.py").unlink()
    home.run("verify", "demo")
    last = (home.environments / "demo" / "journal.jsonl").read_text().splitlines()[-1]

    assert json.loads(last)["state"] == "failed"
    assert "files" in json.loads(last)["detail"]


def test_what_verify_found_broken_is_shown_and_up_makes_it_anew(home: Home) -> None:
    (site(home) / "beside.py").unlink()
    home.run("verify", "demo")
    shown = home.run("env", "show", "demo", "--json").data["environment"]
    ran = home.up("demo", "tensorflow-cpu", "beside", "--json")

    assert not shown["verified"]
    assert shown["last_verify"]["result"] == "fail"
    assert (ran.data["changed"], ran.data["environment"]["generation"]) == (True, 2)
    assert home.run("verify", "demo").code == 0


def test_what_does_not_work_comes_with_how_to_mend_it(home: Home) -> None:
    (site(home) / "beside.py").unlink()
    once = home.run("verify", "demo").out
    mended = home.up("demo", "tensorflow-cpu", "beside")
    place = home.environments / "demo" / "2" / "lib" / f"python{PYTHON}" / "site-packages"
    (place / "beside.py").unlink()
    twice = home.run("verify", "demo").out

    lines = ["demo does not work: 1 of 6 checks failed."]
    lines += [f"Make it anew: dlsetup up demo tensorflow-cpu beside --python {PYTHON}"]
    assert once.splitlines()[-2:] == lines
    back = "Or go back to generation 1: dlsetup env rollback demo"
    assert twice.splitlines()[-3:] == [*lines, back]
    assert (
        "generation 1 does not work: beside lacks beside.py; making it anew"
        in mended.err.splitlines()
    )


def test_up_says_what_can_be_seen_at_a_glance_too(home: Home) -> None:
    shutil.rmtree(site(home) / "beside-1.0.dist-info")
    mended = home.up("demo", "tensorflow-cpu", "beside")

    told = "generation 1 does not work: it lacks beside-1.0.dist-info; making it anew"
    assert told in mended.err.splitlines()


def test_a_file_that_is_gone_is_named(home: Home) -> None:
    (site(home) / "beside.py").unlink()

    assert failed(home) == {"files": "beside lacks beside.py"}


@pytest.mark.parametrize("content", ["", "x = 1\n"], ids=["emptied", "edited"])
def test_a_file_that_was_changed_is_named(content: str, home: Home) -> None:
    place = site(home) / "tensorflow" / "__init__.py"
    text = place.read_text() + content if content else ""
    place.unlink()  # it may be a link into uv's cache
    place.write_text(text)
    found = failed(home)

    assert found["files"] == (
        "tensorflow-cpu: tensorflow/__init__.py was changed since it was installed"
    )
    assert ("compute tensorflow" in found) is (not content)


def test_what_a_publisher_changed_after_its_record_is_no_change(
    home: Home, index: Loopback
) -> None:
    """As torch 1.9.1 is: its record knows libtorch_cpu.so at seven times its size."""
    name, data = installable("slip", "1.0", {"slip.py": "x = 1"}, recorded={"slip.py": "x = 12"})
    index.add("slip", name, data)
    home.up("slip", "slip")

    assert home.run("verify", "slip").code == 0


def test_another_version_is_named(home: Home) -> None:
    about = site(home) / "beside-1.0.dist-info" / "METADATA"
    text = about.read_text()
    about.unlink()
    about.write_text(text.replace("Version: 1.0", "Version: 1.1"))

    assert failed(home) == {"versions": "beside is 1.1; 1.0 is locked"}


def test_a_package_that_was_added_is_named(home: Home) -> None:
    added = site(home) / "six-1.17.0.dist-info"
    added.mkdir()
    (added / "METADATA").write_text("Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\n")

    assert failed(home) == {"versions": "six is not in the lock"}


def test_a_package_that_was_removed_is_named(home: Home) -> None:
    shutil.rmtree(site(home) / "beside-1.0.dist-info")

    assert failed(home) == {"versions": "beside is not installed"}


def test_another_python_is_named(home: Home) -> None:
    plan = home.environments / "demo" / "1" / "plan.json"
    plan.write_text(plan.read_text().replace(f'"python": "{PYTHON}"', '"python": "3.9"', 1))
    document = json.loads(plan.read_text())
    document["python"] = "3.9"
    plan.write_text(json.dumps(document))

    assert failed(home)["python"].endswith("; 3.9 was planned")


def replaced(home: Home, source: str) -> None:
    place = site(home) / "tensorflow" / "__init__.py"
    place.unlink()
    place.write_text(source)


COMPUTES = TENSORFLOW.format(version="2.21.0", sum=256**3)


@pytest.mark.parametrize(
    ("source", "name", "told"),
    [
        pytest.param(
            TENSORFLOW.format(version="2.21.0", sum=5),
            "compute tensorflow",
            "tensorflow computes wrongly on the CPU",
            id="wrong-numbers",
        ),
        pytest.param(
            TENSORFLOW.format(version="2.9.0", sum=256**3),
            "compute tensorflow",
            "tensorflow is 2.9.0; 2.21.0 was planned",
            id="another-version-inside",
        ),
        pytest.param(
            "raise ImportError('libcrypt.so.1: cannot open shared object file')",
            "imports tensorflow-cpu",
            "ImportError: libcrypt.so.1: cannot open shared object file",
            id="no-import",
        ),
        pytest.param(
            "import ctypes; ctypes.string_at(0)",
            "imports tensorflow-cpu",
            "it was ended by signal 11 (SIGSEGV)",
            id="crash",
        ),
        pytest.param(
            "import os; print('no licence', flush=True); os._exit(3)",
            "imports tensorflow-cpu",
            "it left with status 3",
            id="exit",
        ),
        pytest.param(
            COMPUTES + "\nimport atexit, ctypes; atexit.register(ctypes.string_at, 0)\n",
            "numpy tensorflow",
            "it did all, and then it was ended by signal 11 (SIGSEGV)",
            id="crash-at-its-end",
        ),
        pytest.param(
            COMPUTES + "\nimport sys; sys.stderr.write('A module that was compiled using NumPy 1.x"
            " cannot be run in\\nNumPy 2.0.2 as it may crash.')\n",
            "imports tensorflow-cpu",
            "A module that was compiled using NumPy 1.x cannot be run in NumPy 2",
            id="half-broken",
        ),
    ],
)
def test_a_framework_that_does_not_work_fails_by_name(
    source: str, name: str, told: str, home: Home
) -> None:
    replaced(home, source)
    found = failed(home)

    found.pop("files", None)  # a file that was edited is its own failure, tried above
    assert found == {name: told}


def test_one_that_hangs_is_ended_and_the_others_are_still_looked_at(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provisioner.verify import probes

    monkeypatch.setattr(probes, "TIME_LIMIT_S", 1)
    replaced(home, "import ctypes; ctypes.CDLL(None).sleep(600)")
    ran = home.run("verify", "demo", "--json")
    found = results(ran)

    assert ran.code == 1
    assert found["imports tensorflow-cpu"] == ("fail", "it did not end within 1 seconds")
    assert found["compute tensorflow"] == (
        "not-applicable",
        "imports tensorflow-cpu failed before it",
    )
    assert found["imports beside"][0] == "pass"


def test_a_flood_of_words_is_cut(home: Home) -> None:
    replaced(home, "raise ImportError('x' * 100000)")

    assert len(failed(home)["imports tensorflow-cpu"]) == 300


def test_what_is_said_is_one_line_that_prints(home: Home) -> None:
    replaced(home, "raise ImportError('\\n\\n\\x1b[31mred\\nmore')")

    assert failed(home)["imports tensorflow-cpu"] == "ImportError: [31mred"


def test_a_companion_that_does_not_import_is_no_failure(home: Home) -> None:
    (site(home) / "beside.py").unlink()
    (site(home) / "beside.py").write_text("raise OSError('no display')")
    found = results(home.run("verify", "demo", "--json"))

    assert found["imports beside"] == (
        "not-applicable",
        "beside of beside does not import: OSError: no display",
    )


def test_the_caller_s_own_settings_stand_in_for_nothing(home: Home) -> None:
    elsewhere = home.path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "tensorflow.py").write_text("raise ImportError('the wrong one')")
    ran = home.run("verify", "demo", "--json", PYTHONPATH=str(elsewhere), PYTHONHOME="/nowhere")

    assert ran.code == 0, ran.out


def test_up_names_the_checks_that_failed(home: Home, index: Loopback) -> None:
    tensorflow(index, "2.20.0", answer=5)
    ran = home.up("other", "tensorflow-cpu==2.20.0", "--json")

    assert ran.error["reference"] == "environment-not-verified"
    assert ran.error["context"][0] == "compute tensorflow: tensorflow computes wrongly on the CPU"
    assert results(ran)["compute tensorflow"][0] == "fail"
    assert results(ran)["versions"][0] == "pass"


def test_without_a_name_it_is_the_only_one_there_is(home: Home) -> None:
    assert home.run("verify", "--json").data["environment"] == "demo"


def test_without_a_name_it_is_the_one_that_one_is_in(home: Home) -> None:
    home.up("other", "beside")
    inside = str(home.environments / "other" / "1")

    assert home.run("verify", "--json", VIRTUAL_ENV=inside).data["environment"] == "other"


def test_of_several_one_has_to_be_named(home: Home) -> None:
    home.up("other", "beside")
    ran = home.run("verify", VIRTUAL_ENV="/somewhere/else")

    assert ran.code == 2
    assert ran.err == (
        "error: which-environment\n\n"
        "There is more than one environment, and none is named.\n\n"
        "  there is demo, other\n\n"
        "hint: Name one: dlsetup verify NAME\n"
    )


def test_where_there_is_none_it_says_how_to_make_one(index: Loopback, tmp_path: Path) -> None:
    ran = Home(tmp_path, index).run("verify", "--json")

    assert (ran.code, ran.error["reference"]) == (2, "which-environment")
    assert ran.error["hint"] == "Make one: dlsetup up NAME REQ"


@pytest.mark.parametrize(
    ("words", "code", "reference"),
    [
        (("nobody",), 2, "unknown-environment"),
        (("../x",), 2, "bad-name"),
        (("demo", "--python", "/"), 2, "bad-usage"),
        (("--python", "/nowhere"), 2, "python-not-found"),
        (("--python", "/"), 2, "python-not-found"),
        (("--python", "/bin/true"), 2, "python-not-found"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    words: tuple[str, ...], code: int, reference: str, home: Home
) -> None:
    ran = home.run("verify", "--json", *words)

    assert (ran.code, ran.error["reference"]) == (code, reference)


@pytest.mark.parametrize("harm", ["bin/python", "pylock.toml", "plan.json"])
def test_what_is_damaged_is_said_to_be(harm: str, home: Home) -> None:
    (home.environments / "demo" / "1" / harm).unlink()
    ran = home.run("verify", "demo", "--json")

    assert (ran.code, ran.error["reference"]) == (3, "environment-damaged")


def test_an_environment_that_something_else_made_is_proved_too(home: Home) -> None:
    place = home.environments / "demo" / "1"
    copied = Path(shutil.copytree(place, home.path / "venv", symlinks=True))
    for path in (copied, copied / "bin" / "python"):
        ran = home.run("verify", "--python", str(path), "--json")
        found = results(ran)

        assert ran.code == 0, ran.out
        assert ran.data["environment"] is None
        assert found["versions"][0] == "not-applicable"
        assert found["compute tensorflow"][0] == "pass"
        why = ("not-applicable", "there is no NVIDIA GPU on this machine")
        assert [found[name] for name in GROUPS] == [why] * 5


def test_a_card_of_another_maker_is_not_passed_over(home: Home) -> None:
    """The CPU was asked for here, by a variable."""
    amd = home.run("verify", "demo", "--json", DLSETUP_OVERRIDE_GPUS="RX 7900 XTX")

    assert results(amd)["gpus"] == (
        "not-applicable",
        "the plan is for the CPU, as was asked for; this machine has Radeon RX 7900 XTX",
    )
