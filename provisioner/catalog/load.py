"""Reading the catalog: every sheet on first use, and only the sheets a question needs.

Over the rows that ship with dlsetup lie those of the user's overlay, where there is one.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from provisioner.catalog import (
    complete_rows,
    driver_rows,
    image_rows,
    key_rows,
    rows,
    sheets,
    speed_rows,
    symptom_rows,
    system_rows,
    toolkit_rows,
    upkeep_rows,
    words,
)
from provisioner.catalog.contents import Contents, joined
from provisioner.catalog.decode import bad_row, read
from provisioner.catalog.overlay import NOTHING, Overlay
from provisioner.catalog.support import Support
from provisioner.errors import BadDataError

R = TypeVar("R", bound=msgspec.Struct)


class Catalog:
    """The rows below one folder, decoded when they are first asked for and then kept.

    Rows of ``overlay`` are added to them, or stand in their place where they are newer.

    Any attribute raises BadDataError ``bad-row`` when its sheet is damaged.
    """

    def __init__(self, folder: Path, overlay: Overlay = NOTHING) -> None:
        self.folder = folder
        self.overlay = overlay
        self._builds: dict[sheets.Sheet, tuple[rows.Build, ...]] = {}
        self._answers: dict[tuple[str, tuple[str, ...]], tuple[rows.Build, ...]] = {}

    @cached_property
    def cuda(self) -> tuple[rows.Cuda, ...]:
        """CUDA minor releases, oldest first."""
        return self._read(sheets.CUDA, rows.Cuda)

    @cached_property
    def architectures(self) -> tuple[rows.Architecture, ...]:
        """Compute capabilities, lowest first."""
        return self._read(sheets.ARCHITECTURES, rows.Architecture)

    @cached_property
    def gpus(self) -> tuple[rows.GpuModel, ...]:
        """GPUs of every vendor: NVIDIA's by PCI id, its modules by name, then the others'."""
        found = (sheets.NVIDIA_GPUS, sheets.NVIDIA_MODULES, sheets.AMD_GPUS, sheets.INTEL_GPUS)
        return tuple(row for sheet in found for row in self._read(sheet, rows.GpuModel))

    @cached_property
    def amd_targets(self) -> tuple[rows.AmdTarget, ...]:
        """AMD's gfx targets."""
        return self._read(sheets.AMD_TARGETS, rows.AmdTarget)

    @cached_property
    def gpu_figures(self) -> tuple[speed_rows.GpuFigures, ...]:
        """What is stated of the speed of NVIDIA's GPUs."""
        return self._read(sheets.GPU_FIGURES, speed_rows.GpuFigures)

    @cached_property
    def pcie(self) -> tuple[speed_rows.PcieGeneration, ...]:
        """Generations of PCI Express, oldest first."""
        return self._read(sheets.PCIE, speed_rows.PcieGeneration)

    @cached_property
    def expectations(self) -> tuple[speed_rows.Expectation, ...]:
        """The shares of stated figures that a sound machine reaches."""
        return self._read(sheets.EXPECTATIONS, speed_rows.Expectation)

    @cached_property
    def drivers(self) -> tuple[rows.DriverBranch, ...]:
        """Driver branches, oldest first."""
        return self._read(sheets.DRIVERS, rows.DriverBranch)

    @cached_property
    def driver_packages(self) -> tuple[rows.DriverPackage, ...]:
        """Packages of operating systems that install a driver branch, Ubuntu's first."""
        found = (sheets.DRIVER_PACKAGES, sheets.DEBIAN_PACKAGES, sheets.RPM_DRIVER_PACKAGES)
        return tuple(row for sheet in found for row in self._read(sheet, rows.DriverPackage))

    @cached_property
    def driver_parts(self) -> tuple[driver_rows.DriverParts, ...]:
        """What archives hold beside the packages of drivers."""
        return self._read(sheets.DRIVER_PARTS, driver_rows.DriverParts)

    @cached_property
    def nvswitches(self) -> tuple[driver_rows.Nvswitch, ...]:
        """Switches between GPUs, and the GPUs that may sit beside them."""
        return self._read(sheets.NVSWITCHES, driver_rows.Nvswitch)

    @cached_property
    def container_toolkit(self) -> tuple[driver_rows.ContainerToolkit, ...]:
        """The NVIDIA Container Toolkit, by family of systems and processor."""
        return self._read(sheets.CONTAINER_TOOLKIT, driver_rows.ContainerToolkit)

    @cached_property
    def family_packages(self) -> tuple[driver_rows.FamilyPackages, ...]:
        """What scripts get by themselves, by family of systems."""
        return self._read(sheets.FAMILY_PACKAGES, driver_rows.FamilyPackages)

    @cached_property
    def data_centre_gpus(self) -> tuple[rows.DataCentreGpu, ...]:
        """Products that NVIDIA counts among its data-centre GPUs."""
        return self._read(sheets.DATA_CENTRE_GPUS, rows.DataCentreGpu)

    @cached_property
    def forward_compatibility(self) -> tuple[rows.ForwardCompatibility, ...]:
        """Under which driver branches the ``cuda-compat`` packages work; oldest CUDA first."""
        return self._read(sheets.FORWARD_COMPATIBILITY, rows.ForwardCompatibility)

    @cached_property
    def repositories(self) -> tuple[rows.Repository, ...]:
        """Publishers' package repositories, by operating system."""
        return self._read(sheets.REPOSITORIES, rows.Repository)

    @cached_property
    def retired_keys(self) -> tuple[key_rows.RetiredKey, ...]:
        """Signing keys that their publisher has replaced."""
        return self._read(sheets.RETIRED_KEYS, key_rows.RetiredKey)

    @cached_property
    def libraries(self) -> tuple[rows.Library, ...]:
        """CUDA libraries: wheels first, then conda's packages."""
        wheels = self._read(sheets.LIBRARIES, rows.Library)
        return wheels + self._read(sheets.CONDA_LIBRARIES, rows.Library)

    @cached_property
    def toolkits(self) -> tuple[toolkit_rows.ToolkitRelease, ...]:
        """Releases of CUDA's toolkit as wheels, oldest first."""
        return self._read(sheets.TOOLKITS, toolkit_rows.ToolkitRelease)

    @cached_property
    def other_libraries(self) -> tuple[rows.Library, ...]:
        """conda's CUDA libraries that no plan takes yet: other systems, NCCL, cuda-version."""
        return self._read(sheets.OTHER_CONDA_LIBRARIES, rows.Library)

    @cached_property
    def shared_files(self) -> tuple[rows.SharedFile, ...]:
        """Files that several of NVIDIA's packages write."""
        return self._read(sheets.SHARED_FILES, rows.SharedFile)

    @cached_property
    def images(self) -> tuple[rows.Image, ...]:
        """Container images that may be named: plain bases first."""
        bases = self._read(sheets.BASE_IMAGES, rows.Image)
        return bases + self._read(sheets.IMAGES, rows.Image)

    @cached_property
    def cuda_images(self) -> tuple[rows.Image, ...]:
        """NVIDIA's images with CUDA and no framework; no plan is built on them yet."""
        return self._read(sheets.CUDA_IMAGES, rows.Image)

    @cached_property
    def ended_images(self) -> tuple[rows.Image, ...]:
        """NVIDIA's images that it listed as no longer supported: their tags may be gone."""
        return self._read(sheets.ENDED_CUDA_IMAGES, rows.Image)

    @cached_property
    def sighted_images(self) -> tuple[rows.Image, ...]:
        """Images with a framework inside that no text names: for judging what people have."""
        return self._read(sheets.SIGHTED_IMAGES, rows.Image)

    @cached_property
    def bare_images(self) -> tuple[system_rows.BareImage, ...]:
        """Repositories of images without pip."""
        return self._read(sheets.BARE_IMAGES, system_rows.BareImage)

    @cached_property
    def managed_pythons(self) -> tuple[system_rows.ManagedPython, ...]:
        """Systems whose own Python refuses pip outside an environment."""
        return self._read(sheets.MANAGED_PYTHONS, system_rows.ManagedPython)

    @cached_property
    def ended_systems(self) -> tuple[system_rows.EndedSystem, ...]:
        """Releases of systems whose regular support has ended, and that no plan is made for."""
        return self._read(sheets.ENDED_SYSTEMS, system_rows.EndedSystem)

    @cached_property
    def image_sizes(self) -> tuple[image_rows.ImageSize, ...]:
        """What images take on disk, where somebody printed it."""
        return self._read(sheets.IMAGE_SIZES, image_rows.ImageSize)

    @cached_property
    def editor_servers(self) -> tuple[image_rows.EditorServer, ...]:
        """What editors start inside a container."""
        return self._read(sheets.EDITOR_SERVERS, image_rows.EditorServer)

    @cached_property
    def systems(self) -> tuple[rows.OperatingSystemRow, ...]:
        """Operating systems that plans can be made for."""
        return self._read(sheets.SYSTEMS, rows.OperatingSystemRow)

    @cached_property
    def system_packages(self) -> tuple[rows.SystemPackage, ...]:
        """Packages that were seen in the archives of operating systems."""
        return self._read(sheets.SYSTEM_PACKAGES, rows.SystemPackage)

    @cached_property
    def pythons(self) -> tuple[system_rows.PythonRow, ...]:
        """CPython minor releases, oldest first."""
        return self._read(sheets.PYTHONS, system_rows.PythonRow)

    @cached_property
    def complete(self) -> tuple[complete_rows.Complete, ...]:
        """Of which sets the rows are the whole."""
        return self._read(sheets.COMPLETE, complete_rows.Complete)

    @cached_property
    def conflicts(self) -> tuple[rows.Conflict, ...]:
        """Combinations that are known not to work."""
        return self._read(sheets.CONFLICTS, rows.Conflict)

    @cached_property
    def support(self) -> tuple[Support, ...]:
        """GPUs of other makers that somebody names for builds."""
        return self._read(sheets.SUPPORT, Support)

    @cached_property
    def caps(self) -> tuple[rows.Cap, ...]:
        """Caps on dependencies that bring old releases back."""
        return self._read(sheets.CAPS, rows.Cap)

    @cached_property
    def index_variants(self) -> tuple[upkeep_rows.IndexVariant, ...]:
        """Variants that every release of a framework has, for upkeep to make builds of."""
        return self._read(sheets.INDEX_VARIANTS, upkeep_rows.IndexVariant)

    @cached_property
    def differences(self) -> tuple[upkeep_rows.Difference, ...]:
        """Where other projects' tables say something else, and why."""
        return self._read(sheets.DIFFERENCES, upkeep_rows.Difference)

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Where publishers' packages and images lie, by the name upkeep gives the place."""
        return {row.name: row.address for row in self._read(sheets.ADDRESSES, rows.Address)}

    @cached_property
    def profiles(self) -> tuple[words.Profile, ...]:
        """Predefined requests."""
        return self._read(sheets.PROFILES, words.Profile)

    @cached_property
    def references(self) -> tuple[words.Reference, ...]:
        """The vocabulary of errors, refusals, warnings and findings."""
        return self._read(sheets.REFERENCES, words.Reference)

    @cached_property
    def signs(self) -> tuple[symptom_rows.Sign, ...]:
        """Words that point at causes."""
        return tuple(row for sheet in sheets.SIGNS for row in self._read(sheet, symptom_rows.Sign))

    @cached_property
    def wordings(self) -> tuple[symptom_rows.Wording, ...]:
        """Words that lean towards causes."""
        return self._read(sheets.WORDINGS, symptom_rows.Wording)

    @cached_property
    def inferences(self) -> tuple[symptom_rows.Inference, ...]:
        """What follows where several symptoms hold at once."""
        return self._read(sheets.INFERENCES, symptom_rows.Inference)

    @cached_property
    def remedies(self) -> tuple[symptom_rows.Remedy, ...]:
        """What to do about each cause, in order."""
        return self._read(sheets.REMEDIES, symptom_rows.Remedy)

    @cached_property
    def tools(self) -> tuple[rows.Tool, ...]:
        """Programs that rendered texts fetch, pinned and hashed."""
        return self._read(sheets.TOOLS, rows.Tool)

    @cached_property
    def projects(self) -> tuple[upkeep_rows.Project, ...]:
        """Projects of the package index that upkeep measures."""
        return self._read(sheets.PROJECTS, upkeep_rows.Project)

    @cached_property
    def readings(self) -> tuple[upkeep_rows.Reading, ...]:
        """Which member of a wheel proves which fact."""
        return self._read(sheets.READINGS, upkeep_rows.Reading)

    @cached_property
    def documented(self) -> tuple[upkeep_rows.Documented, ...]:
        """What wheels do not say of themselves."""
        return self._read(sheets.DOCUMENTED, upkeep_rows.Documented)

    @cached_property
    def rot(self) -> tuple[upkeep_rows.Rot, ...]:
        """What time did to releases that were installed for real."""
        return self._read(sheets.ROT, upkeep_rows.Rot)

    @cached_property
    def broken(self) -> tuple[upkeep_rows.Broken, ...]:
        """Wheels of the index that no installer can use."""
        return self._read(sheets.BROKEN, upkeep_rows.Broken)

    @property
    def frameworks(self) -> tuple[str, ...]:
        """Names that plans can be asked for, in alphabetical order."""
        return tuple(self.contents.frameworks)

    @property
    def every_name(self) -> tuple[str, ...]:
        """Names that ``every_build`` knows, in alphabetical order."""
        names = (getattr(self.contents, folder) for folder in sheets.BUILD_FOLDERS)
        return tuple(sorted({name for found in names for name in found}))

    @property
    def checked(self) -> str:
        """The newest day at which any row was looked at: stands in for a clock."""
        return self.contents.checked

    @cached_property
    def contents(self) -> Contents:
        """The table of contents: names and the newest day, without reading any sheet."""
        text = self._bytes(sheets.CONTENTS)
        try:
            found = msgspec.json.decode(text, type=Contents)
        except msgspec.MsgspecError as error:
            raise bad_row(sheets.CONTENTS, None, str(error)) from None
        return joined(found, self.overlay.contents) if self.overlay.contents else found

    @property
    def build_sheets(self) -> tuple[sheets.Sheet, ...]:
        """Every sheet of builds, folder by folder, in alphabetical order."""
        return tuple(
            sheets.builds(name, folder)
            for folder in sheets.BUILD_FOLDERS
            for name in sorted(
                {path.stem for path in (self.folder / folder).glob("*.jsonl")}
                | self.overlay.names_in(folder)
            )
        )

    def rows_of(self, sheet: sheets.Sheet) -> tuple[msgspec.Struct, ...]:
        """The rows of any sheet; none where there is no such file."""
        lies_there = (self.folder / sheet.path).exists()
        return self.overlay.over(sheet, read(sheet, self._bytes(sheet.path)) if lies_there else ())

    def builds(self, framework: str) -> tuple[rows.Build, ...]:
        """Every build that answers to a name: ``tensorflow`` finds tensorflow-gpu's too.

        Those that plans choose from, and those of companions; not what no plan takes yet, so that
        its sheets need not be read. Oldest first within each sheet; empty for a name that the
        catalog does not know.
        """
        return self._answering(framework, (sheets.FRAMEWORKS, sheets.COMPANIONS))

    def builds_for(self, framework: str, accelerator: str) -> tuple[rows.Build, ...]:
        """As ``builds``; for ``rocm`` and ``xpu`` with the builds for such GPUs after them."""
        if accelerator not in {"rocm", "xpu"}:
            return self.builds(framework)
        others = self._answering(framework, (sheets.ACCELERATORS,))
        return (*self.builds(framework), *others)

    def every_build(self, framework: str) -> tuple[rows.Build, ...]:
        """As ``builds``, then the builds for other makers' GPUs, then those no plan takes yet."""
        return self._answering(framework, sheets.BUILD_FOLDERS)

    def _answering(self, framework: str, folders: tuple[str, ...]) -> tuple[rows.Build, ...]:
        if (framework, folders) not in self._answers:
            self._answers[framework, folders] = tuple(
                row
                for folder in folders
                for name in getattr(self.contents, folder).get(framework, ())
                for row in self._sheet_of_builds(sheets.builds(name, folder))
                if framework in (row.framework, row.provides)
            )
        return self._answers[framework, folders]

    def _sheet_of_builds(self, sheet: sheets.Sheet) -> tuple[rows.Build, ...]:
        if sheet not in self._builds:
            self._builds[sheet] = self._read(sheet, rows.Build)
        return self._builds[sheet]

    def text_of(self, sheet: sheets.Sheet) -> bytes:
        """A sheet's bytes as they lie in the folder."""
        return self._bytes(sheet.path)

    def _read(self, sheet: sheets.Sheet, _row: type[R]) -> tuple[R, ...]:
        # The sheet knows its row type; the second argument only tells the type checker.
        if sheet.path in self.overlay.sheets:
            return cast("tuple[R, ...]", self.rows_of(sheet))
        return cast("tuple[R, ...]", read(sheet, self._bytes(sheet.path)))

    def _bytes(self, path: str) -> bytes:
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise BadDataError(
                "bad-row",
                f"The catalog's sheet {path} cannot be read.",
                context=(f"{self.folder / path}: {error.strerror}",),
                hint="Install dlsetup again, or set DLSETUP_STACKS to a whole catalog.",
            ) from None
