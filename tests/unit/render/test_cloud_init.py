"""What a new machine is told at its first boot: read back as cloud-init reads it, and linted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from provisioner.errors import RefusedError
from provisioner.machine import OperatingSystem
from provisioner.render import render
from tests.golden import plans
from tests.golden.host_plans import container_toolkit
from tests.golden.made_catalog import catalog

BIN = Path(sys.executable).parent
PIP = [name for name, make in plans.PLANS.items() if make().via == "pip"]
LINT = "{extends: default, rules: {comments: {require-starting-space: false}}}"
"""cloud-init itself asks for a first line that begins with #cloud-config, without a blank."""


def told(name: str) -> str:
    (file,) = render((plans.PLANS[name](),), "cloud-init", catalog())
    assert file.path == "user-data"
    return file.text


def written(text: str) -> dict[str, str]:
    files: list[dict[str, Any]] = yaml.safe_load(text)["write_files"]
    return {file["path"]: file["content"] for file in files}


@pytest.mark.parametrize("name", PIP)
def test_it_writes_the_very_script_that_is_rendered(name: str) -> None:
    found = written(told(name))
    (script,) = [text for path, text in found.items() if path.endswith("/install.sh")]

    assert script == render((plans.PLANS[name](),), "script", catalog())[0].text
    assert told(name).startswith("#cloud-config\n")


def test_the_unit_runs_what_was_written_and_is_the_one_that_is_enabled() -> None:
    text = told("torch-ubuntu-24.04-driver-580-open")
    found = written(text)

    assert list(found) == [
        "/opt/dlsetup/torch/install.sh",
        "/opt/dlsetup/torch/first-boot.sh",
        "/etc/systemd/system/dlsetup-torch.service",
    ]
    assert "ExecStart=/bin/bash /opt/dlsetup/torch/first-boot.sh\n" in found[[*found][2]]
    assert "ConditionPathExists=!/opt/dlsetup/torch/ready\n" in found[[*found][2]]
    assert yaml.safe_load(text)["runcmd"] == [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "--now", "--no-block", "dlsetup-torch.service"],
    ]


def test_a_system_that_the_script_does_not_know_is_refused_by_its_own_name() -> None:
    made = plans.cpu()
    where = msgspec.structs.replace(made.machine, os=OperatingSystem(id="plan9", version="4"))
    made = plans.with_steps(msgspec.structs.replace(made, machine=where))

    with pytest.raises(RefusedError) as caught:
        render((made,), "cloud-init", catalog())

    assert caught.value.reference == "format-cannot-carry"
    assert caught.value.message == "cloud-init cannot carry a plan for plan9-4."


@pytest.mark.linter
@pytest.mark.parametrize("name", PIP)
def test_yamllint_and_shellcheck_have_nothing_to_say(name: str, tmp_path: Path) -> None:
    text = told(name)
    (tmp_path / "user-data").write_text(text)
    scripts = [tmp_path / path.rpartition("/")[2] for path in written(text) if path.endswith(".sh")]
    for path, content in written(text).items():
        (tmp_path / path.rpartition("/")[2]).write_text(content)

    for command in (
        [str(BIN / "yamllint"), "--strict", "-d", LINT, str(tmp_path / "user-data")],
        [str(BIN / "shellcheck"), *map(str, scripts)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout + done.stderr == ""


def test_a_machine_can_be_set_up_for_containers_without_an_environment() -> None:
    plan = container_toolkit()
    (file,) = render((plan,), "cloud-init", catalog())
    (script,) = render((plan,), "script", catalog())

    found = written(file.text)
    assert found["/opt/dlsetup/nvidia-container-toolkit/install.sh"] == script.text
    assert "What it holds" not in file.text
    assert file.text.startswith("#cloud-config\n# nvidia-container-toolkit\n")
