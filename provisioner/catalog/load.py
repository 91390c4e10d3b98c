"""Reading the catalog: every sheet on first use, and only the sheets a question needs."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from provisioner.catalog import rows, sheets
from provisioner.errors import BadDataError

R = TypeVar("R", bound=rows.Row)


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be said of the catalog without reading it: written by upkeep, proved by check."""

    checked: str
    """The newest day at which any row was looked at."""
    frameworks: dict[str, tuple[str, ...]]
    """The name a person asks for → the sheets with builds that answer to it."""


class Catalog:
    """The rows below one folder, decoded when they are first asked for and then kept.

    Any attribute raises BadDataError ``bad-row`` when its sheet is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._builds: dict[str, tuple[rows.Build, ...]] = {}

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
        """GPUs of every vendor by PCI id; NVIDIA's first."""
        found = (sheets.NVIDIA_GPUS, sheets.AMD_GPUS, sheets.INTEL_GPUS)
        return tuple(row for sheet in found for row in self._read(sheet, rows.GpuModel))

    @cached_property
    def drivers(self) -> tuple[rows.DriverBranch, ...]:
        """Driver branches, oldest first."""
        return self._read(sheets.DRIVERS, rows.DriverBranch)

    @cached_property
    def driver_packages(self) -> tuple[rows.DriverPackage, ...]:
        """Packages of operating systems that install a driver branch."""
        return self._read(sheets.DRIVER_PACKAGES, rows.DriverPackage)

    @cached_property
    def libraries(self) -> tuple[rows.Library, ...]:
        """CUDA libraries: wheels first, then conda's packages."""
        wheels = self._read(sheets.LIBRARIES, rows.Library)
        return wheels + self._read(sheets.CONDA_LIBRARIES, rows.Library)

    @cached_property
    def images(self) -> tuple[rows.Image, ...]:
        """Container images that may be named: plain bases first."""
        bases = self._read(sheets.BASE_IMAGES, rows.Image)
        return bases + self._read(sheets.IMAGES, rows.Image)

    @cached_property
    def systems(self) -> tuple[rows.OperatingSystemRow, ...]:
        """Operating systems that plans can be made for."""
        return self._read(sheets.SYSTEMS, rows.OperatingSystemRow)

    @cached_property
    def pythons(self) -> tuple[rows.PythonRow, ...]:
        """CPython minor releases, oldest first."""
        return self._read(sheets.PYTHONS, rows.PythonRow)

    @cached_property
    def conflicts(self) -> tuple[rows.Conflict, ...]:
        """Combinations that are known not to work."""
        return self._read(sheets.CONFLICTS, rows.Conflict)

    @cached_property
    def caps(self) -> tuple[rows.Cap, ...]:
        """Caps on dependencies that bring old releases back."""
        return self._read(sheets.CAPS, rows.Cap)

    @cached_property
    def tools(self) -> tuple[rows.Tool, ...]:
        """Programs that rendered texts fetch, pinned and hashed."""
        return self._read(sheets.TOOLS, rows.Tool)

    @property
    def frameworks(self) -> tuple[str, ...]:
        """Names that ``builds`` knows, in alphabetical order."""
        return tuple(self.index.frameworks)

    @property
    def checked(self) -> str:
        """The newest day at which any row was looked at: stands in for a clock."""
        return self.index.checked

    @cached_property
    def index(self) -> Index:
        """The table of contents."""
        text = self._bytes(sheets.INDEX)
        try:
            return msgspec.json.decode(text, type=Index)
        except msgspec.MsgspecError as error:
            raise bad_row(sheets.INDEX, 1, str(error)) from None

    def builds(self, framework: str) -> tuple[rows.Build, ...]:
        """Every build that answers to a name: ``tensorflow`` finds tensorflow-gpu's too.

        Oldest first within each sheet; empty for a name that the catalog does not know.
        """
        return tuple(
            row
            for name in self.index.frameworks.get(framework, ())
            for row in self._sheet_of_builds(name)
            if framework in (row.framework, row.provides)
        )

    def _sheet_of_builds(self, name: str) -> tuple[rows.Build, ...]:
        if name not in self._builds:
            self._builds[name] = self._read(sheets.builds(name), rows.Build)
        return self._builds[name]

    def _read(self, sheet: sheets.Sheet, row: type[R]) -> tuple[R, ...]:
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


def read(sheet: sheets.Sheet, text: bytes) -> tuple[rows.Row, ...]:
    """Decode one sheet. Raises BadDataError ``bad-row`` naming file, line or row, and key."""
    return _read_tables(sheet, text) if sheet.table else _read_lines(sheet, text)


def _read_lines(sheet: sheets.Sheet, text: bytes) -> tuple[rows.Row, ...]:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(sheet.row)
    try:
        return tuple(decoder.decode_lines(text))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise bad_row(sheet.path, number, str(error)) from None
    raise bad_row(sheet.path, 1, "the lines are not separated as JSON lines are")


def _read_tables(sheet: sheets.Sheet, text: bytes) -> tuple[rows.Row, ...]:
    try:
        document = parse_toml(text.decode())
    except ValueError as error:
        raise bad_row(sheet.path, None, str(error)) from None
    unknown = set(document) - {sheet.table}
    if unknown:
        raise bad_row(sheet.path, None, f"unknown table {sorted(unknown)[0]!r}")
    tables = document.get(sheet.table, [])
    if not isinstance(tables, list):
        raise bad_row(sheet.path, None, f"{sheet.table} is not an array of tables")
    found = []
    for number, table in enumerate(tables, start=1):
        try:
            found.append(msgspec.convert(table, sheet.row))
        except msgspec.MsgspecError as error:
            raise bad_row(sheet.path, number, str(error), f"[[{sheet.table}]]") from None
    return tuple(found)


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML with what this Python has. Raises ValueError."""
    try:
        import tomllib  # noqa: PLC0415 - costs more than the JSON sheets together
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # noqa: PLC0415
    return cast("dict[str, Any]", tomllib.loads(text))


def bad_row(path: str, number: int | None, detail: str, unit: str = "line") -> BadDataError:
    """The error for a damaged sheet; ``detail`` carries the key as msgspec writes it."""
    place = f"{path}, {unit} {number}" if number is not None else path
    return BadDataError(
        "bad-row",
        f"A sheet of the catalog is damaged: {place}.",
        context=(detail,),
        hint="Restore the file, or correct the row and run: dlsetup catalog check",
    )
