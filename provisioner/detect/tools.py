"""conda, mamba, micromamba, uv and gcc: the versions of those that run."""

from __future__ import annotations

import os
import re

from provisioner.detect.host import Host

_NAMES = ("conda", "mamba", "micromamba", "uv", "gcc")
_QUESTIONS = {"gcc": "-dumpfullversion"}
"""What is asked of a program that does not say its version on a line of its own."""
_VARIABLES = {"conda": "CONDA_EXE", "mamba": "MAMBA_EXE", "micromamba": "MAMBA_EXE"}
"""Where an activated shell keeps the program, which there is only a shell function."""
_PREFIXES = ("miniforge3", "mambaforge", "miniconda3", "anaconda3")
_NUMBER = re.compile(r"\d+(?:\.\d+)+(?:[A-Za-z0-9.+-]*)")


def parse_tool_version(text: str, name: str) -> str | None:
    """The version in ``conda 24.1.2``, ``mamba 1.5.8`` (and further lines) or a bare ``2.0.5``."""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == [name] and len(words) > 1:
            words = words[1:]
        if words and _NUMBER.fullmatch(words[0]):
            return words[0]
    return None


def probe(host: Host) -> dict[str, str | None]:
    """The version of each tool, None for those that are not here or do not run."""
    return {name: _version(host, name) for name in _NAMES}


def _version(host: Host, name: str) -> str | None:
    program = _program(host, name) if host.live else name
    if program is None:
        return None
    return parse_tool_version(
        host.answer(f"{name}-version", [program, _QUESTIONS.get(name, "--version")]) or "", name
    )


def _program(host: Host, name: str) -> str | None:
    named = host.env.get(_VARIABLES.get(name, ""), "")
    if os.path.basename(named) == name and os.access(named, os.X_OK):
        return named
    home = host.home() or "/nonexistent"
    if name == "uv":
        return host.which(name, f"{home}/.local/bin", f"{home}/.cargo/bin")
    roots = [f"{root}/{prefix}" for root in (home, "/opt") for prefix in _PREFIXES]
    return host.which(name, *(f"{root}/bin" for root in (*roots, "/opt/conda")))
