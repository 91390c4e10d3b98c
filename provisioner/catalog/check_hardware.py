"""How GPUs, architectures and CUDA releases go together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, found_in, rows_of
from provisioner.catalog.rows import Architecture, Build, Cuda, GpuModel
from provisioner.version import architecture_of, at_least, capability_of, is_dotted, minor

_VENDORS = {
    sheets.NVIDIA_GPUS: "10de",
    sheets.NVIDIA_MODULES: "10de",
    sheets.AMD_GPUS: "1002",
    sheets.INTEL_GPUS: "8086",
}
"""The PCI vendor whose GPUs a sheet lists (pci.ids)."""

_SMALLEST_BYTES, _LARGEST_BYTES = 1 << 20, 1 << 40
"""Less and more memory than any GPU has: a slip of the unit."""


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with hardware and drivers in the light of the other sheets."""
    architectures = {row.compute_capability: row for row in catalog.architectures}
    yield from _targets(catalog, architectures)
    yield from _gpus(catalog, architectures)
    yield from _precisions(catalog)
    yield from _architectures(catalog)
    yield from _cuda(catalog)
    yield from _amd(catalog)


def _targets(catalog: Catalog, known: dict[str, Architecture]) -> Iterator[Problem]:
    """Code is for capabilities that have a row, and for a CUDA that knows them."""
    listed = (sheets.CUDA, sheets.LIBRARIES, sheets.CONDA_LIBRARIES)
    asked = {row.version for row in catalog.cuda if row.architectures}
    for sheet, row in rows_of(catalog, *listed, *catalog.build_sheets):
        found = [name for field in ("architectures", "sass", "ptx") for name in _names(row, field)]
        cuda = row.version if isinstance(row, Cuda) else None
        # cuDNN is compiled with a CUDA of its own, often newer than the one it is packed for;
        # where a compiler was asked what it accepts, builds are held against that.
        if isinstance(row, Build) and row.cuda not in asked and "." in (row.cuda or ""):
            cuda = row.cuda
        told = [message for name in found for message in _target(name, cuda, known)]
        for code in row.code_by_cuda if isinstance(row, Build) else ():
            of = None if code.cuda in asked else code.cuda
            told += [text for name in code.sass + code.ptx for text in _target(name, of, known)]
        yield from found_in(sheet, row, dict.fromkeys(told))


def _names(row: object, field: str) -> tuple[str, ...]:
    return tuple(getattr(row, field, ()))


def _target(name: str, cuda: str | None, known: dict[str, Architecture]) -> Iterator[str]:
    try:
        capability = capability_of(name)[0]
    except ValueError:  # told where forms are
        return
    row = known.get(capability)
    if row is None:
        yield f"{name}: compute capability {capability} has no row"
    elif cuda and is_dotted(cuda):
        if row.first_cuda and not at_least(cuda, row.first_cuda):
            yield f"{name} is known from CUDA {row.first_cuda} on, not to {cuda}"
        if row.last_cuda and not at_least(row.last_cuda, cuda):
            yield f"{name} was dropped after CUDA {row.last_cuda}, {cuda} is later"


def _gpus(catalog: Catalog, known: dict[str, Architecture]) -> Iterator[Problem]:
    for sheet, vendor in _VENDORS.items():
        listed = [row for _, row in rows_of(catalog, sheet) if isinstance(row, GpuModel)]
        usual = {field: _usual(listed, field) for field in ("device", "chip")}
        for row in listed:
            if row.vendor != vendor:
                message = f"vendor {row.vendor} does not belong into this sheet, {vendor} does"
                yield from found_in(sheet, row, (message,))
            yield from found_in(sheet, row, _place(row, sheet))
            # One reason is enough: the others follow from it.
            message = next(_capability(row, known, usual), "")
            yield from found_in(sheet, row, (message,) if message else ())


def _place(row: GpuModel, sheet: sheets.Sheet) -> Iterator[str]:
    """What is on a PCI bus is known by its id, and what is not by its name."""
    if sheet is sheets.NVIDIA_MODULES:
        if row.device is not None:
            yield "has a PCI id, and this sheet is for GPUs without one"
    elif row.device is None:
        yield "has no PCI id, and this sheet goes by PCI ids"
    if row.memory_bytes is not None and not _SMALLEST_BYTES <= row.memory_bytes < _LARGEST_BYTES:
        yield f"memory_bytes {row.memory_bytes} is no size of a GPU's memory"
    if row.official_rocm is not None and sheet is not sheets.AMD_GPUS:
        yield "official_rocm is said of AMD's GPUs only"


def _usual(listed: Sequence[GpuModel], field: str) -> dict[str, str]:
    """The capability that most rows with the same device or chip have."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in listed:
        if row.compute_capability and (value := getattr(row, field)):
            counted[value][row.compute_capability] += 1
    return {value: counts.most_common(1)[0][0] for value, counts in counted.items()}


def _capability(
    row: GpuModel, known: dict[str, Architecture], usual: dict[str, dict[str, str]]
) -> Iterator[str]:
    """A part has one capability, and the architecture and the drivers that belong to it."""
    capability = row.compute_capability
    if capability is None:
        return
    architecture = known.get(capability)
    if architecture is None:
        yield f"compute capability {capability} has no row"
        return
    if row.architecture != architecture.name:
        yield f"capability {capability} is {architecture.name}, not {row.architecture}"
    for field, found in usual.items():
        value = getattr(row, field)
        if value and found[value] != capability:
            yield f"{field} {value} has capability {found[value]} elsewhere, not {capability}"
    last, ends = row.last_driver_branch, architecture.last_driver_branch
    if last and ends and not at_least(ends, last):
        yield f"capability {capability} ends with driver branch {ends}, before {last}"


def _precisions(catalog: Catalog) -> Iterator[Problem]:
    """Tensor cores compute in what the hardware computes in, and chips are of the capability."""
    chips = {(row.compute_capability, row.chip) for row in catalog.gpus}
    for row in catalog.architectures:
        for name in row.tensor_precisions or ():
            if name not in row.precisions:
                message = f"tensor_precisions: {name} is not among its precisions"
                yield from found_in(sheets.ARCHITECTURES, row, (message,))
        for chip in row.chips_without_tensor_cores:
            if (row.compute_capability, chip) not in chips:
                message = f"chips_without_tensor_cores: no GPU of it has the chip {chip}"
                yield from found_in(sheets.ARCHITECTURES, row, (message,))


def _architectures(catalog: Catalog) -> Iterator[Problem]:
    """The first that knows a capability comes before the last, and both have rows."""
    known = {"cuda": _column(catalog.cuda, "version"), "driver_branch": _branches(catalog)}
    capabilities = _column(catalog.architectures, "compute_capability")
    for row in catalog.architectures:
        if row.renamed and row.renamed not in capabilities:
            message = f"compute capability {row.renamed} has no row"
            yield from found_in(sheets.ARCHITECTURES, row, (message,))
        for what, listed in known.items():
            yield from found_in(sheets.ARCHITECTURES, row, _life(row, what, listed))
        yield from found_in(sheets.ARCHITECTURES, row, _compiled(catalog, row))


def _compiled(catalog: Catalog, row: Architecture) -> Iterator[str]:
    """A capability's life with CUDA is what the compilers that were asked accept."""
    target = architecture_of(row.compute_capability)
    for cuda in catalog.cuda:
        if not cuda.architectures or not row.first_cuda:
            continue
        lives = at_least(cuda.version, row.first_cuda) and (
            row.last_cuda is None or at_least(row.last_cuda, cuda.version)
        )
        if lives is not (target in cuda.architectures):
            told = "does not accept" if lives else "accepts"
            yield f"its compiler of CUDA {cuda.version} {told} {target}"


def _life(row: Architecture, what: str, listed: Sequence[str]) -> Iterator[str]:
    """``what`` is ``cuda`` or ``driver_branch``, ``listed`` the versions of it that have rows."""
    ends = (getattr(row, f"first_{what}"), getattr(row, f"last_{what}"))
    first, last = (version if version and is_dotted(version) else None for version in ends)
    if first and last and not at_least(last, first):
        yield f"last_{what} {last} is before first_{what} {first}"
    for version in filter(None, (first, last)):
        # What is older than every row was never gathered.
        if version not in listed and at_least(version, listed[0]):
            yield f"{what.replace('_', ' ')} {version} has no row"


def _column(found: Sequence[object], field: str) -> list[str]:
    return [getattr(row, field) for row in found]


def _branches(catalog: Catalog) -> list[str]:
    return _column(catalog.drivers, "branch")


def _amd(catalog: Catalog) -> Iterator[Problem]:
    """AMD's GPUs have a target with a row, are what it is, and one device has one target."""
    targets = {row.name: row for row in catalog.amd_targets}
    of_device: dict[str | None, str] = {}
    for sheet, row in rows_of(catalog, sheets.AMD_GPUS):
        if not isinstance(row, GpuModel) or row.architecture is None:
            continue
        target = targets.get(row.architecture)
        if target is None:
            yield from found_in(sheet, row, (f"target {row.architecture} has no row",))
        elif row.integrated != target.integrated:
            told = {True: "integrated", False: "a card of its own", None: "not known to be either"}
            message = f"is {told[row.integrated]}, and its target is {told[target.integrated]}"
            yield from found_in(sheet, row, (message,))
        first = of_device.setdefault(row.device, row.architecture)
        if first != row.architecture:
            message = f"device {row.device} is {first} elsewhere, not {row.architecture}"
            yield from found_in(sheet, row, (message,))


def _cuda(catalog: Catalog) -> Iterator[Problem]:
    """A newer CUDA never runs on an older driver than the one before it, nor before its own."""
    for row in catalog.cuda:
        yield from found_in(sheets.CUDA, row, _own(row))
    for field in ("driver_floor", "driver_bundled"):
        for system in ("linux", "windows"):
            before: Cuda | None = None
            for row in catalog.cuda:
                version = getattr(getattr(row, field), system)
                if version is None or not is_dotted(version):
                    continue
                floor = getattr(getattr(before, field), system) if before else version
                if before and not at_least(version, floor):
                    message = (
                        f"{field} {version} on {system} is below that of CUDA {before.version}, "
                        f"{floor}"
                    )
                    yield from found_in(sheets.CUDA, row, (message,))
                before = row


def _own(row: Cuda) -> Iterator[str]:
    """A release's driver is no older than the oldest that runs it; its toolkits are its own."""
    floor, bundled = row.driver_floor.linux, row.driver_bundled.linux
    readable = floor and bundled and is_dotted(floor) and is_dotted(bundled)
    if floor and bundled and readable and not at_least(bundled, floor):
        yield f"driver_bundled {bundled} on linux is below driver_floor {floor}"
    for toolkit in row.toolkits:
        if is_dotted(toolkit) and minor(toolkit) != row.version:
            yield f"toolkit {toolkit} is of CUDA {minor(toolkit)}"
