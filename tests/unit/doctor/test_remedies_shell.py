"""The commands in fixes: bash and shellcheck read them, and those that can run here do run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from provisioner.doctor.remedies import CHECK
from tests.unit.doctor.grid import commands, grid
from tests.unit.doctor.machines import DESCRIBED

BIN = Path(sys.executable).parent
_EXCLUDED = "SC2155,SC2010,SC2012,SC1091,SC2034"
"""Advice for scripts: a result that is masked, names with line breaks, files that lie elsewhere,
and variables that are for later programs."""
_WINDOWS = re.compile(r"windll|\bwhere cudnn")


@cache
def every() -> tuple[str, ...]:
    """Each command once, of the machines that have bash."""
    found = [
        command
        for one in grid()
        if not DESCRIBED[one.place][1].startswith("windows")
        for line in one.lines
        for command in commands(line.removeprefix(CHECK))
    ]
    return tuple(one for one in dict.fromkeys(found) if not _WINDOWS.search(one))


def test_commands_are_found_whole() -> None:
    told = (
        "or mend it (sudo apt-mark unhold NAME), then: sudo apt install linux-headers-$(uname -r)"
    )
    assert commands(told) == [
        "sudo apt-mark unhold NAME",
        "sudo apt install linux-headers-$(uname -r)",
    ]
    told = "python -c \"print(1); print('a, then b')\" names a file"
    assert commands(told) == ["python -c \"print(1); print('a, then b')\""]
    assert len(every()) > 150
    for command in every():
        assert not re.search(r", then|; then|\bor later|\bnames\b|\{[a-z_]+\}", command), command


def test_bash_reads_every_command() -> None:
    for command in every():
        done = subprocess.run(
            ["bash", "-n", "-c", command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)


@pytest.mark.linter
def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    files = []
    for number, command in enumerate(every()):
        file = tmp_path / f"{number}.sh"
        file.write_text(f"#!/bin/bash\n{command}\n")
        files.append(str(file))
    done = subprocess.run(
        [str(BIN / "shellcheck"), f"--exclude={_EXCLUDED}", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""


_HARMLESS = {
    "python --version": "Python 3",
    'python -c "import platform; print(platform.machine())"': os.uname().machine,
    "ldd --version": "ldd",
    "df -h": "Mounted on",
    'df -h / /tmp /var /dev/shm "$HOME"': "tmpfs",
    "df -i": "IUse",
    'mkdir -p "$HOME/tmp" && export TMPDIR="$HOME/tmp"': "",
    "unset LD_LIBRARY_PATH": "",
    "unset CUDA_VISIBLE_DEVICES": "",
    'export CUDA_HOME=/usr/local/cuda PATH="/usr/local/cuda/bin:$PATH"': "",
    'export LD_LIBRARY_PATH="/usr/lib/wsl/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"': "",
    "pip check": "",
}
"""What changes nothing on any machine, and what it prints."""


@pytest.mark.parametrize("command", sorted(_HARMLESS))
def test_what_can_run_here_runs(command: str, tmp_path: Path) -> None:
    assert command in every()
    done = ran(command, tmp_path)
    assert done.returncode == 0 or command == "pip check", done.stderr
    assert _HARMLESS[command] in done.stdout


def test_the_library_of_cxx_that_is_loaded_is_named(tmp_path: Path) -> None:
    (command,) = (one for one in every() if "/proc/self/maps" in one)
    done = ran(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"/\S*libstdc\+\+\.so\.6", done.stdout)


def test_the_folders_of_libraries_in_wheels_are_named(tmp_path: Path) -> None:
    """In an environment with two of NVIDIA's wheels."""
    from provisioner.doctor.remedies import fixes
    from tests.unit.doctor.machines import patient

    told = fixes("ld-library-path", patient("ada-noble"), frozenset({"cudnn-elsewhere"}))
    (export,) = (text.partition(": ")[2] for text in told if "nvidia.__path__" in text)
    for name in ("cublas", "cudnn"):
        (tmp_path / "site/nvidia" / name / "lib").mkdir(parents=True)
    done = ran(f'{export}; echo "$LD_LIBRARY_PATH"', tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    found = sorted(done.stdout.strip().split(":"))
    assert found == [str(tmp_path / f"site/nvidia/{name}/lib") for name in ("cublas", "cudnn")]


def test_tmpdir_is_where_python_then_unpacks(tmp_path: Path) -> None:
    told = 'mkdir -p "$HOME/tmp" && export TMPDIR="$HOME/tmp"'
    line = f'{told}; python -c "import tempfile; print(tempfile.gettempdir())"'
    assert ran(line, tmp_path).stdout.strip() == str(tmp_path / "tmp")


def test_where_no_avx_is_the_count_of_it_is_nought(tmp_path: Path) -> None:
    assert "grep -c -w avx /proc/cpuinfo" in every()
    listed = Path("/proc/cpuinfo").read_text()
    done = ran("grep -c -w avx /proc/cpuinfo", tmp_path)
    wanted = sum(1 for line in listed.splitlines() if re.search(r"\bavx\b", line))
    assert int(done.stdout) == wanted


def ran(line: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line as somebody would who has pasted it, with a home of their own."""
    settings = {"HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}", **more}
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env=settings,
        timeout=60,
    )
