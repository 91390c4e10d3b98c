"""Reading the folder of gathered facts, and the spellings its tables share."""

from __future__ import annotations

import csv
import json
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from provisioner.catalog.sheets import natural
from provisioner.errors import OutsideError

# Long names of sources that stand on hundreds of rows, and the same source named as exactly.
_SHORTER = (
    (
        re.compile(r"^(?:runfile/exe names in )?Jimver/cuda-toolkit src/links"),
        "Jimver/cuda-toolkit",
    ),
    (
        re.compile(r"^nvidia-driver-595 595\.99\.02 README appendix A .*pci\.ids ([\d.]+).*$"),
        r"nvidia-driver-595 README app. A + pci.ids \1",
    ),
    (re.compile(r" \(Modaliases field\), read [\d-]+$"), ""),
    (
        re.compile(r"^pytorch RELEASE\.md as carried in several public scripts.*?(?= ; |$)"),
        "pytorch RELEASE.md",
    ),
    (re.compile(r" \(pytorch\.github\.io .*$"), ""),
    (re.compile(r"pci\.ids ([\d.]+) \(Debian sid\)"), r"pci.ids \1"),
)
_PYTHON_TAG = re.compile(r"cp(\d)(\d+)(t?)$")


class Facts:
    """The tables of one folder by name, each read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = cache(self._rows)

    @cached_property
    def gathered(self) -> str:
        """The day that the folder's README gives for the whole collection."""
        match = re.search(r"gathered (\d{4}-\d\d-\d\d)", self._text("README.md"))
        if not match:
            raise OutsideError("facts-unreadable", "The facts' README names no day of gathering.")
        return match[1]

    def json(self, name: str) -> Any:
        """One JSON file."""
        return json.loads(self._text(f"{name}.json"))

    def _rows(self, name: str) -> tuple[dict[str, str], ...]:
        lines = self._text(f"{name}.csv").splitlines(keepends=True)
        found = csv.DictReader(line for line in lines if not line.startswith("#"))
        return tuple(_whole(row) for row in found)

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except OSError as error:
            raise OutsideError(
                "facts-unreadable",
                f"The facts' table {name} cannot be read.",
                context=(f"{self.folder}: {error.strerror}",),
            ) from None


def _whole(row: dict[Any, Any]) -> dict[str, str]:
    """One row with its source whole: an unquoted comma in the last column cuts it in two."""
    rest = row.pop(None, None)
    if rest:
        last = list(row)[-1]
        row[last] = ",".join([row[last], *rest])
    return row


def short(source: str) -> str:
    """A table's source in fewer words that still name it exactly."""
    for long, brief in _SHORTER:
        source = long.sub(brief, source)
    return source.strip().rstrip(".")


def pythons(tags: str) -> tuple[str, ...]:
    """Wheel tags as Python versions, oldest first: ``cp310 cp39`` → ("3.9", "3.10")."""
    found = [match for tag in tags.split() if (match := _PYTHON_TAG.match(tag))]
    return tuple(sorted((f"{m[1]}.{m[2]}{m[3]}" for m in found), key=natural))


def architectures(numbers: str, kind: str = "sm") -> tuple[str, ...]:
    """Capabilities in any of the tables' spellings as sorted architecture names.

    ``5.0;9.0+PTX``, ``50 90``, ``sm_50 sm_90`` and ``sm_50,compute_90`` all occur; for ``sm`` the
    last two give the machine code, for ``compute`` what is marked as PTX.
    """
    found = set()
    for word in re.split(r"[;,\s|]+", numbers.strip()):
        match = re.fullmatch(r"(sm_|compute_)?(\d+(?:\.\d)?[af]?)(\+PTX)?", word)
        if not match:
            continue
        ptx = match[1] == "compute_" or bool(match[3])
        if (kind == "compute" and ptx) or (kind == "sm" and match[1] != "compute_"):
            found.add(f"{kind}_{match[2].replace('.', '')}")
    return tuple(sorted(found, key=_number))


def _number(name: str) -> tuple[int, str]:
    match = re.search(r"(\d+)(\D?)$", name)
    return (int(match[1]), match[2]) if match else (0, name)
