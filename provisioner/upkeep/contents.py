"""After sheets were edited by hand: their one form and order, and the table of contents.

    python -m provisioner.upkeep.contents [--write]
    dlsetup catalog check --fix

Reads nothing but the sheets, those of DLSETUP_STACKS where that is set. Shows what would change as
a diff, and changes it with --write. Comments in a TOML sheet are kept at its head only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from provisioner import resources
from provisioner.catalog import sheets
from provisioner.catalog.decode import read
from provisioner.catalog.dump import dump, header_of
from provisioner.catalog.load import Catalog
from provisioner.errors import DlsetupError, OutsideError
from provisioner.upkeep import writing


def texts(folder: Path) -> dict[str, bytes]:
    """What the files below ``folder`` should hold, by path: every sheet, and their contents.

    Raises BadDataError ``bad-row`` for a sheet that is missing or cannot be read.
    """
    catalog = Catalog(folder)
    found = {}
    for sheet in (*sheets.FIXED, *catalog.build_sheets):
        text = catalog.text_of(sheet)
        found[sheet.path] = dump(sheet, read(sheet, text), header_of(text) if sheet.table else "")
    return writing.with_contents(folder, found)


def put_right() -> tuple[str, ...]:
    """Write what is not in its one form, and give the paths; the rows' meaning stays.

    Raises BadDataError ``bad-row`` for a sheet that cannot be read, and OutsideError
    ``cannot-write``, always for the catalog of an installed package.
    """
    if resources.ships_installed():
        raise OutsideError(
            "cannot-write",
            "The catalog of an installed dlsetup is not edited.",
            hint="Edit a checkout, or a copy of its stacks that DLSETUP_STACKS names.",
        )
    stacks = resources.stacks()
    fresh = texts(stacks)
    changed = tuple(writing.changes(stacks, fresh))
    writing.write(stacks, {path: fresh[path] for path in changed})
    return changed


def main(arguments: list[str]) -> int:
    """Run the command: 0 when nothing changes or the change was written, 1 when it waits."""
    if set(arguments) - {"--write"}:
        sys.stderr.write(__doc__ or "")
        return 2
    stacks = resources.stacks()
    try:
        fresh = texts(stacks)
    except DlsetupError as error:
        return writing.complain(error)
    return writing.show_and_write(stacks, fresh, for_real="--write" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
