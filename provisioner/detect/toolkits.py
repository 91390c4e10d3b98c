"""Installed CUDA toolkits: their folders' own word, then the ``nvcc`` that really runs.

A folder tells its release in ``version.json`` (since CUDA 11.1) or ``version.txt`` (before); where
neither is there, its ``nvcc`` is asked. An nvcc is a compiler and says nothing of a driver.
"""

from __future__ import annotations

import os
import re

import msgspec

from provisioner.detect.host import Host
from provisioner.machine import Toolkit

_FOLDER = re.compile(r"cuda(?:-\d+(?:\.\d+)?)?")
_TEXT = re.compile(r"CUDA Version (\d+\.\d+(?:\.\d+)?)")
_RELEASE = re.compile(r"Cuda compilation tools, release (\d+\.\d+)")
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")


class _Part(msgspec.Struct, frozen=True):
    version: str = ""


class _VersionSheet(msgspec.Struct, frozen=True):
    cuda: _Part = _Part()


def parse_version_json(text: str) -> str | None:
    """The toolkit's release in a ``version.json``, ``"12.4.1"``."""
    try:
        version = msgspec.json.decode(text, type=_VersionSheet).cuda.version
    except (msgspec.MsgspecError, ValueError):
        return None
    return version if _VERSION.fullmatch(version) else None


def parse_version_txt(text: str) -> str | None:
    """The release in the ``version.txt`` of older toolkits, ``"10.2.89"``."""
    match = _TEXT.search(text)
    return match[1] if match else None


def parse_nvcc_version(text: str) -> str | None:
    """The release in the answer to ``nvcc --version``: a minor version, ``"13.0"``."""
    match = _RELEASE.search(text)
    return match[1] if match else None


def probe(host: Host) -> tuple[Toolkit, ...]:
    """The toolkits, newest first; a link and its target are one."""
    found: dict[str, Toolkit] = {}
    for folder in _folders(host):
        real = os.path.realpath(host.path(folder))
        version = _version_in(host, folder) if real not in found else None
        if version:
            shown = real if host.live else folder
            found[real] = Toolkit(version=version, path=shown)
    on_path = _on_path(host, found)
    toolkits = [*found.values(), *([on_path] if on_path else [])]
    return tuple(sorted(toolkits, key=lambda kit: (_numbers(kit.version), kit.path), reverse=True))


def _folders(host: Host) -> list[str]:
    names = [name for name in host.entries("/usr/local") if _FOLDER.fullmatch(name)]
    wished = [host.env.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH")] if host.live else []
    # The numbered folders come first, so that the link "cuda" is found to be one of them.
    named = [f"/usr/local/{name}" for name in sorted(names, reverse=True)]
    return [*named, "/opt/cuda", *(folder for folder in wished if os.path.isabs(folder))]


def _version_in(host: Host, folder: str) -> str | None:
    said = parse_version_json(host.read(f"{folder}/version.json") or "")
    said = said or parse_version_txt(host.read(f"{folder}/version.txt") or "")
    return said or _asked(host, f"{folder}/bin/nvcc")


def _asked(host: Host, nvcc: str) -> str | None:
    if not host.live or not os.access(nvcc, os.X_OK):
        return None
    return parse_nvcc_version(host.answer("nvcc", [nvcc, "--version"]) or "")


def _on_path(host: Host, found: dict[str, Toolkit]) -> Toolkit | None:
    """The toolkit of the nvcc on PATH, unless it is one of those found.

    A wrapper script hides where it leads; one that answers with the release of a toolkit already
    found is taken for that toolkit's.
    """
    nvcc = host.which("nvcc")
    if nvcc is None:
        return None
    home = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
    version = _asked(host, nvcc) if home not in found else None
    releases = {".".join(kit.version.split(".")[:2]) for kit in found.values()}
    return Toolkit(version=version, path=home) if version and version not in releases else None


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
