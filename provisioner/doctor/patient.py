"""The machine that symptoms speak of, and what the resolver would put on it."""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

from provisioner.catalog.find import ROLLING, system
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import OperatingSystemRow
from provisioner.doctor.symptoms import Symptoms
from provisioner.errors import DlsetupError
from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import ANYTHING, Plan, Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from provisioner.version import is_dotted

_FRAMEWORKS = ("torch", "tensorflow", "jax", "onnxruntime-gpu", "cupy")
_BARE = re.compile(r"gfx[0-9a-f]+|(?:sm_)?\d+(?:\.\d+)?")


class Patient:
    """Symptoms and the machine that they are of; plans are made once each.

    ``machine`` is the one that was looked at, or was described ``from_afar``; without it, as much
    of one as the symptoms tell. ``wanted`` says how somebody wants plans to be: the Python, the way
    of installing, the driver as it is.
    """

    def __init__(
        self,
        symptoms: Symptoms,
        catalog: Catalog,
        machine: Machine | None = None,
        *,
        from_afar: bool = False,
        wanted: Request = ANYTHING,
    ) -> None:
        self.symptoms = symptoms
        self.catalog = catalog
        self.seen = machine
        self.from_afar = from_afar
        self.wanted = wanted
        self._plans: dict[tuple[str, str, bool], Plan | DlsetupError] = {}

    @cached_property
    def framework(self) -> str:
        """What somebody wants to run: the framework that is named first, else PyTorch."""
        named = (one.name for one in self.symptoms.packages if one.name in _FRAMEWORKS)
        first = next(named, None)
        if first:
            return first
        places = {name: self.symptoms.text.find(name) for name in _FRAMEWORKS}
        spoken = [name for name, at in places.items() if at >= 0]
        return min(spoken, key=lambda name: places[name], default="torch")

    @cached_property
    def system(self) -> OperatingSystemRow | None:
        """The row of the machine's operating system, where both are known."""
        os = self.machine.os
        return system(self.catalog, os.id, os.version) if os.version or os.id else None

    @cached_property
    def machine(self) -> Machine:
        """The machine, as far as it is known."""
        if self.seen is not None:
            return self.seen
        told = self.symptoms
        driver = told.driver if is_dotted(told.driver) else ""
        return Machine(
            os=OperatingSystem(
                id=told.os_id or "linux",
                version=self._version,
                wsl=told.wsl,
                libc=f"glibc {told.glibc}" if told.glibc else None,
            ),
            arch=told.arch or "x86_64",
            gpus=_distinct(told.gpus),
            driver=Driver(version=driver, cuda=told.driver_cuda or None) if driver else None,
            sources={"gpus": "file", "os": "file", **({"driver": "file"} if driver else {})},
        )

    @property
    def _version(self) -> str:
        """The release that was named, or the only one that there is a row of."""
        told = self.symptoms
        rows = [row for row in self.catalog.systems if row.id == told.os_id]
        if told.os_version or len(rows) != 1 or rows[0].version == ROLLING:
            return told.os_version
        return rows[0].version

    def on(self, machine: Machine, *, from_afar: bool = False) -> Patient:
        """The same symptoms on another machine, which may be one that is only described."""
        return Patient(
            self.symptoms,
            self.catalog,
            machine,
            from_afar=self.from_afar or from_afar,
            wanted=self.wanted,
        )

    @cached_property
    def without_driver(self) -> Patient:
        """The same machine, whose driver may be replaced by any other."""
        sources = {**self.machine.sources, "driver": "none"}
        return self.on(msgspec.structs.replace(self.machine, driver=None, sources=sources))

    @cached_property
    def of_any_driver(self) -> Patient:
        """The same machine, whose driver nobody named."""
        sources = {name: by for name, by in self.machine.sources.items() if name != "driver"}
        return self.on(msgspec.structs.replace(self.machine, driver=None, sources=sources))

    def plan(self, words: str, python: str = "", *, keep_driver: bool = False) -> Plan | None:
        """The plan for some requirements; None where there is none."""
        found = self._planned(words, python, keep_driver=keep_driver)
        return found if isinstance(found, Plan) else None

    def refusal(self, words: str) -> str | None:
        """Why there is no plan for some requirements; None where there is one."""
        found = self._planned(words, "", keep_driver=False)
        return None if isinstance(found, Plan) else found.message

    @cached_property
    def _profiles(self) -> dict[str, tuple[str, ...]]:
        """What each profile holds; a word that is a framework too is the framework."""
        rows = self.catalog.profiles
        return {row.name: row.requirements for row in rows if row.name not in _FRAMEWORKS}

    def _planned(self, words: str, python: str, *, keep_driver: bool) -> Plan | DlsetupError:
        key = (words, python, keep_driver)
        if key not in self._plans:
            try:
                held = self._profiles
                listed = tuple(text for word in words.split() for text in held.get(word, (word,)))
                wishes = tuple(parse_wish(word) for word in listed)
                request = msgspec.structs.replace(
                    self.wanted,
                    requirements=listed,
                    python=python or self.wanted.python,
                    keep_driver=keep_driver or self.wanted.keep_driver,
                )
                question = question_of(self.machine, request, wishes, self.catalog)
                self._plans[key] = resolve(question)
            except DlsetupError as error:
                self._plans[key] = error
        return self._plans[key]

    @property
    def options(self) -> tuple[str, ...]:
        """The machine in the words of the command line; none for the one that was looked at."""
        if (self.seen is not None and not self.from_afar) or not self.machine.gpus:
            # Without a GPU the words would describe another machine, one that has none.
            return ()
        words: list[str] = []
        for gpu in self.machine.gpus:
            words += ["--gpu", gpu.name]
        if self.system is not None:
            words += ["--os", self.machine.os_name]
        if self.machine.arch == "aarch64":
            words += ["--arch", "aarch64"]
        return tuple(words)


def _distinct(gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    """GPUs without bare targets (``gfx1201``, ``12.0``) beside the product that has one."""
    named = [gpu for gpu in gpus if not _BARE.fullmatch(gpu.name)]
    vendors = {gpu.vendor for gpu in named}
    return tuple(gpu for gpu in gpus if gpu in named or gpu.vendor not in vendors)
