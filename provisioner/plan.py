"""Plan: the one answer that every output is printed from.

A Plan is a frozen value that can be saved as JSON, compared and fed back to ``render``.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from provisioner.machine import Machine


class Serve(msgspec.Struct, frozen=True):
    """How one GPU of the machine is served: by which code of the build, and of which kind."""

    gpu: str
    by: str
    """``sm_86`` or ``gfx1100`` for machine code, ``compute_90`` for PTX that the driver compiles;
    Intel's code name where a document alone speaks for the build."""
    kind: str
    """``sass``, ``ptx``, or ``validated``: the publisher's document names the GPU."""


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One package at one version of one build, and why it was taken."""

    name: str
    version: str
    variant: str = "default"
    index: str | None = None
    """Address of the package index; None is the default index of the installer."""
    index_holds_dependencies: bool = False
    """Its dependencies too come from that index first, not from the default one."""
    cuda: str | None = None
    cudnn: str | None = None
    serves: tuple[Serve, ...] = ()
    evidence: str = "measured"
    """``measured`` or ``announced``."""
    why: tuple[str, ...] = ()
    requirement: str | None = None
    """What the installer is asked for, ``tensorflow[and-cuda]==2.21.0``; None inside an image."""
    channel: str | None = None
    """The conda channel, where the package comes from one."""


class DriverPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What has to happen to the driver.

    ``action`` is keep, install, upgrade, ensure (not known: the script looks) or none.
    """

    action: str
    current: str | None = None
    minimum: str | None = None
    branch: str | None = None
    flavour: str | None = None
    last_branch: str | None = None
    """The newest branch that drives all GPUs; None where every newer one does."""
    package: str | None = None
    """The system package that installs the branch on this system, where the catalog knows one."""

    @property
    def needed(self) -> str:
        """Which drivers will do, in words: ``450.80.02 or later, of branch 470 at most``."""
        floor = f"{self.minimum} or later" if self.minimum else "any"
        return floor + (f", of branch {self.last_branch} at most" if self.last_branch else "")


class HostCompiler(msgspec.Struct, frozen=True, kw_only=True):
    """The C++ compiler that nvcc calls."""

    program: str
    """``g++``, or that of an older release beside it, ``g++-12``."""
    newest: str
    """The newest major release of gcc that the nvcc of the plan accepts."""
    package: str | None = None
    """The system's package that brings it, where the catalog knows one."""


class Constraint(msgspec.Struct, frozen=True):
    """A cap on a package that nobody asked for, and the error it prevents."""

    requirement: str
    reason: str
    evidence: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do: how to see that it is done, how to do it, and what it needs."""

    id: str
    title: str
    check: tuple[tuple[str, ...], ...] = ()
    run: tuple[tuple[str, ...], ...] = ()
    needs: tuple[str, ...] = ()
    """Some of root, network, reboot, disk."""


class Alternative(msgspec.Struct, frozen=True):
    """One change and what it would give."""

    change: str
    gives: str


class Refused(msgspec.Struct, frozen=True):
    """A candidate that was not taken, and the fact that decided it."""

    candidate: str
    reference: str
    reason: str
    evidence: str


class Warning(msgspec.Struct, frozen=True):
    """Something to know that does not stop the plan; ``reference`` is kebab-case."""

    reference: str
    message: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, in the words of the user, in the order asked."""

    requirements: tuple[str, ...]
    companions: tuple[str, ...] = ()
    """Packages that the catalog does not choose: handed to the installer as they stand."""
    host: tuple[str, ...] = ()
    """What the machine itself gets beside an environment: ``nvidia-container-toolkit``."""
    profiles: tuple[str, ...] = ()
    """The predefined requests that the words came from."""
    python: str | None = None
    requires_python: str | None = None
    """A range of Pythons that a file of requirements asks for."""
    via: str | None = None
    keep_driver: bool = False
    pre: bool = False
    """Pre-releases are wanted too, where the catalog has any."""


ANYTHING = Request(requirements=())
"""Nobody said how a plan is to be."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to install on which machine, why, and why not the rest."""

    machine: Machine
    request: Request
    via: str
    """``pip``, ``conda`` or ``container``."""
    python: str
    accelerator: str
    """``cuda``, ``rocm``, ``xpu``, ``mps`` or ``cpu``."""
    cuda: str | None
    cudnn: str | None
    driver: DriverPlan
    pins: tuple[Pin, ...]
    image: str | None = None
    host_compiler: HostCompiler | None = None
    """What nvcc compiles with, where a wheel brings nvcc; a channel brings its own."""
    download_bytes: int | None = None
    disk_bytes: int | None = None
    constraints: tuple[Constraint, ...] = ()
    steps: tuple[Step, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    refused: tuple[Refused, ...] = ()
    warnings: tuple[Warning, ...] = ()
    notes: tuple[Warning, ...] = ()
    """What is good to know and asks for nothing to be done."""

    @property
    def is_for_host(self) -> bool:
        """Whether the machine alone is meant: there is no environment to make."""
        return bool(self.request.host) and not self.pins and not self.request.companions

    @property
    def nvcc(self) -> Pin | None:
        """The pin of CUDA's compiler, where the plan has one."""
        return next((pin for pin in self.pins if pin.name == "nvcc"), None)

    @property
    def targets(self) -> tuple[str, ...]:
        """What that compiler makes code for, ``sm_89``, each once; nothing without a GPU."""
        return tuple(dict.fromkeys(serve.by for serve in self.nvcc.serves)) if self.nvcc else ()


def digest(plan: Plan) -> str:
    """A short name for what was planned: the same for the same request, pins, Python and caps.

    A lock holds it, and an image of the plan bears it as a label. What the machine itself gets
    has no part in it.
    """
    asked = msgspec.to_builtins(plan.request)
    del asked["host"]
    told = (
        asked,
        plan.via,
        plan.python,
        plan.accelerator,
        [_named(pin) for pin in plan.pins],
        [pin.requirement for pin in plan.pins],
        [cap.requirement for cap in plan.constraints],
        plan.machine.os_name,
        plan.machine.arch,
    )
    return sha256(msgspec.json.encode(told)).hexdigest()[:16]


def _named(pin: Pin) -> dict[str, str]:
    """Which build of which version a pin is, without what goes without saying."""
    named = {"name": pin.name, "version": pin.version}
    if pin.variant != "default":
        named["variant"] = pin.variant
    if pin.index is not None:
        named["index"] = pin.index
    return named
