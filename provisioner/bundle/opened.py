"""A bundle that came from somewhere: nothing of it is believed before it was looked at."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import msgspec

from provisioner import saved, workflow
from provisioner.bundle.choice import listed
from provisioner.bundle.manifest import (
    LOCK,
    MANIFEST,
    PLAN,
    SCHEMA,
    WHEELS,
    Carried,
    Manifest,
    is_build,
    is_carried,
)
from provisioner.bundle.offline_lock import offline_lock
from provisioner.bundle.tape import Member, content, members
from provisioner.environments.place import place
from provisioner.errors import DlsetupError, UsageError
from provisioner.lock import fit, pylock, record
from provisioner.plan import Plan, digest
from provisioner.version import at_least

_LARGEST_TEXT = 64 << 20
"""Bytes; no plan or lock is near that."""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle whose texts were read, and whose wheels were seen to be those of its lock."""

    path: Path
    manifest: Manifest
    plan: Plan
    lock: str
    document: pylock.Document
    about: record.Record
    stream: IO[bytes]
    members: Mapping[str, Member]

    def pieces(self, file: Carried) -> Iterator[bytes]:
        """Give the bytes of a file. Raises UsageError ``bad-bundle``, at the end for its hash."""
        found = sha256()
        try:
            for chunk in content(self.stream, self.members[file.path]):
                found.update(chunk)
                yield chunk
        except (OSError, ValueError) as error:
            raise bad(self.path, str(error)) from error
        if found.hexdigest() != file.sha256:
            raise bad(self.path, f"{file.path} is not what was put in: its hash differs")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """Open a bundle and look at all of it but the bytes of its wheels.

    Raises UsageError ``bad-bundle`` with the reason.
    """
    try:
        stream = _stream(path)
    except OSError as error:
        raise bad(path, error.strerror or str(error)) from error
    with stream:
        try:
            bundle = _read(path, stream)
        except (OSError, ValueError, RecursionError) as error:
            raise bad(path, str(error)) from error
        yield bundle


def bad(path: Path, *reasons: str) -> UsageError:
    """Return the error for a file that is no bundle, or a damaged one."""
    return UsageError(
        "bad-bundle",
        f"{path} is not a bundle that can be installed.",
        context=tuple("".join(c if c.isprintable() else " " for c in text) for text in reasons),
        hint="Make one with: dlsetup env export NAME -o FILE; and carry it over whole",
    )


def _stream(path: Path) -> IO[bytes]:
    # A pipe that nobody writes to would keep whoever opens it waiting.
    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(None, "it is no file")
    return stream


def _read(path: Path, stream: IO[bytes]) -> Bundle:
    """Raises ValueError with the reason."""
    found = members(stream)
    name = next(iter(found), "").partition("/")[0]
    _as_name(name)
    if any(not entry.startswith(f"{name}/") for entry in found):
        raise ValueError("not all of it lies in one folder")
    inside = {entry.removeprefix(f"{name}/"): member for entry, member in found.items()}
    manifest = _manifest(_text(stream, inside, MANIFEST))
    if manifest.name != name:
        raise ValueError("its folder is not called as its manifest says")
    _hold_against(manifest, inside)
    texts = {file.path: file for file in manifest.files if file.path in {PLAN, LOCK}}
    plan, lock = (_named_text(stream, inside, texts, wanted) for wanted in (PLAN, LOCK))
    with _reasons():
        return _bundle(path, manifest, (plan, lock), stream, inside)


def _bundle(
    path: Path,
    manifest: Manifest,
    texts: tuple[bytes, bytes],
    stream: IO[bytes],
    inside: Mapping[str, Member],
) -> Bundle:
    plan, lock = saved.value(texts[0], "plan", Plan), texts[1].decode("utf-8")
    about, document = record.read(lock, LOCK), pylock.read(lock)
    if digest(plan) != about.plan:
        raise ValueError("its plan and its lock do not belong together")
    _hold_wheels_against(manifest, document)
    _hold_needs_against(manifest, plan, about, document)
    return Bundle(
        path=path,
        manifest=manifest,
        plan=workflow.believed(plan, path),
        lock=lock,
        document=document,
        about=about,
        stream=stream,
        members=inside,
    )


@contextlib.contextmanager
def _reasons() -> Iterator[None]:
    """What is wrong with a plan or a lock inside is a reason against the bundle."""
    try:
        yield
    except DlsetupError as error:
        raise ValueError("; ".join((error.message, *error.context))) from error


def _as_name(name: str) -> None:
    try:
        place(name)
    except UsageError as error:
        raise ValueError(error.message) from error


def _text(stream: IO[bytes], inside: Mapping[str, Member], path: str) -> bytes:
    if path not in inside:
        raise ValueError(f"it holds no {path}")
    if inside[path].size > _LARGEST_TEXT:
        raise ValueError(f"its {path} is larger than {_LARGEST_TEXT >> 20} MiB")
    return b"".join(content(stream, inside[path]))


def _named_text(
    stream: IO[bytes], inside: Mapping[str, Member], files: Mapping[str, Carried], path: str
) -> bytes:
    data = _text(stream, inside, path)
    if path not in files or sha256(data).hexdigest() != files[path].sha256:
        raise ValueError(f"its {path} is not what its manifest says")
    return data


def _manifest(data: bytes) -> Manifest:
    try:
        said = msgspec.json.decode(data)
        schema = said.get("schema") if isinstance(said, dict) else None
        if schema != SCHEMA:
            raise ValueError(f"it is of schema {schema!r}, and this dlsetup reads {SCHEMA}"[:120])
        return msgspec.convert(said, Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its {MANIFEST} is none: {error}") from error


def _hold_against(manifest: Manifest, inside: Mapping[str, Member]) -> None:
    """Raise ValueError unless just what the manifest lists is there, under names that may be."""
    listed_ = {file.path: file.size for file in manifest.files}
    there = {path: member.size for path, member in inside.items() if path != MANIFEST}
    if len(listed_) != len(manifest.files):
        raise ValueError("its manifest lists a file twice")
    for path in sorted(listed_.keys() | there.keys()):
        if not is_carried(path):
            raise ValueError(f"it holds {path[:80]!r}, which no bundle holds")
        if listed_.get(path) != there.get(path):
            raise ValueError(f"its {path} is not what its manifest says")
    if len(manifest.archives) != (manifest.python is not None):
        raise ValueError("its Python is not what its manifest says")
    if manifest.python is not None and not is_build(manifest.python):
        raise ValueError(f"it names {manifest.python[:60]!r}, which is no Python of uv's")


def _hold_wheels_against(manifest: Manifest, document: pylock.Document) -> None:
    """Raise ValueError unless there is one wheel for each package, and the lock lists it."""
    wheels = {file.package: file for file in manifest.wheels}
    names = [str(package["name"]) for package in document.packages]
    if len(wheels) != len(manifest.wheels) or sorted(map(str, wheels)) != sorted(names):
        raise ValueError("its wheels are not one for each package of its lock")
    for package in document.packages:
        file = wheels[str(package["name"])]
        if not _is_listed(file, package):
            raise ValueError(f"{file.path} is not what its lock lists for {package['name']}")
        _read_as_uv_does(package, file)


def _read_as_uv_does(package: Mapping[str, Any], file: Carried) -> None:
    """Raise ValueError for what uv would not take from a lock."""
    from packaging.markers import InvalidMarker, Marker
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    from packaging.version import InvalidVersion, Version

    said = {key: package[key] for key in ("name", "version", "marker") if key in package}
    if wrong := next((key for key, value in said.items() if not isinstance(value, str)), None):
        raise ValueError(f"the {wrong} of a package of its lock is no text")
    name = said["name"]
    try:
        Marker(said["marker"]) if "marker" in said else None
        version = Version(said["version"]) if "version" in said else None
        of, its, _, _ = parse_wheel_filename(file.path.removeprefix(WHEELS))
    except (InvalidMarker, InvalidVersion, InvalidWheelFilename) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"its lock cannot be read where it lists {name}: {reason}") from error
    if canonicalize_name(name) != of or version not in {None, its}:
        raise ValueError(f"{file.path} is not what its lock lists for {name}")


def _hold_needs_against(
    manifest: Manifest, plan: Plan, about: record.Record, document: pylock.Document
) -> None:
    """Raise ValueError unless the manifest asks of a machine what plan, lock and wheels do."""
    needs = manifest.needs
    if {plan.machine.arch, about.machine.arch} != {needs.arch}:
        raise ValueError(f"its manifest says {needs.arch}; its plan and its lock do not")
    if {plan.python, about.python} != {needs.python}:
        raise ValueError(f"its manifest says Python {needs.python}; its plan and its lock do not")
    floor = fit.needs_glibc(offline_lock(document, manifest.wheels))
    if floor is not None and not (needs.glibc and at_least(needs.glibc, floor[0])):
        raise ValueError(f"{floor[1]} needs glibc {floor[0]}, and its manifest does not say so")


def _is_listed(file: Carried, package: Mapping[str, Any]) -> bool:
    files = listed(package)
    if not files:
        return file.built_from is not None
    hashes = [one.hashes for one in files if one.name == file.path.removeprefix(WHEELS)]
    return any(one.get("sha256", file.sha256) == file.sha256 for one in hashes)
