"""What the catalog says, arranged for the questions that other projects' tables answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from packaging.version import Version

from provisioner.catalog.export import export
from provisioner.catalog.load import Catalog

NOTHING = "nothing"
"""What the catalog says where it has no row."""
_BRANDS = {"AMD", "GEFORCE", "INSTINCT", "NVIDIA", "QUADRO", "RADEON", "TESLA"}


class Answer(NamedTuple):
    """One fact: what the peer says, what the catalog says, and the evidence of the latter."""

    subject: str
    theirs: str
    ours: str
    agrees: bool
    evidence: str = ""


class Ours:
    """The export, by what peers speak of; architectures are read beside it."""

    def __init__(self, catalog: Catalog) -> None:
        exported = export(catalog)
        self.cuda = {row["version"]: row for row in exported["cuda"]}
        self.drivers = {row["branch"]: row for row in exported["drivers"]}
        self.cudnn = exported["cudnn"]
        self.gpus = {
            (row["vendor"], row["device"], row["subsystem"] or ""): row for row in exported["gpus"]
        }
        self.builds = [
            row
            for row in exported["builds"]
            # What its publisher took back is no release that peers speak of.
            if row["via"] == "pip" and row["platform"].startswith("linux-") and not row["yanked"]
        ]
        self.architectures = {row.compute_capability: row for row in catalog.architectures}
        self.names: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in exported["gpus"]:
            self.names.setdefault(words(row["name"]), []).append(row)

    def release(self, bound: str, *, first: bool) -> str:
        """The first of our CUDA releases from a bound on, or the last one up to it."""
        if bound in {NOTHING, "none"}:
            return bound
        if first:
            return next((cuda for cuda in self.cuda if Version(cuda) >= Version(bound)), NOTHING)
        within = [cuda for cuda in self.cuda if Version(cuda) <= Version(bound)]
        return within[-1] if within else NOTHING

    def default_builds(
        self, framework: str, version: str, platform: str = "linux-x86_64"
    ) -> list[dict[str, Any]]:
        """Builds of the default index for a version, or for every patch of a shorter one."""
        return [
            row
            for row in self.builds
            if (row["framework"], row["variant"], row["platform"])
            == (framework, "default", platform)
            and begins(row["version"], version)
        ]


def begins(version: str, shorter: str) -> bool:
    """Whether a version is another one, or that one said more exactly."""
    return version == shorter or version.startswith(f"{shorter}.")


def words(name: str) -> tuple[str, ...]:
    """A product's name without its brands, in capitals."""
    split = name.upper().replace("-", " ").split()
    return tuple(word for word in split if word not in _BRANDS)


def capability(target: str) -> str:
    """``sm_86`` → ``8.6``."""
    digits = target.partition("_")[2]
    return f"{digits[:-1]}.{digits[-1]}"
