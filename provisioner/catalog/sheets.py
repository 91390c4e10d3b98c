"""Which sheets there are, what rows they hold, and the order of the rows.

A sheet that upkeep writes is JSON lines, one row a line, so that a diff reads as a list of news.
A sheet that people edit is TOML, one table a row, with room for comments at its head.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from provisioner.catalog import (
    complete_rows,
    driver_rows,
    image_rows,
    key_rows,
    rows,
    speed_rows,
    symptom_rows,
    system_rows,
    toolkit_rows,
    upkeep_rows,
    words,
)
from provisioner.catalog.support import Support

SortKey = tuple[tuple[tuple[int, int, str], ...], str]

_HEXADECIMAL = ("device", "subsystem")
_PIECE = re.compile(r"[0-9]+|[^0-9.]+")


class Sheet(msgspec.Struct, frozen=True):
    """One file of the catalog: its path below ``stacks``, its row type and what sorts it."""

    path: str
    row: type[msgspec.Struct]
    key: tuple[str, ...]
    table: str = ""
    """The name of the TOML tables; empty for JSON lines."""
    name: tuple[str, ...] = ()
    """The fields that tell a row from all others, where they are fewer than what sorts it."""


_LIBRARY_KEY = ("package", "version", "cuda", "platform")
CUDA = Sheet("nvidia/cuda.jsonl", rows.Cuda, ("version",))
ARCHITECTURES = Sheet("nvidia/architectures.jsonl", rows.Architecture, ("compute_capability",))
NVIDIA_GPUS = Sheet("nvidia/gpus.jsonl", rows.GpuModel, ("device", "subsystem"))
# A Jetson's GPU is on no PCI bus. A module's driver prints less than its name, so these rows are
# found by the name that a person gives, not by detection.
NVIDIA_MODULES = Sheet("nvidia/modules.jsonl", rows.GpuModel, ("name",))
AMD_TARGETS = Sheet("amd/targets.toml", rows.AmdTarget, ("name",), "target")
AMD_GPUS = Sheet("amd/gpus.jsonl", rows.GpuModel, ("device", "name"))
INTEL_GPUS = Sheet("intel/gpus.jsonl", rows.GpuModel, ("device", "name"))
GPU_FIGURES = Sheet("nvidia/gpu_figures.jsonl", speed_rows.GpuFigures, ("name", "memory_bytes"))
PCIE = Sheet("speed/pcie.toml", speed_rows.PcieGeneration, ("generation",), "generation")
EXPECTATIONS = Sheet("speed/expectations.toml", speed_rows.Expectation, ("measure",), "expectation")
DRIVERS = Sheet("nvidia/driver_branches.jsonl", rows.DriverBranch, ("branch",))
DRIVER_PACKAGES = Sheet("nvidia/driver_packages.jsonl", rows.DriverPackage, ("os", "package"))
DRIVER_PARTS = Sheet("nvidia/driver_parts.toml", driver_rows.DriverParts, ("os", "driver"), "parts")
NVSWITCHES = Sheet("nvidia/nvswitches.toml", driver_rows.Nvswitch, ("name",), "nvswitch")
CONTAINER_TOOLKIT = Sheet(
    "nvidia/container_toolkit.toml", driver_rows.ContainerToolkit, ("family", "arch"), "toolkit"
)
FAMILY_PACKAGES = Sheet("family_packages.toml", driver_rows.FamilyPackages, ("family",), "family")
DATA_CENTRE_GPUS = Sheet("nvidia/data_centre_gpus.toml", rows.DataCentreGpu, ("name",), "gpu")
FORWARD_COMPATIBILITY = Sheet(
    "nvidia/forward_compatibility.toml", rows.ForwardCompatibility, ("cuda",), "cuda"
)
LIBRARIES = Sheet("nvidia/libraries.jsonl", rows.Library, _LIBRARY_KEY)
TOOLKITS = Sheet("nvidia/toolkits.jsonl", toolkit_rows.ToolkitRelease, ("version",))
CONDA_LIBRARIES = Sheet("conda/libraries.jsonl", rows.Library, _LIBRARY_KEY)
OTHER_CONDA_LIBRARIES = Sheet("conda/other_libraries.jsonl", rows.Library, _LIBRARY_KEY)
SHARED_FILES = Sheet("nvidia/shared_files.toml", rows.SharedFile, ("file",), "shared_file")
IMAGES = Sheet("images/frameworks.jsonl", rows.Image, ("image",))
CUDA_IMAGES = Sheet("images/cuda.jsonl", rows.Image, ("image",))
ENDED_CUDA_IMAGES = Sheet("images/cuda_ended.jsonl", rows.Image, ("image",))
SIGHTED_IMAGES = Sheet("images/sighted.jsonl", rows.Image, ("image",))
BASE_IMAGES = Sheet("images/bases.toml", rows.Image, ("image",), "image")
RETIRED_KEYS = Sheet("nvidia/retired_keys.toml", key_rows.RetiredKey, ("key",), "key")
BARE_IMAGES = Sheet("images/bare.toml", system_rows.BareImage, ("repository",), "image")
ENDED_SYSTEMS = Sheet("ended_systems.toml", system_rows.EndedSystem, ("id", "version"), "system")
MANAGED_PYTHONS = Sheet("managed_pythons.toml", system_rows.ManagedPython, ("os",), "system")
IMAGE_SIZES = Sheet("images/sizes.toml", image_rows.ImageSize, ("image",), "size")
EDITOR_SERVERS = Sheet("images/editors.toml", image_rows.EditorServer, ("name",), "editor")
REPOSITORIES = Sheet(
    "nvidia/repositories.toml", rows.Repository, ("name", "os", "arch"), "repository"
)
SYSTEMS = Sheet("os.toml", rows.OperatingSystemRow, ("id", "version"), "system")
SYSTEM_PACKAGES = Sheet("system_packages.toml", rows.SystemPackage, ("os", "package"), "package")
PYTHONS = Sheet("python.toml", system_rows.PythonRow, ("version",), "python")
COMPLETE = Sheet("complete.toml", complete_rows.Complete, ("framework", "of"), "complete")
CONFLICTS = Sheet("conflicts.toml", rows.Conflict, (), "conflict")
SUPPORT = Sheet("accelerators/support.toml", Support, (), "support")
CAPS = Sheet("caps.toml", rows.Cap, ("framework", "version", "requirement"), "cap")
INDEX_VARIANTS = Sheet(
    "index_variants.toml", upkeep_rows.IndexVariant, ("framework", "variant"), "variant"
)
DIFFERENCES = Sheet("differences.toml", upkeep_rows.Difference, ("peer", "subject"), "difference")
ADDRESSES = Sheet("addresses.toml", rows.Address, ("name",), "address")
DEBIAN_PACKAGES = Sheet(
    "debian/driver_packages.toml", rows.DriverPackage, ("os", "package"), "package"
)
RPM_DRIVER_PACKAGES = Sheet(
    "nvidia/rpm_driver_packages.toml", rows.DriverPackage, ("os", "package"), "package"
)
PROFILES = Sheet("profiles.toml", words.Profile, (), "profile")
REFERENCES = Sheet("references.toml", words.Reference, ("name",), "reference")
PROJECTS = Sheet("upkeep/projects.toml", upkeep_rows.Project, ("name",), "project")
READINGS = Sheet("upkeep/readings.toml", upkeep_rows.Reading, (), "reading")
DOCUMENTED = Sheet("upkeep/documented.jsonl", upkeep_rows.Documented, ("framework", "versions"))
BROKEN = Sheet("upkeep/broken.toml", upkeep_rows.Broken, ("wheel",), "broken")
ROT = Sheet("upkeep/rot.jsonl", upkeep_rows.Rot, ("framework", "version"))
SIGNS = tuple(
    Sheet(f"doctor/{subject}.toml", symptom_rows.Sign, (), "sign", ("name",))
    for subject in (
        "live",
        "gpus",
        "cpus",
        "drivers",
        "packages",
        "containers",
        "libraries",
        "frameworks",
        "builds",
        "clusters",
        "surroundings",
        "soundness",
    )
)
TRANSLATIONS = Sheet(
    "doctor/translations.toml", symptom_rows.Translation, ("english",), "translation"
)
WORDINGS = Sheet("doctor/wordings.jsonl", symptom_rows.Wording, ("reference",))
INFERENCES = Sheet(
    "doctor/inferences.toml",
    symptom_rows.Inference,
    (),
    "inference",
    ("reference", "when", "unless"),
)
REMEDIES = Sheet("doctor/remedies.toml", symptom_rows.Remedy, (), "remedy", ("reference", "fix"))
TOOLS = Sheet("tools.toml", rows.Tool, ("name",), "tool")

FIXED = (
    CUDA,
    ARCHITECTURES,
    NVIDIA_GPUS,
    NVIDIA_MODULES,
    AMD_TARGETS,
    AMD_GPUS,
    INTEL_GPUS,
    GPU_FIGURES,
    PCIE,
    EXPECTATIONS,
    DRIVERS,
    DRIVER_PACKAGES,
    DEBIAN_PACKAGES,
    DRIVER_PARTS,
    NVSWITCHES,
    CONTAINER_TOOLKIT,
    FAMILY_PACKAGES,
    RPM_DRIVER_PACKAGES,
    DATA_CENTRE_GPUS,
    FORWARD_COMPATIBILITY,
    LIBRARIES,
    TOOLKITS,
    CONDA_LIBRARIES,
    OTHER_CONDA_LIBRARIES,
    SHARED_FILES,
    IMAGES,
    CUDA_IMAGES,
    ENDED_CUDA_IMAGES,
    SIGHTED_IMAGES,
    BASE_IMAGES,
    BARE_IMAGES,
    IMAGE_SIZES,
    EDITOR_SERVERS,
    REPOSITORIES,
    RETIRED_KEYS,
    SYSTEMS,
    SYSTEM_PACKAGES,
    PYTHONS,
    COMPLETE,
    MANAGED_PYTHONS,
    ENDED_SYSTEMS,
    CONFLICTS,
    SUPPORT,
    CAPS,
    INDEX_VARIANTS,
    DIFFERENCES,
    ADDRESSES,
    PROFILES,
    REFERENCES,
    *SIGNS,
    TRANSLATIONS,
    WORDINGS,
    INFERENCES,
    REMEDIES,
    TOOLS,
    PROJECTS,
    READINGS,
    DOCUMENTED,
    BROKEN,
    ROT,
)
"""Every sheet but the frameworks', which are as many as there are frameworks."""

CONTENTS = "contents.json"


def name_of(sheet: Sheet) -> str:
    """A sheet's own name: ``frameworks/torch.jsonl`` → ``torch``."""
    return sheet.path.rpartition("/")[2].partition(".")[0]


FRAMEWORKS, COMPANIONS, ACCELERATORS = "frameworks", "companions", "accelerators"
UNPLANNED = "unplanned"
BUILD_FOLDERS = (FRAMEWORKS, COMPANIONS, ACCELERATORS, UNPLANNED)
"""Builds that plans choose from, builds of packages that nobody chooses, builds for other makers'
GPUs, which only a plan for one of those reads, and builds that no plan takes yet: of channels and
images that cannot be planned for."""


ANY_PLATFORM = "any"
"""The platform of builds of plain Python."""
SOURCE = "source"
"""The variant of what its publisher offers as source alone: nobody has compiled it."""


def builds(name: str, folder: str = FRAMEWORKS) -> Sheet:
    """The sheet of builds called ``name``: ``torch`` → ``frameworks/torch.jsonl``."""
    key = ("framework", "version", "platform", "via", "variant", "cuda")
    own_name = ("framework", "version", "variant", "platform")
    return Sheet(f"{folder}/{name}.jsonl", rows.Build, key, name=own_name)


def folder_of(sheet: Sheet) -> str:
    """The folder that a sheet lies in, empty for one at the top."""
    return sheet.path.rpartition("/")[0]


def order(sheet: Sheet) -> Callable[[msgspec.Struct], tuple[SortKey, ...]]:
    """What sorts the rows of a sheet: its key fields, the numbers in them as numbers."""

    def sort_key(row: msgspec.Struct) -> tuple[SortKey, ...]:
        return tuple(_sortable(field, str(getattr(row, field) or "")) for field in sheet.key)

    return sort_key


def identity(sheet: Sheet) -> Callable[[msgspec.Struct], tuple[object, ...]]:
    """What tells a row of a sheet from all others: two with the same are one, seen twice."""
    fields = sheet.name or sheet.key

    def name_of_row(row: msgspec.Struct) -> tuple[object, ...]:
        return tuple(getattr(row, field) for field in fields)

    return name_of_row


def _sortable(field: str, text: str) -> SortKey:
    # The digits of a PCI id are no number by themselves.
    return ((), text) if field in _HEXADECIMAL else (natural(text), text)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A text as something to sort by, numbers before words: ``2.9.1`` before ``2.10.0``."""
    return tuple(
        (1, int(piece), "") if piece[0] in "0123456789" else (0, 0, piece)
        for piece in _PIECE.findall(text)
    )
