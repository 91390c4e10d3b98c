"""A plan that is several files: all of them are written or none, and never over somebody's own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from provisioner.cli.output import make_folder, write_file
from provisioner.errors import OutsideError, UsageError
from provisioner.render.formats import RenderedFile
from provisioner.whole_file import put_all

_SUFFIX = re.compile(r"\.[A-Za-z]\w*")
_MARK = re.compile(rb"Made by dlsetup|\"dlsetup\": \{|^\[tool\.dlsetup\]", re.MULTILINE)
"""What each file of a format of several says of itself."""


def write(output: str, files: tuple[RenderedFile, ...]) -> None:
    """Write what was rendered: one file to the path ``output``, several into that folder.

    Raises UsageError ``bad-usage`` where a file's name is given for several, ``file-exists`` where
    one of several would replace what dlsetup did not write; OutsideError ``cannot-write``.
    """
    place = Path(output)
    if len(files) > 1:
        _write_all(output, files)
    elif output.endswith("/"):
        target = place / files[0].path
        make_folder(target.parent)
        write_file(target, files[0].text, executable=files[0].executable)
    else:
        write_file(place, files[0].text, executable=files[0].executable)


def _write_all(output: str, files: tuple[RenderedFile, ...]) -> None:
    place = Path(output)
    names = [file.path for file in files]
    if not place.is_dir() and not output.endswith("/"):
        _refuse_name_of_file(place, names)
    # A link is followed, as for a single file.
    targets = [Path(os.path.realpath(place / name)) for name in names]
    wanted = [(file.text.encode(), file.executable) for file in files]
    try:
        strangers = [
            str(place / name)
            for name, target, (data, _) in zip(names, targets, wanted, strict=True)
            if target.is_file() and not _is_ours(target.read_bytes(), data)
        ]
        if strangers:
            raise UsageError(
                "file-exists",
                "Files are there that dlsetup did not write; nothing was written.",
                context=tuple(strangers),
                hint="Name another folder, and take from there what you need: -o dlsetup-files/; "
                "or move them away",
            )
        put_all((target, *rest) for target, rest in zip(targets, wanted, strict=True))
    except OSError as error:
        named = dict(zip(map(str, targets), names, strict=True)).get(str(error.filename))
        raise OutsideError(
            "cannot-write",
            f"{place / named if named else place} cannot be written.",
            context=(error.strerror or str(error),),
            hint="Name another folder with -o, or make room there; nothing was left behind.",
        ) from error


def _refuse_name_of_file(place: Path, names: list[str]) -> None:
    if _SUFFIX.fullmatch(place.suffix) or place.name in {Path(name).name for name in names}:
        raise UsageError(
            "bad-usage",
            f"This is {len(names)} files, and {place} is the name of one.",
            context=(f"files: {', '.join(names)}",),
            hint=f"Name a folder for them: -o {place.with_suffix('')}/",
        )


def _is_ours(found: bytes, wanted: bytes) -> bool:
    return found == wanted or _MARK.search(found) is not None
