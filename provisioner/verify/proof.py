"""An environment proved: every check, in the order in which people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from provisioner.errors import RefusedError
from provisioner.lock import pylock
from provisioner.plan import Plan
from provisioner.progress import SILENT, Progress
from provisioner.recipes.verification import exact_versions
from provisioner.report import Check
from provisioner.verify import devices, frameworks, packages
from provisioner.verify.probes import Interpreter, Probe, Seen, is_answer, is_for_people
from provisioner.verify.visible import Sight

_SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # Whoever is at work on the same GPU keeps what it has.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
_OF_GPUS = ("gpus", "precisions", "cudnn", "memory", "nccl")
"""The groups of checks that need a GPU."""
_PINS = "shell/verify/versions.py.j2"
_LAST_LINES = 6


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be proved, and of which machine's GPUs."""

    interpreter: Path
    plan: Plan
    """Its machine is the one that the proof is made on, as it is now, with the GPUs that count."""
    lock: str | None = None
    """The text of the ``pylock.toml``; None where nothing says what should be installed."""
    sight: Sight = Sight()
    gpus_planned: int = 0
    """How many of NVIDIA's GPUs there were when the plan was made."""
    cpu_wanted: bool = False
    """Whether somebody asked for the CPU, where the plan uses no GPU."""
    no_gpu: str | None = None
    """Why no GPU is looked at, where no plan of ours says so."""
    is_new: bool = False
    """Whether it is being made: bytecode may be left in it then."""
    made_at: float | None = None
    """When it was made, in seconds since 1970; None where it is new, or nobody's that we know."""


def prove(subject: Subject, tell: Progress = SILENT) -> tuple[Check, ...]:
    """Return all that was seen of an environment, what fails among it.

    ``tell`` hears how many checks are done, and what their programs print. Raises OutsideError
    ``program-not-found`` or ``program-not-runnable`` where there is no interpreter, ``uv-failed``
    for a lock that is none.
    """
    return tuple(_Proof(subject, tell).checks())


def proved(subject: Subject, tell: Progress = SILENT) -> tuple[Check, ...]:
    """As ``prove``; raises RefusedError ``environment-not-verified`` where anything fails."""
    checks = prove(subject, tell)
    failed = [check for check in checks if check.result == "fail"]
    if failed:
        lines = [f"{check.name}: {check.detail}" for check in failed]
        more = len(lines) - _LAST_LINES
        raise RefusedError(
            "environment-not-verified",
            "What was installed does not work, and was taken away again.",
            context=(
                *lines[:_LAST_LINES],
                *([f"and {more} more checks failed"] if more > 0 else []),
            ),
            hint="Ask for other versions, or for the processor alone (--gpu none)"
            if subject.plan.accelerator != "cpu"
            else "Ask for other versions",
            data={"plan": subject.plan, "checks": checks},
        )
    return checks


def notes(checks: Sequence[Check]) -> tuple[str, ...]:
    """What should be known of packages that dlsetup did not choose: which do not import."""
    return tuple(
        check.detail
        for check in checks
        if check.result == "not-applicable" and check.name.startswith("imports ")
    )


class _Proof:
    """One proof, as it is made."""

    def __init__(self, subject: Subject, tell: Progress) -> None:
        self._subject, self._tell = subject, tell
        wanted = subject.sight.of(subject.plan.machine.gpus)
        self._wanted = wanted if subject.plan.accelerator == "cuda" else ()
        others = tuple(gpu for gpu in subject.plan.machine.gpus if gpu.vendor != "nvidia")
        machine = msgspec.structs.replace(subject.plan.machine, gpus=(*self._wanted, *others))
        self._plan = msgspec.structs.replace(subject.plan, machine=machine)
        cpu = {"JAX_PLATFORMS": "cpu"} if self._plan.accelerator == "cpu" else {}
        variables = {**_SETTINGS, **subject.sight.variables, **cpu}
        self._python = Interpreter(subject.interpreter, variables, keep_bytecode=subject.is_new)

        self._done = 0
        self._of: int | None = None
        """How many checks there will be, as soon as that is known."""

    def checks(self) -> Iterator[Check]:
        """Make them, one after the other."""
        for number, check in enumerate(self._each(), start=1):
            yield check
            # Of those that are programs it was told when they ended; others are none.
            if number > self._done:
                self._count(number)

    def _each(self) -> Iterator[Check]:
        packages_seen = tuple(self._packages())
        yield from packages_seen
        before = len(packages_seen)
        shown: tuple[devices.Device, ...] = ()
        if self._plan.accelerator == "cuda":
            seen = self._one(devices.LISTING)
            shown = devices.devices(seen)
            planned = 0 if self._subject.sight.listed is not None else self._subject.gpus_planned
            yield devices.gpus_check(seen, self._wanted, planned)
            before += 1
        groups = tuple(frameworks.groups(self._plan, shown))
        others = frameworks.imports(self._plan)
        memory = tuple(_memory(number) for number in range(len(shown)))
        told = tuple(self._told(shown))
        self._of = before + sum(map(len, (*groups, others, memory, told)))
        for group in groups:
            yield from (one.check for one in self._python.seen(group, self._hear, chained=True))
        yield from (one.check for one in self._python.seen(others, self._hear))
        yield from (self._one(probe).check for probe in memory)
        yield from told

    def _packages(self) -> Iterator[Check]:
        pins = exact_versions(self._plan)
        listing = packages.listing(self._subject.made_at)
        probes = (listing, *((Probe("pins", _PINS, pins),) if pins else ()))
        seen, *planned = self._python.seen(probes, self._hear, chained=True)
        found = packages.installed(seen)
        if found is None:
            yield seen.check
            return
        yield packages.python_check(found, self._plan.python)
        if self._subject.lock is None:
            yield Check("versions", "not-applicable", "no lock says what should be installed")
        else:
            yield packages.versions_check(found, pylock.read(self._subject.lock))
        yield from (one.check for one in planned)
        yield packages.files_check(found)

    def _told(self, shown: Sequence[devices.Device]) -> Iterator[Check]:
        """What can be said without another look: why the rest does not apply."""
        if self._plan.accelerator != "cuda":
            yield from self._without_cuda()
        for number, device in enumerate(shown):
            if devices.formats(device.compute_capability) is None:
                told = f"which formats {device.compute_capability} computes in is not known"
                yield Check(f"precisions gpu {number}", "not-applicable", told)
        if len(shown) == 1:
            yield Check("nccl", "not-applicable", "there is one GPU")

    def _without_cuda(self) -> Iterator[Check]:
        if self._plan.accelerator != "cpu":
            why = f"the plan is for {self._plan.accelerator}; dlsetup looks so deep with CUDA only"
            yield from (Check(name, "not-applicable", why) for name in _OF_GPUS)
            return
        idle = ", ".join(gpu.name for gpu in self._subject.plan.machine.gpus)
        wanted, why = self._subject.cpu_wanted, self._subject.no_gpu or "the plan is for the CPU"
        told = why
        if idle and self._subject.no_gpu is None:
            told = (
                f"{why}, as was asked for; this machine has {idle}"
                if wanted
                else f"this machine has {idle}, and the environment does not use it"
            )
        first = Check("gpus", "fail" if idle and not wanted else "not-applicable", told)
        yield first
        yield from (Check(name, "not-applicable", why) for name in _OF_GPUS[1:])

    def _hear(self, line: str) -> None:
        if is_answer(line):
            self._count(self._done + 1)
        elif is_for_people(line):
            self._tell.line(line)

    def _count(self, done: int) -> None:
        self._done = done
        self._tell.count("checks", done, self._of)

    def _one(self, probe: Probe) -> Seen:
        return next(iter(self._python.seen((probe,), self._hear)))


def _memory(number: int) -> Probe:
    return Probe(f"memory gpu {number}", "verify/memory.py", (str(number),))
