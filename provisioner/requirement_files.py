"""Requests that people already have: requirements.txt, pyproject.toml, environment.yml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from provisioner import toml
from provisioner.errors import UsageError
from provisioner.plan import Warning
from provisioner.text_file import decoded

_COMPONENTS = {"cudatoolkit": "cuda", "cuda-version": "cuda", "pytorch-cuda": "cuda"}
"""What conda calls the CUDA that packages run on."""

_SHOWN = 5
"""Names that a warning repeats."""


class Words(msgspec.Struct, frozen=True):
    """What a file asks for: requirements in its order, and a range of Pythons if it names one."""

    requirements: tuple[str, ...]
    requires_python: str | None = None
    warnings: tuple[Warning, ...] = ()
    """What of the file is not carried."""


def words_of(name: str) -> Words:
    """Return what a file asks for.

    What cannot be honoured (options of an installer, lines that are no requirement) is refused
    rather than dropped. Raises UsageError ``bad-requirement-file``.
    """
    path = Path(name)
    try:
        data = path.read_bytes()
        listed = path.suffix not in {".toml", ".yml", ".yaml"}
        text = decoded(data) if listed else data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _bad(path, reason) from error
    if path.suffix == ".toml":
        return _from_pyproject(path, text)
    if path.suffix in {".yml", ".yaml"}:
        return _from_environment(path, text)
    return _from_requirements(path, text)


def _from_requirements(path: Path, text: str) -> Words:
    words: list[str] = []
    hashed: list[str] = []
    for number, raw in enumerate(text.replace("\\\n", " ").splitlines(), start=1):
        whole = re.sub(r"(^|\s)#.*$", "", raw).strip()
        line = re.sub(r"\s+--hash[=\s]\S+", "", whole)
        if line != whole:
            # The name alone: an address may hold a secret.
            hashed.append(re.split(r"[^\w.-]", line, maxsplit=1)[0])
        if not line:
            continue
        if line.startswith("-"):
            raise _bad(path, f"line {number}: the option {_option(line)!r} is not understood")
        words.append(line)
    return Words(tuple(words), warnings=(_not_carried(path, hashed),) if hashed else ())


def _not_carried(path: Path, hashed: list[str]) -> Warning:
    """A plan is of versions; what is locked has hashes that the index gives."""
    shown = ", ".join(hashed[:_SHOWN]) + (", …" if len(hashed) > _SHOWN else "")
    return Warning(
        reference="hashes-not-carried",
        message=f"{path.name} gives hashes of {shown}, and a plan carries none: nothing here is"
        " held against them. dlsetup lock writes down those of every file that it takes:"
        " compare them.",
    )


def _from_pyproject(path: Path, text: str) -> Words:
    try:
        document = toml.parse(text)
    except ValueError as error:
        raise _bad(path, str(error)) from error
    project = document.get("project")
    found = project.get("dependencies", []) if isinstance(project, dict) else None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise _bad(path, "it has no list [project] dependencies")
    python = project.get("requires-python") if isinstance(project, dict) else None
    return Words(tuple(found), python if isinstance(python, str) else None)


def _from_environment(path: Path, text: str) -> Words:
    """Conda's file by lines: names with ``=`` pins, and the pip section as it stands."""
    words: list[str] = []
    python: str | None = None
    inside = in_pip = False
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        if not line.strip():
            continue
        if not line.startswith((" ", "-")):
            inside, in_pip = line.strip() == "dependencies:", False
            continue
        item = line.strip().removeprefix("- ").strip().strip("'\"")
        if not inside or item in {"pip", "python"}:
            continue
        if item == "pip:":
            in_pip = True
        elif item.startswith("-"):
            raise _bad(path, f"the option {_option(item)!r} is not understood")
        elif re.match(r"python\s*[=<>!~]", item) and not in_pip:
            python = _pip_pin(item).removeprefix("python").strip()
        else:
            words.append(item if in_pip else _pip_pin(item))
    if not words:
        raise _bad(path, "it has no dependencies")
    return Words(tuple(words), python)


def _option(line: str) -> str:
    """An option without its value, which may be an address with a password."""
    match = re.match(r"--[\w-]+|-\w?", line)
    return match[0] if match else ""


def _pip_pin(item: str) -> str:
    """Conda's ``name=1.2`` and ``name=1.2=build`` as PEP 508, its CUDA as the component."""
    match: Any = re.fullmatch(r"([\w.-]+?)\s*={1,2}\s*([\w.*]+)(=[\w*.-]+)?", item)
    if not match:
        return item
    version = match[2] if match[2].endswith("*") else f"{match[2]}.*"
    return f"{_COMPONENTS.get(match[1], match[1])}=={version}"


def _bad(path: Path, reason: str) -> UsageError:
    return UsageError(
        "bad-requirement-file",
        f"{path} cannot be read as a list of requirements.",
        context=(reason,),
        hint="Give a requirements.txt, a pyproject.toml or an environment.yml.",
    )
