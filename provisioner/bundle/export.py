"""An environment → its bundle, made whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner.bundle.contents import Contents, brought_together
from provisioner.bundle.manifest import INSTALLER, MANIFEST, SCRIPT, Needs
from provisioner.bundle.tape import Writer
from provisioner.environments import generations, store
from provisioner.errors import OutsideError, RefusedError
from provisioner.progress import Progress

_SUFFIX = ".bundle.tar"
_MARK = ".dlsetup"
"""The file that says of a folder beside the target that it is an export's."""


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an export."""

    name: str
    path: str
    bytes: int
    sha256: str
    """Of the whole file."""
    wheels: int
    needs: Needs
    python: str | None
    """The build of uv's that is carried along."""
    built: tuple[str, ...]
    """Packages that no index has as a wheel: packed again from the environment."""


def export(name: str, place: Path | None, tell: Progress, *, with_python: bool = False) -> Exported:
    """Write the bundle of an environment to a file, or as ``NAME.bundle.tar`` into a folder.

    ``with_python`` carries uv's own build of its Python along, for machines without one. The same
    environment gives the same bytes. A failure leaves what was there. Raises UsageError as
    ``store.usable`` does, RefusedError ``export-busy``, OutsideError ``cannot-write``, and what
    ``brought_together`` raises.
    """
    environment = store.usable(name)
    lock = generations.lock_of(Path(environment.path))
    target = _target(name, place)
    try:
        with _staged(target) as staging:
            contents = brought_together(environment, lock, staging, tell, with_python=with_python)
            tell.step(f"writing {target}")
            written = _written(contents, staging, target, tell)
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
        python=contents.manifest.python,
        built=tuple(str(file.package) for file in wheels if file.built_from),
    )


def _target(name: str, place: Path | None) -> Path:
    if place is None or place.is_dir():
        place = (place or Path()) / f"{name}{_SUFFIX}"
    target = Path(os.path.realpath(place))
    if target.exists() and not target.is_file():  # a device or a pipe is never replaced
        raise _cannot_write(target, OSError(None, "it is no file"))
    return target


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
        _marked(folder, target)
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)
            (folder / _MARK).unlink()
            folder.rmdir()
    finally:
        os.close(handle)


def _marked(folder: Path, target: Path) -> None:
    """Say that the folder is ours; what somebody else has put there stays."""
    mark = folder / _MARK
    if not mark.is_file() and os.listdir(folder):
        reason = f"{folder} holds something, and dlsetup did not make it"
        raise _cannot_write(target, OSError(None, reason))
    mark.touch()


def _empty(folder: Path) -> None:
    """Take all of it away but the mark, which goes last."""
    for entry in os.scandir(folder):
        if entry.name == _MARK:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _written(contents: Contents, staging: Path, target: Path, tell: Progress) -> Writer:
    """Write the tar, taking each large file away that is in it, and put it where it belongs."""
    manifest, draft = contents.manifest, staging / "bundle"
    of = sum(file.size for file in manifest.files)
    with draft.open("wb") as stream:
        tape = Writer(stream)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        tape.text(f"{manifest.name}/{MANIFEST}", text)
        for path, data in contents.texts.items():
            tape.text(f"{manifest.name}/{path}", data, executable=path in {SCRIPT, INSTALLER})
        for file in manifest.files[len(contents.texts) :]:
            source = staging / os.path.basename(file.path)
            with source.open("rb") as large:
                tape.add(f"{manifest.name}/{file.path}", file.size, large)
            source.unlink()
            tell.amount("the bundle", min(tape.size, of), of)
        tape.end()
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(target)
    return tape


def _cannot_write(target: Path, error: OSError) -> OutsideError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return OutsideError(
        "disk-full" if full else "cannot-write",
        f"{target} cannot be written.",
        context=(error.strerror or str(error),),
        hint="Name another place with -o, or make room there; nothing was left behind.",
    )
