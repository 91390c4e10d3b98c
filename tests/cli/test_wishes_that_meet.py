"""Wishes that meet: cuDNN beside a framework, companions beside pins, channels beside wheels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

AMPERE = ("--gpu", "RTX 3090", "--driver", "535.183.01", "--os", "ubuntu-22.04")


def resolve(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["resolve", *words, "--json"])
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def pins(found: dict[str, Any]) -> dict[str, str]:
    assert found["status"] == "ok", found["errors"]
    return {pin["name"]: pin["version"] for pin in found["data"]["plan"]["pins"]}


@pytest.mark.parametrize(
    ("word", "beginning"),
    [
        # Wheels of cuDNN for CUDA 12: 05_cudnn_wheels.csv; TensorFlow 2.20 and later ask for >=9.3.
        ("cudnn==9.3.*", "9.3."),
        ("cudnn==9.10.*", "9.10."),
        (
            "cudnn<9.10",
            "9.5.",
        ),  # the newest of them whose driver floor was read: 05_cudnn_matrix.csv
        ("nvidia-cudnn-cu12==9.10.*", "9.10."),
        ("nvidia-cudnn-cu12>=9.20", "9.2"),
    ],
)
def test_a_cudnn_that_a_framework_leaves_open_is_the_one_that_was_asked_for(
    word: str, beginning: str
) -> None:
    found = resolve("tensorflow==2.21.*", word, *AMPERE)
    version = pins(found)["nvidia-cudnn-cu12"]
    assert version.startswith(beginning)
    assert version.startswith(f"{found['data']['plan']['cudnn']}.")


def test_a_companion_that_no_build_can_stand_beside_is_refused() -> None:
    found = resolve("torch==2.15.0", "nvidia-cudnn-cu13>=9.27", "--gpu", "RTX 3090", "--driver=580")
    assert found["status"] == "error"
    refused = {item["candidate"]: item for item in found["data"]["refused"]}
    assert refused["torch 2.15.0"]["reference"] == "framework-pin-conflict"
    assert refused["torch 2.15.0"]["reason"].endswith("you asked for nvidia-cudnn-cu13>=9.27")


def test_an_older_build_is_taken_that_a_companion_goes_with() -> None:
    found = resolve("torch", "nvidia-cudnn-cu12==9.10.2.21", *AMPERE)
    assert found["data"]["plan"]["cudnn"] == "9.10"


@pytest.mark.parametrize("word", ["torch", "cuda", "tensorflow"])
@pytest.mark.parametrize("gpu", ["11.0", "8.7", "Thor"])
def test_a_part_of_arm_boards_is_never_served_on_x86_64(word: str, gpu: str) -> None:
    found = resolve(word, "--gpu", gpu)
    assert [error["reference"] for error in found["errors"]] == ["no-compatible-stack"]
    assert "aarch64-jetson" in {item["reference"] for item in found["data"]["refused"]}


def test_what_a_channel_builds_for_the_driver_there_is_stands_among_the_alternatives() -> None:
    words = ("tensorflow", "--gpu", "A100", "--driver", "450.80.02")
    found = resolve(*words)
    (way,) = [
        item
        for item in found["data"]["plan"]["alternatives"]
        if item["change"] == "take the channel's own builds (--via conda)"
    ]
    by_conda = pins(resolve(*words, "--via", "conda"))
    assert way["gives"].startswith(f"tensorflow {by_conda['tensorflow']}, CUDA ")


@pytest.mark.parametrize(
    "words",
    [
        ("numpy", "--gpu", "RTX 3090"),
        ("torch", "--gpu", "15.0"),
        ("jax", "--gpu", "Arc A770"),
        ("torch", "--gpu", "K80", "--gpu", "RTX 5090"),
    ],
)
def test_every_refusal_carries_the_same_four_keys(words: tuple[str, ...]) -> None:
    found = resolve(*words)
    assert found["status"] == "error"
    assert {"machine", "request", "refused", "alternatives"} <= set(found["data"])


def test_why_not_repeats_what_the_plan_itself_says() -> None:
    found = resolve("torch", *AMPERE, "--why-not", "torch==2.15.0")
    told = [item for item in found["data"]["why_not"]["refused"] if "+" not in item["candidate"]]
    assert [item["reference"] for item in told] == ["driver-too-old"]


def test_a_saved_plan_stands_alone(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(resolve("torch", *AMPERE)), encoding="utf-8")
    for words in ([str(plan), "torch"], ["torch", str(plan)]):
        result = CliRunner().invoke(main, ["render", "conda", *words])
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "error: bad-usage" in result.stderr


def test_on_wsl_an_upgrade_is_a_matter_for_windows() -> None:
    # 01_cuda_driver.csv: CUDA 13 asks for Windows driver 580.
    found = resolve("torch", "--gpu", "RTX 3090", "--os=ubuntu-24.04-wsl2", "--driver", "551.61")
    (way,) = found["data"]["plan"]["alternatives"]
    assert way["change"] == "upgrade the driver in Windows to 580 or later"
    assert way["gives"].startswith("torch 2.15.0, CUDA 13.")


def test_frameworks_that_fight_over_everything_are_answered_all_the_same() -> None:
    found = resolve("vllm", "tensorflow", "jax", *AMPERE)

    assert set(pins(found)) >= {"vllm", "tensorflow", "jax", "torch"}
    assert (
        len({pin["cuda"].split(".")[0] for pin in found["data"]["plan"]["pins"] if pin["cuda"]})
        == 1
    )


@pytest.mark.parametrize(
    "words", [("nvcc", "fastai>=2"), ("nvcc", "fastai"), ("nvcc", "fastai>=2", "torchaudio")]
)
def test_a_compiler_named_first_has_the_cuda_of_what_the_rest_brings_along(
    words: tuple[str, ...],
) -> None:
    """No torch has the CUDA of the newest nvcc: once a search of 50 seconds that gave up."""
    plan = resolve(*words, "--gpu", "RTX 3090", "--driver", "580")["data"]["plan"]
    made = {pin["name"]: pin for pin in plan["pins"]}
    assert made["nvcc"]["cuda"] == made["torch"]["cuda"]
    assert made["nvcc"]["version"].startswith(f"{made['torch']['cuda']}.")


@pytest.mark.parametrize("words", [("bitsandbytes==0.42.0",), ("torch", "bitsandbytes==0.42.0")])
def test_an_extension_whose_metadata_forget_its_framework_stands_beside_one_it_works_with(
    words: tuple[str, ...],
) -> None:
    """bitsandbytes 0.42.0 requires scipy alone, imports torch, and holds libraries to CUDA 12.3."""
    plan = resolve(*words, "--gpu", "RTX 3090", "--driver", "580")["data"]["plan"]
    cuda = {pin["name"]: pin["cuda"] for pin in plan["pins"]}
    assert cuda["torch"] == cuda["bitsandbytes"] == "12.1"


@pytest.mark.parametrize("gpu", ["A100", "MI300X", "none"])
def test_what_comes_as_source_only_is_promised_on_no_machine(gpu: str) -> None:
    """22_extensions.csv: flash-attn has no wheels on the index, and compiles with nvcc."""
    found = resolve("flash-attn", "--gpu", gpu, "--os", "ubuntu-24.04")
    (error,) = found["errors"]
    assert error["message"] == "Nothing that the catalog knows allows flash-attn."
    assert "its publisher offers its source alone" in error["context"][1]
    assert error["hint"].startswith(
        "Take what needs no such package, or plan the framework with nvcc"
    )


@pytest.mark.parametrize(
    ("words", "machine", "row"),
    [
        (
            ("jax>=0.5", "xformers", "vllm"),
            ("--gpu", "H100", "--gpu", "Tesla M60", "--driver", "450"),
            "vllm ",
        ),
        (("torch<2.3", "cupy-cuda13x"), ("--gpu", "gfx1030"), "cupy-cuda13x "),
        (
            ("tensorflow<2.16", "bitsandbytes", "onnxruntime-gpu"),
            ("--gpu", "P100", "--python", "3.8"),
            "onnxruntime-gpu ",
        ),
        (("torch==2.6.*",), ("--gpu", "MI250X"), "torch 2.6.0 (rocm"),
    ],
)
def test_the_row_that_decides_is_of_what_the_refusal_is_about(
    words: tuple[str, ...], machine: tuple[str, ...], row: str
) -> None:
    (error,) = resolve(*words, *machine)["errors"]
    assert f"No build of {row.split(maxsplit=1)[0]}" in error["message"]
    assert error["context"][1].startswith(row)


def test_what_no_channel_can_bring_libraries_for_is_not_called_a_build_for_the_cpu() -> None:
    """cupy-cuda11x holds code for sm_61; its CUDA 11 is what nobody brings."""
    (error,) = resolve("cupy-cuda11x", "--gpu", "GTX 1080 Ti")["errors"]
    gpu = "NVIDIA GeForce GTX 1080 Ti (6.1)"
    assert error["message"] == f"No build of cupy-cuda11x is known to compute on {gpu}."
    assert "no channel has CUDA 11 for it" in error["context"][1]


def test_a_companion_that_a_cap_forbids_is_refused_before_anything_is_installed() -> None:
    """stacks/upkeep/rot.jsonl: torch 2.1.2 was installed with numpy 2 and did not work."""
    found = resolve("torch==2.1.*", "numpy>=2", "--gpu", "none", "--os", "ubuntu-22.04")
    (error,) = found["errors"]

    assert error["message"] == "torch==2.1.* and numpy>=2 cannot share one environment."
    assert "needs numpy<2, and you asked for numpy>=2" in error["context"][1]
    assert error["hint"].startswith("leave out numpy>=2: gives torch 2.1.2; ")


def test_a_release_that_a_companion_goes_with_is_looked_for() -> None:
    found = resolve("torch>=2.1,<2.5", "numpy>=2", "--gpu", "none", "--os", "ubuntu-22.04")

    assert pins(found)["torch"] == "2.4.1"


@pytest.mark.parametrize(
    ("words", "torch"),
    [
        (("cudnn>=9", "torchaudio", "torch>=2.4"), "2.14.1"),
        (("cudnn>=9", "vllm"), "2.14.0"),  # 22_extensions.csv: vllm 0.33.0 requires torch==2.14.0
        (("cuda==12.8.*", "vllm"), "2.10.0"),
    ],
)
def test_a_cuda_or_cudnn_is_asked_of_the_framework_and_not_of_what_extends_it(
    words: tuple[str, ...], torch: str
) -> None:
    assert pins(resolve(*words, "--gpu", "L40S", "--driver", "580"))["torch"] == torch


def test_the_system_that_offers_no_newer_driver_is_named_with_where_it_is_known_from() -> None:
    machine = ("--gpu", "RTX 4090", "--driver", "535", "--os", "ubuntu-20.04")
    (error,) = resolve("torch", "cuda>=13", *machine)["errors"]
    fits = "fits ubuntu-20.04 and driver 535.54.03 at once"
    assert error["message"] == f"No build of cuda>=13 {fits}."
    assert "ubuntu-20.04 [option] x86_64 [assumed]" in error["context"][-1]


def test_a_newer_build_is_refused_for_what_stays_beside_it() -> None:
    """22_extensions.csv: xformers 0.0.35 is built against torch 2.10.0+cu128."""
    plan = resolve("torch", "xformers", "--gpu", "RTX 3090", "--driver", "550")["data"]["plan"]
    refused = {item["candidate"]: item for item in plan["refused"]}
    assert refused["torch 2.14.1+cu126"]["reason"] == (
        "it is built with CUDA 12.6; xformers 0.0.35 is built for CUDA 12.8, "
        "and torch beside it has to be as well"
    )
