from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.catalog.check import audit
from provisioner.catalog.load import Catalog
from provisioner.upkeep import contents, writing

CHECKOUT = Path(__file__).resolve().parents[3]

Edit = Callable[..., None]


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A copy of the catalog's folder, to be damaged."""
    return Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks"))


@pytest.fixture
def edit_row(stacks: Path) -> Edit:
    """Change fields of the one row that is meant, in a sheet of JSON lines; None removes one."""

    def edit(path: str, meant: dict[str, str], **changed: Any) -> None:
        file = stacks / path
        found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        (row,) = [row for row in found if meant.items() <= {"variant": "default", **row}.items()]
        row |= changed
        for field in [field for field, value in changed.items() if value is None]:
            del row[field]
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in found]
        file.write_text("".join(lines), encoding="utf-8")
        # Form and contents are made right again, so that only the fact itself is wrong.
        writing.write(stacks, contents.texts(stacks))

    return edit


@pytest.fixture
def sentences(stacks: Path) -> Callable[[], list[str]]:
    """What the audit says of the copy, as people read it."""
    return lambda: [str(problem) for problem in audit(Catalog(stacks))]
