"""A reader for each format: what its files pin, from their text alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import yaml

from provisioner.render import RenderedFile
from tests.outputs.dockerfiles import Instruction, instructions
from tests.outputs.pins import Pins, package, spelled
from tests.outputs.shell_words import commands, functions
from tests.table.answer import OS_PYTHON

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Files = Mapping[str, str]
Reader = Callable[[Files], tuple[Pins, ...]]

_PYTHONS = {**OS_PYTHON, "debian-13": "3.13", "ubuntu-26.04": "3.14"}
"""What ``python3`` is in each system's own packages."""

_INDEX_OPTIONS = ("--index", "--extra-index-url", "--index-url")


def read(format_name: str, files: tuple[RenderedFile, ...]) -> tuple[Pins, ...]:
    """Return the environments that the files of a format hold, in their order."""
    return READERS[format_name]({file.path: file.text for file in files})


def _script(files: Files) -> tuple[Pins, ...]:
    return (script_pins(files["install.sh"]),)


def script_pins(text: str) -> Pins:
    """What an installer asks for, from the words of its steps."""
    bodies = functions(text)
    ((_, *asked),) = commands(bodies["do_packages"])
    options, wheels = _options(asked)
    sources = [value.partition("=")[2] for name, value in options if name == "--source"]
    indexes = sources + [value for name, value in options if name == "--index"]
    (python,) = (
        words[1] for words in commands(bodies["do_environment"]) if words[0] == "environment_make"
    )
    return Pins(spelled(wheels), frozenset(indexes), frozenset(), python, None)


def _options(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options with their values, and what stands after ``--``."""
    end = words.index("--")
    return list(zip(words[:end:2], words[1:end:2], strict=True)), words[end + 1 :]


def _conda(files: Files) -> tuple[Pins, ...]:
    document = yaml.safe_load(files["environment.yml"])
    specs = [part for part in document["dependencies"] if isinstance(part, str)]
    pip = [
        line for part in document["dependencies"] if isinstance(part, dict) for line in part["pip"]
    ]
    packages = {package(spec) for spec in specs if spec != "pip"}
    (python,) = (version for name, version, _ in packages if name == "python")
    indexes = [line.partition("=")[2] for line in pip if line.startswith("--")]
    wheels = [line for line in pip if not line.startswith("--")]
    packages = {found for found in packages if found[0] != "python"}
    return (Pins(spelled(wheels), frozenset(indexes), frozenset(packages), python, None),)


def _dockerfile(files: Files) -> tuple[Pins, ...]:
    return (dockerfile_pins(files["Dockerfile"]),)


def dockerfile_pins(text: str) -> Pins:
    """What an image is built with: of its last stage, and of the sheet that uv reads."""
    found = instructions(text)
    wheels: list[str] = []
    indexes: list[str] = []
    for words in _runs(found):
        if "pip" in words and "install" in words and "--" in words:
            place = words.index("--")
            wheels += words[place + 1 :]
            indexes += [after for word, after in pairwise(words) if word in _INDEX_OPTIONS]
        if words[0] == "printf" and words[-1].endswith(".toml"):
            sheet = toml("".join(f"{line}\n" for line in words[2:-2]))
            indexes += [row["url"] for row in sheet["tool"]["uv"]["index"]]
    base = found[0].rest.partition(" AS ")[0]
    python = _python_of(base, found)
    image = None if python else base
    return Pins(spelled(wheels), frozenset(indexes), frozenset(), python, image)


def _runs(found: list[Instruction]) -> Iterator[list[str]]:
    for instruction in found:
        if instruction.name == "RUN":
            yield from instruction.commands


def _python_of(base: str, found: list[Instruction]) -> str | None:
    """The Python that an environment is made from; None where none is made."""
    made = any(words[:2] == ["uv", "venv"] for words in _runs(found))
    if not made:
        return None
    name, _, tag = base.removeprefix("docker.io/library/").partition(":")
    if name == "python":
        return tag.partition("-")[0]
    return _PYTHONS[f"{name}-{tag}"]


READERS: Mapping[str, Reader] = {
    "script": _script,
    "conda": _conda,
    "dockerfile": _dockerfile,
}


LEAST: Mapping[str, int] = {}
"""How many of the thirty plans a format carries at least, where that is below ten."""

HOSTS: frozenset[str] = frozenset()
"""Hosts in the texts that no plan names."""


def toml(text: str) -> dict[str, Any]:
    """Return a TOML document. Raises ValueError."""
    return tomllib.loads(text)
