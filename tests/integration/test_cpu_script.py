"""The CPU script, byte for byte as rendered, in a Debian that has never seen dlsetup."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = [pytest.mark.root, pytest.mark.network]

PLAN = "tensorflow-cpu-debian-12"
STEPS = ("system", "uv", "environment", "packages", "verification")
USES = "import tensorflow as tf; print(tf.__version__, float(tf.reduce_sum(tf.ones((3, 3)))))"


@pytest.fixture(scope="module")
def done(
    new_root: MakeRoot, script: Callable[[str], str]
) -> tuple[Root, subprocess.CompletedProcess[str]]:
    root = new_root()
    root.put("/root/install.sh", script(PLAN))
    return root, root.run("bash", "/root/install.sh")


def test_it_ends_with_an_import_that_works(
    done: tuple[Root, subprocess.CompletedProcess[str]],
) -> None:
    root, first = done

    assert first.returncode == 0, first.stdout + first.stderr
    python = re.search(r"^use it: (\S+)$", first.stdout, re.MULTILINE)
    assert python is not None
    used = root.run(python[1], "-c", USES)
    assert used.stdout == "2.21.0 9.0\n"


def test_a_second_run_changes_nothing(
    done: tuple[Root, subprocess.CompletedProcess[str]],
) -> None:
    root, _ = done
    root.run("true")
    before = root.manifest()
    again = root.run("bash", "/root/install.sh", network=False)

    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("already done") == len(STEPS) - 1
    assert root.manifest() == before


@pytest.mark.parametrize("step", STEPS)
def test_without_a_step_it_fails_where_everything_was_already_done(
    step: str,
    done: tuple[Root, subprocess.CompletedProcess[str]],
    new_root: MakeRoot,
    script: Callable[[str], str],
) -> None:
    root = new_root(done[0])
    root.put("/root/install.sh", without(step, script(PLAN)))
    result = root.run("bash", "/root/install.sh", network=False)

    assert result.returncode not in {0, 10}
    assert "ready:" not in result.stdout


@pytest.mark.parametrize("step", STEPS)
def test_without_a_step_it_fails_in_a_clean_root(
    step: str, with_python: Root, new_root: MakeRoot, script: Callable[[str], str]
) -> None:
    root = new_root() if step == "system" else new_root(with_python)
    root.put("/root/install.sh", without(step, script(PLAN)))
    result = root.run("bash", "/root/install.sh")

    assert result.returncode not in {0, 10}
    assert "ready:" not in result.stdout
    assert "stopped: " in result.stderr


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_that_does_nothing_is_noticed(
    step: str, with_python: Root, new_root: MakeRoot, script: Callable[[str], str]
) -> None:
    body = re.compile(rf"^do_{step}\(\) \{{\n.*?^\}}$", re.MULTILINE | re.DOTALL)
    root = new_root(with_python)
    root.put("/root/install.sh", body.sub(f"do_{step}() {{ :; }}", script(PLAN)))
    result = root.run("bash", "/root/install.sh")

    assert result.returncode == 1
    assert "everything was done, and it still does not show" in result.stderr


def test_an_interrupted_run_leaves_nothing_that_passes_for_ready(
    with_python: Root, new_root: MakeRoot, script: Callable[[str], str]
) -> None:
    root = new_root(with_python)
    root.put("/root/install.sh", script(PLAN))
    command, environment = root.command("bash", "/root/install.sh")
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        said = []
        for line in running.stdout:
            said.append(line)
            if line.startswith("Resolved"):
                os.killpg(running.pid, signal.SIGINT)
        assert running.wait() == 130, "".join(said)
    assert any("interrupted in step 4" in line for line in said)
    assert not (root.upper / "root/dlsetup/tensorflow-cpu/.dlsetup/installed").exists()
    again = root.run("bash", "/root/install.sh")

    assert again.returncode == 0, again.stdout + again.stderr
    assert "ready: tensorflow-cpu 2.21.0" in again.stdout


def without(step: str, text: str) -> str:
    """The script without the call of one of its steps."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not re.match(rf"  step \d+ {step} ", line)]
    assert len(kept) == len(lines) - 1
    return "".join(kept)
