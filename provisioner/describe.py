"""Which machine is meant: this one, a saved one, or one described by options and overrides.

When a GPU, an operating system, an architecture or a machine file is named, nothing is taken
from this machine, and every assumption becomes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from provisioner import saved
from provisioner.catalog import newer
from provisioner.catalog.find import ROLLING, driver_branch, gpu_by_word, gpu_rows, system
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Warning
from provisioner.version import is_dotted

_ASSUMED_OS = "ubuntu-24.04"
_ASSUMED_ARCH = "x86_64"
_ARCHES = ("x86_64", "aarch64")
_SOURCE = "option"
_NOT_LINUX = ("windows", "macos")
"""Families of systems that cannot be what runs inside WSL2."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The machine options, as typed."""

    machine_file: str | None = None
    gpus: tuple[str, ...] = ()
    driver: str | None = None
    os: str | None = None
    arch: str | None = None
    narrow: bool = False
    """They may only narrow this machine: to some of its GPUs, or to none."""

    @property
    def from_afar(self) -> bool:
        """Whether another machine than this one is described."""
        if self.narrow:
            return False
        gpu = bool(self.gpus) and self.gpus != ("none",)
        return gpu or any((self.machine_file, self.os, self.arch))


def described(
    options: Options,
    catalog: Catalog,
    detect: Callable[[], tuple[Machine, tuple[Warning, ...]]],
) -> tuple[Machine, tuple[Warning, ...]]:
    """Return the machine that is meant and what had to be assumed about it.

    Raises UsageError for options that cannot be understood (``unknown-gpu``, ``bad-driver``, …).
    """
    warnings: tuple[Warning, ...] = ()
    if options.narrow:
        machine, warnings = detect()
        return _narrowed(machine, options, catalog), warnings
    if options.machine_file:
        machine = read_machine(Path(options.machine_file))
    elif options.from_afar:
        machine, warnings = _from_afar(options)
    else:
        machine, warnings = detect()
    machine = _overlaid(machine, options, catalog)
    nvidia = any(gpu.vendor == "nvidia" for gpu in machine.gpus)
    if options.from_afar and nvidia and not machine.driver_is_known:
        text = "The driver is not known: the plan says what it must be. Name it with --driver."
        warnings = (*warnings, Warning("driver-not-known", text))
    return machine, warnings


def read_machine(path: Path) -> Machine:
    """Read a saved ``detect --json``, or its ``machine`` alone.

    Raises UsageError ``bad-machine-file``.
    """
    try:
        machine = saved.read(path, "machine", Machine)
    except ValueError as error:
        raise _bad_file(path, str(error)) from error
    known = machine.sources or {"os": "file", "arch": "file", "gpus": "file"}
    sources = dict.fromkeys(known, "file")
    if machine.driver is not None:
        sources["driver"] = "file"
    _check_values(machine, path)
    return msgspec.structs.replace(machine, sources=sources)


def _check_values(machine: Machine, path: Path) -> None:
    for gpu in machine.gpus:
        text = gpu.compute_capability
        if text is not None and not re.fullmatch(r"\d{1,2}\.\d", text):
            raise _bad_file(path, f"{text!r} is not a compute capability such as 8.6")
    version = machine.driver.version if machine.driver else None
    if version is not None and not is_dotted(version):
        raise _bad_file(path, f"{version!r} is not a driver version such as 535.183.01")


def _from_afar(options: Options) -> tuple[Machine, tuple[Warning, ...]]:
    warnings = []
    if options.os is None:
        text = f"The operating system is taken to be {_ASSUMED_OS}. Name another with --os."
        warnings.append(Warning("assumed-os", text))
    if options.arch is None:
        text = f"The processor is taken to be {_ASSUMED_ARCH}. Name another with --arch."
        warnings.append(Warning("assumed-arch", text))
    on_apple = (options.os or "").lower().startswith("macos-") and options.arch is not None
    if not options.gpus and not (on_apple and _arch(options.arch or "") == "aarch64"):
        text = "No GPU was named: this plan computes on the CPU. Name one with --gpu."
        warnings.append(Warning("assumed-no-gpu", text))
    assumed_id, _, assumed_version = _ASSUMED_OS.partition("-")
    machine = Machine(
        os=OperatingSystem(id=assumed_id, version=assumed_version), arch=_ASSUMED_ARCH
    )
    return machine, tuple(warnings)


def _overlaid(machine: Machine, options: Options, catalog: Catalog) -> Machine:
    """Put the options on top of a machine."""
    changes: dict[str, object] = {}
    sources = dict(machine.sources)
    if options.os is not None:
        changes["os"] = parse_os(options.os, catalog)
        sources["os"] = _SOURCE
    if options.arch is not None:
        changes["arch"] = _arch(options.arch)
        sources["arch"] = _SOURCE
    if options.gpus:
        changes["gpus"] = _gpus(options.gpus, catalog)
        sources["gpus"] = _SOURCE
    if options.driver is not None:
        system_now = changes.get("os", machine.os)
        windows = isinstance(system_now, OperatingSystem) and (
            system_now.wsl or system_now.id == "windows"
        )
        changes["driver"] = parse_driver(options.driver, catalog, windows=windows)
        sources["driver"] = _SOURCE
    return msgspec.structs.replace(machine, **changes, sources=sources) if changes else machine


def _narrowed(machine: Machine, options: Options, catalog: Catalog) -> Machine:
    """Return this machine with the GPUs that were named and no others.

    Raises UsageError ``not-this-machine`` for anything that it is not, or has not.
    """
    given = {
        "--machine": options.machine_file,
        "--driver": options.driver,
        "--os": options.os,
        "--arch": options.arch,
    }
    other = [option for option, value in given.items() if value]
    if other:
        raise _not_this_machine(f"{other[0]} describes a machine, and this one is as it is")
    if not options.gpus:
        return machine
    left, kept = list(machine.gpus), []
    for word, named in zip(options.gpus, _gpus(options.gpus, catalog), strict=False):
        here = next((own for own in left if _is_meant(own, word, named, catalog)), None)
        if here is None:
            raise _not_this_machine(f"it has no {word[:60]} beside those named before")
        left.remove(here)
        kept.append(here)
    return msgspec.structs.replace(
        machine,
        gpus=tuple(sorted(kept, key=machine.gpus.index)),
        sources={**machine.sources, "gpus": _SOURCE},
    )


def _is_meant(own: Gpu, word: str, named: Gpu, catalog: Catalog) -> bool:
    """Whether a word means a GPU that was found: by its product, or by what it runs."""
    if re.fullmatch(r"(sm_)?[\d.]+[af]?|gfx\w+", word.strip().lower()):
        runs = (own.vendor, own.compute_capability or own.architecture)
        return runs == (named.vendor, named.compute_capability or named.architecture)
    if named.name == own.name:
        return True
    try:
        asked, mine = ({row.name for row in gpu_rows(catalog, name)} for name in (word, own.name))
    except UsageError:
        return False
    return not asked.isdisjoint(mine)


def _not_this_machine(reason: str) -> UsageError:
    return UsageError(
        "not-this-machine",
        "This verb works on this machine, and another one was described.",
        context=(reason,),
        hint="Name GPUs that it has, or none (--gpu none); for other machines: dlsetup lock, "
        "dlsetup render script",
    )


def parse_os(text: str, catalog: Catalog) -> OperatingSystem:
    """Read ``ubuntu-22.04`` or ``ubuntu-22.04-wsl2``. Raises UsageError ``unknown-os``.

    Inside WSL2 there is always a Linux: ``windows-11-wsl2`` does not say which.
    """
    folded = text.strip().lower()
    name, wsl = (folded[:-5], True) if folded.endswith("-wsl2") else (folded, False)
    os_id, _, version = name.rpartition("-")
    row = system(catalog, os_id, version) or system(catalog, name, ROLLING)
    if row is None or (wsl and row.family in _NOT_LINUX):
        known = ", ".join(f"{row.id}-{row.version}" for row in catalog.systems)
        ended = next(
            (one for one in catalog.ended_systems if f"{one.id}-{one.version}" == name), None
        )
        raise UsageError(
            "unknown-os",
            f"The catalog does not know the operating system {text[:60]!r}."
            if ended is None
            else f"No plan is made for {name}: its support ended in {ended.end_of_life}.",
            context=(f"it knows {known}",),
            hint="Write NAME-VERSION, such as ubuntu-22.04 or ubuntu-22.04-wsl2.",
        )
    libc = f"glibc {row.glibc}" if row.glibc else None
    return OperatingSystem(id=row.id, version=row.version, wsl=wsl, libc=libc)


def parse_driver(text: str, catalog: Catalog, *, windows: bool = False) -> Driver | None:
    """Read a full or partial driver version, or ``none``; on WSL2 it is the Windows driver's.

    A branch alone means its first known release. Raises UsageError ``bad-driver`` for nonsense
    and ``unknown-driver`` for a branch that the catalog does not know.
    """
    folded = text.strip().lower()
    if folded == "none":
        return None
    if not is_dotted(folded) or not re.fullmatch(r"\d{2,4}(\.\d{1,4}){0,2}", folded):
        raise UsageError(
            "bad-driver",
            f"{text[:60]!r} is not a driver version.",
            hint="Write it as nvidia-smi does (535.183.01), its branch (535), or none.",
        )
    branch = folded.split(".")[0]
    row = driver_branch(catalog, folded, windows=windows)
    if row is None:
        newest = [row.branch for row in catalog.drivers if row.first_version]
        raise UsageError(
            "unknown-driver",
            f"The catalog does not know driver branch {branch}.",
            context=(f"it knows {newest[0]} to {newest[-1]}",),
            hint=f"Check the number; {newer.DRIVER_BRANCHES}",
        )
    return Driver(version=folded if windows else _first_release(folded, row.first_version))


def _first_release(text: str, first: str | None) -> str | None:
    """The release that a partial version means: the branch's first, where it begins so."""
    begins_so = first is not None and f"{first}.".startswith(f"{text}.")
    return first if begins_so or "." not in text else text


def _gpus(words: tuple[str, ...], catalog: Catalog) -> tuple[Gpu, ...]:
    if any(word.strip().lower() == "none" for word in words):
        if len(words) > 1:
            raise UsageError(
                "bad-gpu",
                "--gpu none means the CPU and cannot stand beside a GPU.",
                hint="Name the GPUs, or none alone.",
            )
        return ()
    return tuple(gpu_by_word(catalog, word) for word in words)


def _arch(text: str) -> str:
    folded = {"amd64": "x86_64", "arm64": "aarch64"}.get(text.lower(), text.lower())
    if folded not in _ARCHES:
        raise UsageError(
            "unknown-arch",
            f"{text[:40]!r} is not a processor architecture that plans are made for.",
            hint="Use x86_64 or aarch64.",
        )
    return folded


def _bad_file(path: Path, reason: str) -> UsageError:
    return UsageError(
        "bad-machine-file",
        f"{path} is not a saved machine.",
        context=(reason,),
        hint="Save one with: dlsetup detect --json > machine.json",
    )
