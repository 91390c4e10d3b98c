"""Changing a catalog: the contents that go with changed sheets, the diff, the write."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.contents import contents_of
from provisioner.catalog.decode import read
from provisioner.catalog.dump import dump_contents
from provisioner.errors import DlsetupError, OutsideError
from provisioner.whole_file import put

_DIFF_LINES = 200


def with_contents(folder: Path, fresh: Mapping[str, bytes]) -> dict[str, bytes]:
    """Changed files by path, and the table of contents of the catalog that they would make."""

    def found() -> Iterator[tuple[sheets.Sheet, tuple[msgspec.Struct, ...]]]:
        for sheet in (*sheets.FIXED, *_build_sheets(folder, fresh)):
            yield sheet, read(sheet, fresh.get(sheet.path, _old(folder, sheet.path)))

    return {**fresh, sheets.CONTENTS: dump_contents(contents_of(found()))}


def _build_sheets(folder: Path, fresh: Iterable[str]) -> Iterator[sheets.Sheet]:
    """The sheets of builds that lie there, and those that are about to be written."""
    for below in sheets.BUILD_FOLDERS:
        names = {path.stem for path in (folder / below).glob("*.jsonl")}
        names |= {Path(path).stem for path in fresh if path.startswith(f"{below}/")}
        yield from (sheets.builds(name, below) for name in sorted(names))


def changes(folder: Path, fresh: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The unified diff of every file that would change, by path."""
    found = {}
    for path, text in fresh.items():
        old = _old(folder, path)
        if old != text or not (folder / path).exists():
            sides = old.decode().splitlines(), text.decode().splitlines()
            found[path] = list(difflib.unified_diff(*sides, path, path, lineterm="", n=0))
    return found


def write(folder: Path, fresh: Mapping[str, bytes]) -> None:
    """Write files below ``folder``, each whole or not at all."""
    for path, text in fresh.items():
        write_file(folder / path, text)


def write_file(target: Path, text: bytes) -> None:
    """Write one file whole or not at all. Raises OutsideError ``cannot-write``."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        put(target, text)
    except OSError as error:
        raise OutsideError(
            "cannot-write",
            f"{target} cannot be written.",
            context=(error.strerror or str(error),),
            hint="Make room there, or write elsewhere; the file is as it was.",
        ) from None


def show_and_write(folder: Path, fresh: Mapping[str, bytes], *, for_real: bool) -> int:
    """Say what would change, and write it when asked to.

    Returns the exit code: 0 when nothing changes or the change was written, 1 when it waits.
    """
    changed = changes(folder, fresh)
    for path, lines in changed.items():
        say(*lines[:_DIFF_LINES])
        if len(lines) > _DIFF_LINES:
            say(f"… {len(lines) - _DIFF_LINES} more lines of {path}")
    if not changed:
        say("Nothing changes.")
        return 0
    if not for_real:
        say(f"{len(changed)} files would change; run again with --write.")
        return 1
    write(folder, {path: fresh[path] for path in changed})
    say(f"{len(changed)} files written.")
    return 0


def say(*lines: str) -> None:
    """Write lines to standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def complain(error: DlsetupError) -> int:
    """Write an error to standard error, and return its exit code."""
    lines = (f"error: {error.reference}", error.message, *error.context, error.hint)
    sys.stderr.write("".join(f"{line}\n" for line in lines if line))
    return error.exit_code


def _old(folder: Path, path: str) -> bytes:
    return (folder / path).read_bytes() if (folder / path).exists() else b""
