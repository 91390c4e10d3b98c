"""What a person reads who has a GPU of AMD or Intel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

NOBLE = ("--os", "ubuntu-24.04", "--arch", "x86_64")
MACHINES = Path(__file__).parents[1] / "machines"

NEAR_MISS = """\
error: no-compatible-stack

No build of torch==2.11.0 runs on AMD Radeon RX 6700 XT (gfx1031).

  you asked for torch==2.11.0
  torch 2.11.0 (rocm7.2): holds no code for AMD Radeon RX 6700 XT (gfx1031) (gfx1030's passed off a…
  this machine: AMD Radeon RX 6700 XT (gfx1031) [option]

hint: compute on the CPU (--gpu none): gives torch 2.11.0
"""

DROPPED = """\
error: no-compatible-stack

No build of torch==2.11.0 runs on gfx906.

  you asked for torch==2.11.0
  torch 2.11.0 (rocm7.2): ROCm's libraries from 6.4 on hold no kernels for gfx906, though torch its…
  this machine: gfx906 [option]

hint: leave the version of torch open: gives torch 2.7.1
      compute on the CPU (--gpu none): gives torch 2.11.0
"""

NOT_VALIDATED = """\
error: no-compatible-stack

No build of torch runs on UHD Graphics 630.

  you asked for torch
  torch 2.15.0 (xpu): was not validated with UHD Graphics 630, only with Ponte Vecchio, Alchemist,…
  this machine: UHD Graphics 630 [option]

hint: compute on the CPU (--gpu none): gives torch 2.15.0
"""

UNREAD = """\
error: no-compatible-stack

No build of tensorflow runs on Radeon RX 7900 XTX (gfx1100).

  you asked for tensorflow
  tensorflow 2.14.0.600 (default): nobody has read which GPUs it holds code for, Radeon RX 7900 XTX…
  this machine: Radeon RX 7900 XTX (gfx1100) [option]

hint: compute on the CPU (--gpu none): gives tensorflow 2.21.0
"""

TWO_MAKERS = """\
error: gpu-vendor-unsupported

Radeon RX 7900 XTX would be left idle: a plan runs on the GPUs of one maker.

  it would run on NVIDIA GeForce RTX 4090

hint: Name the GPUs of one maker with --gpu, or say --gpu none for the CPU.
"""

IMAGE = """\
error: format-cannot-carry

dockerfile cannot carry a plan for Intel's GPUs: the image would need Intel's user-mode driver, of \
which the catalog knows no package.

  script: a bash script that installs everything on the machine and proves it
  conda: an environment for conda, mamba or micromamba
  pixi: a workspace for pixi, with an environment for each plan
  requirements: packages for pip or uv, in a Python that is already there
  cloud-init: user-data with which a new machine runs the script at its first boots

hint: Formats that can: script, conda, pixi, requirements, cloud-init.
"""

PLAN = """\
Install torch 2.11.0 (rocm7.2) and torchvision 0.26.0 (rocm7.2) with pip on Python 3.12, from \
https://download.pytorch.org/whl/rocm7.2.
It computes on AMD's GPU, whose kernel driver has to be there: it is not looked at.

Plan
  for          Radeon RX 7900 XTX, ubuntu-24.04 x86_64
  computes on  rocm

Packages
  torch        2.11.0  rocm7.2  https://download.pytorch.org/whl/rocm7.2 (announced)
  torchvision  0.26.0  rocm7.2  https://download.pytorch.org/whl/rocm7.2 (announced)

"""


def told(*words: str) -> str:
    result = CliRunner().invoke(main, words)
    assert result.stdout == ""
    assert result.exit_code == 1
    return result.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param(("torch==2.11.0", "--gpu", "RX 6700 XT"), NEAR_MISS, id="a-near-target"),
        pytest.param(("torch==2.11.0", "--gpu", "gfx906"), DROPPED, id="dropped-by-libraries"),
        pytest.param(("torch", "--gpu", "UHD Graphics 630"), NOT_VALIDATED, id="old-graphics"),
        pytest.param(("tensorflow", "--gpu", "RX 7900 XTX"), UNREAD, id="code-nobody-read"),
        pytest.param(
            ("torch", "--gpu", "RTX 4090", "--gpu", "RX 7900 XTX"), TWO_MAKERS, id="two-makers"
        ),
    ],
)
def test_a_refusal_says_what_why_and_what_to_do(words: tuple[str, ...], text: str) -> None:
    assert told("resolve", *words, *NOBLE) == text


def test_an_image_cannot_bring_intels_driver() -> None:
    words = ("--os", "ubuntu-24.04", "--arch", "x86_64")
    result = CliRunner().invoke(
        main, ["render", "dockerfile", "torch", "--gpu", "Arc A770", *words]
    )

    assert result.exit_code == 1
    assert result.stderr.endswith(IMAGE)


def test_no_text_advises_to_pass_a_gpu_off_as_another() -> None:
    assert "HSA_OVERRIDE" not in told("resolve", "torch", "--gpu", "RX 6700 XT", *NOBLE)
    explained = CliRunner().invoke(main, ["doctor", "--explain", "gfx-not-in-build"]).stdout
    assert "Do not set HSA_OVERRIDE_GFX_VERSION" in " ".join(explained.split())


def test_a_plan_begins_with_the_answer_and_says_that_no_driver_was_looked_at() -> None:
    words = ["resolve", "torch", "torchvision", "--gpu", "RX 7900 XTX", *NOBLE]
    result = CliRunner().invoke(main, words)

    assert result.stdout.startswith(PLAN)
    assert result.stderr == (
        "warning: The amdgpu kernel driver is neither looked at nor installed: the machine has to "
        "have it, and the user access to /dev/kfd.\n"
    )


@pytest.mark.parametrize("gpu", ["RX 7900 XTX", "Arc A770"])
def test_a_script_of_such_a_plan_calls_nothing_of_nvidias(gpu: str) -> None:
    result = CliRunner().invoke(main, ["render", "script", "torch", "--gpu", gpu, *NOBLE])

    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if "nvidia" in line.lower()]
    assert [line.split()[:5] for line in lines] == [
        ["env", "-u", "CUDA_VISIBLE_DEVICES", "-u", "NVIDIA_VISIBLE_DEVICES"]
    ]
    assert "driver_fits" not in result.stdout
    target = '"rocm", "gfx1100"' if gpu.startswith("RX") else '"xpu", "Alchemist"'
    assert f", {target}]\n" in result.stdout


def test_a_saved_plan_is_rendered_again(tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    words = ["torch", "--gpu", "RX 7900 XTX", *NOBLE]
    saved.write_text(CliRunner().invoke(main, ["resolve", *words, "--json"]).stdout)
    fresh = CliRunner().invoke(main, ["render", "script", *words])
    again = CliRunner().invoke(main, ["render", "script", str(saved)])

    assert again.exit_code == 0, again.stderr
    assert again.stdout == fresh.stdout


def test_a_plan_for_nvidia_cannot_name_a_build_for_rocm(tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    words = ["torch", "--gpu", "RX 7900 XTX", *NOBLE]
    plan = json.loads(CliRunner().invoke(main, ["resolve", *words, "--json"]).stdout)
    plan["data"]["plan"]["accelerator"] = "cuda"
    saved.write_text(json.dumps(plan))

    assert CliRunner().invoke(main, ["render", "script", str(saved)]).exit_code == 2


def test_a_captured_machine_with_a_radeon_is_planned_for() -> None:
    path = MACHINES / "fedora42-rx7900xtx" / "machine.json"
    result = CliRunner().invoke(main, ["resolve", "torch", "--machine", str(path), "--json"])
    plan = json.loads(result.stdout)["data"]["plan"]

    assert (plan["accelerator"], plan["pins"][0]["variant"]) == ("rocm", "rocm7.2")


def test_catalog_show_names_what_runs_on_a_radeon() -> None:
    text = CliRunner().invoke(main, ["catalog", "show", "gpu", "RX 7900 XTX"]).stdout

    assert "torch        2.11.0   x86_64  gfx1100   not known  rocm7.2 announced" in text
    assert "torchvision  0.26.0   x86_64  as torch  not known  rocm7.2 announced" in text
    assert "tensorflow" in text.split("not known  ")[-1]
