"""One part of a file on one machine: what rules ask about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import DriverPackage
from provisioner.check import images, markers, own_drivers
from provisioner.check.images import KnownImage
from provisioner.check.remedy import Remedy
from provisioner.check.said import Package, Part, Python, Statement, SystemPackage
from provisioner.machine import Gpu, Machine, OperatingSystem
from provisioner.plan import Request
from provisioner.request import Wish, admits
from provisioner.resolve import question_of
from provisioner.resolve.drivers import scenarios
from provisioner.resolve.facts import Facts
from provisioner.version import at_least, is_dotted, numbers

_PACKAGED_PYTHON = re.compile(r"python(\d\.\d+)(-venv|-dev|-full)?")

_MADE_BESIDE = {"torchvision": frozenset({"torch"}), "torchaudio": frozenset({"torch"})}


class Ground:
    """A part, the machine that it meets and the catalog that judges it.

    ``python`` is the interpreter where the part names none.

    Raises RefusedError from ``gpus`` and what rests on it where the machine's GPUs are not known.
    """

    def __init__(
        self,
        part: Part,
        machine: Machine,
        catalog: Catalog,
        remedy: Remedy,
        *,
        python: str | None = None,
    ) -> None:
        self.part = part
        self.machine = machine
        self.catalog = catalog
        self.remedy = remedy
        self.python = python
        self._facts: dict[tuple[str, str], Facts] = {}

    def as_it_is_here(self) -> Ground:
        """The same without what is for other platforms, and what an image has already."""
        kept = tuple(
            marked
            for one in self.part.statements
            if self._is_for_this(one) and not self._is_there(one)
            if (marked := self._marked(one)) is not None
        )
        if kept == self.part.statements:
            return self
        part = msgspec.structs.replace(self.part, statements=kept)
        return Ground(part, self.machine, self.catalog, self.remedy, python=self.python)

    def with_python(self, version: str) -> Ground:
        """The same with another interpreter, where the part names none."""
        return Ground(self.part, self.machine, self.catalog, self.remedy, python=version)

    def _is_for_this(self, said: Statement) -> bool:
        platforms = said.platforms if isinstance(said, Package | Python) else ()
        return not platforms or self.facts.platform in platforms

    def _marked(self, said: Statement) -> Statement | None:
        """What stands behind a marker: as it is where that is true, gone where it is false."""
        if not isinstance(said, Package) or not said.marker:
            return said
        known = [row.version for row in self.catalog.pythons]
        fits = self.pythons(said.where)
        meant = self._still_mended if fits is None else [one for one in known if fits(one)]
        told = markers.holds(said.marker, self.machine, meant)
        if told is False:
            return None
        conditional = said.conditional or told is None
        return msgspec.structs.replace(said, marker="", conditional=conditional)

    @property
    def _still_mended(self) -> list[str]:
        """The Pythons that may be meant where nothing tells; the system's may be older."""
        here = (self.machine.os.id, self.machine.os.version)
        own = {row.python for row in self.catalog.systems if (row.id, row.version) == here}
        return [
            row.version
            for row in self.catalog.pythons
            if row.version in own
            or row.end_of_life is None
            or row.end_of_life >= self.catalog.checked[:7]
        ]

    def _is_there(self, said: Statement) -> bool:
        """Whether pip has nothing to do: a framework image holds any release of that.

        Those with torch hold what its project makes beside it.
        """
        if not isinstance(said, Package) or said.manager != "pip" or said.upgrades:
            return False
        if said.specifier or said.where or not self.images:
            return False
        held = {build.framework for image in self.images for build in image.builds}
        return said.name in held or bool(held & _MADE_BESIDE.get(said.name, frozenset()))

    @cached_property
    def images(self) -> tuple[KnownImage, ...]:
        """What is known of each image that the part names."""
        return tuple(images.known(self.catalog, image) for image in self.part.images())

    @cached_property
    def inside(self) -> Machine:
        """The machine as programs of this part see it: in an image another system, the same GPUs.

        Of an image whose system is not known nothing is taken from the machine's own.
        """
        if self.part.inside != "image":
            return self.machine
        here = self.machine.os
        wsl = here.wsl or here.id == "windows"
        name, _, version = (self._image_os or "linux-").partition("-")
        system = OperatingSystem(id=name, version=version, wsl=wsl)
        return msgspec.structs.replace(self.machine, os=system, tools={}, toolkits=())

    @property
    def _image_os(self) -> str | None:
        return next((image.os for image in self.images if image.os), None)

    @cached_property
    def facts(self) -> Facts:
        """The facts inside, where nothing in particular is asked for."""
        return self._made(self.inside, None)

    def facts_for(self, wish: Wish) -> Facts:
        """The facts inside, for one thing that is asked for. Raises RefusedError."""
        key = (wish.name, wish.specifier)
        if key not in self._facts:
            self._facts[key] = self._made(self.inside, wish)
        return self._facts[key]

    def _made(self, machine: Machine, wish: Wish | None) -> Facts:
        wishes = (wish,) if wish else ()
        request = Request(requirements=tuple(one.text for one in wishes))
        return question_of(machine, request, wishes, self.catalog).facts

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """NVIDIA's GPUs of the machine. Raises RefusedError for one that nobody knows."""
        return self.facts.gpus

    @cached_property
    def drivers(self) -> tuple[str, ...]:
        """The driver that runs, or those that could; and what this part itself installs.

        A driver that is installed in an image drives nothing.
        """
        installed = self.part.system_packages() if self.part.inside != "image" else ()
        own = tuple(
            version
            for package in installed
            if (row := self.driver_package(package)) and (version := _upstream(row))
        )
        driver = self.machine.driver
        if driver and driver.version:
            return (driver.version, *own)
        facts = self._made(self.machine, None)
        return tuple(one.version for way in scenarios(facts) for one in way.choices) + own

    def driver_reaches(self, floor: str) -> bool:
        """Whether the driver that runs, or one that could, is as new as that.

        Of one that the part itself installs the name may tell the branch alone, or nothing.
        """
        if any(_may_reach(one, floor) for one in own_drivers.told(self.part)):
            return True
        return any(is_dotted(one) and at_least(one, floor) for one in self.drivers)

    def driver_told(self) -> str:
        """The driver that there is, or the newest that there could be, in words."""
        driver = self.machine.driver
        if driver and driver.version:
            return f"this machine has {driver.version}"
        newest = self.drivers[0] if self.drivers else "none"
        for version in self.drivers:
            newest = version if at_least(version, newest) else newest
        return f"the newest known for its GPUs is {newest}"

    def driver_package(self, package: SystemPackage) -> DriverPackage | None:
        """The driver that a package really installs here; None for any other package."""
        here = f"{self.inside.os.id}-{self.inside.os.version}"
        for row in self.catalog.driver_packages:
            if row.os == here and package.name in {row.package, *row.redirects}:
                return row
        return None

    def pythons(self, where: str = "") -> Callable[[str], bool] | None:
        """Which Pythons an environment may have; None where nothing tells."""
        told = [one.specifier for one in self.part.pythons() if one.where in {where, ""}]
        told = told or [one.specifier for one in self.part.pythons()]
        if told:
            return lambda version: _within(told[-1], version)
        version = next((image.python for image in self.images if image.python), None)
        if version is None and self.part.inside == "image" and not self._brings_python:
            row = self.facts.system
            version = row.python if row else None
        version = version or self.python
        return None if version is None else lambda other: other == version

    @property
    def _brings_python(self) -> bool:
        conda = any(package.manager == "conda" for package in self.part.packages())
        return conda or any(
            _PACKAGED_PYTHON.fullmatch(one.name) for one in self.part.system_packages()
        )


def _within(specifier: str, version: str) -> bool:
    """Whether a minor release of Python, ``3.12``, has a patch release within a range."""
    try:
        return admits(specifier, version) or admits(specifier, f"{version}.99")
    except ValueError:
        return True


def _may_reach(told: str, floor: str) -> bool:
    """Whether a driver, of which the name tells that much, may be as new as that."""
    if "." in told:
        return at_least(told, floor)
    return not told or numbers(told) >= numbers(floor)[:1]


def _upstream(row: DriverPackage) -> str | None:
    text = (row.version or "").split(":")[-1].split("-")[0]
    return text if is_dotted(text) else None
