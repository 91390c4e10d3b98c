"""A bundle → an environment, on the way that every environment is made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from provisioner import lock_check, scratch, settings, up, workflow
from provisioner.bundle.manifest import OFFLINE_LOCK, PYTHON, Carried
from provisioner.bundle.offline_lock import offline_lock
from provisioner.bundle.opened import Bundle, opened
from provisioner.describe import Options
from provisioner.environments import installed, store
from provisioner.environments.build import already, made
from provisioner.environments.hold import held
from provisioner.environments.same import Wanted
from provisioner.errors import RefusedError
from provisioner.lock import Uv, fit
from provisioner.lock.sources import Sources
from provisioner.machine import Interpreter, Machine
from provisioner.plan import Pin, Plan, Serve, Warning
from provisioner.progress import Progress
from provisioner.room import CACHE, HOME, Need, places_of, shares
from provisioner.settings import Settings
from provisioner.version import numbers


def install(
    path: Path, name: str | None, gpus: tuple[str, ...], tell: Progress, *, replace: bool = False
) -> up.Made:
    """Make the environment of a bundle on this machine, or leave it where it is already just so.

    ``name`` is another one than the bundle's; ``gpus`` name those of this machine that it may
    use, as ``--gpu`` does. Nothing is asked of the network. ``replace`` lets it take the place of
    an environment that holds something else. Raises UsageError ``bad-bundle``, RefusedError
    ``bundle-does-not-fit`` and ``environment-exists``, and what ``hold.held`` and ``build.made``
    raise; after any of it, everything is as it was.
    """
    with opened(path) as bundle:
        options = Options(gpus=gpus, narrow=True)
        machine, warnings = workflow.machine_of(options)
        plan, more = _fitted(bundle, machine)
        name = name or bundle.manifest.name
        with held(name) as folder:
            pointer = store.own(folder)
            up.clear_away(folder, offline=True)
            visible = _visible(bundle, machine, gpus)
            wanted = Wanted(name=name, plan=plan, lock=bundle.lock, gpus=visible)
            installer = _FromBundle(settings.current(), bundle, tell)
            if already(folder, wanted) is None:
                if pointer and pointer.stands and not replace:
                    _refuse_another(folder, bundle)
                _need_of(bundle.manifest.wheels, folder, installer.cache()).check()
            environment, changed = made(folder, wanted, installer, tell)
    notes = [Warning("companion-not-loading", note) for note in environment.notes]
    follow = up.followed(environment, changed=changed)
    found = (*workflow.about_environments(warnings), *more, *notes, *follow)
    return up.Made(environment=environment, changed=changed, warnings=found)


class _FromBundle(Uv):
    """A uv that installs what a bundle holds, and asks nobody for anything."""

    def __init__(self, known: Settings, bundle: Bundle, tell: Progress) -> None:
        super().__init__(known, offline=True, tell=tell)
        self._bundle = bundle

    def make_environment(self, place: Path, python: str, **more: bool) -> None:
        """As ``Uv`` does; where this machine has no such Python, on the one that is carried."""
        build = self._bundle.manifest.python
        if build is not None and not os.path.isabs(python):
            self.tell.step(f"installing {build}, which the bundle brings")
            with scratch.folder() as folder:
                self._unpack(self._bundle.manifest.archives, folder)
                self.install_python(build, folder / PYTHON)
            python = build
        super().make_environment(place, python, **more)

    def sync(self, environment: Path, lock: Path, sources: Sources) -> None:
        """Make an environment hold the bundle's wheels; ``lock`` and ``sources`` lead elsewhere."""
        del lock, sources
        wheels, folder = self._bundle.manifest.wheels, environment / ".bundle"
        folder.mkdir()
        self._unpack(wheels, folder)
        text = offline_lock(self._bundle.document, wheels).text(self._bundle.plan.python, {})
        (folder / OFFLINE_LOCK).write_text(text, encoding="utf-8")
        super().sync(environment, folder / OFFLINE_LOCK, Sources())
        shutil.rmtree(folder)

    def _unpack(self, files: Sequence[Carried], folder: Path) -> None:
        done, of = 0, sum(file.size for file in files)
        for file in files:
            place = folder / file.path
            place.parent.mkdir(exist_ok=True)
            with place.open("xb") as target:
                for chunk in self._bundle.pieces(file):
                    target.write(chunk)
                    done += len(chunk)
                    self.tell.amount("the bundle", done, of)


def _fitted(bundle: Bundle, machine: Machine) -> tuple[Plan, tuple[Warning, ...]]:
    """The plan as this machine carries it out. Raises RefusedError ``bundle-does-not-fit``."""
    found = lock_check.looked(bundle.lock, bundle.path, machine)
    against = found.against or tuple(_lacking(bundle, machine))
    if against:
        raise RefusedError(
            "bundle-does-not-fit",
            f"{bundle.path} does not fit this machine.",
            context=against,
            hint="Make it on a machine like this one; Or resolve for this one with the network: "
            "dlsetup up NAME REQ",
        )
    here = found.here
    if bundle.about.machine.cpu_was_asked_for:
        machine = msgspec.structs.replace(machine, gpus=(), driver=None)
    plan = msgspec.structs.replace(bundle.plan, machine=machine)
    if here is not None:
        served = {pin.name: pin.serves for pin in here.pins}
        plan = msgspec.structs.replace(
            plan,
            driver=here.driver,
            accelerator=here.accelerator,
            cuda=here.cuda,
            cudnn=here.cudnn,
            pins=tuple(_served(pin, served) for pin in plan.pins),
        )
    return workflow.believed(plan, bundle.path), found.warnings


def _served(pin: Pin, served: Mapping[str, tuple[Serve, ...]]) -> Pin:
    return msgspec.structs.replace(pin, serves=served.get(pin.name, pin.serves))


def _refuse_another(folder: Path, bundle: Bundle) -> None:
    """Raise RefusedError ``environment-exists`` unless the same packages are there, to be mended.

    Who carries a bundle over may not know what has its name there.
    """
    there = store.standing(folder)
    if there and installed.versions(Path(there.lock)) == installed.listed(bundle.lock):
        return
    told = f"holds {', '.join(installed.holds(there))}" if there else "is damaged"
    raise RefusedError(
        "environment-exists",
        f"{folder.name} is there already and {told}.",
        hint="Name another with --name; Or replace it: --replace",
    )


def _lacking(bundle: Bundle, machine: Machine) -> Iterator[str]:
    """What the wheels that are carried need besides, and this machine has not."""
    needs, libc = bundle.manifest.needs, machine.os.libc
    if needs.glibc and libc and not fit.reaches(libc, needs.glibc):
        yield f"this machine has {libc}; the bundle needs glibc {needs.glibc}"
    python = bundle.plan.python
    minors = {".".join(one.version.split(".")[:2]) for one in _plain(machine)}
    if python not in minors and bundle.manifest.python is None:
        there = ", ".join(sorted(minors, key=numbers)) or "none that runs"
        yield f"the bundle needs Python {python}; this machine has {there}"


def _plain(machine: Machine) -> Iterator[Interpreter]:
    """The interpreters but for free-threaded ones, which load other wheels."""
    return (python for python in machine.pythons if not python.version.endswith("t"))


def _visible(bundle: Bundle, machine: Machine, gpus: tuple[str, ...]) -> tuple[str, ...] | None:
    """The UUIDs of the GPUs it may use; None is all that there are."""
    unwanted = bundle.about.machine.cpu_was_asked_for and machine.gpus
    if bundle.manifest.hides_gpus or unwanted:
        return ()
    if not gpus:
        return None
    named = tuple(gpu.uuid for gpu in machine.gpus if gpu.uuid)
    return named if len(named) == len(machine.gpus) else None


def _need_of(files: Sequence[Carried], folder: Path, cache: Path) -> Need:
    """What it takes: the wheels lie beside what is in them while they are installed."""
    packed = sum(file.size for file in files)
    unpacked = sum(file.unpacked or file.size for file in files)
    twice = 0 if shares(cache, folder) else unpacked
    return Need(
        packages=len(files),
        fetched=0,
        download_bytes=0,
        download_at_least=False,
        disk_at_least=any(file.unpacked is None for file in files),
        places=places_of((CACHE, cache, unpacked), (HOME, folder, packed + twice)),
        weights={},
    )
