"""Programs run by an environment's interpreter, each of them a check.

They follow each other in one process, because what they import takes seconds to load. After one
that fails, hangs or crashes the rest goes on in a fresh process: each is judged by itself.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from provisioner import process, resources
from provisioner.report import Check

Hear = Callable[[str], None]

TIME_LIMIT_S = 600
"""For one check: the first import of a framework reads gigabytes from a cold disk."""
_GRACE_S = 60
_LONGEST = 300
_LATE = 1 << 16
"""Stands for the status of what was ended because it took too long."""
_NOT_APPLICABLE = ("not applicable: ", "note: ")
_HALF_BROKEN = {
    "A module that was compiled using NumPy 1.x cannot be run in": " NumPy 2",
    "Failed to initialize NumPy": "",
    "_ARRAY_API not found": "",
}
"""What numpy and torch print where they go on without each other, and how the line goes on."""
_NO_NUMPY = "No module named 'numpy'"
"""Without any numpy that is no fault: torch goes without it."""


class Probe(msgspec.Struct, frozen=True):
    """A program and its words, and the name of the check that it is."""

    name: str
    program: str
    """Its file below ``templates``."""
    words: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """What came of one probe."""

    probe: Probe
    said: str = ""
    """All that it printed."""
    problem: str | None = None
    """Why it failed, None where it did not."""
    hung: bool = False

    @property
    def check(self) -> Check:
        """The same in the form that people and programs are told."""
        if self.problem is not None:
            return Check(self.probe.name, "fail", _short(self.problem))
        lines = [line for line in self.said.splitlines() if line.strip()] or [""]
        for mark in _NOT_APPLICABLE:
            if lines[-1].startswith(mark):
                why = lines[-1].removeprefix(mark)
                return Check(self.probe.name, "not-applicable", _short(why))
        # Those of rendered scripts say what they saw in lines that begin so.
        told = [line.strip() for line in lines if line.startswith("  ")] or lines[-1:]
        return Check(self.probe.name, "pass", _short("; ".join(told)))


class Interpreter:
    """The Python of an environment, with the variables that its programs get."""

    def __init__(self, path: Path, env: Mapping[str, str], *, keep_bytecode: bool = False) -> None:
        """Bytecode is kept where it may be written: while an environment is made."""
        # -I: nothing of the caller's folder or settings stands in for what was installed.
        self._argv = (str(path), "-I", *(() if keep_bytecode else ("-B",)))
        self._env = env

    def seen(self, probes: Sequence[Probe], hear: Hear, *, chained: bool = False) -> Iterator[Seen]:
        """Run programs one after the other. ``hear`` gets each line of theirs as it comes.

        ``chained``: without the first the others make no sense. After one that hangs none of them
        is run: each would take as long. Raises OutsideError ``program-not-found`` and
        ``program-not-runnable`` for the interpreter.
        """
        left = tuple(probes)
        first = left[:1]
        while left:
            one = None
            for one in self._together(left, hear):
                yield one
                left = left[1:]
            if one is not None and (
                one.hung or (chained and one.problem and (one.probe,) == first)
            ):
                why = f"not applicable: {one.probe.name} failed before it"
                yield from (Seen(probe, why) for probe in left)
                return

    def _together(self, probes: Sequence[Probe], hear: Hear) -> Iterator[Seen]:
        """Those that one process came to: all of them, or up to the first that failed."""
        ran = self._ran(probes, hear)
        answers = {answer.ended: answer for answer in _answers(ran.stdout)}
        printed = _by_number(ran.stderr)
        for number, probe in enumerate(probes):
            errors = printed.get(number, "")
            answer = answers.get(number)
            if answer is None:
                yield _broken_off(probe, ran.returncode, errors)
                return
            problem = answer.problem or half_broken(errors)
            if problem is None and ran.returncode and number == len(probes) - 1:
                end = _broken_off(probe, ran.returncode, errors).problem
                problem = f"it did all, and then {end}"
            yield Seen(probe, answer.said, problem)
            if answer.problem is not None:
                return

    def _ran(self, probes: Sequence[Probe], hear: Hear) -> process.Completed:
        programs = [(str(path_of(one.program)), *one.words) for one in probes]
        asked = {"programs": programs, "seconds": TIME_LIMIT_S}
        argv = (*self._argv, str(path_of("verify/runner.py")), msgspec.json.encode(asked).decode())
        try:
            # The runner ends what hangs; this is for where it cannot.
            return process.watched(
                argv, quiet_limit=TIME_LIMIT_S + _GRACE_S, hear=hear, env=self._env
            )
        except process.ProgramTimedOutError as late:
            return msgspec.structs.replace(late.partial, returncode=_LATE)


def is_answer(line: str) -> bool:
    """Whether a line says that a program has ended; it is no line for people then."""
    return line.startswith('{"ended"')


def is_for_people(line: str) -> bool:
    """Whether a line is what a program printed, and not a word between us and the runner."""
    return not line.startswith(("\x1e", '{"begun"', '{"ended"'))


class _Answer(msgspec.Struct, frozen=True):
    ended: int
    problem: str | None
    said: str


def path_of(program: str) -> Path:
    """Where a program lies, by its place below ``templates``."""
    return resources.templates() / program


def half_broken(printed: str) -> str | None:
    """What says that numpy is not really there, None where nothing does."""
    lines = [line for line in printed.splitlines() if _NO_NUMPY not in line]
    marks = (mark + rest for mark, rest in _HALF_BROKEN.items() for line in lines if mark in line)
    return next(marks, None)


def _answers(text: str) -> Iterator[_Answer]:
    """The answers in what the runner printed; a line that was cut off is none."""
    for line in text.splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            yield msgspec.json.decode(line, type=_Answer)


def _by_number(text: str) -> dict[int, str]:
    """What each program printed for people, parted where the runner said that it began.

    What came before the first belongs to it.
    """
    head, *parts = text.split("\x1e")
    found = {0: head}
    for part in parts:
        number, _, rest = part.partition("\n")
        if number.isdigit():
            found[int(number)] = found.get(int(number), "") + rest
    return found


def _broken_off(probe: Probe, status: int, printed: str) -> Seen:
    """What there is to say of a program that did not come to its end."""
    if status == _LATE or "Timeout (" in printed:
        return Seen(probe, problem=f"it did not end within {TIME_LIMIT_S} seconds", hung=True)
    if status < 0:
        return Seen(probe, problem=f"it was ended by {_signal(-status)}")
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    said = f": {lines[-1]}" if lines else ""
    if status == 0:
        return Seen(probe, problem=f"the check ended without an answer (exit code 0){said}")
    return Seen(probe, problem=f"it left with status {status}{said}")


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _short(text: str) -> str:
    """One line that can be printed."""
    line = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    line = line.removesuffix(".")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
