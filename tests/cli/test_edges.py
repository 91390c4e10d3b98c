"""Edges that a stranger found by trying: each was once answered wrongly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

JAMMY = ("--os", "ubuntu-22.04")


def resolve(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["resolve", *words, "--json"])
    found: dict[str, Any] = json.loads(result.stdout)
    found["code"] = result.exit_code
    return found


def plan(*words: str) -> dict[str, Any]:
    found = resolve(*words)
    assert found["code"] == 0, found["errors"]
    made: dict[str, Any] = found["data"]["plan"]
    return made


def pins(made: dict[str, Any]) -> list[str]:
    return [f"{pin['name']} {pin['version']} {pin['variant']}" for pin in made["pins"]]


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        pytest.param(
            ("torch", "--gpu", "GTX 1080", "--driver", "none", "--os", "opensuse-leap-16.0"),
            "no-compatible-stack",
            id="no-package-of-the-system-is-a-driver-for-it",
        ),
        pytest.param(
            ("cudnn", "--gpu", "A100", "--os", "macos-15"),
            "no-compatible-stack",
            id="no-such-wheel",
        ),
        pytest.param(
            ("tensorflow<2.16", "--gpu", "RTX 5090", "--driver", "580", *JAMMY),
            "no-compatible-stack",
            id="cudnn-8-ends-before-blackwell",
        ),
        pytest.param(
            ("tensorflow==2.10.*", "--gpu", "H100", *JAMMY), "no-compatible-stack", id="cuda-11.2"
        ),
        pytest.param(("einops", "--gpu", "RTX 3090"), "no-framework-asked", id="companions-alone"),
        pytest.param(("torch", "--gpu", "99.0"), "unknown-gpu", id="a-capability-nobody-knows"),
        pytest.param(
            ("torch", "--gpu", "RTX 4090", "--gpu", "RX 7900 XTX"),
            "gpu-vendor-unsupported",
            id="a-gpu-that-was-named-and-would-idle",
        ),
    ],
)
def test_these_are_refusals(words: tuple[str, ...], reference: str) -> None:
    found = resolve(*words)

    assert found["code"] == 1
    assert found["errors"][0]["reference"] == reference


def test_a_known_generation_without_a_capability_is_unknown_not_old(tmp_path: Path) -> None:
    gpu = {"name": "RTX 3090", "architecture": "Ampere"}
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"os": {"id": "ubuntu", "version": "22.04"}, "gpus": [gpu]}))

    assert resolve("torch", "--machine", str(path))["errors"][0]["reference"] == "unknown-gpu"


def test_the_package_that_decides_is_named_in_the_refusal() -> None:
    made = plan("torch", "torchaudio", "--gpu", "RTX 3090", "--driver", "595.58.03", *JAMMY)
    first = made["refused"][0]

    assert first["candidate"] == "torch 2.15.0"
    assert first["reason"] == (
        "it is built with CUDA 13.2; torchaudio 2.11.0 is built for CUDA 13.0, "
        "and torch beside it has to be as well"
    )


def test_an_upgrade_names_what_it_improves() -> None:
    made = plan("torchvision", "torch", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY)

    assert [way["gives"] for way in made["alternatives"]] == [
        "torchvision 0.29.2, torch 2.15.0, CUDA 13.2"
    ]


def test_a_variant_can_be_asked_for_by_its_local_version() -> None:
    made = plan("torch==2.5.1+cu121", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY)

    assert pins(made) == ["torch 2.5.1 cu121"]


def test_a_conda_file_keeps_its_python_and_its_cuda(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: x\ndependencies:\n  - python=3.9\n  - cudatoolkit=11.8\n  - pytorch\n"
        "  - pip:\n      - einops\n"
    )
    made = plan("-r", str(path), "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY)

    assert made["python"] == "3.9"
    assert made["cuda"] == "11.8"
    assert made["request"]["companions"] == ["einops"]


def test_an_installers_option_in_a_file_is_refused_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("dependencies:\n  - pip:\n      - --extra-index-url https://x\n      - torch\n")

    assert resolve("-r", str(path))["errors"][0]["reference"] == "bad-requirement-file"


def test_a_project_file_limits_the_python(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nrequires-python = ">=3.11,<3.12"\ndependencies = ["torch"]\n')

    assert plan("-r", str(path), "--gpu", "T4", *JAMMY)["python"] == "3.11"


def test_an_ended_branch_goes_before_an_older_one_of_unknown_life() -> None:
    made = plan("torch", "--gpu", "K80", "--os", "debian-13")

    assert made["driver"]["branch"] == "470"
    assert made["driver"]["last_branch"] == "470"


def test_wheels_for_glibc_are_refused_on_musl_and_unknown_systems_are_said(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    system = {"id": "alpine", "version": "3.20", "libc": "musl 1.2.5"}
    gpu = {"name": "T4", "compute_capability": "7.5", "architecture": "Turing"}
    path.write_text(json.dumps({"os": system, "gpus": [gpu]}))
    musl = resolve("torch", "--machine", str(path))
    path.write_text(json.dumps({"os": {**system, "libc": "glibc 2.40"}, "gpus": [gpu]}))
    glibc = resolve("torch", "--machine", str(path))

    assert musl["code"] == 1
    assert "musl 1.2.5" in str(musl["data"]["refused"])
    assert [warning["reference"] for warning in glibc["warnings"]][-1] == "unknown-os"


def test_on_wsl_no_package_is_named() -> None:
    driver = plan("torch", "--gpu", "RTX 4090", "--os", "ubuntu-24.04-wsl2")["driver"]

    assert (driver["package"], driver["flavour"]) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"requirement": "-r /etc/passwd"},
        {"requirement": "--index-url=http://example.org/"},
        {"requirement": "torch==1; import os"},
        {"requirement": "torch @ https://example.org/x.whl"},
        {"requirement": "torchh==2.14.1+cu126"},
        {"requirement": "torch==2.9.1"},
        {"index": "http://example.org/ --trusted-host x"},
        {"index": "https://example.org/whl/cu126"},
        {"version": "2.14.9"},
        {"variant": "cu999"},
        {"name": "numpy"},
    ],
)
def test_a_plan_file_is_believed_only_as_far_as_the_catalog_bears_it_out(
    change: dict[str, str], tmp_path: Path
) -> None:
    made = plan("torch", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY)
    made["pins"][0].update(change)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(made))
    for name in ("script", "conda", "dockerfile"):
        result = CliRunner().invoke(main, ["render", name, str(path)])

        assert result.exit_code == 2
        assert result.stderr.startswith("error: bad-plan-file\n")


def test_options_beside_a_saved_plan_are_refused_not_ignored(tmp_path: Path) -> None:
    words = ("torch", "--gpu", "RTX 3090", "--driver", "535.183.01", *JAMMY)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(*words)))
    result = CliRunner().invoke(main, ["render", "conda", str(path), "--gpu", "none"])

    assert result.exit_code == 2
    assert "given beside it: gpus" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("cuda", "--gpu", "RTX 3090"),
        ("cudnn", "nvcc", "--gpu", "RTX 3090"),
        ("tensorflow", "--gpu", "V100"),
        ("tensorflow==1.15.*", "--gpu", "V100"),
        ("torch", "--gpu", "V100", "--via", "conda"),
        ("torch", "torchvision", "--gpu", "none"),
    ],
    ids=str,
)
def test_every_plan_can_be_saved_and_rendered_again(words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(*words, *JAMMY)))
    # conda makes no links, and nvcc's wheels need some.
    format_name = "script" if "nvcc" in words else "conda"
    result = CliRunner().invoke(main, ["render", format_name, str(path)])

    assert result.exit_code == 0, result.stderr


def test_a_misspelt_framework_is_pointed_out() -> None:
    found = resolve("pytroch", "--gpu", "none", *JAMMY)

    assert [warning["reference"] for warning in found["warnings"]][-1] == "near-name"
    assert "pytorch" in found["warnings"][-1]["message"]


def test_the_bare_command_shows_its_help_and_catalog_errors_name_their_verb() -> None:
    bare = CliRunner().invoke(main, [])
    wrong = CliRunner().invoke(main, ["catalog", "check", "--nope", "--json"])

    assert bare.exit_code == 0
    assert bare.stdout.startswith("Usage: ")
    assert json.loads(wrong.stdout)["command"] == "catalog check"


MACHINES = Path(__file__).parents[1] / "machines"


@pytest.mark.parametrize(
    ("machine", "version", "action"),
    [
        ("ubuntu22.04-rtx2070super-550", "torch 2.14.1 cu126", "keep"),
        ("ubuntu22.04-h100x8-580-open", "torch 2.15.0 default", "keep"),
        ("ubuntu22.04-laptop-intel-rtx3060-535", "torch 2.14.1 cu126", "keep"),
        ("ubuntu24.04-rtx4090-nodriver", "torch 2.15.0 default", "install"),
        ("ubuntu24.04-wsl2-rtx4090-551", "torch 2.14.1 cu126", "keep"),
        ("debian12-cpuonly-container", "torch 2.15.0 cpu", "none"),
    ],
)
def test_captured_machines_get_their_answers(machine: str, version: str, action: str) -> None:
    made = plan("torch", "--machine", str(MACHINES / machine / "machine.json"))

    assert pins(made) == [version]
    assert made["driver"]["action"] == action


def test_a_driver_whose_halves_differ_is_said_before_all_else() -> None:
    path = MACHINES / "ubuntu22.04-rtx3090-mismatch" / "machine.json"
    found = resolve("torch", "--machine", str(path))

    assert "nvml-mismatch" in {warning["reference"] for warning in found["warnings"]}


def test_equal_gpus_are_counted_for_people() -> None:
    path = MACHINES / "ubuntu22.04-h100x8-580-open" / "machine.json"
    result = CliRunner().invoke(main, ["resolve", "torch", "--machine", str(path)])

    assert (
        "  for          8 x NVIDIA H100 80GB HBM3, ubuntu-22.04 x86_64"
        in result.stdout.splitlines()
    )


def test_a_channels_own_builds_are_rendered_for_conda() -> None:
    words = ["render", "conda", "torch", "--gpu", "V100", "--via", "conda", *JAMMY]
    result = CliRunner().invoke(main, words)

    assert result.exit_code == 0
    assert '  - "pytorch=2.13.0=cuda129*"\n' in result.stdout
