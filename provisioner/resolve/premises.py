"""What a question takes as given, and how each of it could be otherwise.

A question is a machine, what is asked of it and by which ways. Each premise (the driver, a GPU,
``--python``, another wish) can be let go by itself; what cannot be had under some premises and can
without any one of them is decided by those, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from provisioner.errors import RefusedError
from provisioner.machine import Gpu, Machine, OperatingSystem
from provisioner.request import Wish, parse_wish
from provisioner.resolve.drivers import Scenario, scenarios
from provisioner.resolve.facts import Facts
from provisioner.resolve.search import Routes, Solution, search

_ANY_LATER = "glibc 999"
_ARCHES = ("x86_64", "aarch64")
ASSUMED = "assumed"


class Question(msgspec.Struct, frozen=True, eq=False):
    """What is asked, of which machine, along which routes.

    ``open_routes`` are those that it would have without ``--via``.
    """

    facts: Facts
    wishes: tuple[Wish, ...]
    routes: Routes
    open_routes: Routes

    def solve(self) -> Solution | None:
        """The best answer, None where there is none."""
        try:
            return search(self.facts, self.wishes, self.routes)
        except RefusedError:
            return None

    def of_machine(self, **changes: Any) -> Question:
        """The same of a machine that differs."""
        machine = msgspec.structs.replace(self.facts.machine, **changes)
        return msgspec.structs.replace(self, facts=self.facts.changed(machine=machine))

    def of_request(self, **changes: Any) -> Question:
        """The same in other words."""
        request = msgspec.structs.replace(self.facts.request, **changes)
        return msgspec.structs.replace(self, facts=self.facts.changed(request=request))

    def for_wishes(self, *wishes: Wish) -> Question:
        """The same machine, asked for something else."""
        return msgspec.structs.replace(self, wishes=wishes)

    def scenarios(self) -> tuple[Scenario, ...]:
        """What may happen to the driver; nothing where no driver would do."""
        try:
            return scenarios(self.facts)
        except RefusedError:
            return ()


class Premise(msgspec.Struct, frozen=True, eq=False):
    """One thing taken as given; ``otherwise`` yields the question with every other value of it."""

    name: str
    """``platform``, ``gpu``, ``libc``, ``cpu``, ``driver``, ``python``, ``via`` or ``wish``."""
    text: str
    source: str
    otherwise: Callable[[Question], Iterator[Question]]
    gpu: Gpu | None = None
    wish: Wish | None = None

    @property
    def kind(self) -> str:
        """``wish`` for what somebody asked for, ``machine`` for what there is."""
        return "wish" if self.name in {"python", "via", "wish"} else "machine"


def premises(question: Question, about: Wish | None = None) -> tuple[Premise, ...]:
    """Everything that a question takes as given beside ``about``; the hardest to change first."""
    facts = question.facts
    found = [_platform(facts), *_gpus(facts), *_libc(facts), *_cpu(facts)]
    if facts.machine.gpus and facts.machine.driver_is_known:
        found.append(_driver(facts))
    found += _choices(facts)
    found += [
        Premise("wish", wish.text, "", _without_wish(wish), wish=wish)
        for wish in question.wishes
        if about is None or wish.name != about.name
    ]
    return tuple(found)


def _source(machine: Machine, fact: str) -> str:
    return machine.sources.get(fact, ASSUMED)


def _platform(facts: Facts) -> Premise:
    machine = facts.machine
    source = _source(machine, "arch")

    def otherwise(question: Question) -> Iterator[Question]:
        yield question
        if len(question.wishes) > 1:  # what fights here is not looked for elsewhere
            return
        here = question.facts
        libc = f"glibc {here.glibc}" if here.glibc else here.machine.os.libc
        system = OperatingSystem(id="linux", version="0", wsl=here.machine.os.wsl, libc=libc)
        for arch in _ARCHES:
            changed = question.of_machine(os=system, arch=arch)
            if changed.facts.platform != here.platform:
                yield changed

    return Premise("platform", facts.platform, source, otherwise)


def _gpus(facts: Facts) -> Iterator[Premise]:
    """The GPUs that have to be used, each kind once."""
    try:
        used = facts.gpus or facts.devices
    except RefusedError:
        used = facts.machine.gpus
    source = _source(facts.machine, "gpus")
    for gpu in {(gpu.name, gpu.compute_capability): gpu for gpu in used}.values():
        what = gpu.compute_capability or gpu.architecture
        text = gpu.name if what is None or what in gpu.name else f"{gpu.name} ({what})"
        text = f"compute capability {what}" if gpu.compute_capability == gpu.name else text
        yield Premise("gpu", text, source, _without_gpu(gpu), gpu=gpu)


def _without_gpu(gpu: Gpu) -> Callable[[Question], Iterator[Question]]:
    """Beside other GPUs one is left out; in place of the only kind any other is looked at."""

    def otherwise(question: Question) -> Iterator[Question]:
        kept = tuple(
            other
            for other in question.facts.machine.gpus
            if (other.name, other.compute_capability) != (gpu.name, gpu.compute_capability)
        )
        if any(other.vendor == "nvidia" for other in kept):
            yield question.of_machine(gpus=kept)
            return
        yield question
        for other in _of_each_capability(question.facts):
            yield question.of_machine(gpus=(other,))

    return otherwise


def _of_each_capability(facts: Facts) -> Iterator[Gpu]:
    """A GPU of every capability that a card can have; those that most runs on first."""
    rows = [row for row in facts.catalog.architectures if not row.tegra]
    for row in sorted(rows, key=lambda row: row.last_driver_branch is not None):
        name = f"a GPU of capability {row.compute_capability}"
        yield Gpu(name=name, compute_capability=row.compute_capability, architecture=row.name)


def _libc(facts: Facts) -> Iterator[Premise]:
    libc = facts.other_libc or (f"glibc {facts.glibc}" if facts.glibc else None)
    if libc is None:
        return

    def otherwise(question: Question) -> Iterator[Question]:
        system = msgspec.structs.replace(question.facts.machine.os, libc=_ANY_LATER)
        yield question.of_machine(os=system)

    yield Premise(
        "libc", f"{facts.machine.os_name} with {libc}", _source(facts.machine, "os"), otherwise
    )


def _cpu(facts: Facts) -> Iterator[Premise]:
    cpu = facts.machine.cpu
    if not cpu.flags:
        return

    def otherwise(question: Question) -> Iterator[Question]:
        yield question.of_machine(cpu=msgspec.structs.replace(cpu, flags=()))

    text = (cpu.name or "its CPU") + (f" ({cpu.level})" if cpu.level else "")
    yield Premise("cpu", text, _source(facts.machine, "cpu"), otherwise)


def without_driver(question: Question) -> Question:
    """The same machine before anybody chose its driver."""
    sources = {
        key: value for key, value in question.facts.machine.sources.items() if key != "driver"
    }
    return question.of_machine(driver=None, sources=sources).of_request(keep_driver=False)


def _driver(facts: Facts) -> Premise:
    driver = facts.machine.driver
    version = driver.version if driver else None
    text = f"driver {version}" if version else "no driver"

    def otherwise(question: Question) -> Iterator[Question]:
        yield without_driver(question)

    return Premise("driver", text, _source(facts.machine, "driver"), otherwise)


def _choices(facts: Facts) -> Iterator[Premise]:
    """What was asked for beside packages; a companion too may bind NVIDIA's packages."""
    request = facts.request

    def any_python(question: Question) -> Iterator[Question]:
        yield question.of_request(python=None, requires_python=None)

    def any_route(question: Question) -> Iterator[Question]:
        opened = msgspec.structs.replace(question, routes=question.open_routes)
        yield opened.of_request(via=None)

    if request.python or request.requires_python:
        text = f"Python {request.python or request.requires_python}"
        yield Premise("python", text, "option" if request.python else "file", any_python)
    if request.via:
        yield Premise("via", f"--via {request.via}", "option", any_route)
    capped = {parse_wish(cap.requirement).name for cap in facts.catalog.caps}
    for wish in map(parse_wish, request.companions):
        of_nvidia = wish.name.startswith("nvidia-") and bool(facts.machine.gpus)
        bound = wish.name in facts.catalog.contents.companions or of_nvidia
        if bound or (wish.name in capped and wish.specifier):
            yield Premise("wish", wish.text, "", _without_companion(wish.text), wish=wish)


def _without_companion(text: str) -> Callable[[Question], Iterator[Question]]:
    def otherwise(question: Question) -> Iterator[Question]:
        kept = tuple(other for other in question.facts.request.companions if other != text)
        yield question.of_request(companions=kept)

    return otherwise


def _without_wish(wish: Wish) -> Callable[[Question], Iterator[Question]]:
    def otherwise(question: Question) -> Iterator[Question]:
        yield question.for_wishes(*(other for other in question.wishes if other.name != wish.name))

    return otherwise
