"""pci.ids: which graphics processors of NVIDIA, AMD and Intel it lists that the catalog lacks.

pci.ids says what an id is called and nothing else: a new row has a name, and of NVIDIA's chips what
the catalog already knows of the same chip.

The list has no classes, so a graphics processor is known by its name: NVIDIA's stand as chip and
product, Intel's name a product line, AMD's that or a chip that the catalog has. A bare code name of
theirs that nobody has explained yet is passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import GpuModel, Row
from provisioner.errors import OutsideError
from provisioner.upkeep.merging import merged

NVIDIA, AMD, INTEL = "10de", "1002", "8086"
SHEETS = {NVIDIA: sheets.NVIDIA_GPUS, AMD: sheets.AMD_GPUS, INTEL: sheets.INTEL_GPUS}
"""Where the GPUs of each vendor stand."""

_VERSION = re.compile(r"^#\s*Version:\s*([\d.]+)\s*$", re.MULTILINE)
_NAMED = re.compile(r"(?P<chip>[^\[]*?) *\[(?P<product>.+)\]")
_CHIP = r"[A-Z]{1,3}\d{1,3}[\w-]*"
_NVIDIA = re.compile(rf"{_CHIP}(?: ?/ ?{_CHIP})*(?: \[[^\]]+\])?(?: Engineering Sample)?")
_LINES = {
    AMD: re.compile(r"\[.*(Radeon|Fire(Pro|GL|MV|Stream)|Instinct|\bGPU\b|Graphics|APU).*\]"),
    INTEL: re.compile(r"\b(Graphics|Arc|Iris|Data Center GPU|Server GPU)\b"),
}
"""How the makers' product lines are called."""
_OTHER_PART = re.compile(
    r"Audio|NVSwitch|Dev ID|[Bb]ridge|\bPort\b|Hub\b|Memory|USB|SATA|\bIDE\b|SMBus|System and|"
    r"[Cc]o-?processor|Dummy|\(Secondary\)"
)
"""What shares a graphics processor's name, or its place in the list, and is none."""
_VARIANT = re.compile(r"(?P<chip>(?P<family>[A-Z]+\d+)[A-Z]?)")
"""NVIDIA's chip, and the family without the letter of a variant: GK208B, GK208."""
_DEVICE = re.compile(r"\t[0-9a-f]{4}  ")


class Listed(NamedTuple):
    """One device of the list."""

    vendor: str
    device: str
    text: str


class _Alike(NamedTuple):
    """What the catalog knows of every GPU with one chip."""

    architecture: str
    compute_capability: str | None


_Known = dict[tuple[str, str], _Alike]


def version_of(text: str) -> str:
    """The list's own version, ``2026.10.24``. Raises OutsideError ``facts-unreadable``."""
    match = _VERSION.search(text)
    if match:
        return match[1]
    raise OutsideError("facts-unreadable", "The list of PCI ids names no version of its own.")


def devices(text: str) -> Iterator[Listed]:
    """Every device of the three vendors, graphics processors and all others."""
    vendor = ""
    for line in text.splitlines():
        if line.startswith("C "):
            return
        if line[:1] not in {"", "#", "\t"}:
            vendor = line[:4]
        elif vendor in SHEETS and _DEVICE.match(line):
            yield Listed(vendor, line[1:5], line[7:].strip())


def news(text: str, catalog: Catalog, checked: str) -> list[GpuModel]:
    """Rows for the graphics processors that the catalog has no row for, in the list's order.

    ``checked`` is the day the list was read. Raises OutsideError ``facts-unreadable`` for a text
    that is no such list.
    """
    evidence = f"pci.ids {version_of(text)}"
    present = {(row.vendor, row.device) for row in catalog.gpus}
    names = {row.name.removeprefix("NVIDIA ") for row in catalog.gpus}
    known = _chips(catalog)
    found = []
    for listed in devices(text):
        if (listed.vendor, listed.device) in present:
            continue
        chip, product = _parts(listed.text)
        chip, alike = _of_chip(listed.vendor, chip, known)
        if not _is_gpu(listed, alike):
            continue
        found.append(
            GpuModel(
                vendor=listed.vendor,
                device=listed.device,
                # A rare board must not make the name of a common one ambiguous.
                name=product if product and product not in names else _parts(listed.text)[0],
                chip=chip,
                architecture=alike.architecture if alike else None,
                compute_capability=alike.compute_capability if alike else None,
                evidence=f"{evidence}; as all GPUs with this chip" if alike else evidence,
                checked=checked,
            )
        )
    return found


def with_news(catalog: Catalog, found: list[GpuModel]) -> dict[sheets.Sheet, list[Row]]:
    """Each sheet of GPUs with the new rows in it."""
    fresh = {}
    for vendor, sheet in SHEETS.items():
        rows = [row for row in catalog.gpus if row.vendor == vendor and row.device]
        mine = [row for row in found if row.vendor == vendor]
        fresh[sheet] = merged(sheet, rows, mine)
    return fresh


def _is_gpu(listed: Listed, alike: _Alike | None) -> bool:
    if _OTHER_PART.search(listed.text):
        return False
    if listed.vendor == NVIDIA:
        return bool(_NVIDIA.fullmatch(listed.text))
    # Intel's code names are those of whole processors, with all that lies on them.
    by_chip = listed.vendor == AMD and alike is not None
    return by_chip or bool(_LINES[listed.vendor].search(listed.text))


def _parts(text: str) -> tuple[str, str | None]:
    """Chip and product: ``AD102 [GeForce RTX 4090]``; a text without brackets is a chip alone."""
    match = _NAMED.fullmatch(text)
    return (match["chip"], match["product"]) if match else (text, None)


def _of_chip(vendor: str, chip: str, known: _Known) -> tuple[str, _Alike | None]:
    """The chip as the catalog calls it, and what it knows of it.

    NVIDIA's ``GK208BGLM`` is the chip GK208 in a variant; a variant with a row of its own, such as
    GB20B, is itself.
    """
    words = [chip]
    if vendor == NVIDIA and (match := _VARIANT.match(chip)):
        words = [match["chip"], match["family"]]
    word = next((word for word in words if (vendor, word) in known), words[-1])
    return word, known.get((vendor, word))


def _chips(catalog: Catalog) -> _Known:
    """What the catalog knows by vendor and chip, where all rows of a chip say the same.

    Rows without an architecture say nothing, so that what is read today is no proof tomorrow.
    """
    found: defaultdict[tuple[str, str], set[_Alike]] = defaultdict(set)
    for row in catalog.gpus:
        if row.chip and row.architecture:
            told = _Alike(row.architecture, row.compute_capability)
            found[row.vendor, row.chip].add(told)
    return {key: told.pop() for key, told in found.items() if len(told) == 1}
