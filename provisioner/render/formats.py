"""Which formats there are, and which plans each can carry."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """An output format: what it is called and which plans it can carry."""

    name: str
    carries: tuple[str, ...]
    """Values of ``Plan.via``, the one it suits best first."""
    description: str
    file_name: str
    linux_only: bool = False
    """It installs, or builds, a Linux."""
    installs: bool = False
    """It installs packages of the system, with the tool that the system has for that."""
    is_image: bool = False
    """It makes an image, in which everything but the kernel's part of a driver has to be."""
    for_host: bool = False
    """It can do something to the machine itself, without an environment."""
    locks: bool = False
    """It can install what a lock lists, and nothing else."""
    several: bool = False
    """It carries several plans at once, each an environment of its own."""
    links: bool = False
    """It makes the links that nvcc's wheels lack: without them nothing finds nvcc."""
    compiles: bool = False
    """It is for plans with nvcc alone, and installs nothing."""


class RenderedFile(msgspec.Struct, frozen=True):
    """One file of a rendered plan; ``path`` is relative to where the user wants it."""

    path: str
    text: str
    executable: bool = False


FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format(
            name="script",
            carries=("pip",),
            description="a bash script that installs everything on the machine and proves it",
            file_name="install.sh",
            linux_only=True,
            installs=True,
            links=True,
            for_host=True,
        ),
        Format(
            name="conda",
            carries=("pip", "conda"),
            description="an environment for conda, mamba or micromamba",
            file_name="environment.yml",
        ),
        Format(
            name="pixi",
            carries=("pip", "conda"),
            description="a workspace for pixi, with an environment for each plan",
            file_name="pixi.toml",
            several=True,
        ),
        Format(
            name="requirements",
            carries=("pip",),
            description="packages for pip or uv, in a Python that is already there",
            file_name="requirements.txt",
        ),
        Format(
            name="cloud-init",
            carries=("pip",),
            description="user-data with which a new machine runs the script at its first boots",
            file_name="user-data",
            linux_only=True,
            installs=True,
            links=True,
            for_host=True,
        ),
        Format(
            name="dockerfile",
            carries=("pip", "container"),
            description="an image with everything but the driver",
            file_name="Dockerfile",
            linux_only=True,
            is_image=True,
            links=True,
            locks=True,
        ),
        Format(
            name="compose",
            carries=("pip", "container"),
            description="services for Docker Compose, each with its Dockerfile",
            file_name="compose.yaml",
            linux_only=True,
            is_image=True,
            links=True,
            several=True,
        ),
        Format(
            name="devcontainer",
            carries=("pip", "container"),
            description="a development container for editors, with its Dockerfile",
            file_name=".devcontainer/devcontainer.json",
            linux_only=True,
            is_image=True,
            links=True,
        ),
        Format(
            name="apptainer",
            carries=("pip", "container"),
            description="a definition for Apptainer or Singularity, as clusters run it",
            file_name="apptainer.def",
            linux_only=True,
            is_image=True,
            links=True,
        ),
        Format(
            name="cmake",
            carries=("pip", "conda"),
            description="CMake presets and editors' settings for nvcc and these GPUs",
            file_name="CMakePresets.json",
            links=True,
            compiles=True,
        ),
    )
}
"""Every format by the name that ``render`` takes."""
