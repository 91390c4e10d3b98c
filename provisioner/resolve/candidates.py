"""Candidates and what they need.

Everything the solver chooses between is a Candidate: builds of frameworks, CUDA libraries, and
the machine's facts themselves, named with two underscores as conda names its virtual packages
(``__driver``, ``__glibc``, ``__gpu``, ``__python``). A Need binds one candidate to another, and
carries the words for the case that it cannot be met.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from provisioner.catalog.rows import Build
from provisioner.plan import Serve
from provisioner.request import admits
from provisioner.version import at_least

_TRAILING_ZEROS = re.compile(r"(\.0)+$")

DRIVER = "__driver"
GPU = "__gpu"
GLIBC = "__glibc"
PYTHON = "__python"
CPU = "__cpu"
OUTSIDE = "__outside"
COMPILER = "__host_compiler"
NO_CUDA = "0"
"""Stands for a build without CUDA among the values of ``cuda_of``."""


def cuda_of(framework: str) -> str:
    """The name of the fact which CUDA a framework comes with: what extends it has to agree."""
    return f"cuda[{framework}]"


def file_of(path: str) -> str:
    """The name of the fact which package writes a file."""
    return f"__file[{path}]"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a candidate needs, and the refusal if it is not there.

    ``floor`` asks for a version at least that high, ``among`` for one of some versions,
    ``specifier`` for PEP 440, ``variant`` for the very variant, ``failed`` says that the facts
    have already decided against it.
    """

    on: str
    reference: str
    reason: str
    evidence: str = ""
    floor: str | None = None
    among: tuple[str, ...] | None = None
    specifier: str = ""
    variant: str | None = None
    failed: bool = False

    @property
    def one_of(self) -> frozenset[str]:
        """The versions that alone meet this need, where it names a few; empty: any may."""
        if self.among is not None:
            return frozenset(self.among)
        pin = self.specifier.removeprefix("==")
        exact = pin != self.specifier and not {"*", ","} & set(pin)
        return frozenset([_TRAILING_ZEROS.sub("", pin)]) if exact else frozenset()

    def met_by(self, candidate: Candidate) -> bool:
        """Whether a candidate for ``on`` satisfies this need."""
        if self.failed:
            return False
        if not candidate.version:  # left to the installer
            return True
        if self.floor is not None and not at_least(candidate.version, self.floor):
            return False
        if self.among is not None and candidate.version not in self.among:
            return False
        if self.variant is not None and candidate.variant != self.variant:
            return False
        return not self.specifier or admits(self.specifier, candidate.version)


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """Builds that something outside the catalog has ruled out, and the refusal that says so.

    The installer refused one, or an index does not answer. Of ``framework``, ``version``,
    ``variant`` and ``index`` those that are given must agree; ``index`` ``""`` is the default one.
    """

    framework: str | None = None
    version: str | None = None
    variant: str | None = None
    index: str | None = None
    reference: str
    reason: str
    evidence: str = ""

    def covers(self, row: Build) -> bool:
        """Whether it is about this build."""
        given = (self.framework, self.version, self.variant, self.index)
        of_row = (row.framework, row.version, row.variant, row.index or "")
        return all(mine in {None, its} for mine, its in zip(given, of_row, strict=True))


class Candidate(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One possible answer for one name."""

    on: str
    version: str
    variant: str = ""
    row: Any = None
    """The catalog row behind it, a DriverChoice for ``__driver``, or None for a plain fact."""
    serves: tuple[Serve, ...] = ()
    needs: tuple[Need, ...] = ()
    merits: tuple[object, ...] = ()
    """What the order of preference looks at, the weightiest first: its version, then its build."""

    def __str__(self) -> str:
        suffix = f"+{self.variant}" if self.variant not in {"", "default"} else ""
        return f"{self.on} {self.version}{suffix}"
