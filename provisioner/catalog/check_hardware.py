"""How GPUs, architectures, CUDA releases and drivers go together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, found_in, rows_of
from provisioner.catalog.rows import Architecture, Build, Cuda, DriverPackage, GpuModel
from provisioner.version import at_least, capability_of, is_dotted

_VENDORS = {
    sheets.NVIDIA_GPUS.path: "10de",
    sheets.AMD_GPUS.path: "1002",
    sheets.INTEL_GPUS.path: "8086",
}
"""The PCI vendor whose GPUs a sheet lists (pci.ids)."""


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with hardware and drivers in the light of the other sheets."""
    architectures = {row.compute_capability: row for row in catalog.architectures}
    yield from _targets(catalog, architectures)
    yield from _gpus(catalog, architectures)
    yield from _precisions(catalog)
    yield from _cuda(catalog)
    yield from _drivers(catalog)


def _targets(catalog: Catalog, known: dict[str, Architecture]) -> Iterator[Problem]:
    """Code is for capabilities that have a row, and for a CUDA that knows them."""
    listed = (sheets.CUDA, sheets.LIBRARIES, sheets.CONDA_LIBRARIES)
    asked = {row.version for row in catalog.cuda if row.architectures}
    for sheet, row in rows_of(catalog, *listed, *catalog.build_sheets):
        found = [name for field in ("architectures", "sass", "ptx") for name in _names(row, field)]
        cuda = row.version if isinstance(row, Cuda) else None
        # cuDNN is compiled with a CUDA of its own, often newer than the one it is packed for;
        # where a compiler was asked what it accepts, builds are held against that.
        if isinstance(row, Build) and row.cuda not in asked:
            cuda = row.cuda
        for name in dict.fromkeys(found):
            yield from found_in(sheet, row, _target(name, cuda, known))


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
    for path, vendor in _VENDORS.items():
        sheet = next(sheet for sheet in sheets.FIXED if sheet.path == path)
        listed = [row for _, row in rows_of(catalog, sheet) if isinstance(row, GpuModel)]
        usual = {field: _usual(listed, field) for field in ("device", "chip")}
        for row in listed:
            if row.vendor != vendor:
                message = f"vendor {row.vendor} does not belong into this sheet, {vendor} does"
                yield from found_in(sheet, row, (message,))
            # One reason is enough: the others follow from it.
            message = next(_capability(row, known, usual), "")
            yield from found_in(sheet, row, (message,) if message else ())


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


def _cuda(catalog: Catalog) -> Iterator[Problem]:
    """A newer CUDA never runs on an older driver than the one before it."""
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


def _drivers(catalog: Catalog) -> Iterator[Problem]:
    """Packages install known branches on known systems, from known repositories."""
    branches = {row.branch for row in catalog.drivers}
    systems = {f"{row.id}-{row.version}" for row in catalog.systems}
    repositories = {(row.name, row.os) for row in catalog.repositories}
    for sheet, row in rows_of(catalog, sheets.DRIVER_PACKAGES, sheets.DEBIAN_PACKAGES):
        if not isinstance(row, DriverPackage):
            continue
        if row.branch not in branches:
            yield from found_in(sheet, row, (f"branch {row.branch} has no row",))
        if row.os not in systems:
            yield from found_in(sheet, row, (f"{row.os} has no row",))
        if row.repository and (row.repository, row.os) not in repositories:
            message = f"repository {row.repository} has no row for {row.os}"
            yield from found_in(sheet, row, (message,))
    for branch in catalog.drivers:
        if branch.first_version and branch.first_version.partition(".")[0] != branch.branch:
            message = f"first_version {branch.first_version} is of another branch"
            yield from found_in(sheets.DRIVERS, branch, (message,))
