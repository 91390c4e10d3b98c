"""Make the catalog's sheets from the folder of gathered facts.

    python -m provisioner.upkeep.from_facts FACTS_DIR [--write]

Shows what would change as a diff and writes only with ``--write``. Run twice, the second run
changes nothing. Rows that the facts do not make stay (``merging``). Sheets that people edit are
read for the table of contents and never touched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from provisioner import resources
from provisioner.catalog import rows, sheets
from provisioner.catalog.decode import read
from provisioner.catalog.dump import dump
from provisioner.catalog.load import Catalog
from provisioner.errors import DlsetupError
from provisioner.upkeep import writing
from provisioner.upkeep.announced import announced
from provisioner.upkeep.facts import (
    cuda,
    documented,
    drivers,
    figures,
    gpus,
)
from provisioner.upkeep.facts.table import Facts
from provisioner.upkeep.merging import merged, not_made


def made(facts: Facts, catalog: Catalog) -> dict[sheets.Sheet, list[rows.Row]]:
    """Every sheet that the facts can make, with its rows.

    From ``catalog`` come the addresses of publishers, and the measured builds that announced ones
    stand beside.
    """
    found: dict[sheets.Sheet, Iterable[rows.Row]] = {
        sheets.CUDA: cuda.cuda(facts),
        sheets.ARCHITECTURES: cuda.architecture(facts),
        sheets.NVIDIA_GPUS: gpus.nvidia(facts),
        sheets.AMD_GPUS: gpus.amd(facts, catalog.amd_targets),
        sheets.INTEL_GPUS: gpus.intel(facts),
        sheets.GPU_FIGURES: figures.figures(facts),
        sheets.DRIVERS: drivers.branches(facts),
        sheets.DRIVER_PACKAGES: drivers.packages(facts),
        sheets.DOCUMENTED: documented.documented(facts),
        **announced(facts, catalog),
    }
    return {sheet: list(listed) for sheet, listed in found.items()}


def texts(facts: Facts, folder: Path) -> dict[str, bytes]:
    """What the files below ``folder`` should hold, by path: sheets, and the contents of all.

    Raises BadDataError ``bad-row`` for a sheet that cannot be read.
    """
    sheets_made = made(facts, Catalog(folder))
    found = {
        sheet.path: dump(sheet, merged(sheet, standing(folder, sheet), listed))
        for sheet, listed in sheets_made.items()
    }
    return writing.with_contents(folder, found)


def others(facts: Facts, folder: Path) -> dict[str, list[rows.Row]]:
    """The rows below ``folder`` that the facts do not make and therefore leave, by path."""
    found = {
        sheet.path: not_made(sheet, standing(folder, sheet), listed)
        for sheet, listed in made(facts, Catalog(folder)).items()
    }
    return {path: left for path, left in found.items() if left}


def standing(folder: Path, sheet: sheets.Sheet) -> list[rows.Row]:
    """The rows that a sheet holds now; none where there is no sheet yet."""
    file = folder / sheet.path
    found = read(sheet, file.read_bytes()) if file.exists() else ()
    return [row for row in found if isinstance(row, rows.Row)]


def main(arguments: list[str]) -> int:
    """Run the command: 0 when nothing changes or the change was written, 1 when it waits."""
    folders = [word for word in arguments if not word.startswith("-")]
    if len(folders) != 1 or set(arguments) - {"--write", *folders}:
        sys.stderr.write(__doc__ or "")
        return 2
    stacks = resources.stacks()
    facts = Facts(Path(folders[0]))
    try:
        fresh = texts(facts, stacks)
        left = others(facts, stacks)
    except DlsetupError as error:
        return writing.complain(error)
    for path, listed in left.items():
        writing.say(f"{path}: rows that the facts do not make, and that stay: {len(listed)}")
    return writing.show_and_write(stacks, fresh, for_real="--write" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
