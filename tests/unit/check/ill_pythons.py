"""As ``ill_files``: pip in images without one, and in a Python that its system keeps for itself.

That Debian 12 and 13 and Ubuntu 24.04 and 26.04 hold the marker of PEP 668, and Debian 11 and
Ubuntu 22.04 none, was read from the packages of their archives (libpython3.N-stdlib, 2026-11-20).
"""

from __future__ import annotations

from tests.unit.check.ill_files import case

_NONE = {"gpu": "none", "driver": None}

ALL = (
    case(
        "no-pip-in-a-cuda-image",
        "Dockerfile",
        "FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu22.04\nCOPY requirements.txt .\n"
        "RUN apt-get update && apt-get install -y git python3\n"
        "RUN pip install -r requirements.txt\n",
        ("pip-missing", 4),
        **_NONE,
    ),
    case(
        "no-pip-before-it-is-installed",
        "Dockerfile",
        "FROM ubuntu:22.04\nRUN pip3 install numpy\nRUN apt-get install python3-pip\n",
        ("pip-missing", 2),
        **_NONE,
    ),
    case(
        "the-python-of-ubuntu-24.04",
        "Dockerfile",
        "FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y python3-pip\n"
        "RUN python3 -m pip install --no-cache-dir numpy\n",
        ("externally-managed", 3),
        **_NONE,
    ),
    case(
        "the-python-of-debian-12",
        "Dockerfile",
        "FROM debian:bookworm-slim AS base\nRUN apt-get update && apt-get install -y python3-pip\n"
        "FROM base\nRUN pip install --user numpy\n",
        ("externally-managed", 4),
        **_NONE,
    ),
    case(
        "the-python-of-a-cuda-image",
        "Dockerfile",
        "FROM nvidia/cuda:12.6.3-runtime-ubuntu24.04\n"
        "RUN apt-get update && apt-get install -y python3-pip && pip3 install numpy\n",
        ("externally-managed", 2),
        **_NONE,
    ),
    case(
        "the-python-of-the-machine",
        "install.sh",
        "#!/bin/bash\nsudo apt-get install -y python3-pip\npip3 install numpy\n",
        ("externally-managed", 3),
        gpu="none",
        driver=None,
        os="debian-13",
    ),
    case(
        "a-gpu-for-a-machine-without-one",
        "compose.yaml",
        """
services:
  train:
    build: .
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
""",
        ("gpu-not-here", 8),
        **_NONE,
    ),
    case(
        "a-gpu-by-an-argument-without-one",
        "devcontainer.json",
        '{"image": "python:3.12-slim-bookworm", "runArgs": ["--gpus=all"]}\n',
        ("gpu-not-here", 1),
        **_NONE,
    ),
    case(
        "a-compose-file-with-a-tab",
        "docker-compose.yml",
        "services:\n  a:\n\timage: python:3.12-slim-bookworm\n",
        ("file-not-parsed", 3),
    ),
    case(
        "a-devcontainer-without-a-comma",
        "devcontainer.json",
        '{\n  // the image\n  "image": "python:3.12-slim-bookworm"\n  "runArgs": []\n}\n',
        ("file-not-parsed", 4),
    ),
)

_APT = "RUN apt-get update && apt-get install -y python3-pip python3-venv\n"

_CALLS = tuple(
    case(f"pip-{number}", "Dockerfile", text, gpu="none", driver=None)
    for number, text in enumerate(
        (
            f"FROM ubuntu:22.04\n{_APT}RUN pip3 install numpy\n",
            f"FROM debian:12\n{_APT}RUN pip install --break-system-packages numpy\n",
            f"FROM debian:12\n{_APT}ENV PIP_BREAK_SYSTEM_PACKAGES=1\nRUN pip install numpy\n",
            f"FROM debian:12\n{_APT}RUN PIP_BREAK_SYSTEM_PACKAGES=1 pip install numpy\n",
            (
                f"FROM debian:12\n{_APT}RUN rm /usr/lib/python3*/EXTERNALLY-MANAGED\n"
                "RUN pip install numpy\n"
            ),
            (
                f"FROM debian:12\n{_APT}RUN pip config set global.break-system-packages true\n"
                "RUN pip install numpy\n"
            ),
            f"FROM debian:12\n{_APT}RUN python3 -m venv /v && /v/bin/pip install numpy\n",
            (
                f"FROM debian:12\n{_APT}RUN python3 -m venv /v\nENV PATH=/v/bin:$PATH\n"
                "RUN pip install numpy\n"
            ),
            (
                f"FROM debian:12\n{_APT}RUN python3 -m venv /v && . /v/bin/activate && "
                "pip install numpy\n"
            ),
            f"FROM debian:12\n{_APT}RUN pip install --target /opt/lib numpy\n",
            "FROM python:3.12-slim-bookworm\nRUN pip install numpy\n",
            (
                "FROM ubuntu:24.04\nRUN curl -O https://bootstrap.test/get-pip.py && "
                "python3 get-pip.py\nRUN pip install numpy\n"
            ),
            (
                "FROM ubuntu:24.04\nCOPY --from=python:3.12 /usr/local /usr/local\n"
                "RUN pip install numpy\n"
            ),
            (
                "FROM nvidia/cuda:12.6.3-base-ubuntu22.04\nRUN bash Miniconda3-latest.sh -b -p /c\n"
                "ENV PATH=/c/bin:$PATH\nRUN pip install numpy\n"
            ),
            (
                'FROM nvidia/cuda:12.6.3-base-ubuntu22.04\nRUN apt-get install -y "$MORE"\n'
                "COPY install.sh /\nRUN /install.sh && pip install numpy\n"
            ),
        )
    )
)

HEALTHY = (
    *_CALLS,
    case(
        "a-devcontainer-with-features",
        "devcontainer.json",
        '{"image": "nvidia/cuda:12.6.3-base-ubuntu22.04", "postCreateCommand": "pip install a",\n'
        ' "features": {"ghcr.io/devcontainers/features/python:1": {}}}\n',
        gpu="none",
        driver=None,
    ),
    case(
        "a-devcontainer-whose-gpu-is-optional",
        "devcontainer.json",
        '{"image": "python:3.12-slim-bookworm", "hostRequirements": {"gpu": "optional"}}\n',
        gpu="none",
        driver=None,
    ),
)
