"""An environment made whole or not at all: a new generation, proved before anything names it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from provisioner.environments import generations, interpreter, journal, standing, store, toolkit
from provisioner.environments.place import not_writable
from provisioner.environments.proof import prove
from provisioner.environments.record import Environment, Generation, Pointer
from provisioner.environments.same import Wanted, harm_of, holds, is_meant, is_so, lies
from provisioner.environments.size import size_of
from provisioner.errors import OutsideError, RefusedError
from provisioner.lock.sources import sources_of
from provisioner.lock.uv import Uv
from provisioner.progress import Progress
from provisioner.whole_file import put, settle

__all__ = ["Wanted", "already", "made"]


def made(folder: Path, wanted: Wanted, uv: Uv, tell: Progress) -> tuple[Environment, bool]:
    """Return the environment, and whether anything had to change for it.

    ``folder`` is what ``hold.held`` gave for its name. ``tell`` hears what takes long. A failure
    leaves things as they were: no environment, or the one of before. Raises RefusedError
    ``environment-not-verified`` and ``place-taken``, OutsideError ``python-not-found``,
    ``disk-full`` and ``place-not-writable``, and what Uv raises.
    """
    before = store.own(folder)
    _clear_up(folder, before, tell)
    if before and before.stands and _is_proved(folder, before.generation, wanted):
        with contextlib.suppress(OSError):  # nothing has to change, and perhaps nothing can
            generations.drop(folder, keep=before.kept)
            _remember(folder, before, wanted)
        return store.environment(before), False
    with _undone(folder, before):
        if before is None or before.being_removed:
            store.point(folder, Pointer(name=wanted.name))
        number = _again(folder, wanted, tell) or _anew(folder, before, wanted, uv, tell)
        after = store.switched(folder, before, number, asked=_other_words(folder, number, wanted))
    with contextlib.suppress(OSError):  # what cannot be removed now, the next run removes
        generations.drop(folder, keep=after.kept)
    return store.environment(after), True


def already(folder: Path, wanted: Wanted) -> Environment | None:
    """Return the environment where it is just what is wanted, and nobody changed it since."""
    try:
        pointer = store.pointer_of(folder)
    except OutsideError:
        return None
    proved = pointer and pointer.stands and _is_proved(folder, pointer.generation, wanted)
    return store.environment(pointer) if pointer and proved else None


def _clear_up(folder: Path, before: Pointer | None, tell: Progress) -> None:
    """Remove the halves that a killed run left, and say that it was there."""
    try:
        if cut := journal.cut_off(folder):
            tell.step(
                f"going on after a run that was cut off at {cut.time}, in its step "
                f"{cut.step}: what was fetched then is not fetched again"
            )
            journal.note(folder, cut.generation, cut.step, "failed", journal.CUT_OFF)
        store.sweep_drafts(folder)
        generations.drop_halves(folder, keep=before.kept if before else ())
    except OSError as error:
        raise not_writable(folder, error) from error


def _remember(folder: Path, pointer: Pointer, wanted: Wanted) -> None:
    """Other words that come to the same generation are those to ask anew from now on."""
    asked = _other_words(folder, pointer.generation, wanted)
    if wanted.asked and asked != pointer.asked:
        store.point(folder, msgspec.structs.replace(pointer, asked=asked))


def _other_words(folder: Path, number: int, wanted: Wanted) -> Mapping[str, Any] | None:
    """What was typed, where the generation was made for other words."""
    made_for = generations.about_of(folder / str(number)).asked
    return wanted.asked if wanted.asked and wanted.asked != made_for else None


def _is_proved(folder: Path, number: int, wanted: Wanted) -> bool:
    """Whether a generation is what is wanted, and was seen to work when it was last looked at."""
    verify = journal.last_verify(folder, number)
    return (verify is None or verify.state == "done") and is_so(folder / str(number), wanted)


@contextlib.contextmanager
def _undone(folder: Path, before: Pointer | None) -> Iterator[None]:
    """Whatever goes wrong inside, Ctrl-C too, leaves the folder as it was."""
    try:
        yield
    except BaseException as error:
        # What cannot be removed now, the next run removes; what went wrong counts.
        with contextlib.suppress(OSError):
            generations.drop(folder, keep=before.kept if before else ())
            if before is None or not before.stands:
                store.forget(folder)
        if isinstance(error, OSError):
            raise not_writable(folder, error) from error
        raise


def _again(folder: Path, wanted: Wanted, tell: Progress) -> int | None:
    """Return a generation that is there and is what is wanted, if it works still.

    It is the one of before, or one that a killed run had proved and not switched to.
    """
    harms = []
    for number in reversed(generations.whole(folder)):
        place = folder / str(number)
        if not is_meant(place, wanted):
            continue
        harm = harm_of(place)
        if harm is None:
            tell.step(f"proving that generation {number}, which is there, works")
            try:
                with journal.step(folder, number, "proof"):
                    prove(interpreter.inside(place), wanted.plan, wanted.gpus, tell)
            except RefusedError as error:
                harm = _first_failure(error)
            else:
                return number
        harms.append(f"generation {number} does not work: {harm}")
    if harms:
        tell.remark(f"{'; '.join(reversed(harms))}; making it anew")
    return None


def _first_failure(error: RefusedError) -> str:
    """What was seen first of those that failed; the files and versions need no title."""
    first, *more = error.context
    told = first.removeprefix("files: ").removeprefix("versions: ")
    return f"{told}, and more" if more else told


def _anew(folder: Path, before: Pointer | None, wanted: Wanted, uv: Uv, tell: Progress) -> int:
    """Make a generation and prove it; return its number. From then on it is whole."""
    plan, number = wanted.plan, generations.next_number(folder, before)
    new = folder / str(number)
    with journal.step(folder, number, "python", plan.python):
        tell.step(f"making an environment with Python {plan.python} in {new}")
        standing.make_environment(new, plan, uv, tell)
    with journal.step(folder, number, "packages"):
        lock = new / generations.LOCK
        put(new / generations.PLAN, msgspec.json.format(msgspec.json.encode(plan), indent=2))
        put(lock, wanted.lock.encode())
        tell.step("installing the packages of the lock")
        uv.sync(new, lock, sources_of(plan, uv.settings))
        toolkit.make_ready(new, plan)
    with journal.step(folder, number, "proof"), _settled(new):
        tell.step("proving that it works")
        notes = prove(interpreter.inside(new), plan, wanted.gpus, tell)
    about = Generation(
        python=plan.python,
        gpus=wanted.gpus,
        notes=notes,
        holds=holds(new),
        lies=lies(new),
        asked=wanted.asked,
        planned=wanted.planned,
        size=size_of(new),
    )
    generations.finish(new, about)
    return number


@contextlib.contextmanager
def _settled(place: Path) -> Iterator[None]:
    """Meanwhile what was installed is put on the disk, where a power loss cannot reach it."""
    problems: list[OSError] = []

    def write() -> None:
        try:
            settle(place)
        except OSError as error:
            problems.append(error)

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    yield
    writing.join()
    if problems:
        raise problems[0]
