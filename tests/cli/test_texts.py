"""What people read, whole: a change of words is seen as a diff."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main
from tests.cli.ran import without_its_day

JAMMY = ("--os", "ubuntu-22.04", "--arch", "x86_64")

TOO_OLD = """\
error: no-compatible-stack

No build of torch==2.15.0 runs on NVIDIA GeForce GTX 1080 Ti (6.1).

  you asked for torch==2.15.0
  torch 2.15.0 (default): holds code for sm_75 sm_80 sm_86 sm_90 sm_100 sm_120 only [torch-2.15.0-…]
  this machine: NVIDIA GeForce GTX 1080 Ti (6.1) [option]

hint: leave the version of torch open: gives torch 2.14.1, CUDA 12.6
      compute on the CPU (--gpu none): gives torch 2.15.0
"""

DRIVER = """\
error: no-compatible-stack

torch==2.15.0 needs a newer driver than 550.163.01.

  you asked for torch==2.15.0
  torch 2.15.0 (default): CUDA 13.2 needs driver 580.65.06 or later [astral-sh/uv crates/uv-torch/…]
  this machine: driver 550.163.01, which is kept [option]

hint: upgrade the driver to 580.65.06 or later: gives torch 2.15.0, CUDA 13.2
      leave the version of torch open: gives torch 2.14.1, CUDA 12.6
      compute on the CPU (--gpu none): gives torch 2.15.0
"""

TWO_WORLDS = """\
error: no-common-driver

No NVIDIA driver drives all GPUs of this machine.

  NVIDIA GeForce RTX 5090 (Blackwell): driver branch 570 or later, open module
  NVIDIA GeForce GTX 1080 Ti (Pascal): driver branches 367 to 580, proprietary module

hint: leave out the NVIDIA GeForce RTX 5090: gives torch 2.14.1, CUDA 12.6
      leave out the NVIDIA GeForce GTX 1080 Ti: gives torch 2.15.0, CUDA 13.2
      compute on the CPU (--gpu none): gives torch 2.15.0
"""

TWO_PYTHONS = """\
error: no-compatible-stack

tensorflow==2.4 and torch==2.15 cannot share one environment.

  you asked for tensorflow==2.4 and torch==2.15
  torch 2.15.0 (default): built for Python 3.11 3.12 3.13 3.14 3.14t 3.15 3.15t [torch-2.15.0-cp31…]
  tensorflow 2.4.0 (default): built for Python 3.6 3.7 3.8 [tensorflow-2.4.0-cp36-cp36m-manylinux2…]

hint: give tensorflow and torch an environment each: gives tensorflow 2.4.0, CUDA 11.0, \
beside torch 2.15.0, CUDA 13.2
      leave the version of torch open: gives tensorflow 2.4.0, torch 2.4.1, CUDA 11.0 and 12.1
      leave the version of tensorflow open: gives tensorflow 2.13.1, torch 2.15.0, \
CUDA 11.8 and 13.2
"""

UNKNOWN_CUDA = """\
error: no-compatible-stack

cuda==15 is unknown: the catalog knows no such release.

  newest cuda it knows: 13.5 (looked at DAY)

hint: Ask for a version it knows
      Newer ones come with a newer dlsetup, or as a row of your own
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

  newest torch it knows: 2.15.0 (looked at DAY)

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
        pytest.param(
            ("tensorflow==2.4", "torch==2.15", "--gpu", "T4", *JAMMY),
            TWO_PYTHONS,
            id="two-frameworks-that-share-no-python",
        ),
        pytest.param(("cuda==15", "--gpu", "T4"), UNKNOWN_CUDA, id="a-cuda-nobody-knows"),
        pytest.param(("torch", "--gpu", "GTX 750"), AMBIGUOUS, id="a-name-for-two-chips"),
        pytest.param(("torch==99", "--gpu", "T4"), UNKNOWN_RELEASE, id="a-release-nobody-knows"),
    ],
)
def test_a_refusal_says_what_why_and_what_to_do(
    words: tuple[str, ...], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["resolve", *words])

    assert without_its_day(result.stderr) == text
    assert result.stdout == ""


PLAN = """\
Install tensorflow 2.21.0 with pip on Python 3.10, from the default index.
Keep driver 535.183.01: 525.60.13 or later is enough.

Plan
  for          NVIDIA GeForce RTX 3090, ubuntu-22.04 x86_64
  computes on  cuda 12.5
  cudnn        9.17
  download     572 MB, 1.9 GB on disk, without what they depend on

Packages
  tensorflow         2.21.0     default  default index (measured)
  nvidia-cudnn-cu12  9.17.0.29  default  default index (measured)

Why
  tensorflow         you asked for tensorflow>=2.15
  tensorflow         NVIDIA GeForce RTX 3090 runs its machine code for sm_80
  tensorflow         CUDA 12.5 runs on driver 525.60.13 or later
  tensorflow         it needs a CPU with AVX, and nobody has said whether this one has it
  tensorflow         measured: tensorflow-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl: \
cuda_config.h, build_info.py, METADATA
  nvidia-cudnn-cu12  a framework leaves its version open, so one is chosen that serves the GPUs
  nvidia-cudnn-cu12  the newest whose driver floor is documented: \
nvidia_cudnn_cu12-9.17.0.29-py3-none-manylinux_2_27_x86_64.whl: libcudnn_cnn.so.9

Good to know
  NVIDIA GeForce RTX 3090: tensor cores multiply tf32, bf16, fp16, int8, int4; float64 runs at \
1/64 of float32's speed.
  ubuntu-22.04 now installs driver 580 under the name nvidia-driver-535: where the driver came \
from there, the next upgrade of the system changes it. The GPUs go on working. To stay on 535, as \
root: apt-mark hold 'nvidia-driver-535*'
  Driver branch 535 got its last fixes in 2026-06; 580 is kept up until 2028-06.
"""


def test_a_plan_begins_with_the_answer() -> None:
    words = ["tensorflow>=2.15", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY]
    result = CliRunner().invoke(main, ["resolve", *words])

    assert result.exit_code == 0
    assert result.stdout == PLAN
    assert result.stderr == ""


def test_upgrades_are_offered_where_the_kept_driver_costs_something() -> None:
    words = ["torch", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY]
    result = CliRunner().invoke(main, ["resolve", *words])

    assert result.stdout.endswith(
        "With one change\n"
        "  upgrade the driver to 580.65.06 or later  gives torch 2.15.0, CUDA 13.2\n"
    )


@pytest.mark.parametrize("words", [("env",), ("system",), ("catalog",), ()])
def test_the_list_of_commands_is_whole_on_eighty_columns(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, [*words, "--help"], terminal_width=80).stdout

    assert "Commands:" in told
    assert "..." not in told.partition("Commands:")[2]
