"""What people read, whole: a change of words is seen as a diff."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

JAMMY = ("--os", "ubuntu-22.04", "--arch", "x86_64")

TOO_OLD = """\
error: no-compatible-stack

torch==2.15.0 cannot be set up on this machine.

  you asked for torch==2.15.0
  this machine has NVIDIA GeForce GTX 1080 Ti (6.1), driver 535.183.01 (from option), \
ubuntu-22.04 x86_64
  torch 2.15.0: it holds code for sm_75 sm_80 sm_86 sm_90 sm_100 sm_120: nothing that runs on \
NVIDIA GeForce GTX 1080 Ti (6.1)
  torch 2.15.0+cpu: it is a build without CUDA and would leave the GPU idle

hint: compute on the CPU (--gpu none): gives torch 2.15.0
"""

DRIVER = """\
error: no-compatible-stack

torch==2.15.0 cannot be set up on this machine.

  you asked for torch==2.15.0
  this machine has NVIDIA GeForce RTX 3090 (8.6), driver 550.163.01 (from option), \
ubuntu-22.04 x86_64
  torch 2.15.0: CUDA 13.2 needs driver 580.65.06 or later; this machine has 550.163.01 (from option)
  torch 2.15.0+cpu: it is a build without CUDA and would leave the GPU idle

hint: change the driver to 580.65.06 or later: gives torch 2.15.0, CUDA 13.2
      compute on the CPU (--gpu none): gives torch 2.15.0
"""

TWO_WORLDS = """\
error: no-common-driver

No NVIDIA driver drives all GPUs of this machine.

  NVIDIA GeForce RTX 5090 (Blackwell): branches 570 to now, open module
  NVIDIA GeForce GTX 1080 Ti (Pascal): branches 367 to 580, proprietary module

hint: Plan for fewer of them: name those to use with --gpu, and take the others out.
"""

AMBIGUOUS = """\
error: ambiguous-gpu

'GTX 750' covers GPUs of several compute capabilities.

  5.0: NVIDIA GeForce GTX 750
  5.2: NVIDIA GeForce GTX 750

hint: Say the whole name, or the compute capability itself, such as --gpu 5.0.
"""

UNKNOWN_RELEASE = """\
error: no-compatible-stack

torch==99 is unknown: the catalog knows no such release.

  newest torch it knows: 2.15.0 (looked at 2026-11-20)

hint: Ask for a version it knows
      Newer ones: dlsetup catalog refresh torch --write
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param(
            ("torch==2.15.0", "--gpu", "GTX 1080 Ti", "--driver", "535.183.01", *JAMMY),
            TOO_OLD,
            id="a-gpu-that-the-build-dropped",
        ),
        pytest.param(
            (
                "torch==2.15.0",
                "--gpu",
                "RTX 3090",
                "--driver",
                "550.163.01",
                "--keep-driver",
                *JAMMY,
            ),
            DRIVER,
            id="a-driver-that-is-too-old",
        ),
        pytest.param(
            ("torch", "--gpu", "RTX 5090", "--gpu", "GTX 1080 Ti", *JAMMY),
            TWO_WORLDS,
            id="two-gpus-that-share-no-driver",
        ),
        pytest.param(("torch", "--gpu", "GTX 750"), AMBIGUOUS, id="a-name-for-two-chips"),
        pytest.param(("torch==99", "--gpu", "T4"), UNKNOWN_RELEASE, id="a-release-nobody-knows"),
    ],
)
def test_a_refusal_says_what_why_and_what_to_do(
    words: tuple[str, ...], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["resolve", *words])

    assert result.stderr == text
    assert result.stdout == ""


PLAN = """\
Plan
  for          NVIDIA GeForce RTX 3090, ubuntu-22.04 x86_64
  by           pip
  python       3.10
  computes on  cuda 12.5
  cudnn        9.17
  driver       keep 535.183.01; needs 525.60.13 or later
  download     0.5 GiB, without what they depend on

Packages
  tensorflow         2.21.0     default  default index (measured)
  nvidia-cudnn-cu12  9.17.0.29  default  default index (measured)
"""


def test_a_plan_begins_with_the_answer() -> None:
    words = ["tensorflow>=2.15", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY]
    result = CliRunner().invoke(main, ["resolve", *words])

    assert result.exit_code == 0
    assert result.stdout.startswith(PLAN)
    assert result.stderr == ""


def test_why_not_names_the_deciding_fact() -> None:
    words = ["torch", "--gpu", "V100", "--driver", "535.183.01", *JAMMY]
    result = CliRunner().invoke(main, ["resolve", *words, "--why-not", "torch==2.15.0"])

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].startswith("torch==2.15.0 cannot be had: ")
    assert "it holds code for sm_75 sm_80 sm_86 sm_90 sm_100 sm_120" in result.stdout


def test_upgrades_are_offered_where_the_kept_driver_costs_something() -> None:
    words = ["torch", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY]
    result = CliRunner().invoke(main, ["resolve", *words])

    assert result.stdout.endswith(
        "With one change\n"
        "  upgrade the driver to 580.65.06 or later  gives torch 2.15.0, CUDA 13.2\n"
    )
