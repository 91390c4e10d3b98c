"""Make the catalog's sheets from the folder of gathered facts.

    python -m provisioner.upkeep.from_facts FACTS_DIR [--write]

Shows what would change as a diff and writes only with ``--write``. Run twice, the second run
changes nothing. Sheets that people edit are read for the index and never touched.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from provisioner import resources
from provisioner.catalog import rows, sheets
from provisioner.catalog.dump import dump, dump_index
from provisioner.catalog.load import Index, read
from provisioner.errors import DlsetupError
from provisioner.upkeep.facts import cuda, drivers, gpus, tensorflow, torch, torch_pairs
from provisioner.upkeep.facts.table import Facts

_DIFF_LINES = 200


def made(facts: Facts) -> dict[sheets.Sheet, list[rows.Row]]:
    """Every sheet that the facts can make, with its rows."""
    pytorch = torch.torch(facts)
    found: dict[sheets.Sheet, Iterable[rows.Row]] = {
        sheets.CUDA: cuda.cuda(facts),
        sheets.ARCHITECTURES: cuda.architecture(facts),
        sheets.NVIDIA_GPUS: gpus.nvidia(facts),
        sheets.AMD_GPUS: gpus.amd(facts),
        sheets.INTEL_GPUS: gpus.intel(facts),
        sheets.DRIVERS: drivers.branches(facts),
        sheets.DRIVER_PACKAGES: drivers.packages(facts),
        sheets.builds("torch"): pytorch,
        sheets.builds("torchvision"): torch_pairs.pairs(facts, "torchvision", pytorch),
        sheets.builds("torchaudio"): torch_pairs.pairs(facts, "torchaudio", pytorch),
        sheets.builds("tensorflow"): tensorflow.wheels(facts, "tensorflow"),
        sheets.builds("tensorflow-gpu"): tensorflow.wheels(facts, "tensorflow-gpu"),
    }
    return {sheet: list(listed) for sheet, listed in found.items()}


def texts(facts: Facts, folder: Path) -> dict[str, bytes]:
    """What the files below ``folder`` should hold, by path: made sheets, and the index of all."""
    found = {sheet.path: dump(sheet, listed) for sheet, listed in made(facts).items()}
    return found | {sheets.INDEX: dump_index(index_of(folder, found))}


def index_of(folder: Path, fresh: Mapping[str, bytes]) -> Index:
    """The index of a catalog: the files below ``folder``, as ``fresh`` would change them."""
    checked: set[str] = set()
    frameworks: dict[str, set[str]] = {}
    names = {path.stem for path in (folder / "frameworks").glob("*.jsonl")}
    names |= {Path(path).stem for path in fresh if path.startswith("frameworks/")}
    for sheet in (*sheets.FIXED, *map(sheets.builds, sorted(names))):
        for row in _rows_of(folder, fresh, sheet):
            checked.add(row.checked)
            if isinstance(row, rows.Build):
                for name in filter(None, (row.framework, row.provides)):
                    frameworks.setdefault(name, set()).add(Path(sheet.path).stem)
    listed = {name: tuple(sorted(found)) for name, found in frameworks.items()}
    return Index(max(checked), listed)


def _rows_of(folder: Path, fresh: Mapping[str, bytes], sheet: sheets.Sheet) -> tuple[rows.Row, ...]:
    text = fresh.get(sheet.path)
    if text is None:
        path = folder / sheet.path
        text = path.read_bytes() if path.exists() else b""
    return read(sheet, text)


def changes(folder: Path, fresh: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The unified diff of every file that would change."""
    found = {}
    for path, text in fresh.items():
        old = (folder / path).read_bytes() if (folder / path).exists() else b""
        if old != text:
            sides = old.decode().splitlines(), text.decode().splitlines()
            found[path] = list(difflib.unified_diff(*sides, path, path, lineterm="", n=0))
    return found


def write(folder: Path, fresh: Mapping[str, bytes]) -> None:
    """Write files below ``folder``, each whole or not at all."""
    for path, text in fresh.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_bytes(text)
        os.replace(draft, target)


def main(arguments: list[str]) -> int:
    """Run the command: 0 when nothing changes or the change was written, 1 when it waits."""
    folders = [word for word in arguments if not word.startswith("-")]
    if len(folders) != 1 or set(arguments) - {"--write", *folders}:
        print(__doc__, file=sys.stderr)
        return 2
    stacks = resources.stacks()
    try:
        fresh = texts(Facts(Path(folders[0])), stacks)
    except DlsetupError as error:
        print(f"error: {error.reference}: {error.message}", *error.context, sep="\n  ", file=sys.stderr)
        return error.exit_code
    changed = changes(stacks, fresh)
    for path, lines in changed.items():
        print(*lines[:_DIFF_LINES], sep="\n")
        if len(lines) > _DIFF_LINES:
            print(f"… {len(lines) - _DIFF_LINES} more lines of {path}")
    if not changed:
        print("Nothing changes.")
        return 0
    if "--write" not in arguments:
        print(f"{len(changed)} files would change; run again with --write.")
        return 1
    write(stacks, {path: fresh[path] for path in changed})
    print(f"{len(changed)} files written.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
