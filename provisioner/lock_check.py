"""``lock --check``: whether a lock still fits a machine that may have changed since.

The locked builds are put to the resolver again, alone: what it says against them on this machine
is the fact that changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner import saved, workflow
from provisioner.catalog.rows import Build
from provisioner.errors import OutsideError, RefusedError, UsageError
from provisioner.lock import fit, pylock, record
from provisioner.lock.record import LockedFor, Record
from provisioner.machine import Machine
from provisioner.plan import Plan, Refused, Request, Warning, digest
from provisioner.request import parse_wish
from provisioner.resolve.candidates import Exclusion
from provisioner.workflow import Asked, Given


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a lock found; it fits when no fact speaks against it."""

    path: str
    plan: str
    """The digest of the plan it was made for."""
    against: tuple[str, ...] = ()
    """The facts of the machine that the lock does not fit, each in a sentence."""
    changed: tuple[str, ...] = ()
    """What else is not as it was when the lock was made, ``driver: 550.54.14, now 580.95.05``."""
    warnings: tuple[Warning, ...] = ()
    here: Plan | None = None
    """What the resolver makes of the locked builds on that machine, where it does."""


def checked(path: Path, asked: Asked) -> Checked:
    """Look whether a lock fits the machine that the options name, without options this one.

    Raises UsageError ``bad-lock-file`` for what is no lock of dlsetup, and what the machine
    options raise.
    """
    text = _text(path)
    machine, warnings = workflow.machine_of(asked.options)
    found = looked(text, path, machine, asked.python)
    told = workflow.about_environments(warnings)
    return msgspec.structs.replace(found, warnings=(*told, *found.warnings))


def looked(text: str, path: Path, machine: Machine, python: str | None = None) -> Checked:
    """Look whether the text of a lock, read from ``path``, fits a machine.

    Raises UsageError ``bad-lock-file``.
    """
    about = record.read(text, str(path))
    look = _Look(about, machine, python)
    document = _document(text, path)
    against = tuple(look.at_system(document)) or tuple(look.at_builds(document))
    return Checked(
        path=str(path),
        plan=about.plan,
        against=against,
        changed=tuple(look.changes()),
        warnings=tuple(look.warnings),
        here=look.here,
    )


def text_for(plan: Plan, path: Path) -> str:
    """Return the text of a plan's lock. Raises UsageError ``bad-lock-file``, also for another's."""
    text = _text(path)
    if record.read(text, str(path)).plan != digest(plan):
        raise record.bad(str(path), "it is the lock of another plan: another request or machine")
    return text


def _text(path: Path) -> str:
    try:
        return saved.content(path).decode("utf-8")
    except (OSError, ValueError) as error:
        no_text = isinstance(error, UnicodeDecodeError)
        reason = "it is no text" if no_text else getattr(error, "strerror", None) or str(error)
        raise UsageError(
            "bad-lock-file",
            f"{path} cannot be read.",
            context=(reason,),
            hint="Name a lock: dlsetup lock --check pylock.toml",
        ) from None


def _document(text: str, path: Path) -> pylock.Document:
    """The packages of a lock. What is wrong with them is the file's fault here, not uv's."""
    try:
        document = pylock.read(text)
    except OutsideError as error:
        raise record.bad(str(path), *error.context) from None
    if not document.packages:
        raise record.bad(str(path), "it lists no package")
    return document


class _Look:
    """One lock beside one machine."""

    def __init__(self, about: Record, machine: Machine, python: str | None) -> None:
        self.about = about
        self.was: LockedFor = about.machine
        self.machine = machine
        self.python = python
        self.warnings: list[Warning] = []
        self.here: Plan | None = None

    def changes(self) -> Iterator[str]:
        """The facts that are not as they were."""
        driver = self.machine.driver.version if self.machine.driver else None
        for name, was, now in (
            ("GPU", ", ".join(self.was.gpus), ", ".join(record.gpus_of(self.machine))),
            ("driver", self.was.driver, driver),
            ("system", self.was.os, self.machine.os_name),
            ("C library", self.was.libc, self._libc()),
            ("processor", self.was.arch, self.machine.arch),
        ):
            if was != now and (was or now):
                yield f"{name}: {was or 'none known'}, now {now or 'none known'}"

    def at_system(self, document: pylock.Document) -> Iterator[str]:
        """What speaks against it before any build is looked at: Python, processor, system."""
        if self.python not in {None, self.about.python}:
            yield f"Python {self.python} is asked for; the lock is for {self.about.python}"
        if self.machine.arch != self.was.arch:
            yield f"this machine is {self.machine.arch}; the lock is for {self.was.arch}"
        kernel, locked_kernel = _kernel(self.machine.os_name), _kernel(self.was.os)
        if kernel != locked_kernel:
            yield f"this machine runs {self.machine.os_name}; the lock is for {self.was.os}"
        elif kernel == "linux":
            yield from self._at_libc(document)
        yield from self._at_packages(document)

    def _at_packages(self, document: pylock.Document) -> Iterator[str]:
        """What was chosen and is not what the file lists: somebody changed it since."""
        listed = {str(item["name"]): str(item.get("version")) for item in document.packages}
        for pin in self.about.pins:
            version = listed.get(pin.name, "")
            if pin.name in workflow.catalog().frameworks and (
                version.partition("+")[0] != pin.version.partition("+")[0]
            ):
                found = f"{pin.name} {version}" if version else f"no {pin.name}"
                yield f"it was made for {pin.name} {pin.version}, and lists {found} now"

    def _at_libc(self, document: pylock.Document) -> Iterator[str]:
        libc, needed = self._libc(), fit.needs_glibc(document)
        if needed and libc and not fit.reaches(libc, needed[0]):
            yield f"this machine has {libc}; {needed[1]} in the lock needs glibc {needed[0]}"

    def _libc(self) -> str | None:
        """The machine's C library, that of its system where only that was named."""
        from provisioner.catalog.find import system

        row = system(workflow.catalog(), self.machine.os.id, self.machine.os.version)
        return self.machine.os.libc or (f"glibc {row.glibc}" if row and row.glibc else None)

    def at_builds(self, document: pylock.Document) -> Iterator[str]:
        """What the resolver says against the locked builds on this machine."""
        if self.was.gpus and not self.machine.gpus:
            yield f"this machine has no GPU; the lock is for {', '.join(self.was.gpus)}"
            return
        frameworks = workflow.catalog().frameworks
        pins = [pin for pin in self.about.pins if pin.name in frameworks]
        if not pins:
            return
        wishes = tuple(parse_wish(f"{pin.name}=={pin.version}") for pin in pins)
        machine = self.machine
        if self.was.cpu_was_asked_for:
            machine = msgspec.structs.replace(machine, gpus=(), driver=None)
        request = Request(requirements=tuple(w.text for w in wishes), python=self.about.python)
        try:
            plan = workflow.planned(
                Given(machine, request, wishes),
                carries=(("pip",),),
                exclusions=tuple(self._others()),
            )
        except RefusedError as refusal:
            yield from self._reasons(refusal)
        else:
            self.here = plan
            yield from self._at_libraries(plan, document)
            yield from self._at_driver(plan)

    def _at_libraries(self, plan: Plan, document: pylock.Document) -> Iterator[str]:
        """The GPU's libraries that a plan for this machine brings, and the lock does not hold."""
        if plan.accelerator == self.about.accelerator:
            return
        held = {str(package["name"]) for package in document.packages}
        asked = {extra for text in self.about.requested for extra in parse_wish(text).extras}
        for pin in plan.pins:
            wish = parse_wish(pin.requirement or pin.name)
            if wish.name not in held:
                yield f"the lock holds no {wish.name}, and would leave the GPU idle"
            elif lost := sorted(set(wish.extras) - asked):
                told = f"{wish.name} is locked without [{','.join(lost)}]"
                yield f"{told}, and would leave the GPU idle"

    def _others(self) -> Iterator[Exclusion]:
        """Every build of the locked frameworks that is not the locked one."""
        for pin in self.about.pins:
            mine = (pin.version, pin.variant, pin.index)
            for row in workflow.catalog().builds(pin.name):
                if (row.version, row.variant, row.index) != mine:
                    yield _not_locked(row)

    def _reasons(self, refusal: RefusedError) -> Iterator[str]:
        """The decisive reasons in what the resolver refused, those of the lock's own builds."""
        refused = msgspec.convert(refusal.data.get("refused", ()), tuple[Refused, ...])
        found = [item for item in refused if item.reference != "not-in-lock"]
        mine = {f"{pin.name} {pin.version}" for pin in self.about.pins}
        told = [
            f"{item.candidate}: {item.reason}"
            for item in found
            if item.candidate.partition("+")[0] in mine
        ]
        yield from dict.fromkeys(told or [refusal.message])

    def _at_driver(self, plan: Plan) -> Iterator[str]:
        driver = self.machine.driver
        now = driver.version if driver else None
        if plan.driver.action not in {"install", "upgrade"}:
            return
        told = f"driver {now}" if now else "no driver"
        text = f"the lock needs driver {plan.driver.minimum} or later; this machine has {told}"
        if self.was.driver_action == plan.driver.action and self.was.driver == now:
            self.warnings.append(Warning("driver-too-old", f"As when it was made, {text}."))
        else:
            yield text


def _not_locked(row: Build) -> Exclusion:
    return Exclusion(
        framework=row.framework,
        version=row.version,
        variant=row.variant,
        index=row.index or "",
        reference="not-in-lock",
        reason="it is not the build that is locked",
    )


def _kernel(os_name: str) -> str:
    return next((name for name in ("windows", "macos") if os_name.startswith(name)), "linux")
