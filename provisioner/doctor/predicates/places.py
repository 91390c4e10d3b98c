"""Where something runs."""

from __future__ import annotations

import re

from provisioner.catalog.load import Catalog
from provisioner.doctor.symptoms import Symptoms

_GIVEN = re.compile(
    r"(?<!without )(?<!no )(?<!missing )--gpus|--runtime[= ]nvidia|(?<!use ')nvidia-docker run"
    r"|device_ids|capabilities: \[gpu"
)
_FLAGS = re.compile(r"(?m)^ ?flags ?: ?(.*)$")


def in_container(symptoms: Symptoms, _: Catalog) -> str | None:
    """The report speaks of a container."""
    return "This is inside a container." if symptoms.container else None


def given_gpus(symptoms: Symptoms, _: Catalog) -> str | None:
    """The container was started with GPUs."""
    if _GIVEN.search(symptoms.text):
        return "The container was given GPUs."
    return None


def in_wsl(symptoms: Symptoms, _: Catalog) -> str | None:
    """The system is WSL2."""
    return "This is Linux inside WSL." if symptoms.wsl else None


def on_windows(symptoms: Symptoms, _: Catalog) -> str | None:
    """The system is Windows itself."""
    return "The system is Windows." if symptoms.family == "windows" else None


def on_mac(symptoms: Symptoms, _: Catalog) -> str | None:
    """The system is macOS."""
    return "The system is macOS." if symptoms.family == "macos" else None


def on_arm(symptoms: Symptoms, _: Catalog) -> str | None:
    """An ARM processor under Linux."""
    return (
        "The processor is ARM."
        if symptoms.arch == "aarch64" and symptoms.family != "macos"
        else None
    )


def in_cloud(symptoms: Symptoms, _: Catalog) -> str | None:
    """A virtual machine of a cloud."""
    match = re.search(r"(?<![a-z])(azure|aws|gcp|google cloud|ec2|vm)(?![a-z])", symptoms.text)
    return f"The machine is virtual: {match[1]} is named." if match else None


def no_avx_in_flags(symptoms: Symptoms, _: Catalog) -> str | None:
    """The processor lists its flags, and AVX is not among them."""
    match = _FLAGS.search(symptoms.text)
    if match and "sse2" in match[1].split() and "avx" not in match[1].split():
        return "The processor's flags have no avx."
    return None
