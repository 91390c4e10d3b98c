"""What needs root is shown, asked for or refused; what was done so far can be seen."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from provisioner.apply.record import Change, Record, here
from tests.cli.environments import PYTHON, Home, tensorflow
from tests.cli.ran import Ran
from tests.integration.boxes import torch
from tests.unit.upkeep.loopback import Loopback

GPU = {"DLSETUP_OVERRIDE_GPUS": "RTX 4090"}
UP = ("up", "demo", "torch==2.15.0", "--python", PYTHON)


DPKG = """#!/bin/sh
shift 2
for name; do echo "$name installed"; done
"""


@pytest.fixture
def home(index: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home on a system that lacks nothing but a driver, whatever this one has."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dpkg-query").write_text(DPKG)
    (tmp_path / "bin/dpkg-query").chmod(0o755)
    torch(index)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return Home(tmp_path, index)


REFUSED = """\
error: needs-root

Root is needed, and there is no terminal to ask at. Nothing was changed.

  driver  nvidia-driver-580-open, branch 580{replaced}
  reboot  when it is done; then the same command goes on

hint: Read the script: less {script}
      run it by hand: bash {script}
      or say yes to the question, at a terminal or with --yes
"""


@pytest.mark.parametrize(
    ("driver", "replaced"), [("none", ""), ("535.183.01", ", in place of 535.183.01")]
)
def test_without_a_terminal_it_is_refused_with_the_script_at_hand(
    home: Home, driver: str, replaced: str
) -> None:
    ran = home.run(*UP, **GPU, DLSETUP_OVERRIDE_DRIVER=driver)
    script = home.path / "state/dlsetup/system/demo.sh"

    assert (ran.code, error_of(ran)) == (1, REFUSED.format(script=script, replaced=replaced))
    assert script.stat().st_mode & 0o777 == 0o755
    assert "package=nvidia-driver-580-open\n" in script.read_text()
    assert not (home.environments / "demo").exists()


def test_programs_are_never_asked(home: Home) -> None:
    ran = home.run(*UP, "--json", **GPU)

    assert (ran.code, ran.error["reference"]) == (1, "needs-root")
    assert ran.error["message"] == "Root is needed, and nobody may be asked. Nothing was changed."


SHOWN = """\
This plan changes the system, as root:
  driver  nvidia-driver-580-open, branch 580
  reboot  when it is done; then the same command goes on
"""


def test_a_dry_run_shows_it_and_writes_nothing(home: Home) -> None:
    ran = home.run(*UP, "--dry-run", **GPU)
    asked = home.run(*UP, "--dry-run", "--json", **GPU)

    assert ran.code == 0
    assert ran.out.endswith(SHOWN)
    assert asked.data["system"]["driver"] == "nvidia-driver-580-open"
    assert asked.data["system"]["script"].startswith("#!/usr/bin/env bash\n")
    assert not (home.path / "state/dlsetup/system").exists()
    assert not home.environments.exists()


@pytest.mark.parametrize(
    "words", [("--keep-driver",), ("--gpu", "none")], ids=["kept", "processor"]
)
def test_a_driver_that_is_left_alone_asks_for_nothing(home: Home, words: tuple[str, ...]) -> None:
    driver = {"DLSETUP_OVERRIDE_DRIVER": "580.178.04"}
    ran = home.run(*UP, *words, "--dry-run", "--json", **GPU, **driver)

    assert (ran.code, ran.data["system"]) == (0, None)


NO_PACKAGE = """\
error: needs-system-steps

This plan needs another NVIDIA driver, and dlsetup does not install it here.

  needed  580.65.06 or later
  here    none is seen
  why     up installs drivers with apt only

hint: Install it by a script: dlsetup render script REQ -o install.sh
      bash install.sh
      after that, give the same command again
"""
WINDOWS = """\
error: needs-system-steps

This plan needs another NVIDIA driver, and dlsetup does not install it here.

  needed  580 or later
  here    none is seen
  why     it belongs to Windows

hint: Update it in Windows, and run there: wsl --shutdown
      after that, give the same command again
"""


@pytest.mark.parametrize(
    ("system", "text"), [("rocky-9", NO_PACKAGE), ("ubuntu-24.04-wsl2", WINDOWS)]
)
def test_a_driver_that_dlsetup_does_not_install_is_a_matter_for_the_user(
    home: Home, system: str, text: str
) -> None:
    ran = home.run(*UP, **GPU, DLSETUP_OVERRIDE_OS=system)

    assert (ran.code, error_of(ran)) == (1, text)


CONDA = """\
error: needs-system-steps

up makes environments of wheels, and the packages of this plan come by conda's channels.

  torch 2.13.0, by conda
  cudnn 9.10.2.21, by conda

hint: Leave out --via conda, or: dlsetup render conda REQ --via conda -o environment.yml
      conda env create --file environment.yml
"""
IMAGE = """\
error: needs-system-steps

up makes environments of wheels, and the packages of this plan come by an image.

  tensorflow 1.15.5, by container

hint: Leave out --via container, or: dlsetup render dockerfile REQ --via container -o Dockerfile
      docker build --tag NAME .
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("torch", "--via", "conda"), CONDA),
        (("tensorflow==1.15.*", "--via", "container"), IMAGE),
    ],
    ids=["conda", "container"],
)
def test_another_way_than_wheels_is_refused_with_the_way_to_go(
    home: Home, words: tuple[str, ...], text: str
) -> None:
    gpu = {"DLSETUP_OVERRIDE_GPUS": "V100", "DLSETUP_OVERRIDE_DRIVER": "535.183.01"}
    ran = home.run("up", "demo", *words, **gpu)

    assert (ran.code, error_of(ran)) == (1, text)


def test_where_nothing_was_done_nothing_can_be_taken_back(home: Home) -> None:
    shown, undone = home.run("system", "show"), home.run("system", "undo")
    asked = home.run("system", "undo", "--json")

    assert (shown.code, shown.out) == (0, "Nothing that dlsetup installed as root is left.\n")
    assert (undone.code, undone.out) == (0, shown.out)
    assert (asked.code, asked.data["changed"], asked.data["undo"]["packages"]) == (0, False, [])
    assert home.run("system", "show", "--json").data == {"changes": []}


def test_a_damaged_record_is_said(home: Home) -> None:
    record = home.path / "state/dlsetup/system/system.json"
    record.parent.mkdir(parents=True)
    record.write_text("{")
    ran = home.run("system", "undo", "--json")

    assert (ran.code, ran.error["reference"]) == (3, "record-damaged")


def test_what_stays_after_an_environment_is_said(home: Home, index: Loopback) -> None:
    tensorflow(index)
    home.run("up", "demo", "tensorflow-cpu", "--python", PYTHON)
    recorded(home, here())
    ran = home.run("env", "remove", "demo")

    assert ran.err == "What was installed as root stays; take it back: dlsetup system undo\n"


def test_what_was_done_on_another_machine_of_the_same_home_is_none_of_ours(home: Home) -> None:
    recorded(home, "another")
    undone = home.run("system", "undo", "--yes")

    assert (undone.code, undone.out) == (0, "Nothing that dlsetup installed as root is left.\n")
    assert (home.path / "state/dlsetup/system/system.json").exists()


def error_of(ran: Ran) -> str:
    """What is said of an error, but for the place of the log, which bears a time."""
    said = ran.err[ran.err.index("error: ") :]
    return re.sub(r"  log  .*\n", "", said).replace("\n\n\n", "\n\n")


def recorded(home: Home, machine: str) -> None:
    """A driver was installed on that machine."""
    change = Change(
        machine=machine,
        environment="demo",
        driver="nvidia-open",
        began="",
        installed={"nvidia-open": "580"},
    )
    record = home.path / "state/dlsetup/system/system.json"
    record.parent.mkdir(parents=True)
    record.write_bytes(msgspec.json.encode(Record(changes=(change,))))
