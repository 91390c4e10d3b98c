"""What is understood of a text, and what is left out because nobody can know it."""

from __future__ import annotations

import pytest

from provisioner.check.kinds import kind_of, read
from provisioner.check.said import ASIDE, Image, Package, Python, Statement, SystemPackage


def said(name: str, text: str) -> list[Statement]:
    found = [one for part in read(name, text).parts for one in part.statements]
    return [one for one in found if not isinstance(one, ASIDE)]


def packages(name: str, text: str) -> list[str]:
    found = [one for one in said(name, text) if isinstance(one, Package) and not one.conditional]
    return [f"{one.name}{one.specifier}" for one in found]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dockerfile", "dockerfile"),
        ("gpu.Dockerfile", "dockerfile"),
        ("Dockerfile.cuda", "dockerfile"),
        ("docker/Containerfile", "dockerfile"),
        ("docker-compose.gpu.yml", "compose"),
        ("compose.yaml", "compose"),
        ("environment-gpu.yml", "environment"),
        ("requirements-dev.txt", "requirements"),
        ("constraints.txt", "requirements"),
        ("pyproject.toml", "tables"),
        ("pixi.toml", "tables"),
        (".devcontainer/devcontainer.json", "devcontainer"),
        ("setup.sh", "script"),
        ("train.def", "apptainer"),
        ("picture.png", None),
    ],
)
def test_a_kind_is_known_by_its_name(name: str, kind: str | None) -> None:
    assert kind_of(name, "") == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# syntax=docker/dockerfile:1\nFROM debian:12 AS base\n", "dockerfile"),
        ("#!/usr/bin/env bash\ntrue\n", "script"),
        ("version: '3'\nservices:\n  a:\n    image: x\n", "compose"),
        ("name: x\ndependencies:\n  - python\n", "environment"),
        ("[project]\nname = 'x'\n", "tables"),
        ('{"image": "x"}', "devcontainer"),
        ("sudo apt-get install -y gcc\n", "script"),
        ("numpy\ntorch==2.5.1\n", "requirements"),
        ("Dear all, torch is fine.\n", None),
    ],
)
def test_a_kind_is_known_by_what_stands_in_it(text: str, kind: str | None) -> None:
    assert kind_of("-", text) == kind


@pytest.mark.parametrize(
    "line",
    [
        "pip install torch==2.5.1",
        "pip3 install -U --no-cache-dir 'torch==2.5.1'",
        "python3 -m pip install torch==2.5.1",
        "sudo -H /opt/venv/bin/pip install torch==2.5.1",
        "PIP_NO_CACHE_DIR=1 pip install torch==2.5.1",
        "uv pip install --system torch==2.5.1",
        "uv add torch==2.5.1",
        'bash -c "cd /src && pip install torch==2.5.1"',
        "conda run -n train pip install torch==2.5.1",
        "true && pip install -r more.txt torch==2.5.1 || exit 1",
        "pip install \\\n    # the newest that works\n    torch==2.5.1",
        "V=2.5.1\npip install torch==$V",
        "pip install torch==${V:-2.5.1}",
        "if (($# > 2)); then shift; fi\npip install torch==2.5.1 # the last",
        '"$uv" pip install --python "$env" --requirements "$made" -- torch==2.5.1',
    ],
)
def test_command_lines_are_read_as_a_shell_would(line: str) -> None:
    assert packages("setup.sh", f"#!/bin/bash\n{line}\n") == ["torch==2.5.1"]


@pytest.mark.parametrize(
    "line",
    [
        "# pip install torch==2.5.1",
        "echo 'pip install torch==2.5.1'",
        "cat <<EOF\npip install torch==2.5.1\nEOF",
        'pip install "torch==$V"',
        "pip install $(cat list) ./torch-2.5.1.whl",
        "V=2.5.1\nV=2.6.0\npip install torch==$V",
        "pip install torch==2.5.1\npip uninstall -y torch",
        "pip install 'torch @ https://example.org/torch.whl'",
    ],
)
def test_what_is_no_request_or_cannot_be_known_is_left_out(line: str) -> None:
    assert packages("setup.sh", f"#!/bin/bash\n{line}\n") == []


def test_conda_command_lines_are_read_with_channel_and_build() -> None:
    line = "mamba create -y -n x -c conda-forge python=3.11 pytorch=2.5.1=cuda126* 'numpy<2'"
    found = said("setup.sh", f"#!/bin/sh\n{line}\n")

    assert isinstance(found[0], Python)
    assert found[0].specifier == "==3.11.*"
    torch = found[1]
    assert isinstance(torch, Package)
    assert (torch.name, torch.specifier, torch.build) == ("torch", "==2.5.1.*", "cuda126*")
    assert (torch.manager, torch.channels, torch.where) == ("conda", ("conda-forge",), "x")


def test_stages_hold_what_the_stages_below_them_hold() -> None:
    text = """
ARG VERSION=22.04
FROM --platform=linux/amd64 ubuntu:${VERSION} AS base
RUN apt-get update && apt-get install -y gcc-11=11.4.0-1 libc6:amd64
FROM base
ARG VERSION
ENV TORCH=2.5.1
RUN --mount=type=cache,target=/root/.cache pip install torch==$TORCH
RUN ["pip", "install", "numpy"]
RUN <<EOF
pip install scipy
EOF
"""
    first, last = read("Dockerfile", text).parts

    assert (first.final, last.final) == (False, True)
    assert [one.name for one in last.images()] == ["ubuntu:22.04"]
    assert [one.name for one in last.system_packages()] == ["gcc-11", "libc6"]
    assert [(one.name, one.at.line) for one in last.packages()] == [
        ("torch", 8),
        ("numpy", 9),
        ("scipy", 11),
    ]


def test_environment_files_are_read_in_both_their_forms() -> None:
    text = """
name: x
channels: [conda-forge, "nvidia"]
dependencies:
  - python 3.11.*
  - conda-forge::pytorch>=2.5,<2.7   # a comment
  - pip:
      - --extra-index-url https://download.pytorch.org/whl/cu126
      - "torchvision==0.20.1"
"""
    found = said("environment.yml", text)

    assert [type(one) for one in found] == [Python, Package, Package]
    assert packages("environment.yml", text) == ["torch<2.7,>=2.5", "torchvision==0.20.1"]
    assert isinstance(found[2], Package)
    assert found[2].indexes == ("https://download.pytorch.org/whl/cu126",)


def test_services_are_parts_of_their_own() -> None:
    text = """
services:
  tf1:
    image: tensorflow/tensorflow:1.15.5-gpu-py3
    gpus: all
  web:
    image: "debian:12"
    command: >
      sh -c "pip install torch==2.5.1"
"""
    first, second = read("compose.yml", text).parts

    assert (first.name, first.uses_gpu, second.name, second.uses_gpu) == ("tf1", True, "web", False)
    assert [one.name for one in second.packages()] == ["torch"]


def test_a_definition_is_read_by_its_sections() -> None:
    text = """
Bootstrap: docker
From: nvidia/cuda:12.6.3-base-ubuntu22.04

%help
    pip install torch==1.0
%post
    apt-get update && apt-get install -y python3-pip
    pip3 install torch==2.5.1
%runscript
    pip install torch==2.0
"""
    found = said("train.def", text)

    assert [(one.at.text, one.at.line) for one in found] == [
        ("nvidia/cuda:12.6.3-base-ubuntu22.04", 3),
        ("python3-pip", 8),
        ("torch==2.5.1", 9),
    ]


def test_lines_are_those_of_the_words_themselves() -> None:
    lines = ["FROM debian:12", "RUN apt-get update && \\", "    apt-get install \\"]
    text = "\n".join([*lines, "      gcc-12 \\", "      g++-12"])
    found = {
        one.name: one.at.line
        for one in said("Dockerfile", text)
        if isinstance(one, Image | SystemPackage)
    }

    assert found == {"debian:12": 1, "gcc-12": 4, "g++-12": 5}
