"""A reader for each format: what its files pin, from their text alone."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import yaml

from provisioner.plan import Plan
from provisioner.render import RenderedFile
from tests.outputs.dockerfiles import instructions
from tests.outputs.pins import Named, Pins, named, package, planned, spelled, without_markers
from tests.outputs.shell_words import HERE, SYNTAX, commands
from tests.table.answer import OS_PYTHON

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Files = Mapping[str, str]
Reader = Callable[[Files], tuple[Pins | Named, ...]]

_PYTHONS = {**OS_PYTHON, "debian-13": "3.13", "ubuntu-26.04": "3.14"}
"""What ``python3`` is in each system's own packages."""

_INDEX_OPTIONS = ("--index", "--extra-index-url", "--index-url")


def read(format_name: str, files: tuple[RenderedFile, ...]) -> tuple[Pins | Named, ...]:
    """Return the environments that the files of a format hold, in their order."""
    return READERS[format_name]({file.path: file.text for file in files})


def _script(files: Files) -> tuple[Pins, ...]:
    return (script_pins(files["install.sh"]),)


def script_pins(text: str) -> Pins:
    """What an installer asks for, from the words of its steps."""
    told = commands(text)
    (asked,) = (words for words in told if words[:3] == [f"{SYNTAX}$uv", "pip", "install"])
    end = asked.index("--")
    here = HERE + "TOML"
    sheets = [word.removeprefix(here) for words in told for word in words if word.startswith(here)]
    indexes = [*map(_after, _indexed(asked[:end])), *(url for one in sheets for url in _urls(one))]
    (python,) = re.findall(r"== 'Python ([0-9.]+)\.'\*", text)
    return Pins(spelled(asked[end + 1 :]), frozenset(indexes), frozenset(), python, None)


def _indexed(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options among words that name an index, each with the word after it."""
    return (pair for pair in pairwise(words) if pair[0] in _INDEX_OPTIONS)


def _after(pair: tuple[str, str]) -> str:
    return pair[1]


def _urls(sheet: str) -> Iterator[str]:
    """The indexes that a project file has uv ask."""
    return (row["url"] for row in toml(sheet)["tool"]["uv"]["index"])


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
    runs = [words for one in found if one.name == "RUN" for words in one.commands]
    base = found[0].rest.partition(" AS ")[0]
    return image_pins(base, runs)


def image_pins(base: str, runs: list[list[str]]) -> Pins:
    """What is installed by commands on a base image."""
    wheels: list[str] = []
    indexes: list[str] = []
    for words in runs:
        if "pip" in words and "install" in words and "--" in words:
            place = words.index("--")
            wheels += words[place + 1 :]
            indexes += map(_after, _indexed(words[:place]))
        if words[0] == "printf" and words[-1].endswith(".toml"):
            indexes += _urls("".join(f"{line}\n" for line in words[2:-2]))
    made = any(words[:2] == ["uv", "venv"] for words in runs)
    python = _python_of(base) if made else None
    image = None if made else base
    return Pins(spelled(wheels), frozenset(indexes), frozenset(), python, image)


def _python_of(base: str) -> str:
    name, _, tag = base.removeprefix("docker.io/library/").partition(":")
    return tag.partition("-")[0] if name == "python" else _PYTHONS[f"{name}-{tag}"]


def _compose(files: Files) -> tuple[Pins, ...]:
    services = yaml.safe_load(files["compose.yaml"])["services"].values()
    return tuple(dockerfile_pins(files[service["build"]["dockerfile"]]) for service in services)


def _devcontainer(files: Files) -> tuple[Pins, ...]:
    build = json.loads(files[".devcontainer/devcontainer.json"])["build"]
    return (dockerfile_pins(files[f".devcontainer/{build['dockerfile']}"]),)


def _apptainer(files: Files) -> tuple[Pins, ...]:
    header, sections = definition(files["apptainer.def"])
    return (image_pins(header["From"], commands(sections["post"])),)


def definition(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the header of a definition of Apptainer, and its sections by name."""
    head, *rest = re.split(r"^%(?=\w)", text, flags=re.MULTILINE)
    lines = (line for line in head.split("\n") if line and not line.startswith("#"))
    header = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    sections = {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1] for part in rest}
    assert len(sections) == len(rest), "a section stands twice"
    return header, sections


def _pixi(files: Files) -> tuple[Pins, ...]:
    document = toml(files["pixi.toml"])
    features = document.get("feature", {"default": document})
    named = document.get("environments", {"default": {"features": ["default"]}})
    return tuple(_feature(features[name["features"][0]]) for name in named.values())


def _feature(tables: Mapping[str, Any]) -> Pins:
    wheels = {name: _as_table(told) for name, told in tables.get("pypi-dependencies", {}).items()}
    packages = {name: _as_table(told) for name, told in tables["dependencies"].items()}
    indexes = {told["index"] for told in wheels.values() if "index" in told}
    indexes |= {*tables.get("pypi-options", {}).get("extra-index-urls", ())}
    python = packages.pop("python")["version"]
    return Pins(
        spelled(_wheel(name, told) for name, told in wheels.items()),
        frozenset(indexes),
        frozenset(_package(name, told) for name, told in packages.items()),
        python.removeprefix("==").removesuffix(".*"),
        None,
    )


def _as_table(told: Any) -> Mapping[str, str]:
    return {"version": told} if isinstance(told, str) else told


def _wheel(name: str, told: Mapping[str, Any]) -> str:
    extras = f"[{','.join(told['extras'])}]" if "extras" in told else ""
    if "url" in told:
        return f"{name}{extras} @ {told['url']}"
    return f"{name}{extras}{told['version'].removeprefix('*')}"


def _package(name: str, told: Mapping[str, str]) -> tuple[str, str, str]:
    version = told["version"].removeprefix("==").removesuffix(".*")
    return name, version, told.get("build", "")


def _requirements(files: Files) -> tuple[Pins, ...]:
    text = files["requirements.txt"]
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    options = [line for line in lines if line.startswith("-")]
    assert all(line.startswith("--extra-index-url ") for line in options)
    (python,) = set(re.findall(r"Python (3\.\d+)", text))
    wheels = spelled(line for line in lines if line not in options)
    indexes = frozenset(line.partition(" ")[2] for line in options)
    return (Pins(wheels, indexes, frozenset(), python, None),)


def _cloud_init(files: Files) -> tuple[Pins, ...]:
    written = yaml.safe_load(files["user-data"])["write_files"]
    (script,) = (one["content"] for one in written if one["path"].endswith("/install.sh"))
    return (script_pins(script),)


def _cmake(files: Files) -> tuple[Named, ...]:
    lines = json.loads(files["CMakePresets.json"])["vendor"]["dlsetup"]["pins"]
    pairs = (line.replace(",", " ").split()[:2] for line in lines)
    return (frozenset((name, version) for name, version in pairs),)


READERS: Mapping[str, Reader] = {
    "script": _script,
    "conda": _conda,
    "pixi": _pixi,
    "requirements": _requirements,
    "cloud-init": _cloud_init,
    "dockerfile": _dockerfile,
    "compose": _compose,
    "devcontainer": _devcontainer,
    "apptainer": _apptainer,
    "cmake": _cmake,
}

EXPECTED: Mapping[str, Callable[[Plan], Pins | Named]] = {
    "pixi": without_markers,
    "cmake": named,
}
"""What a format has to pin, where that is not word for word what the plan does."""

LEAST: Mapping[str, int] = {"cmake": 2}
"""How many of the spread plans a format carries at least, where that is below ten."""

HOSTS: frozenset[str] = frozenset()
"""Hosts in the texts that no plan names."""


def expected(format_name: str, plan: Plan) -> tuple[Pins | Named, ...]:
    """Return what a format has to pin of a plan."""
    return (EXPECTED.get(format_name, planned)(plan),)


def toml(text: str) -> dict[str, Any]:
    """Return a TOML document. Raises ValueError."""
    document: dict[str, Any] = tomllib.loads(text)
    return document
