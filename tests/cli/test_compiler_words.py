"""What is said of a compiler for GPUs that are elsewhere: nothing of it computes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

NOWHERE = ("--gpu", "none", "--os", "ubuntu-24.04", "--arch", "x86_64")


def told(*words: str) -> str:
    done = CliRunner().invoke(main, ["resolve", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("word", ["cuda-dev", "nvcc", "cuda"])
def test_without_a_gpu_a_compiler_is_not_said_to_compute(word: str) -> None:
    lines = told(word, *NOWHERE).splitlines()
    text = "\n".join(lines)
    release = json.loads(CliRunner().invoke(main, ["resolve", word, *NOWHERE, "--json"]).stdout)[
        "data"
    ]["plan"]["pins"][0]["version"].rpartition(".")[0]

    assert (
        lines[1]
        == f"It compiles for every GPU that CUDA {release} knows, and needs no GPU or driver."
    )
    assert f"  compiles for  GPUs that CUDA {release} knows; --gpu sm_89 is for one alone" in lines
    assert "CPU" not in text
    assert "the GPUs" not in text


def test_a_framework_beside_it_computes_on_the_cpu() -> None:
    assert "It computes on the CPU, and needs no driver." in told("torch", "nvcc", *NOWHERE)


def test_with_a_gpu_the_reasons_name_the_gpus() -> None:
    text = told("cuda-dev", "--gpu", "sm_89", *NOWHERE[2:])

    assert "the newest nvidia-cuda-nvcc that serves the GPUs" in text
    assert "compiles for" not in text


def test_where_no_compiler_is_for_a_gpu_no_other_gpu_is_proposed_in_its_place() -> None:
    done = CliRunner().invoke(main, ["resolve", "nvcc==13.*", "--gpu", "GTX 1080", *NOWHERE[2:]])

    assert "No build of nvcc==13.* is for NVIDIA GeForce GTX 1080 (6.1)." in done.output
    assert "hint: leave the version of nvcc open: gives nvcc 12.9.86" in done.output
    assert "--gpu none" not in done.output
