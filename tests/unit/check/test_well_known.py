"""Files as well-known projects have them, from memory: nothing is an error that may well work."""

from __future__ import annotations

import pytest

from tests.unit.check.checking import checked, machine

LDM = """\
name: ldm
channels:
  - pytorch
  - defaults
dependencies:
  - python=3.8.5
  - pip=20.3
  - cudatoolkit=11.3
  - pytorch=1.11.0
  - torchvision=0.12.0
  - numpy=1.19.2
  - pip:
    - pytorch-lightning==1.4.2
    - -e git+https://github.com/CompVis/taming-transformers.git@master#egg=taming-transformers
    - -e .
"""
NERF = """\
channels:
    - conda-forge
dependencies:
    - python=3.7
    - cudatoolkit=10.0
    - tensorflow-gpu==1.15
    - numpy
"""
SPLATTING = """\
channels:
  - pytorch
  - conda-forge
  - defaults
dependencies:
  - cudatoolkit=11.6
  - python=3.7.13
  - pytorch=1.12.1
  - torchvision=0.13.1
  - pip:
    - submodules/diff-gaussian-rasterization
"""
TRANSFORMERS = "accelerate >= 0.12.0\ntorch >= 1.3\nsentencepiece != 0.1.92\nprotobuf\n"
WEBUI = "setuptools==69.5.1\nnumpy==1.26.2\nprotobuf==3.20.0\npytorch_lightning==1.9.4\ntorch\n"
OPENMMLAB = """\
--extra-index-url https://download.pytorch.org/whl/cu113
torch==1.12.1+cu113
torchvision==0.13.1+cu113
numpy
mmcv-full
"""
AMPERE = machine("RTX 3090", driver="535.183.01", os="ubuntu-22.04")


def severities(name: str, text: str) -> list[tuple[str, str]]:
    found = checked(name, text, AMPERE).findings
    return [(one.reference, one.severity) for one in found if one.reference != "not-pinned"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("environment.yaml", LDM, []),  # 15_conda_legacy: channel pytorch has it for CUDA 11.3
        ("environment.yml", SPLATTING, []),
        # TensorFlow 1.15 is of CUDA 10, which has no code for Ampere
        ("environment.yml", NERF, [("cuda-libraries-too-old", "error")]),
        # An older Python, or what stands beside it, leaves an older torch that runs on 535.
        ("requirements.txt", TRANSFORMERS, [("driver-too-old", "warning")]),
        ("requirements_versions.txt", WEBUI, [("driver-too-old", "warning")]),
        ("requirements.txt", OPENMMLAB, [("cap-missing", "warning")]),
    ],
)
def test_files_of_well_known_projects(
    name: str, text: str, expected: list[tuple[str, str]]
) -> None:
    assert severities(name, text) == expected


def test_what_is_left_open_is_an_error_where_no_python_has_one_that_fits() -> None:
    kepler = machine("Tesla K80", driver="470.256.02", os="ubuntu-22.04")
    alone = checked("requirements.txt", "torch\n", kepler).findings
    beside = checked("requirements.txt", "torch\nfairseq\n", kepler).findings

    assert [one.severity for one in alone if one.reference == "gpu-too-old"] == ["error"]
    assert [one.severity for one in beside if one.reference == "gpu-too-old"] == ["warning"]


@pytest.mark.parametrize("first", ["-r requirements.txt", "-e .", ".", "-c pins.txt", "./mine"])
def test_what_an_unread_list_may_have_pinned_before_is_no_error(first: str) -> None:
    plain = "FROM python:3.12-slim-bookworm\nRUN pip install torch\n"
    text = plain.replace("pip install torch", f"pip install {first} && pip install torch")

    assert severities("Dockerfile", plain) == [("driver-too-old", "error")]
    assert severities("Dockerfile", text) == [("driver-too-old", "warning")]


def test_a_script_that_only_reads_a_list_holds_nothing_that_is_known() -> None:
    assert (
        checked("setup.sh", "#!/bin/sh\npip install -r requirements.txt\n", AMPERE).statements == 0
    )
