"""Looking rows up by the words people use: GPU names, operating systems, PCI ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Cap, DriverBranch, GpuModel, OperatingSystemRow
from provisioner.catalog.words import Reference
from provisioner.errors import UsageError
from provisioner.machine import Gpu
from provisioner.request import admits
from provisioner.version import capability_of, public

ROLLING = "rolling"
"""In the place of a version: a system that has none."""
ENDED = "ended"
"""In the place of a month: a life that is over, nobody says since when."""

_WORD = re.compile(r"[a-z0-9]+")
_CAPABILITY = re.compile(r"^\d{1,2}\.\d$")
_BEFORE_CUDA_ROWS = "before Fermi"
"""The architecture of parts that only a legacy driver names, without saying more."""
_MOBILE = frozenset({"laptop", "mobile"})
_MAKERS = frozenset({"nvidia", "geforce", "amd", "intel"})
_FORM_FACTORS = re.compile(r"^(sxm\d*|pcie|nvl|\d+gb|gpu|card|graphics)$")


def is_over(end: str, today: str) -> bool:
    """Whether a life is over: a month ends after its last day, and counts as life until then."""
    return end == ENDED or end < today[:7]


def caps_on(caps: Iterable[Cap], framework: str, version: str) -> Iterator[Cap]:
    """The caps that a release of a framework takes."""
    for cap in caps:
        if cap.framework == framework and admits(cap.version, public(version)):
            yield cap


def system(catalog: Catalog, os_id: str, version: str) -> OperatingSystemRow | None:
    """Return the row of an operating system, or None.

    ``id`` or an alias of it; a minor release has its major's row: ``rocky-9.4`` is ``rocky-9``.
    A rolling system has one row, whatever its os-release says of a version.
    """
    rows = (row for row in catalog.systems if os_id == row.id or os_id in row.aliases)
    fitting = [
        row for row in rows if row.version == ROLLING or f"{version}.".startswith(f"{row.version}.")
    ]
    return max(fitting, key=lambda row: len(row.version), default=None)


def names_of_system(catalog: Catalog, os_id: str, version: str) -> frozenset[str]:
    """Return what rows of drivers and repositories may call a system: ``rocky-9``, ``rhel9``."""
    row = system(catalog, os_id, version)
    if row is None:
        return frozenset({f"{os_id}-{version}"})
    return frozenset({f"{row.id}-{row.version}", row.nvidia_repository or ""})


def driver_branch(catalog: Catalog, version: str, *, windows: bool = False) -> DriverBranch | None:
    """Return the branch a driver version belongs to; None where the catalog knows none.

    Windows numbers the releases of one branch upwards (R535 gives 536 and 537), so there it is
    the nearest branch below, and none above the newest.
    """
    wanted = int(version.partition(".")[0])
    known = [row for row in catalog.drivers if row.first_version]
    if windows and known and wanted <= int(known[-1].branch):
        return max(
            (row for row in known if int(row.branch) <= wanted),
            key=lambda row: int(row.branch),
            default=None,
        )
    return next((row for row in known if int(row.branch) == wanted), None)


def reference(catalog: Catalog, name: str) -> Reference:
    """Return what a reference means. Raises UsageError ``unknown-reference``."""
    found = next((row for row in catalog.references if row.name == name.strip().lower()), None)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [row.name for row in catalog.references], n=3)
        raise UsageError(
            "unknown-reference",
            f"There is no reference {name[:60]!r}.",
            hint="Did you mean " + ", ".join(near) + "?"
            if near
            else "References look like driver-too-old.",
        )
    return found


def gpu_by_pci_id(catalog: Catalog, vendor: str, device: str, subsystem: str | None) -> Gpu | None:
    """Return what a PCI id is, the subsystem's own name first; None where nobody knows."""
    device = device.lower()
    plain: GpuModel | None = None
    for row in catalog.gpus:
        if row.device != device or row.vendor != vendor:
            continue
        if row.subsystem is None:
            plain = plain or row
        elif subsystem and row.subsystem == subsystem.lower():
            return _as_gpu(row)
    return _as_gpu(plain) if plain else None


def gpu_by_word(catalog: Catalog, word: str) -> Gpu:
    """Return the GPU that a person means: a product name, ``sm_86``, ``8.6`` or ``gfx1100``.

    Names match whole words; the desktop part is meant unless "Laptop" is said. Raises UsageError
    ``unknown-gpu``, or ``ambiguous-gpu`` when the name covers several capabilities.
    """
    text = word.strip().lower()
    if _CAPABILITY.match(text):
        return _by_capability(catalog, text, word.strip())
    if text.startswith("sm_"):
        try:
            return _by_capability(catalog, capability_of(text.rstrip("af"))[0], word.strip())
        except ValueError:
            raise _unknown(word) from None
    if re.fullmatch(r"gfx[0-9a-f]{3,4}", text):
        return Gpu(name=text, vendor="amd", architecture=text)
    return _by_name(catalog, word)


def _by_capability(catalog: Catalog, capability: str, name: str) -> Gpu:
    rows = (row for row in catalog.architectures if row.compute_capability == capability)
    known = next(rows, None)
    return Gpu(
        name=name,
        compute_capability=capability,
        architecture=known.name if known else None,
    )


def gpu_rows(catalog: Catalog, word: str) -> tuple[GpuModel, ...]:
    """Return every row that a word means: the boards of a name, or all of a capability.

    Reads words as ``gpu_by_word`` does, and raises as it does.
    """
    text = word.strip().lower()
    if text.startswith(("sm_", "gfx")) or _CAPABILITY.match(text):
        gpu = gpu_by_word(catalog, word)
        return tuple(
            row
            for row in catalog.gpus
            if (gpu.compute_capability and row.compute_capability == gpu.compute_capability)
            or (gpu.vendor == "amd" and row.architecture == gpu.architecture)
        )
    return tuple(_rows_by_name(catalog, word)[0])


def _by_name(catalog: Catalog, word: str) -> Gpu:
    return _one_of(*_rows_by_name(catalog, word))


def _rows_by_name(catalog: Catalog, word: str) -> tuple[list[GpuModel], list[str]]:
    """The rows that a name means, all of one kind, and the words that were asked."""
    asked = [piece for piece in _WORD.findall(word.lower()) if piece not in _MAKERS]
    if not asked:
        raise _unknown(word)
    # A GPU of which no more than the name is known never makes another's name ambiguous.
    explained = [row for row in catalog.gpus if row.architecture or row.last_driver_branch]
    found = _called(explained, asked) or _called(catalog.gpus, asked)
    if not found:
        raise _unknown(word)
    exact = [row for row in found if "".join(_words(row.name)) == "".join(asked)]
    found = exact or found
    kinds = {(row.vendor, row.compute_capability or row.architecture) for row in found}
    if len(kinds) > 1:
        raise _ambiguous(word, found)
    return found, asked


def _called(rows: Sequence[GpuModel], asked: list[str]) -> list[GpuModel]:
    """Rows that go by this name; else without the form of the board; else with a letter more."""
    kept = [piece for piece in asked if not _FORM_FACTORS.match(piece)]
    return (
        _matching(rows, asked)
        or (_matching(rows, kept) if kept and kept != asked else [])
        or _with_a_letter_more(rows, asked)
    )


def _with_a_letter_more(rows: Iterable[GpuModel], asked: list[str]) -> list[GpuModel]:
    """Rows whose name holds what was asked but for a letter or two of a variant: K40 → K40m."""
    compact = "".join(asked)
    if not re.search(r"[a-z]\d|\d\d\d", compact):
        return []
    wanted = re.compile(re.escape(compact) + "[a-z]{1,2}")
    return [
        row
        for row in rows
        if not _MOBILE & set(words := _words(row.name))
        and any(
            wanted.fullmatch("".join(words[start:end]))
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
        )
    ]


def _one_of(rows: list[GpuModel], asked: list[str]) -> Gpu:
    """What all matching parts have in common: the name as far as they share it, and the rest.

    ``Tesla V100`` of V100-PCIE-16GB and V100-SXM2-32GB; where they share less than was asked for,
    the plainest name as far as it was asked for, or else all of it.
    """
    plainest = min(rows, key=lambda row: (len(_words(row.name)), row.name, row.device or ""))
    gpu = _as_gpu(plainest)
    names = {row.name for row in rows}
    if len({name.lower() for name in names}) == 1:
        return gpu
    shared = _shared(plainest.name, names)
    if not _in_order(_words(shared), asked):
        shared = _so_far(plainest.name, asked)
    if not shared:
        return gpu
    sizes = {row.memory_bytes for row in rows}
    memory = sizes.pop() if len(sizes) == 1 else None
    return msgspec.structs.replace(gpu, name=shared, memory_bytes=memory, pci_id=None)


def _shared(name: str, others: Iterable[str]) -> str:
    """The words that a name and all others begin with."""
    end = 0
    for match in re.finditer(r"[A-Za-z0-9]+", name):
        begin = re.compile(re.escape(name[: match.end()]) + r"\b", re.IGNORECASE)
        if not all(begin.match(other) for other in others):
            break
        end = match.end()
    return name[:end]


def _so_far(name: str, asked: list[str]) -> str:
    """The beginning of a name that says what was asked and no more: A100 of A100 PCIe 40GB.

    The form of a board is left out with what is before it: A100 40GB of the same name.
    """
    said = re.split(r"(?=[ -])", name)
    kept = (piece for piece in said if not _is_form(piece.strip(" -").lower(), asked))
    plain = "".join(kept)
    begun = (plain[: match.end()] for match in re.finditer(r"[A-Za-z0-9]+", plain))
    return next((words for words in begun if _words(words) == asked), "")


def _is_form(word: str, asked: list[str]) -> bool:
    """Whether a word only tells the form of a board, and nobody asked for that."""
    return bool(_FORM_FACTORS.match(word)) and word not in asked


def _matching(rows: Iterable[GpuModel], asked: list[str]) -> list[GpuModel]:
    """Rows whose name holds the asked words in order: side by side if any does, else apart."""
    compact = "".join(asked)
    pattern = re.compile(r"[^a-z0-9]*".join(re.escape(letter) for letter in compact))
    mobile_wanted = bool(_MOBILE & set(asked))
    near: list[GpuModel] = []
    apart: list[GpuModel] = []
    for row in rows:
        lowered = row.name.lower()
        if asked[-1] not in lowered and not pattern.search(lowered):
            continue
        words = _words(row.name)
        if bool(_MOBILE & set(words)) is not mobile_wanted and (mobile_wanted or len(words) > 1):
            continue
        # A100 80GB is A100-SXM4-80GB too: the form of a board may stand between.
        formless = [piece for piece in words if not _is_form(piece, asked)]
        if _runs_together(words, compact) or _runs_together(formless, compact):
            near.append(row)
        elif _in_order(words, asked):
            apart.append(row)
    return near or apart


def _runs_together(words: list[str], compact: str) -> bool:
    """Whether some run of whole words, written together, is exactly what was asked."""
    for start in range(len(words)):
        joined = ""
        for word in words[start:]:
            joined += word
            if joined == compact:
                return True
            if not compact.startswith(joined):
                break
    return False


def _in_order(words: list[str], asked: list[str]) -> bool:
    rest = iter(words)
    return all(piece in rest for piece in asked)


def _words(name: str) -> list[str]:
    return [piece for piece in _WORD.findall(name.lower()) if piece not in _MAKERS]


def _as_gpu(row: GpuModel) -> Gpu:
    return Gpu(
        name=row.name,
        vendor={"10de": "nvidia", "1002": "amd", "8086": "intel"}.get(row.vendor, row.vendor),
        compute_capability=row.compute_capability,
        architecture=row.architecture or (_BEFORE_CUDA_ROWS if row.last_driver_branch else None),
        memory_bytes=row.memory_bytes,
        pci_id=f"{row.vendor}:{row.device}" if row.device else None,
    )


def _unknown(word: str) -> UsageError:
    return UsageError(
        "unknown-gpu",
        f"The catalog does not know a GPU called {word[:80]!r}.",
        hint="Use the product name (RTX 3090), an architecture (sm_86), a compute capability "
        "(8.6), or none for the CPU.",
    )


def _ambiguous(word: str, rows: list[GpuModel]) -> UsageError:
    by_kind: dict[str, set[str]] = {}
    for row in rows:
        kind = row.compute_capability or row.architecture or "unknown capability"
        by_kind.setdefault(kind, set()).add(row.name)
    choices = tuple(
        f"{kind}: {', '.join(sorted(names)[:3])}" for kind, names in sorted(by_kind.items())
    )
    return UsageError(
        "ambiguous-gpu",
        f"{word[:80]!r} covers GPUs of several compute capabilities.",
        context=choices,
        hint="Say the whole name, or the compute capability itself, such as --gpu "
        + min(by_kind)
        + ".",
    )
