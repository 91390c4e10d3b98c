"""The installed command answers offline, and as the checkout does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.packaging.distribution import ROOT, Installed, offline

pytestmark = [pytest.mark.network, pytest.mark.root]

OLD = ["--driver", "550.163.01", "--os", "ubuntu-22.04"]
QUESTIONS = [
    ["resolve", "torch", "--json", "--gpu", "RTX 2070 SUPER", *OLD],
    ["render", "script", "tensorflow>=2.15", "--gpu", "RTX 3090", *OLD],
    ["render", "dockerfile", "tensorflow==1.15.*", "--gpu", "GTX 1080 Ti"],
    ["render", "dockerfile", "tensorflow==2.*", "--gpu", "RTX 4090"],
    ["render", "conda", "torch", "--gpu", "Tesla V100"],
    ["render", "--list"],
]


def test_detect_describes_this_machine_offline(installed: Installed, tmp_path: Path) -> None:
    done = installed.call("detect", "--json", home=tmp_path)

    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (answer["schema"], answer["command"], answer["status"]) == (1, "detect", "ok")


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_the_installed_command_answers_as_the_checkout_does(
    installed: Installed, tmp_path: Path, question: list[str]
) -> None:
    of_checkout = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = 'dlsetup'"
    run = "from provisioner.cli.main import main; main()"

    theirs = installed.call(*question, home=tmp_path)
    ours = offline(sys.executable, "-I", "-c", f"{of_checkout}; {run}", *question, home=tmp_path)

    assert theirs.returncode == 0, theirs.stderr
    assert theirs.stdout == ours.stdout != ""
