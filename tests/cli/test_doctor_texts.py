"""``dlsetup doctor`` as people read it, whole: a change of words is seen as a diff.

Each file holds a command, whose input is a report of ``tests/cases``, and what it prints. To write
them anew, run ``python -m tests.cli.test_doctor_texts`` and read them.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner import workflow
from provisioner.cli.main import main
from provisioner.cli.text_doctor import COMMANDS as KNOWN
from provisioner.cli.text_doctor import show_examined
from provisioner.examination import Examined
from provisioner.report import Finding
from tests.cases import cases
from tests.cli.sickbed import Sickbed

TEXTS = sorted((Path(__file__).parent / "doctor_texts").glob("*.txt"))
WIDTH = 80
COMMANDS = ("sudo ", "pip ", "python -c ")
PROGRAMS = (*KNOWN, "reboot", "tee ")
"""A reboot is a word of prose too, and ``tee`` stands at the end of a pipe."""


def printed(command: str) -> str:
    """What a command prints for people."""
    words, _, name = command.partition(" <")
    folder, _, stem = name.partition("/")
    report = (
        next((case.report for case in cases(folder) if case.name == stem), None) if name else None
    )
    return CliRunner().invoke(main, shlex.split(words)[1:], input=report).stdout


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_what_is_printed_is_the_text_that_was_agreed(path: Path) -> None:
    command, _, text = path.read_text(encoding="utf-8").partition("\n")

    assert printed(command) == text


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_only_what_is_copied_is_longer_than_a_line(path: Path) -> None:
    _, *lines = path.read_text(encoding="utf-8").splitlines()

    for line in lines:
        assert len(line) <= WIDTH or any(one in line for one in COMMANDS), line
        assert line == line.rstrip()


@pytest.mark.parametrize(
    "command", ["dnf remove 'nvidia-driver*' 'nvidia-open*' 'kmod-nvidia*' 'akmod-nvidia*' 'cuda*'"]
)
def test_a_command_for_root_is_one_line_in_a_container_too(command: str) -> None:
    finding = Finding(
        reference="wsl2",
        severity="error",
        message="m",
        fix=(f"remove every package of the driver that the system has now: {command}",),
    )
    found = Examined(findings=(finding,), looked_at=())

    with CliRunner().isolation() as (out, *_):
        show_examined(found)

    assert command in out.getvalue().decode()


def test_each_program_that_root_is_asked_to_run_is_known_as_a_command() -> None:
    texts = [row.fix for row in workflow.catalog().remedies]
    asked = {
        words for text in texts for words in re.findall(r"sudo (?:-\S+ )*([a-z-]+ ?\S*)", text)
    }

    assert asked
    assert [words for words in sorted(asked) if not f"{words} ".startswith(PROGRAMS)] == []


def live(bed: Sickbed) -> tuple[str, str]:
    """What is found, and what was looked at, on one line: it ends with a path of any length."""
    found, _, rest = bed.run().out.partition("\nlooked at: ")
    return found, " ".join(rest.replace(str(bed.place), "/home/me").split())


MACHINE = (
    "driver; kernel log; system packages; secure boot; containers; disks; toolchain; "
    "holders; pci link"
)
MEANING = "What a word means: dlsetup doctor --explain WORD"


def test_a_machine_without_its_driver(tmp_path: Path) -> None:
    bed = Sickbed(tmp_path)
    bed.settings["DLSETUP_OVERRIDE_DRIVER"] = "none"

    found, looked_at = live(bed)

    assert (
        found
        == """\
error: driver-missing
  There is a GPU of NVIDIA's, and no driver of NVIDIA's is installed.
  seen: no NVIDIA driver is installed for NVIDIA GeForce RTX 4090
  what to do:
    1. install it: sudo apt install nvidia-driver-580-open
    2. or let dlsetup write all of it as a script, driver, reboot and framework:
       dlsetup render script torch
    3. reboot
  what to check afterwards:
    nvidia-smi
"""
    )
    assert looked_at == f"{MACHINE} {MEANING}"


def test_an_environment_whose_numpy_is_too_new(tmp_path: Path) -> None:
    bed = Sickbed(tmp_path)
    bed.environment()
    bed.put("tensorflow", "2.15.1", ("numpy<2.0.0,>=1.23.5",))
    bed.put("nvidia-cudnn-cu12", "8.9.4.25")
    bed.put("numpy", "2.1.0")

    found, looked_at = live(bed)

    assert (
        re.sub(r"==[\d.]+", "==N", found)
        == """\
error: numpy2-abi
  A package that was built for NumPy 1 runs with NumPy 2, or the other way
  round.
  seen: numpy 2.1.0 breaks tensorflow 2.15.1, which needs numpy<2.0.0,>=1.23.5
  what to do:
    1. pip install 'numpy<2': what was built for NumPy 1 runs on it
    2. or install a release that was built for NumPy 2:
       pip install 'tensorflow[and-cuda]==N' nvidia-cudnn-cu12==N
    3. or upgrade the package that the message names to a release that was built
       for NumPy 2
  what to check afterwards:
    python -c "import numpy; print(numpy.__version__)"
"""
    )
    with_loader = MACHINE.replace("disks", "loader; disks")
    assert looked_at == f"{with_loader}; active environment /home/me/env {MEANING}"


def test_a_machine_and_an_environment_that_are_well(tmp_path: Path) -> None:
    bed = Sickbed(tmp_path)
    bed.environment()
    bed.put("numpy", "2.3.4")

    assert live(bed) == (
        "Nothing was found that is wrong.\n",
        f"{MACHINE}; active environment /home/me/env",
    )


if __name__ == "__main__":
    for place in TEXTS:
        asked = place.read_text(encoding="utf-8").partition("\n")[0]
        place.write_text(f"{asked}\n{printed(asked)}", encoding="utf-8")
