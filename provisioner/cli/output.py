"""What goes out: the JSON envelope, errors for people, files that appear whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import click
import msgspec

from provisioner.errors import DlsetupError, OutsideError
from provisioner.plan import Warning
from provisioner.whole_file import put

SCHEMA = 1
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What moves the cursor, colours or turns text round: a file may hold it, a terminal obeys it."""
begun = threading.Event()
"""Set once something of the one JSON object may stand on standard output."""


def show_json(command: str, data: Mapping[str, object], warnings: Sequence[Warning] = ()) -> None:
    """Print the envelope of an answer."""
    _print(_envelope(command, "ok", data, warnings, []))


def show_error(error: DlsetupError, command: str, *, as_json: bool) -> None:
    """Print a failure: as the envelope on standard output, or for people on standard error."""
    if not as_json:
        click.echo(_told(error, width_of(sys.stderr)), err=True)
        return
    told: dict[str, object] = {
        "reference": error.reference,
        "message": error.message,
        "context": list(error.context),
        "hint": error.hint,
    }
    warnings = error.data.get("warnings", ())
    data = {key: value for key, value in error.data.items() if key != "warnings"}
    _print(_envelope(command, "error", data, warnings, [told]))


def show_warnings(warnings: Sequence[Warning]) -> None:
    """Print warnings for people, on standard error."""
    width = width_of(sys.stderr)
    for warning in warnings:
        click.echo(folded(warning.message, width, first="warning: ", rest="  "), err=True)


def write_file(
    path: Path, text: str, *, executable: bool = False, private: bool = False, option: str = "-o"
) -> None:
    """Write a file whole or not at all; a private one nobody else may read.

    A link is followed, and what is no file (a device, a pipe) is written to, never replaced.
    ``option`` is what names another place. Raises OutsideError ``cannot-write``.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        data = text.encode()
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            put(Path(os.path.realpath(path)), data, executable=executable, private=private)
    except OSError as error:
        raise OutsideError(
            "cannot-write",
            f"{path} cannot be written.",
            context=(error.strerror or str(error),),
            hint=f"Name another place with {option}, or make room there; nothing was left behind.",
        ) from error


def make_folder(path: Path) -> None:
    """Make a folder for files, with those above it. Raises OutsideError ``cannot-write``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutsideError(
            "cannot-write",
            f"{path} cannot be made.",
            context=(error.strerror or str(error),),
            hint="Name another folder with -o.",
        ) from error


def _envelope(
    command: str,
    status: str,
    data: Mapping[str, object],
    warnings: object,
    errors: list[dict[str, object]],
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "command": command,
        "status": status,
        "data": data,
        "warnings": warnings,
        "errors": errors,
    }


def _print(document: dict[str, object]) -> None:
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    begun.set()
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def width_of(stream: TextIO | None) -> int | None:
    """The columns of a terminal; None for what is none, where lines stay as long as they are."""
    if stream is None or not stream.isatty():
        return None
    return shutil.get_terminal_size().columns


def printable(text: str) -> str:
    """A text for people without what a terminal would obey; lines stay lines."""
    return _CONTROLS.sub("", text)


def folded(line: str, width: int | None, *, first: str = "", rest: str = "") -> str:
    """A line that begins with ``first``, broken between words where a terminal ends.

    What follows is indented by ``rest``. It is ``printable``.
    """
    line = printable(line)
    if width is None or len(first + line) <= width:
        return first + line
    import textwrap

    return textwrap.fill(
        line,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _told(error: DlsetupError, width: int | None) -> str:
    lines = [f"error: {error.reference}", "", folded(error.message, width)]
    if error.context:
        lines += ["", *(folded(line, width, first="  ", rest="    ") for line in error.context)]
    if error.hint:
        first, *more = error.hint.split("; ")
        lines += ["", folded(first, width, first="hint: ", rest=" " * 8)]
        lines += [folded(line, width, first=" " * 6, rest=" " * 8) for line in more]
    return "\n".join(lines)
