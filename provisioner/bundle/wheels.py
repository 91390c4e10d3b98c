"""The wheels of an environment brought together in a folder, each held against the lock."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import msgspec

from provisioner.bundle.choice import File, Installed
from provisioner.bundle.manifest import WHEELS, Carried, is_carried
from provisioner.bundle.repack import repacked
from provisioner.download import CONNECTIONS, Web
from provisioner.errors import OutsideError, RefusedError
from provisioner.progress import Progress

_CHUNK = 1024 * 1024
_BLOCK = 4096
"""What a file takes on disk at least, and in multiples of which."""
_KINDS = ("sha256", "sha384", "sha512")
_WHAT = "wheels"


def sized(files: Sequence[File]) -> tuple[File, ...]:
    """Return the files with their sizes, where those who hold them say.

    Raises OutsideError as ``Web`` does, and ``source-is-gone``.
    """
    web = Web()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return tuple(pool.map(lambda file: _sized(file, web), files))


def _sized(file: File, web: Web) -> File:
    if file.size is not None:
        return file
    if (place := _place(file)) is not None:
        with _readable(file):
            return msgspec.structs.replace(file, size=place.stat().st_size)
    try:
        return msgspec.structs.replace(file, size=web.part(file.url, 0, 0).size)
    except OutsideError as error:
        if error.reference != "no-partial-files":
            raise _about(file, error) from error
    return file


def brought(files: Sequence[File], folder: Path, tell: Progress) -> tuple[Carried, ...]:
    """Put files into a folder, each under its name; the web is asked for several at once.

    Raises OutsideError as ``Web`` does, ``hash-differs`` and ``source-is-gone``, and OSError where
    the folder cannot be written.
    """
    web, told = Web(), _Sum(files, tell)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        running = [pool.submit(_brought, file, folder, web, told) for file in files]
        try:
            return tuple(one.result() for one in running)
        except BaseException:
            told.over = True
            pool.shutdown(cancel_futures=True)
            raise


def packed(environment: Path, packages: Sequence[Installed], folder: Path) -> Iterable[Carried]:
    """Pack packages again from where they are installed. Raises as ``repacked`` does, OSError."""
    for package in packages:
        name, data = repacked(environment, package.package)
        (folder / _checked(name)).write_bytes(data)
        yield Carried(
            path=WHEELS + name,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            package=package.package,
            unpacked=_unpacked(folder / name),
            built_from=package.source,
        )


class _OverError(Exception):
    """Another file failed, and the rest is not wanted any more."""


class _Sum:
    """How many bytes are there of all files together."""

    def __init__(self, files: Sequence[File], tell: Progress) -> None:
        sizes = [file.size for file in files]
        self._of = None if None in sizes else sum(size or 0 for size in sizes)
        self._there: dict[str, int] = {}
        self._lock = threading.Lock()
        self._tell = tell
        self.over = False

    def hear(self, name: str, there: int) -> None:
        with self._lock:
            if self.over:
                raise _OverError
            self._there[name] = there
            self._tell.amount(_WHAT, sum(self._there.values()), self._of)


def _brought(file: File, folder: Path, web: Web, told: _Sum) -> Carried:
    place = folder / _checked(file.name)
    with place.open("w+b") as stream:
        source = _place(file)
        if source is None:
            try:
                web.into(file.url, stream, lambda there: told.hear(file.name, there))
            except OutsideError as error:
                raise _about(file, error) from error
        else:
            with _readable(file):
                original = source.open("rb")
            with original:
                shutil.copyfileobj(original, stream, _CHUNK)
            told.hear(file.name, stream.tell())
        size = stream.tell()
        stream.seek(0)
        digest = held_against(file.hashes, stream, file.name)
    return Carried(
        path=WHEELS + file.name,
        size=size,
        sha256=digest,
        package=file.package,
        unpacked=_unpacked(place),
    )


def _unpacked(wheel: Path) -> int | None:
    """What a wheel takes on disk when it is installed; None for what is no wheel inside."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            sizes = [member.file_size for member in archive.infolist()]
    except zipfile.BadZipFile:
        return None
    return sum(-(-size // _BLOCK) * _BLOCK for size in sizes)


def digest_of(stream: IO[bytes]) -> str:
    """Return the sha256 of a stream. Raises OSError."""
    return _sums(stream, ("sha256",))["sha256"]


def _sums(stream: IO[bytes], kinds: Iterable[str]) -> dict[str, str]:
    sums = {kind: hashlib.new(kind) for kind in kinds}
    while chunk := stream.read(_CHUNK):
        for one in sums.values():
            one.update(chunk)
    return {kind: one.hexdigest() for kind, one in sums.items()}


def held_against(hashes: Mapping[str, str], stream: IO[bytes], name: str) -> str:
    """Return the sha256 of a stream. Raises OutsideError ``hash-differs`` where a hash differs."""
    asked = {kind: digest for kind, digest in hashes.items() if kind in _KINDS}
    found = _sums(stream, ("sha256", *asked))
    wrong = [kind for kind, digest in asked.items() if found[kind] != digest.lower()]
    if wrong or not asked:
        told = [f"{kind} {found[kind]}, not {asked[kind]}" for kind in wrong]
        raise OutsideError(
            "hash-differs",
            f"{name} is not the file that the lock lists.",
            context=tuple(told or ["the lock holds no hash of it that proves anything"]),
            hint="The index holds another file now: make the environment anew with dlsetup up.",
        )
    return found["sha256"]


def _checked(name: str) -> str:
    """The name of a wheel, which came from an index."""
    if not is_carried(WHEELS + name):
        raise RefusedError(
            "bundle-cannot-carry",
            f"{name[:80]!r} is no name of a wheel that a bundle could hold.",
            hint="Make the environment without it: dlsetup up NAME REQ",
        )
    return name


def _place(file: File) -> Path | None:
    """Where a file lies on this machine; None for one of the web."""
    parts = urlsplit(file.url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


@contextlib.contextmanager
def _readable(file: File) -> Iterator[None]:
    """What goes wrong inside is that a file of this machine cannot be read."""
    try:
        yield
    except OSError as error:
        raise OutsideError(
            "source-is-gone",
            f"{file.name} cannot be read where it was when the environment was made.",
            context=(f"{_place(file)}: {error.strerror or error}",),
            hint="Put it back there, or make the environment anew with dlsetup up.",
        ) from error


def _about(file: File, error: OutsideError) -> OutsideError:
    """The same error, with the file that it is about."""
    told = (f"file    {file.name}", f"from    {urlsplit(file.url).hostname}", *error.context)
    return OutsideError(error.reference, error.message, context=told, hint=error.hint)
