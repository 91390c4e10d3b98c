"""How builds go with the rest of the catalog: what they name exists, and none contradicts it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, found_in, rows_of
from provisioner.catalog.rows import Build
from provisioner.version import is_dotted

BROUGHT = ("nvidia-", "cuda-", "triton", "pytorch-triton", "jax-")
"""How the names of packages begin that frameworks bring along and nobody chooses."""


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with builds in the light of the other sheets."""
    known = _Known(catalog)
    seen: set[tuple[str, ...]] = set()
    inside: set[tuple[str, str]] = set()
    for sheet, row in rows_of(catalog, *catalog.build_sheets):
        if not isinstance(row, Build):
            continue
        key = (row.framework, row.version, row.variant, row.platform)
        if key in seen:
            twice = ("another row has the same framework, version, variant and platform",)
            yield from found_in(sheet, row, twice)
        seen.add(key)
        if row.image is not None:
            if (row.image, row.framework) in inside:
                message = f"another row says that {row.image} holds {row.framework}"
                yield from found_in(sheet, row, (message,))
            inside.add((row.image, row.framework))
        yield from found_in(sheet, row, known.messages(row))
        # What no plan takes may leave open what a plan would have to know.
        if sheets.folder_of(sheet) != sheets.UNPLANNED and not row.pythons:
            yield from found_in(sheet, row, ("has no Python",))
    yield from _base_images(catalog, known)
    yield from _index_variants(catalog)


class _Known:
    """What builds may name."""

    def __init__(self, catalog: Catalog) -> None:
        self.cuda = {row.version: row.architectures for row in catalog.cuda}
        self.packages = {row.package for row in catalog.libraries} | set(catalog.every_name)
        self.packages |= {"nvcc"}  # the component, wherever it comes from
        self.images = {row.image for row in (*catalog.images, *catalog.cuda_images)}
        self.pythons = {row.version for row in catalog.pythons}
        self.places = tuple(catalog.addresses.values())

    def messages(self, row: Build) -> Iterator[str]:
        yield from _itself(row)
        yield from self._code(row)
        yield from self._bundled(row)
        for name in map(_requirement_name, row.requires):
            if name not in self.packages and not name.startswith(BROUGHT):
                yield f"requires {name!r}, which the catalog does not know"
        for version in row.pythons:
            # A form that nobody can read is told where forms are.
            if is_dotted(plain := version.removesuffix("t")) and plain not in self.pythons:
                yield f"Python {version} has no row"
        if row.image is not None and row.image not in self.images:
            yield f"image {row.image} has no row"
        if row.index is not None and not self._is_place(row.index):
            yield f"index {row.index} lies below no address of addresses.toml"

    def _code(self, row: Build) -> Iterator[str]:
        """GPU code is what the compiler of that CUDA can make, where somebody ran it."""
        if row.cuda is None:
            if row.sass or row.ptx or row.cudnn:
                yield "has GPU code, and no CUDA"
            return
        listed = [version for version in self.cuda if _is_within(version, row.cuda)]
        if not listed:
            yield f"CUDA {row.cuda} has no row"
            return
        yield from self._targets(row.cuda, listed, row.sass + row.ptx)

    def _bundled(self, row: Build) -> Iterator[str]:
        """The code of each bundled library is for a CUDA that the row names, once."""
        told = [code.cuda for code in row.code_by_cuda]
        if len(set(told)) < len(told):
            yield "code_by_cuda: one CUDA stands there twice"
        for code in row.code_by_cuda:
            if code.cuda not in row.bundles_cuda:
                yield f"code_by_cuda: {code.cuda} is not in bundles_cuda"
            listed = [code.cuda] if code.cuda in self.cuda else []
            yield from self._targets(code.cuda, listed, code.sass + code.ptx)

    def _targets(self, cuda: str, listed: list[str], targets: tuple[str, ...]) -> Iterator[str]:
        # Of a whole major release, what any of its compilers accepts may be there.
        accepted = {target for version in listed for target in self.cuda[version]}
        if listed and all(map(self.cuda.get, listed)):
            for target in targets:
                if f"sm_{target.partition('_')[2]}" not in accepted:
                    yield f"{target} is no target of CUDA {cuda}"

    def _is_place(self, index: str) -> bool:
        return any(f"{index}/".startswith(f"{place.rstrip('/')}/") for place in self.places)


def _is_within(version: str, cuda: str) -> bool:
    return version == cuda or ("." not in cuda and version.startswith(f"{cuda}."))


def _itself(row: Build) -> Iterator[str]:
    if (row.via == "container") is not (row.image is not None):
        yield "an image belongs to via container, and to nothing else"
    if (row.via == "conda") is not (row.channel is not None):
        yield "a channel belongs to via conda, and to nothing else"
    if row.accelerator is not None and row.cuda is not None:
        yield f"is for {row.accelerator}, and has CUDA"
    if (row.rocm is not None or row.gfx) and row.accelerator != "rocm":
        yield "has ROCm or AMD's targets, and is not for rocm"


def _requirement_name(text: str) -> str:
    """The package that a requirement names; the whole text where it is no requirement."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text).name
    except InvalidRequirement:
        return text


def _base_images(catalog: Catalog, known: _Known) -> Iterator[Problem]:
    """Every image that a system or a Python names has a row of its own."""
    for sheet, row in rows_of(catalog, sheets.SYSTEMS, sheets.PYTHONS):
        image = getattr(row, "base_image", None)
        if image is not None and image not in known.images:
            yield from found_in(sheet, row, (f"image {image} has no row",))


def _index_variants(catalog: Catalog) -> Iterator[Problem]:
    """What every release is said to have belongs to a framework, and lies at a known place."""
    for row in catalog.index_variants:
        if row.framework not in catalog.frameworks:
            message = f"framework {row.framework!r} has no builds"
            yield from found_in(sheets.INDEX_VARIANTS, row, (message,))
        if row.address not in catalog.addresses:
            message = f"address {row.address!r} has no row"
            yield from found_in(sheets.INDEX_VARIANTS, row, (message,))
