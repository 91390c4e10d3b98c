"""Sentences of a plan that a stranger took for something else."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

NOBLE = ("--os", "ubuntu-24.04", "--arch", "x86_64")


def told(*words: str) -> list[str]:
    done = CliRunner().invoke(main, ["resolve", *words])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_wheels_on_a_channels_cuda_are_not_said_to_come_by_conda() -> None:
    assert told("tf1", "--gpu", "RTX 2070 Super", *NOBLE)[0] == (
        "Install tensorflow-gpu 1.15.5 with pip on Python 3.7, from the default index, in a conda "
        "environment with cudatoolkit 10.0.130 and cudnn 7.6.5.32 from channel conda-forge."
    )


def test_under_wsl_the_driver_is_windows_own() -> None:
    words = ("torch", "--gpu", "GTX 1080", "--os", "ubuntu-24.04-wsl2", "--arch", "x86_64")

    assert told(*words)[1] == (
        "It needs Windows' driver 528.33 or later; branch 580 is one, for Windows."
    )


@pytest.mark.parametrize(
    ("words", "driver", "reason"),
    [
        # 16_tf1_images: NVIDIA's 23.03 asks for 530, and CUDA 12.1 for 525.60.13.
        (("tf1", "--gpu", "RTX 4090"), "530", "its publisher asks for driver 530 or later"),
        # 01_cuda_driver: 12.6 bundles 560.28.03; Blackwell came with 570.86.10.
        (
            ("torch==2.5.1", "--gpu", "RTX 5090", "--via", "conda"),
            "570.86.10",
            "NVIDIA GeForce RTX 5090 is driven from driver 570.86.10 on",
        ),
        (
            ("torch==2.5.1", "--gpu", "RTX 5090", "--via", "conda"),
            "570.86.10",
            "compiled by the driver at first use: 560.28.03 or later can",
        ),
    ],
)
def test_the_driver_that_is_asked_for_stands_among_the_reasons(
    words: tuple[str, ...], driver: str, reason: str
) -> None:
    lines = told(*words, *NOBLE)

    assert lines[1].startswith(f"It needs driver {driver} or later")
    assert any(line.endswith(reason) for line in lines)


def test_a_compiler_makes_code_and_a_list_of_what_it_makes_is_short() -> None:
    done = CliRunner().invoke(main, ["resolve", "cuda-dev", "--gpu", "K80", *NOBLE])

    assert "No build of nvcc is for Tesla K80 (3.7)." in done.output
    assert ": makes code for sm_75 sm_80 sm_86 … sm_120 sm_121 (26 targets) only" in done.output
