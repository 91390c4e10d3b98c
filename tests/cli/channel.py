"""Conda's channels on this disk, from the tables of facts, and a solver that reads rendered files.

Names, versions, build strings and what a build asks of __cuda are the tables' (14, 15); what they
do not say of a build (its hash) is made up, and what it needs besides is left out.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from rattler import BuildString, GenericVirtualPackage, MatchSpec, PackageName, Version, solve
from rattler.exceptions import SolverError

from provisioner import toml
from tests.table.factsheet import FACTS

__all__ = ["SolverError", "channels", "of_conda", "of_pixi", "solved"]

_TOOLKIT_BUILD = 13
"""cudatoolkit's newest: the table names the builds 0 to 13."""
_CUDA_FIRST = 200
"""CUDA's builds of pytorch carry their number plus this, so that a solver takes them first."""


def channels(folder: Path) -> dict[str, str]:
    """Make conda-forge and defaults in a folder; their addresses by name."""
    made = {"conda-forge": _conda_forge(), "defaults": _defaults()}
    for channel, records in made.items():
        held = {f"{r['name']}-{r['version']}-{r['build']}.conda": r for r in records}
        for subdir, packages in (("linux-64", held), ("noarch", {})):
            place = folder / channel / subdir
            place.mkdir(parents=True)
            index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages}
            (place / "repodata.json").write_text(json.dumps(index))
    return {channel: (folder / channel).as_uri() for channel in made}


def _conda_forge() -> Iterator[dict[str, Any]]:
    pythons: set[str] = set()
    for row in _rows("14_conda_forge_channel.csv"):
        match row["package"]:
            case "cuda-version":
                yield _record(row, "0", 3, (), _constrained(row))
            case "cudatoolkit":
                yield _record(row, "0", _TOOLKIT_BUILD, (), _constrained(row))
            case "cudnn":
                for cuda in row["cuda"].split():
                    yield _record(row, f"cuda{cuda}_0", 0, (_beside_cudnn(row, cuda),))
            case _:
                pythons |= {*row["python"].split()}
                yield from _builds(row)
    yield from _interpreters(pythons)


def _defaults() -> Iterator[dict[str, Any]]:
    """The last of TensorFlow 1; the table gives gpu_* to tensorflow-base, and names both."""
    pythons: set[str] = set()
    for row in _rows("15_conda_defaults.csv"):
        if row["package"].startswith("tensorflow-gpu /") and row["version"].startswith("1."):
            needed = (f"tensorflow-base {row['version']} gpu_*",)
            yield _record({**row, "package": "tensorflow-gpu"}, "h0000000_0", 0, needed)
            for python in re.findall(r"\d\.\d+", row["python"]):
                pythons.add(python)
                build = f"gpu_py{python.replace('.', '')}h0000000_0"
                yield _record(
                    {**row, "package": "tensorflow-base"}, build, 0, (f"python {python}.*",)
                )
    yield from _interpreters(pythons)


def _builds(row: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A framework's builds for each Python; those for CUDA come before those for the CPU."""
    number = max((int(text) for text in row["base_build_numbers"].split()), default=0)
    gpu = row["cuda"] != "none"
    pattern = row["build_string_pattern"] or "cpu_py{py}_h{hash}_{build}"
    needed = [row["cuda_constraint"].partition(" ->")[0]] if gpu else []
    if row["needs___cuda"] == "yes":
        needed.append("__cuda")
    if glibc := row["glibc_min"].partition("|")[0]:
        needed.append(f"__glibc >={glibc}")
    number += _CUDA_FIRST if gpu else 0
    for python in row["python"].split():
        told = {"py": python.replace(".", ""), "blas": "generic", "hash": "0000000"}
        build = pattern.format(**told, build=number)
        yield _record(row, build, number, (f"python {python}.*", *needed))


def _interpreters(pythons: set[str]) -> Iterator[dict[str, Any]]:
    for python in sorted(pythons):
        yield _record({"package": "python", "version": f"{python}.0"}, "0_cpython", 0)
    yield _record({"package": "pip", "version": "25.0"}, "0", 0, ("python",))


def _constrained(row: Mapping[str, str]) -> tuple[str, ...]:
    """What a library asks of the driver without needing one, as its newest build has it.

    For CUDA 11 that is the major release alone, since cudatoolkit's build 10.
    """
    told = row["cuda_constraint"].removeprefix("constrains ")
    if row["package"] == "cudatoolkit":
        major = row["cuda"].partition(".")[0]
        return (f"__cuda >={major if major == '11' else row['cuda']}",)
    return tuple(told.split(" and "))


def _beside_cudnn(row: Mapping[str, str], cuda: str) -> str:
    major = int(cuda.partition(".")[0])
    if "cuda-version" in row["cuda_constraint"]:
        return f"cuda-version >={major},<{major + 1}"
    return f"cudatoolkit >={cuda},<12" if major == 11 else f"cudatoolkit {cuda}.*"


def _record(
    row: Mapping[str, str],
    build: str,
    number: int,
    needed: tuple[str, ...] = (),
    constrained: tuple[str, ...] = (),
) -> dict[str, Any]:
    return {
        "name": row["package"],
        "version": row["version"].replace("-", "_"),
        "build": build,
        "build_number": number,
        "depends": list(needed),
        "constrains": list(constrained),
        "subdir": "linux-64",
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    import csv

    with (FACTS / name).open(encoding="utf-8") as table:
        yield from csv.DictReader(table)


def of_conda(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Channels and packages of an environment file."""
    told = yaml.safe_load(text)
    named = tuple(name for name in told["channels"] if name != "nodefaults")
    return named, tuple(item for item in told["dependencies"] if isinstance(item, str))


def of_pixi(text: str, environment: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Channels and packages of a workspace or of one of its environments."""
    told = toml.parse(text)
    part = told["feature"][environment] if environment else told
    named = part.get("channels") or told["workspace"]["channels"]
    return tuple(named), tuple(_spec(name, item) for name, item in part["dependencies"].items())


def _spec(name: str, item: str | Mapping[str, str]) -> str:
    if isinstance(item, str):
        return f"{name} {item}"
    channel = f"{item['channel']}::" if "channel" in item else ""
    return f"{channel}{name} {item['version']} {item.get('build', '')}".strip()


def solved(
    asked: tuple[tuple[str, ...], tuple[str, ...]],
    at: Mapping[str, str],
    cuda: str | None,
    glibc: str = "2.39",
) -> dict[str, str]:
    """Solve as conda's solvers do on a machine whose driver speaks this CUDA; builds by name.

    Raises SolverError where there is no answer.
    """
    named, packages = asked
    seen = {"__unix": "0", "__linux": "6.8", "__glibc": glibc, "__cuda": cuda}
    virtual = [
        GenericVirtualPackage(PackageName(name), Version(version), BuildString("0"))
        for name, version in seen.items()
        if version
    ]
    found = asyncio.run(
        solve(
            [at[name] for name in named],
            [MatchSpec(text) for text in packages],
            platforms=["linux-64", "noarch"],
            virtual_packages=virtual,
        )
    )
    return {record.name.normalized: f"{record.version} {record.build}" for record in found}
