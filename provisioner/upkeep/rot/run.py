"""Trying releases one after the other: each installed for real, healed where time broke it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.catalog.find import caps_on
from provisioner.catalog.rows import Cap
from provisioner.catalog.upkeep_rows import CapFound, Rot
from provisioner.lock.uv import program
from provisioner.machine import Interpreter
from provisioner.upkeep.comparing import today
from provisioner.upkeep.rot.attempts import Attempts, rules
from provisioner.upkeep.rot.caps import MARK
from provisioner.upkeep.rot.disk import Disk, alone
from provisioner.upkeep.rot.environment import Environment, Outcome, names_of
from provisioner.upkeep.rot.listing import Dependencies, Tried
from provisioner.upkeep.rot.search import Healed, heal
from provisioner.version import minor

_SHORT = 120

Told = Callable[[str, int, int], None]
Shown = Callable[[Rot], None]
"""Called with each release when it has been tried."""


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found."""

    rows: tuple[Rot, ...]
    attempts: int
    """Installs that were made, not remembered from a run before."""
    peak_bytes: int
    """The most that fetched wheels and environments held together."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the catalog's caps for one release."""

    framework: str
    version: str
    python: str
    requirements: tuple[str, ...]
    """The caps that plans of it have."""
    outcome: str
    """``works``, or the error with all of them."""
    needless: tuple[str, ...]
    """Caps without which it works as well."""

    @property
    def holds(self) -> bool:
        """Whether the caps are enough, and each of them is needed."""
        return self.outcome == "works" and not self.needless


class Run:
    """Releases tried below ``folder``, which holds nothing else.

    Every method raises OutsideError when the index or uv does not answer, or the disk is full.
    """

    def __init__(self, folder: Path, dependencies: Dependencies, disk: Disk | None = None) -> None:
        self._folder = folder
        self._dependencies = dependencies
        self._disk = disk or Disk(folder)
        self._made = 0
        self._hint: dict[str, str] = {}
        """What healed the release before."""

    def tried(
        self, releases: Sequence[Tried], told: Told, shown: Shown, *, anew: bool = False
    ) -> Ran:
        """Try releases in their order. ``anew`` forgets what was tried of them before."""
        rows = []
        with alone(self._folder):
            for number, one in enumerate(releases):
                told(one.called, number, len(releases))
                rows.append(self._row(one, anew=anew))
                shown(rows[-1])
        return Ran(rows=tuple(rows), attempts=self._made, peak_bytes=self._disk.peak)

    def proved(
        self, releases: Sequence[Tried], caps: Iterable[Cap], told: Told, *, anew: bool = False
    ) -> Iterator[Proof]:
        """Prove the caps that there are: each release works with all of its, and with no less."""
        listed = tuple(caps)
        with alone(self._folder):
            for number, one in enumerate(releases):
                told(one.called, number, len(releases))
                yield self._proof(one, [*caps_on(listed, one.framework, one.version)], anew=anew)

    def _proof(self, one: Tried, caps: Sequence[Cap], *, anew: bool) -> Proof:
        """People's caps cure what is not tried here: only measured ones can be needless."""
        interpreter = one.interpreters[0]
        capped = [cap.requirement for cap in caps]
        with self._attempts(one, interpreter, anew=anew) as attempts:
            outcome = attempts((*one.requirements, *capped))
            without = {
                cap: attempts((*one.requirements, *(other for other in capped if other != cap)))
                for cap in (cap.requirement for cap in caps if cap.evidence.startswith(MARK))
            }
        return Proof(
            framework=one.framework,
            version=one.version,
            python=interpreter.version,
            requirements=tuple(capped),
            outcome=outcome.error or outcome.stage,
            needless=tuple(cap for cap, left in without.items() if left.works),
        )

    def _row(self, one: Tried, *, anew: bool) -> Rot:
        """Healed on the newest interpreter where that can be, else on the next that heals it.

        Where an older one says what a newer one said, nothing is searched there.
        """
        rows: list[Rot] = []
        for interpreter in one.interpreters:
            beyond_help = {row.plain for row in rows}
            plain, healed = self._healed(one, interpreter, beyond_help, anew=anew)
            rows.append(_row_of(one, interpreter, plain, healed))
            if healed.outcome.works:
                self._hint = {_name(cap): cap.good for cap in healed.caps} or self._hint
                return rows[-1]
        return msgspec.structs.replace(rows[0], capped=_everywhere(rows))

    def _healed(
        self, one: Tried, interpreter: Interpreter, beyond_help: set[str], *, anew: bool
    ) -> tuple[Outcome, Healed]:
        python = minor(interpreter.version)
        with self._attempts(one, interpreter, anew=anew) as attempts:
            plain = attempts(one.requirements)
            if plain.error in beyond_help:
                return plain, Healed(caps=(), outcome=plain)
            healed = heal(
                one.requirements,
                attempts,
                lambda name: self._dependencies.versions(name, python),
                self._hint,
            )
            return plain, healed

    @contextmanager
    def _attempts(self, one: Tried, interpreter: Interpreter, *, anew: bool) -> Iterator[Attempts]:
        """What tries a release; no environment is left behind."""
        environment = Environment(self._folder, interpreter.path, one.framework)

        def attempt(requirements: Sequence[str]) -> Outcome:
            if not environment.path.exists() or not _is_step(requirements):
                environment.remove()
                self._disk.make_room(environment.fetched)
            try:
                return environment.attempt(requirements)
            finally:
                self._disk.count()

        name = f"{one.framework}-{one.version}-{interpreter.version}.jsonl"
        attempts = Attempts(self._folder / "attempts" / rules() / name, attempt)
        if anew:
            attempts.forget()
        environment.remove()
        try:
            yield attempts
        finally:
            environment.remove()
            self._made += attempts.made


def _everywhere(rows: Sequence[Rot]) -> str:
    """Each error once, with the newest interpreter that says it."""
    first = {row.plain: row.python for row in reversed(rows)}
    told = [(python, error) for error, python in reversed(first.items())]
    return "; ".join(f"Python {python}: {error[:_SHORT]}" for python, error in told)


def _name(cap: CapFound) -> str:
    return next(iter(names_of((cap.requirement,))))


def _is_step(requirements: Iterable[str]) -> bool:
    """Whether it is one of the many of a search: those change an environment that is there.

    A plain install and the final proof begin with a fresh one.
    """
    _, *rest = requirements
    return any("==" in text for text in rest)


def _row_of(one: Tried, interpreter: Interpreter, plain: Outcome, healed: Healed) -> Rot:
    return Rot(
        framework=one.framework,
        version=one.version,
        python=interpreter.version,
        plain=plain.error or plain.stage,
        caps=healed.caps,
        capped=healed.outcome.error or healed.outcome.stage,
        evidence=_evidence(one, plain, healed.caps),
        checked=today(),
    )


def _evidence(one: Tried, plain: Outcome, caps: Iterable[CapFound]) -> str:
    """What was installed plainly, as far as it matters, by which uv on which system."""
    told = names_of((*one.requirements, "numpy", *(cap.requirement for cap in caps)))
    had = [line.replace("==", " ") for line in plain.installed if line.partition("==")[0] in told]
    answer = process.run([program(), "--version"], timeout=60).stdout.split()
    system = os.uname()
    by = f"uv {answer[1] if len(answer) > 1 else 'of unknown version'} on {system.machine}"
    return f"installed by {by}: {', '.join(had) or 'nothing'}"
