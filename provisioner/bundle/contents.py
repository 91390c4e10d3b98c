"""What goes into a bundle: its texts, and the large files brought together beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from provisioner import settings
from provisioner.bundle import script
from provisioner.bundle.choice import File, Installed, chosen
from provisioner.bundle.manifest import (
    INSTALLER,
    LOCK,
    OFFLINE_LOCK,
    PLAN,
    PYTHON,
    SCRIPT,
    Carried,
    Manifest,
    Needs,
    is_build,
    is_carried,
)
from provisioner.bundle.offline_lock import offline_lock
from provisioner.bundle.wheels import brought, digest_of, packed, sized
from provisioner.environments.record import Environment
from provisioner.errors import OutsideError
from provisioner.lock import fit, pylock, record
from provisioner.lock.uv import Uv, program
from provisioner.machine import Machine, OperatingSystem
from provisioner.plan import Plan
from provisioner.progress import Progress


class Contents(msgspec.Struct, frozen=True):
    """What goes into a bundle: the manifest, and the texts by their paths.

    The other files that the manifest lists lie in the staging folder, under their own names.
    """

    manifest: Manifest
    texts: dict[str, bytes]


def brought_together(
    environment: Environment, text: str, staging: Path, tell: Progress, *, with_python: bool
) -> Contents:
    """Bring the large files into the staging folder, and say what the bundle holds.

    ``text`` is that of the environment's lock. Raises RefusedError ``bundle-cannot-carry``,
    OutsideError ``disk-full`` and ``secret-in-bundle``, what ``wheels`` and ``Uv`` raise, OSError.
    """
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
    build, archives = _python(environment, staging, tell) if with_python else (None, ())
    offline = offline_lock(document, wheels)
    needs = _needs(plan, offline, wheels)
    installed = offline.text(plan.python, {}).encode()
    texts = {
        PLAN: msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n",
        LOCK: text.encode(),
        OFFLINE_LOCK: installed,
        SCRIPT: script.text(environment.name, plan, needs, installed, build).encode(),
        INSTALLER: Path(program()).read_bytes(),
    }
    _hold_no_secret(text for path, text in texts.items() if path != INSTALLER)
    carried = [
        Carried(path=path, size=len(data), sha256=sha256(data).hexdigest())
        for path, data in texts.items()
    ]
    manifest = Manifest(
        name=environment.name,
        needs=needs,
        python=build,
        hides_gpus=environment.gpus == (),
        files=(*carried, *archives, *wheels),
    )
    return Contents(manifest, texts)


def _python(
    environment: Environment, staging: Path, tell: Progress
) -> tuple[str, tuple[Carried, ...]]:
    """Fetch uv's own build of the environment's Python; its name, and its archive."""
    tell.step(f"fetching Python {environment.python}")
    archives, installed = staging / "archives", staging / "installed"
    Uv(settings.current()).install_python(environment.python, archives, installed)
    # uv puts links with shorter names beside it.
    names = [entry.name for entry in os.scandir(installed) if not entry.is_symlink()]
    builds = [name for name in names if is_build(name)]
    files = [path for path in archives.rglob("*.tar.*") if is_carried(PYTHON + path.name)]
    if len(builds) != 1 or len(files) != 1:
        raise OutsideError(
            "uv-failed",
            f"uv keeps Python {environment.python} in a way that is not known here.",
            context=(*names, *(path.name for path in files)),
            hint="Export it without --with-python, or try another uv.",
        )
    place = staging / files[0].name
    files[0].replace(place)
    shutil.rmtree(installed)
    with place.open("rb") as stream:
        digest = digest_of(stream)
    size = place.stat().st_size
    return builds[0], (Carried(path=PYTHON + place.name, size=size, sha256=digest),)


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
    needed = sum(sizes) + max(sizes, default=0) + os.path.getsize(program())
    free = shutil.disk_usage(staging).free
    if free < needed:
        raise OutsideError(
            "disk-full",
            f"{staging.parent} has too little room for the bundle.",
            context=(f"needed {needed} bytes", f"free   {free} bytes"),
            hint="Make room there, or name a file on another disk with -o.",
        )
