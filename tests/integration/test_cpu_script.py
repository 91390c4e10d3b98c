"""The CPU script, byte for byte as rendered, in a Debian that has never seen dlsetup."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.golden.sections import section
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = [pytest.mark.root, pytest.mark.network]

PLAN = "tensorflow-cpu-debian-12"
STEPS = ("System packages", "uv 0.13.8", "An environment", "Python packages")
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
    assert "Installed" not in again.stderr
    assert root.manifest() == before


@pytest.mark.parametrize("step", STEPS)
def test_without_what_a_step_does_it_is_never_ready(
    step: str, with_python: Root, new_root: MakeRoot, script: Callable[[str], str]
) -> None:
    root = new_root() if step == STEPS[0] else new_root(with_python)
    text = script(PLAN)
    done = section(text, step)
    kept = done.rpartition("\nif ! ")[0] if "\nif ! " in done else ""
    root.put("/root/install.sh", text.replace(done.partition("\n\n# ")[0], kept or ":"))
    result = root.run("bash", "/root/install.sh")

    assert result.returncode == 1
    assert "ready:" not in result.stdout
    assert re.search(r"^stopped: step \d .* failed", result.stderr, re.MULTILINE)


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
