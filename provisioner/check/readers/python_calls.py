"""Where pip installs into the system's own Python, and what may have changed that before.

What brings a Python of another kind, or lifts the marker of PEP 668, has many forms. After
anything that could be one of them nothing is said of the system's Python any more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

from provisioner.check.said import Opaque, PipCall, Place

_PIP = re.compile(r"pip\d?(\.\d+)?")
_PYTHON = re.compile(r"python(\d(\.\d+)?)?")
_ELSEWHERE = frozenset({"-t", "--target", "--prefix", "--root", "--python", "--dry-run"})
"""With these the marker of PEP 668 is not looked at, or it is that of another Python."""
_BREAKS = re.compile(r"break.system.packages|EXTERNALLY.MANAGED", re.IGNORECASE)
_MAY_BRING = re.compile(
    r"get-pip|ensurepip|easy_install|conda|mamba|pixi|pyenv|asdf|\bnix\b|brew|\buv\b|\bdpkg\b"
    r"|\.(sh|py|deb|whl|bash)\b|\bmake\b|\beval\b|\bsource\b|virtualenv|-m venv"
    r"|\|\s*(sudo\s+)?(ba|z|da)?sh\b|(^|[;&|]\s*|\n\s*)(sudo\s+)?\.{0,2}/[\w./-]+"
)
_HOLDS_PROGRAMS = re.compile(r"--from|pip\.conf|\.(sh|whl|deb)\b|/(bin|venv)\b")
_OWN_PATH = re.compile(r"\$\{?PATH\}?|/usr/(local/)?(s?bin|cuda[\w.-]*/bin|nvidia/bin)|/s?bin")


def installs(words: Sequence[str], line: int, *, conditional: bool = False) -> Iterator[PipCall]:
    """Yield the call, where a command installs into the Python that is on the path."""
    program = os.path.basename(words[0])
    if words[0] not in {program, f"/usr/bin/{program}"}:
        return
    rest = list(words[1:])
    if _PYTHON.fullmatch(program) and rest[:2] == ["-m", "pip"]:
        rest = rest[2:]
    elif not _PIP.fullmatch(program):
        return
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    options = {word.partition("=")[0] for word in words}
    if rest[:1] == ["install"] and len(rest) > 1 and not options & _ELSEWHERE:
        at = Place(line, " ".join(words[: len(words) - len(rest) + 1]))
        yield PipCall(program=program, words=tuple(rest[1:]), at=at, conditional=conditional)


def opaque(words: Sequence[str], line: int) -> Iterator[Opaque]:
    """Yield what opens the system's Python to pip: a setting, or the marker that goes away."""
    if any(_BREAKS.search(word) for word in words) and not any(
        word == "--break-system-packages" for word in words
    ):
        yield Opaque(at=Place(line, words[0]))


def opaque_text(text: str, line: int) -> Iterator[Opaque]:
    """Yield one for shell text that runs what nobody reads here: scripts, installers, make."""
    if _MAY_BRING.search(text):
        yield Opaque(at=Place(line, "RUN"))


def opaque_settings(values: Mapping[str, str], line: int) -> Iterator[Opaque]:
    """Yield one for variables that name another Python, or tell pip to go on."""
    for name, value in values.items():
        others = [one for one in value.split(":") if not _OWN_PATH.fullmatch(one)]
        if (
            _BREAKS.search(name)
            or name in {"VIRTUAL_ENV", "PIP_CONFIG_FILE", "PIP_TARGET", "PIP_PREFIX"}
            or (name == "PATH" and others)
        ):
            yield Opaque(at=Place(line, name))


def opaque_instruction(word: str, rest: str, line: int) -> Iterator[Opaque]:
    """Yield one for files of another image, archives that are unpacked, and another shell."""
    if word != "COPY" or _HOLDS_PROGRAMS.search(rest):
        yield Opaque(at=Place(line, word))
