"""A fresh environment, filled by uv and put to the proof.

What uv fetched and the environment lie on one file system, so that installing is linking.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.errors import OutsideError
from provisioner.lock.uv import program
from provisioner.request import canonical
from provisioner.upkeep.rot import blame, probe

_INSTALL_S, _PROBE_S, _QUICK_S = 1800, 300, 120
_ENVIRONMENT, _FETCHED = "environment", "fetched"


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of installing requirements and trying the framework."""

    stage: str
    """``works``, ``probe`` (installed, and does not work) or ``install``."""
    error: str = ""
    """The line that says what is wrong."""
    installed: tuple[str, ...] = ()
    """``numpy==1.26.4``, every distribution."""
    suspects: tuple[str, ...] = ()
    """Installed distributions that the failure points to, the likeliest first."""
    missing: str | None = None
    """A module that nobody has."""

    @property
    def works(self) -> bool:
        """Whether it does all that it must."""
        return self.stage == probe.WORKS

    def version_of(self, name: str) -> str | None:
        """The version of an installed distribution."""
        return dict(line.split("==", 1) for line in self.installed).get(name)


class Environment:
    """An environment for one interpreter below ``folder``, which holds nothing else of value."""

    def __init__(self, folder: Path, interpreter: str, framework: str) -> None:
        self._folder = folder
        self.interpreter = interpreter
        self._framework = framework

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._folder / _ENVIRONMENT

    @property
    def fetched(self) -> Path:
        """What uv keeps of what it fetched."""
        return self._folder / _FETCHED

    @property
    def _python(self) -> str:
        return str(self.path / "bin" / "python")

    def remove(self) -> None:
        """Take it away; what was fetched stays."""
        shutil.rmtree(self.path, ignore_errors=True)

    def attempt(self, requirements: Sequence[str]) -> Outcome:
        """Have exactly these requirements and what they bring, and try the framework.

        Raises OutsideError when there is no uv, no environment to be had, no room, or when the
        index does not answer: that says nothing of the release.
        """
        if not self.path.exists():
            how = ("venv", "--quiet", "--no-project", "--python", self.interpreter)
            made = self._uv(*how, str(self.path), timeout=_QUICK_S)
            if made.returncode:
                raise OutsideError(
                    "installer-failed",
                    f"uv made no environment for {self.interpreter}.",
                    context=(blame.essence(made.stderr),),
                )
        # As in a fresh one: what an attempt before left there must not be kept.
        words = ("pip", "install", "--quiet", "--exact", "--upgrade", "--python", self._python)
        done = self._uv(*words, "--", *requirements, timeout=_INSTALL_S)
        if done.returncode:
            _raise_if_outside(done.stderr)
            return Outcome(stage="install", error=_refusal(done.stderr))
        return self._tried(self._installed())

    def _tried(self, installed: tuple[str, ...]) -> Outcome:
        words = probe.command(self._framework)
        try:
            done = process.run([self._python, *words], timeout=_PROBE_S)
        except process.ProgramTimedOutError as late:
            done = late.partial
        # Where it lay says nothing of the release.
        told = done.stderr.replace(f"{self.path}/", "")
        printed = f"{done.stdout}\n{told}"
        half = probe.half_broken(printed)
        works = done.returncode == 0 and done.stdout.rstrip().endswith(probe.WORKS)
        if works and half is None:
            return Outcome(stage=probe.WORKS, installed=installed)
        error = half or _SITE.sub("", blame.essence(told))
        if done.returncode < 0:
            error = f"ended by signal {-done.returncode}: {error}"
        names = [canonical(line.partition("==")[0]) for line in installed]
        owners = self.owners()
        lacks = blame.missing_module(error)
        return Outcome(
            stage="probe",
            error=error,
            installed=installed,
            suspects=blame.suspects(error, printed, owners, names),
            missing=lacks if lacks and lacks.partition(".")[0] not in owners else None,
        )

    def _installed(self) -> tuple[str, ...]:
        told = self._uv("pip", "freeze", "--python", self._python, timeout=_QUICK_S).stdout
        return tuple(line for line in told.splitlines() if "==" in line)

    def owners(self) -> Mapping[str, str]:
        """Which distribution a path below site-packages belongs to, one and two names deep."""
        found: dict[str, str] = {}
        for record in sorted(self.path.glob("lib/python3*/site-packages/*.dist-info/RECORD")):
            name = canonical(record.parent.name.partition("-")[0].replace("_", "-"))
            for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
                parts = line.partition(",")[0].split("/")
                if parts[0].endswith(".dist-info") or parts[0] == "..":
                    continue
                for depth in (1, 2):
                    found.setdefault("/".join(parts[:depth]).removesuffix(".py"), name)
        return found

    def _uv(self, *words: str, timeout: float) -> process.Completed:
        environment = {**os.environ, "UV_CACHE_DIR": str(self.fetched), "UV_LINK_MODE": "hardlink"}
        return process.run([program(), *words], timeout=timeout, env=environment)


_SITE = re.compile(r"lib/python3\.\d+/site-packages/")
"""It differs from Python to Python, where the error does not."""
_REFUSAL = 400
_OUTSIDE = (
    ("Failed to fetch", "index-unreachable", "The package index does not answer."),
    ("error sending request", "index-unreachable", "The package index does not answer."),
    ("No space left on device", "disk-full", "The disk is full."),
)
"""What uv prints where not the requirements are at fault."""
_NOISE = re.compile(r"^(Using|Resolved|Downloading|Downloaded|Building|Built|Prepared|warning)\b")


def _raise_if_outside(printed: str) -> None:
    for mark, reference, message in _OUTSIDE:
        if mark in printed:
            raise OutsideError(
                reference,
                message,
                context=(_refusal(printed),),
                hint="Run it again: what was tried is kept.",
            )


def _refusal(printed: str) -> str:
    """What uv says is wrong, in one line."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    told = [re.sub(r"^[^\w\[]+", "", line) for line in lines if line and not _NOISE.match(line)]
    text = " ".join(filter(None, told)) or "uv says nothing"
    return text if len(text) <= _REFUSAL else text[: _REFUSAL - 1] + "…"


def names_of(requirements: Iterable[str]) -> set[str]:
    """The distributions that requirements name."""
    return {canonical(re.split(r"[<>=!~\[; ]", text, maxsplit=1)[0]) for text in requirements}
