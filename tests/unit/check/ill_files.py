"""Files as people have them, with what does not fit: reference and line, from the facts alone.

The number of the fact table that decides stands beside each case.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A file, the machine it is held against, and what has to be found in it."""

    id: str
    name: str
    text: str
    found: frozenset[tuple[str, int]]
    gpu: str = "RTX 3090"
    driver: str | None = "580.65.06"
    os: str = "ubuntu-22.04"


def case(called: str, name: str, text: str, *found: tuple[str, int], **on: str | None) -> Case:
    return Case(called, name, text.lstrip("\n"), frozenset(found), **on)  # type: ignore[arg-type]


IMAGES = (
    case(  # 10_cuda_image_tags: 12.4.1 has -cudnn- tags only
        "cudnn-number-in-a-tag",
        "Dockerfile",
        "FROM nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04\n",
        ("image-tag-unknown", 1),
    ),
    case(  # as above, through an argument and over two stages
        "cudnn-number-through-an-argument",
        "gpu.Dockerfile",
        """
ARG CUDA=12.6.3
ARG SYSTEM=ubuntu22.04
FROM nvidia/cuda:${CUDA}-cudnn9-runtime-${SYSTEM} AS base
RUN apt-get update
FROM base
RUN true
""",
        ("image-tag-unknown", 3),
    ),
    case(  # 10_cuda_image_tags: 12.4.0 is listed unsupported
        "an-ended-tag",
        "Dockerfile",
        "FROM nvidia/cuda:12.4.0-runtime-ubuntu22.04\n",
        ("image-tag-gone", 1),
    ),
    case(  # 10_cuda_image_tags holds no 10.x at all: unknown, never fine
        "a-tag-before-the-lists",
        "Dockerfile",
        "FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu18.04\n",
        ("image-unknown", 1),
        gpu="GTX 1080",
    ),
    case(  # 01_cuda_driver: 13.0 needs 580.65.06
        "cuda-13-image-on-driver-550",
        "Dockerfile",
        "FROM nvidia/cuda:13.0.0-runtime-ubuntu24.04\n",
        ("driver-too-old", 1),
        driver="550.54.14",
    ),
    case(  # 01_cuda_driver: 12.x needs 525.60.13
        "cuda-12-image-on-driver-470",
        "Dockerfile",
        "FROM nvidia/cuda:12.1.1-devel-ubuntu20.04\n",
        ("driver-too-old", 1),
        driver="470.256.02",
    ),
    case(  # 02_ptxas_arch: CUDA 13 compiles for 7.5 and later
        "cuda-13-image-on-pascal",
        "Dockerfile",
        "FROM nvidia/cuda:13.0.0-devel-ubuntu24.04\n",
        ("gpu-unsupported", 1),
        gpu="GTX 1080",
    ),
    case(  # 02_ptxas_arch: 12.0 comes with CUDA 12.8
        "cuda-12.4-image-on-blackwell",
        "Dockerfile",
        "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN make\n",
        ("gpu-unsupported", 2 - 1),
        gpu="RTX 5090",
    ),
    case(  # 16_framework_images: TensorFlow 1.15 there is of CUDA 10, before Ampere
        "tf1-image-on-ampere",
        "Dockerfile",
        "FROM tensorflow/tensorflow:1.15.5-gpu-py3\n",
        ("cuda-libraries-too-old", 1),
    ),
    case(  # compose; 01_cuda_driver
        "compose-with-cuda-13-on-driver-535",
        "docker-compose.yml",
        """
services:
  train:
    image: nvidia/cuda:13.0.0-base-ubuntu24.04
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 1
              capabilities: [gpu]
""",
        ("driver-too-old", 3),
        driver="535.183.01",
    ),
    case(
        "compose-that-gives-no-gpu",
        "compose.yaml",
        "services:\n  a:\n    image: nvidia/cuda:12.6.3-runtime-ubuntu22.04\n",
        ("container-no-gpu-flag", 3),
    ),
    case(
        "devcontainer-with-an-unknown-tag-and-no-gpu",
        "devcontainer.json",
        """
// For VS Code.
{
  "name": "train",
  "image": "nvidia/cuda:12.8.1-cudnn9-devel-ubuntu24.04",
  "postCreateCommand": "pip install torch==2.7.0",
}
""",
        ("image-tag-unknown", 4),
        ("container-no-gpu-flag", 4),
        ("pip-missing", 5),
    ),
)

BUILDS = (
    case(  # 06_torch_default_wheels: 2.8.0 has no code below 7.0
        "default-wheel-on-pascal",
        "requirements.txt",
        "numpy\ntorch==2.8.0\n",
        ("gpu-too-old", 2),
        gpu="GTX 1080",
    ),
    case(  # 06_torch_default_wheels: 2.5.1 ends at 9.0
        "default-wheel-on-blackwell",
        "requirements.txt",
        "torch==2.5.1\n",
        ("gpu-too-new", 1),
        gpu="RTX 5090",
        driver="610.43.02",
    ),
    case(  # 06_torch_release_matrix: cu128 of 2.7 starts at 7.5 or 7.0, never 6.1
        "cu128-index-on-pascal",
        "requirements.txt",
        "--index-url https://download.pytorch.org/whl/cu128\ntorch==2.8.0\n",
        ("gpu-too-old", 2),
        gpu="GTX 1080",
    ),
    case(  # 01_cuda_driver: 13.0 needs 580.65.06
        "cu130-index-on-driver-550",
        "setup.sh",
        """
#!/bin/bash
set -e
pip install torch==2.10.0 --index-url https://download.pytorch.org/whl/cu130
""",
        ("driver-too-old", 3),
        driver="550.54.14",
    ),
    case(  # the same by its local version
        "local-version-cu130-on-driver-535",
        "requirements.txt",
        "--extra-index-url https://download.pytorch.org/whl/cu130\ntorch==2.10.0+cu130\n",
        ("driver-too-old", 2),
        driver="535.183.01",
    ),
    case(  # the same by uv's backend
        "torch-backend-cu130-on-driver-535",
        "setup.sh",
        "#!/bin/sh\nuv pip install --torch-backend=cu130 torch==2.10.0\n",
        ("driver-too-old", 2),
        driver="535.183.01",
    ),
    case(  # 06_torch_variants: 2.5.1 is on cu118, cu121, cu124
        "a-release-that-the-index-has-not",
        "requirements.txt",
        "--index-url https://download.pytorch.org/whl/cu128\ntorch==2.5.1\n",
        ("variant-not-on-index", 2),
    ),
    case(
        "a-local-version-without-its-index",
        "requirements.txt",
        "torch==2.1.0+cu118\n",
        ("variant-not-on-index", 1),
    ),
    case(
        "the-cpu-index",
        "Dockerfile",
        "FROM python:3.12-slim-bookworm\n"
        "RUN pip install torch==2.7.0 --index-url https://download.pytorch.org/whl/cpu\n",
        ("cpu-only-wheel", 2),
    ),
    case(  # 06_torch_default_wheels and 21: on Windows the default wheel is CPU-only
        "windows-default",
        "requirements.txt",
        "torch==2.7.1\n",
        ("cpu-only-wheel", 1),
        os="windows-11",
    ),
    case(  # 08_jax: without the extra no plugin comes
        "jax-without-its-extra",
        "requirements.txt",
        "jax==0.4.30\n",
        ("cpu-only-wheel", 1),
    ),
    case(
        "tensorflow-cpu",
        "requirements.txt",
        "tensorflow-cpu==2.16.1\n",
        ("cpu-only-wheel", 1),
    ),
    case(  # 07_tensorflow_wheels: 2.15 is of CUDA 12.2, brought by the extra alone
        "tensorflow-without-its-extra-in-a-plain-image",
        "Dockerfile",
        "FROM python:3.11-slim-bookworm\nRUN pip install tensorflow==2.15.1\n",
        ("cuda-not-brought", 2),
    ),
    case(  # 07_tensorflow_wheels: 2.10 is of CUDA 11.2
        "tensorflow-2.10-in-an-image-of-cuda-12",
        "Dockerfile",
        """
FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04
RUN apt-get update && apt-get install -y python3-pip
RUN python3 -m pip install "tensorflow==2.10.1" "numpy<2" "protobuf<3.20"
""",
        ("cuda-not-brought", 3),
    ),
    case(  # 05_cudnn_fatbin_archs: nothing below 7.5 from 9.11 on
        "cudnn-left-open-on-pascal",
        "requirements.txt",
        "tensorflow[and-cuda]==2.20.0\n",
        ("cudnn-too-new", 1),
        gpu="GTX 1080",
    ),
    case(  # 06_torch_default_wheels: 1.13.1 is built for 3.7 to 3.11
        "a-python-without-a-build",
        "Dockerfile",
        "FROM python:3.12-slim-bookworm\nRUN pip install torch==1.13.1 numpy==1.26.4\n",
        ("python-unsupported", 2),
    ),
    case(  # 07_tensorflow_wheels: 2.10.1 is built for 3.7 to 3.10
        "tensorflow-and-the-python-of-ubuntu-24.04",
        "Dockerfile",
        """
FROM ubuntu:24.04
RUN apt-get update && \\
    apt-get install -y python3-pip && \\
    pip3 install tensorflow-cpu==2.10.1 "numpy<2"
""",
        ("python-unsupported", 4),
        ("externally-managed", 4),
        gpu="none",
        driver=None,
    ),
    case(
        "pyproject-whose-python-is-too-new",
        "pyproject.toml",
        """
[project]
name = "train"
requires-python = ">=3.12"
dependencies = ["torch==1.13.1", "numpy<2"]
""",
        ("python-unsupported", 4),
    ),
    case(  # uv's own way to bind an index; 01_cuda_driver
        "pyproject-with-uv-sources",
        "pyproject.toml",
        """
[project]
name = "train"
dependencies = ["torch==2.10.0"]

[tool.uv.sources]
torch = { index = "pytorch" }

[[tool.uv.index]]
name = "pytorch"
url = "https://download.pytorch.org/whl/cu130"
explicit = true
""",
        ("driver-too-old", 3),
        driver="535.183.01",
    ),
    case(  # 14_conda_forge_builds: 2.13.0 for CUDA 13.0 starts at 7.5
        "conda-build-without-the-gpu",
        "environment.yml",
        """
name: train
channels: [conda-forge]
dependencies:
  - python=3.12
  - pytorch=2.13.0=cuda130*
""",
        ("gpu-too-old", 5),
        gpu="GTX 1080",
    ),
    case(  # 01_cuda_driver: 2.15.0 brings CUDA 13; so conda env export sets a list in
        "pip-section-as-conda-exports-it",
        "environment.yml",
        "dependencies:\n- python=3.12\n- pip\n- pip:\n  - torch==2.15.0\n",
        ("driver-too-old", 5),
        driver="550.54.14",
    ),
    case(  # 15_conda_legacy: channel pytorch has 1.11.0 for CUDA 11.3, and no row here
        "a-build-of-a-channel-without-rows-is-no-error",
        "environment.yml",
        "channels: [pytorch, defaults]\ndependencies:\n- python=3.8\n- cudatoolkit=11.3\n"
        "- pytorch=1.11.0\n",
        driver="535.183.01",
    ),
    case(  # 01_cuda_driver
        "conda-cuda-version-on-an-old-driver",
        "environment.yml",
        "channels:\n  - conda-forge\ndependencies:\n  - pytorch\n  - cuda-version=13.0\n",
        ("driver-too-old", 4),
        ("driver-too-old", 5),
        driver="550.54.14",
    ),
    case(  # 01_cuda_driver: 12.1 needs 525.60.13
        "pytorch-cuda-on-driver-470",
        "install.sh",
        "#!/bin/bash\nconda install -y pytorch==2.1.0 pytorch-cuda=12.1 -c pytorch -c nvidia\n",
        ("driver-too-old", 2),
        driver="470.256.02",
    ),
)

ALL = (*IMAGES, *BUILDS)
