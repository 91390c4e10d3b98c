"""Which environment doctor looks at, and what it says of one whose Python does not run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.sickbed import Sickbed
from tests.unit.doctor.live.test_extensions import CHECK, library


@pytest.fixture
def bed(tmp_path: Path) -> Sickbed:
    made = Sickbed(tmp_path)
    made.environment()
    return made


def _python(bed: Sickbed, text: str | None) -> None:
    """Put a program in the place of the environment's Python; None takes it away."""
    python = bed.env / "bin" / "python"
    python.unlink()
    if text is not None:
        python.write_text(text, encoding="utf-8")
        python.chmod(0o755)


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        (None, "it is not there"),
        ("", "cannot be run: Exec format error"),
        ("#!/bin/sh\necho lost >&2\nexit 4\n", "it ended with 4; lost"),
        ("#!/bin/sh\nhead -c 100000 /dev/urandom\n", "it ended with 0"),
    ],
)
def test_an_active_environment_whose_python_does_not_run_is_an_error(
    bed: Sickbed, python: str | None, reason: str
) -> None:
    _python(bed, python)

    ran = bed.run("--json")
    (finding,) = ran.data["findings"]

    assert (finding["reference"], finding["severity"]) == ("environment-damaged", "error")
    assert reason in finding["evidence"][0]
    assert bed.run("--quiet").code == 1


def test_a_link_to_a_python_that_was_taken_away_is_told_with_where_it_leads(bed: Sickbed) -> None:
    _python(bed, None)
    (bed.env / "bin" / "python").symlink_to("/gone/python3")

    assert "it leads to /gone/python3, which is not there" in bed.run("--json").out


def test_what_a_sitecustomize_prints_is_not_taken_for_the_answer(bed: Sickbed) -> None:
    hook = "import atexit\nprint('hello')\natexit.register(print, 'bye')\n"
    (bed.site / "sitecustomize.py").write_text(hook, encoding="utf-8")

    assert bed.run("--json").data["findings"] == []


def test_a_folder_with_a_slash_in_its_name_is_an_environment_too(bed: Sickbed) -> None:
    bed.put("torch", "2.13.0+cpu")
    bed.settings["VIRTUAL_ENV"] = ""

    assert bed.run("--json").data["findings"] == []
    found = bed.run(str(bed.env), "--json").data["findings"]
    assert [one["reference"] for one in found] == ["cpu-only-wheel"]
    assert bed.run(f"{bed.env}/none", "--json").error["reference"] == "python-not-found"


def test_without_an_active_one_the_python_on_path_is_asked_where_it_has_a_framework(
    bed: Sickbed,
) -> None:
    bed.settings["VIRTUAL_ENV"] = ""
    bed.settings["PATH"] = os.pathsep.join((str(bed.env / "bin"), bed.settings["PATH"]))
    before = bed.run("--json").data["looked_at"]
    bed.put("torch", "2.13.0+cpu")

    data = bed.run("--json").data

    assert [one["reference"] for one in data["findings"]] == ["cpu-only-wheel"]
    assert [one for one in data["looked_at"][:-1] if one != "loader"] == before
    assert str(bed.env) in data["looked_at"][-1]


def test_a_torch_of_the_working_folder_and_one_of_pythonpath_are_seen(
    bed: Sickbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bed.put("torch", "2.13.0", members={"torch/__init__.py": "", "torch/version.py": "cuda='12.6'"})
    other = bed.place / "other"
    other.mkdir()
    (other / "torch.py").touch()
    assert bed.found() == {}

    monkeypatch.chdir(other)
    assert bed.found() == {"conda-pip-mix": "warning"}
    bed.settings["PYTHONPATH"] = str(other)
    assert bed.found()["conda-pip-mix"] == "error"


def test_an_extension_of_an_older_torch_is_found_in_an_environment(bed: Sickbed) -> None:
    torch = {"torch/__init__.py": "", "torch/version.py": "cuda='12.6'"}
    bed.put("torch", "2.13.0", members=torch)
    bed.put("flash-attn", "2.5", ["torch"], {"flash_attn_cuda.so": ""})
    library(bed.site / "torch/lib/libc10.so")
    library(bed.site / "flash_attn_cuda.so", wants=[CHECK])

    assert bed.found() == {"extension-abi": "error"}


def test_a_python_on_path_that_does_not_run_is_nobodys_environment(bed: Sickbed) -> None:
    bed.put("torch", "2.13.0+cpu")
    bed.settings["VIRTUAL_ENV"] = ""
    bed.settings["PATH"] = os.pathsep.join((str(bed.env / "bin"), bed.settings["PATH"]))
    _python(bed, "#!/bin/sh\nexit 1\n")

    assert bed.run("--json").data["findings"] == []
