"""An environment → its bundle, made whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from provisioner import settings
from provisioner.bundle import script
from provisioner.bundle.choice import File, Installed, chosen
from provisioner.bundle.manifest import (
    INSTALLER,
    LOCK,
    MANIFEST,
    OFFLINE_LOCK,
    PLAN,
    SCRIPT,
    Carried,
    Manifest,
    Needs,
)
from provisioner.bundle.offline_lock import offline_lock
from provisioner.bundle.tape import Writer
from provisioner.bundle.wheels import brought, packed, sized
from provisioner.environments import store
from provisioner.environments.place import damaged
from provisioner.environments.record import Environment
from provisioner.errors import OutsideError, RefusedError
from provisioner.lock import fit, pylock, record, uv
from provisioner.machine import Machine, OperatingSystem
from provisioner.plan import Plan
from provisioner.progress import Progress

_SUFFIX = ".bundle.tar"


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an export."""

    name: str
    path: str
    bytes: int
    sha256: str
    """Of the whole file."""
    wheels: int
    needs: Needs
    built: tuple[str, ...]
    """Packages that no index has as a wheel: packed again from the environment."""


class _Contents(msgspec.Struct, frozen=True):
    """What goes into a bundle: the manifest, the texts by their paths, the wheels."""

    manifest: Manifest
    texts: dict[str, bytes]


def export(name: str, place: Path | None, tell: Progress) -> Exported:
    """Write the bundle of an environment to a file, or as ``NAME.bundle.tar`` into a folder.

    The same environment gives the same bytes. A failure leaves what was there. Raises UsageError
    as ``store.usable`` does, RefusedError ``bundle-cannot-carry`` and ``export-busy``, OutsideError
    ``cannot-write``, ``disk-full``, ``secret-in-bundle``, and what ``wheels`` raises.
    """
    environment = store.usable(name)
    lock = _lock_of(environment)
    target = _target(name, place)
    try:
        with _staged(target) as staging:
            contents = _brought_together(environment, lock, staging, tell)
            tell.step(f"writing {target}")
            written = _written(contents, staging, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    wheels = contents.manifest.wheels
    return Exported(
        name=name,
        path=str(target),
        bytes=written.size,
        sha256=written.sha256,
        wheels=len(wheels),
        needs=contents.manifest.needs,
        built=tuple(str(file.package) for file in wheels if file.built_from),
    )


def _target(name: str, place: Path | None) -> Path:
    if place is None or place.is_dir():
        place = (place or Path()) / f"{name}{_SUFFIX}"
    return Path(os.path.realpath(place))


@contextlib.contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """A folder beside the target for one export at a time; it goes, and what a killed one left."""
    import fcntl

    folder = target.parent / f".{target.name}.part"
    folder.mkdir(exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                "export-busy",
                f"Another dlsetup writes {target}.",
                hint="Wait until it is done, or name another file with -o.",
            ) from None
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)
            folder.rmdir()
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _lock_of(environment: Environment) -> str:
    try:
        return Path(environment.lock).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise damaged(environment.name, f"{environment.lock}: {error}") from error


def _brought_together(
    environment: Environment, text: str, staging: Path, tell: Progress
) -> _Contents:
    """Bring the wheels into the staging folder, and say what the bundle holds."""
    plan = _without_the_machine(environment.plan)
    about, document = record.read(text, environment.lock), pylock.read(text)
    choice = chosen(document, about)
    tell.step("asking for the wheels")
    files = sized([item for item in choice if isinstance(item, File)])
    _need_room(staging, files)
    tell.step("fetching the wheels of the lock")
    wheels = list(brought(files, staging, tell))
    built = [item for item in choice if isinstance(item, Installed)]
    wheels += packed(Path(environment.path), built, staging)
    wheels.sort(key=lambda file: file.path)
    offline = offline_lock(document, wheels)
    needs = _needs(plan, offline, wheels)
    installed = offline.text(plan.python, {}).encode()
    texts = {
        PLAN: msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n",
        LOCK: text.encode(),
        OFFLINE_LOCK: installed,
        SCRIPT: script.text(environment.name, plan, needs, installed).encode(),
        INSTALLER: Path(uv.program()).read_bytes(),
    }
    _hold_no_secret(text for path, text in texts.items() if path != INSTALLER)
    carried = [
        Carried(path=path, size=len(data), sha256=sha256(data).hexdigest())
        for path, data in texts.items()
    ]
    manifest = Manifest(
        name=environment.name,
        needs=needs,
        hides_gpus=environment.gpus == (),
        files=(*carried, *wheels),
    )
    return _Contents(manifest, texts)


def _written(contents: _Contents, staging: Path, target: Path) -> Writer:
    """Write the tar, taking each wheel away that is in it, and put it where it belongs."""
    manifest, draft = contents.manifest, staging / "bundle"
    with draft.open("wb") as stream:
        tape = Writer(stream)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        tape.text(f"{manifest.name}/{MANIFEST}", text)
        for path, data in contents.texts.items():
            tape.text(f"{manifest.name}/{path}", data, executable=path in {SCRIPT, INSTALLER})
        for file in manifest.wheels:
            source = staging / os.path.basename(file.path)
            with source.open("rb") as wheel:
                tape.add(f"{manifest.name}/{file.path}", file.size, wheel)
            source.unlink()
        tape.end()
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(target)
    return tape


def _without_the_machine(plan: Plan) -> Plan:
    """A plan that says of its machine only what it relies on: no path, no id, no disk."""
    machine = plan.machine
    system = machine.os
    kept = Machine(
        os=OperatingSystem(id=system.id, version=system.version, wsl=system.wsl, libc=system.libc),
        arch=machine.arch,
        gpus=tuple(msgspec.structs.replace(gpu, uuid=None, pci_id=None) for gpu in machine.gpus),
        driver=machine.driver,
        sources=machine.sources,
    )
    return msgspec.structs.replace(plan, machine=kept)


def _needs(plan: Plan, offline: pylock.Document, wheels: Sequence[Carried]) -> Needs:
    """What the wheels ask of a machine; what was built here asks for the C library of here."""
    found = fit.needs_glibc(offline)
    glibc = found[0] if found else None
    kind, _, version = (plan.machine.os.libc or "").partition(" ")
    if kind == "glibc" and any(
        file.built_from and not file.path.endswith("-any.whl") for file in wheels
    ):
        glibc = version
    return Needs(arch=plan.machine.arch, python=plan.python, glibc=glibc)


def _hold_no_secret(texts: Iterable[bytes]) -> None:
    """Raise OutsideError ``secret-in-bundle`` where an address or a password would travel."""
    known = settings.current()
    if any(known.holds_secret(text.decode()) for text in texts):
        raise OutsideError(
            "secret-in-bundle",
            "The environment's plan or lock holds a name or a password, and would hand it on.",
            hint="Give it under [credentials] or in netrc, make the environment anew with "
            "dlsetup up, and export that.",
        )


def _need_room(staging: Path, files: Sequence[File]) -> None:
    """The wheels, and the largest of them once more while it is put into the tar."""
    sizes = [file.size or 0 for file in files]
    needed = sum(sizes) + max(sizes, default=0) + os.path.getsize(uv.program())
    free = shutil.disk_usage(staging).free
    if free < needed:
        raise OutsideError(
            "disk-full",
            f"{staging.parent} has too little room for the bundle.",
            context=(f"needed {needed} bytes", f"free   {free} bytes"),
            hint="Make room there, or name a file on another disk with -o.",
        )


def _cannot_write(target: Path, error: OSError) -> OutsideError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return OutsideError(
        "disk-full" if full else "cannot-write",
        f"{target} cannot be written.",
        context=(error.strerror or str(error),),
        hint="Name another place with -o, or make room there; nothing was left behind.",
    )
