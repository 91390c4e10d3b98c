"""Container images by name: what is known of each, and what the tag itself says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.catalog.rows import Image as ImageRow
from provisioner.catalog.system_rows import EndedSystem
from provisioner.check.said import Image

_CUDA_TAG = re.compile(
    r"(?P<cuda>\d+\.\d+(\.\d+)?)(-(?P<cudnn>cudnn\d*))?-(?P<flavour>base|runtime|devel)"
    r"-(?P<os>[a-z]+[\d.]+)"
)
_IN_TAG = re.compile(r"cuda-?(\d{1,2}\.\d)")
_SYSTEM = re.compile(r"([a-z]+)(\d+(?:\.\d+)?)$")
_PYTHON_TAG = re.compile(r"(\d\.\d{1,2})(\.\d+)?(-|$)")
_SOME_FRAMEWORKS = ("torch", "tensorflow", "jax")

Standing = Literal["known", "ended", "unlisted", "unknown", "local"]


class KnownImage(msgspec.Struct, frozen=True, kw_only=True):
    """One image as it is written, and what can be said of it."""

    image: Image
    repository: str
    """With its registry: ``docker.io/nvidia/cuda``."""
    tag: str
    standing: Standing
    """``known``: the catalog has the tag; ``ended``: its publisher listed it as no longer
    supported; ``unlisted``: the publisher's lists have its CUDA release, and not the tag;
    ``unknown``: nobody looked; ``local``: it is made or named elsewhere."""
    row: ImageRow | None = None
    builds: tuple[Build, ...] = ()
    """The frameworks inside."""
    cuda: str | None = None
    """Major and minor, from the row, else from the tag."""
    os: str | None = None
    python: str | None = None
    ended: EndedSystem | None = None
    """Its system, where the support of that has ended."""
    is_sighted: bool = False
    """Somebody saw it, and nobody read which GPUs its framework serves."""

    @property
    def holds_libraries(self) -> bool:
        """Whether CUDA's libraries are in it, and not only what starts them."""
        return self.cuda is not None and "-base" not in self.tag

    @property
    def holds_compiler(self) -> bool:
        """Whether nvcc is in it."""
        return self.cuda is not None and "devel" in self.tag


def known(catalog: Catalog, image: Image) -> KnownImage:
    """Return what is known of an image."""
    repository, tag = named(image.name)
    name = f"{repository}:{tag}"
    if not tag or "$" in image.name:
        return KnownImage(image=image, repository=repository, tag="", standing="local")
    rows = {
        row.image: row for row in (*catalog.images, *catalog.cuda_images, *catalog.sighted_images)
    }
    ended = {row.image: row for row in catalog.ended_images}
    row = rows.get(name) or ended.get(name)
    builds = tuple(_builds(catalog, name)) if row else ()
    in_tag = _IN_TAG.search(tag) or (
        _CUDA_TAG.match(tag) if repository.endswith("/nvidia/cuda") else None
    )
    cuda = in_tag[1] if in_tag else None
    return KnownImage(
        image=image,
        repository=repository,
        tag=tag,
        standing=_standing(name, rows, ended),
        ended=_ended(catalog, repository, tag),
        is_sighted=any(one is row for one in catalog.sighted_images),
        row=row,
        builds=builds,
        cuda=(row.cuda if row else None) or (".".join(cuda.split(".")[:2]) if cuda else None),
        os=(row.os if row else None) or _system(catalog, repository, tag),
        python=(row.python if row else None)
        or next((one.pythons[0] for one in builds if len(one.pythons) == 1), None)
        or _python(repository, tag),
    )


def named(name: str) -> tuple[str, str]:
    """Return repository, with its registry, and tag; an empty tag where a digest stands."""
    plain, at, _ = name.partition("@")
    head, _, last = plain.rpartition("/")
    base, _, tag = last.partition(":")
    first = head.partition("/")[0]
    if not head:
        head = "docker.io/library"
    elif "." not in first and ":" not in first and first != "localhost":
        head = f"docker.io/{head}"
    return f"{head}/{base}", tag or ("" if at else "latest")


def shown(name: str) -> str:
    """An image as people write it: without Docker's own registry."""
    return name.removeprefix("docker.io/").removeprefix("library/")


def siblings(catalog: Catalog, image: KnownImage, *, any_system: bool = False) -> list[ImageRow]:
    """Supported images of NVIDIA's that differ in the CUDA release alone; newest first.

    The number that cuDNN's part of the tag once had makes no difference. ``any_system``: they may
    stand on another release of the same system too.
    """
    wanted = _CUDA_TAG.fullmatch(image.tag)
    if wanted is None:
        return []
    found = []
    for row in reversed(catalog.cuda_images):
        match = _CUDA_TAG.fullmatch(row.image.partition(":")[2])
        if (
            match
            and (match["flavour"], bool(match["cudnn"]))
            == (wanted["flavour"], bool(wanted["cudnn"]))
            and (match["os"] == wanted["os"] or (any_system and _same(match["os"], wanted["os"])))
        ):
            found.append(row)
    return found


def _same(one: str, other: str) -> bool:
    """Whether two systems of tags are releases of one: ``ubuntu18.04`` and ``ubuntu22.04``."""
    return one.rstrip("0123456789.") == other.rstrip("0123456789.")


def release(image: KnownImage | str) -> str:
    """The CUDA release that a tag of NVIDIA's begins with: ``12.4.1``."""
    tag = image if isinstance(image, str) else image.tag
    match = _CUDA_TAG.match(tag)
    return match["cuda"] if match else ""


def _standing(name: str, rows: dict[str, ImageRow], ended: dict[str, ImageRow]) -> Standing:
    if name in rows:
        return "known"
    if name in ended:
        return "ended"
    repository, _, tag = name.partition(":")
    wanted = release(tag) if repository.endswith("/nvidia/cuda") else ""
    listed = any(one.startswith(f"{repository}:{wanted}-") for one in (*rows, *ended))
    return "unlisted" if wanted and listed else "unknown"


def _builds(catalog: Catalog, name: str) -> Iterator[Build]:
    for framework in _SOME_FRAMEWORKS:
        yield from (row for row in catalog.every_build(framework) if row.image == name)


def _system(catalog: Catalog, repository: str, tag: str) -> str | None:
    """The system that a tag ends in (``ubuntu22.04``, ``bookworm``), or that the image is."""
    last = tag.rpartition("-")[2]
    base = repository.rpartition("/")[2]
    match = _SYSTEM.fullmatch(last)
    for row in catalog.systems:
        ids = {row.id, *row.aliases}
        if match and match[1] in ids and row.version == match[2]:
            return f"{row.id}-{row.version}"
        words = tag.split("-")
        if row.codename and row.codename in words:
            return f"{row.id}-{row.version}"
        if base in ids and f"{words[0]}.".startswith(f"{row.version}."):
            return f"{row.id}-{row.version}"
    return None


def _ended(catalog: Catalog, repository: str, tag: str) -> EndedSystem | None:
    """The system of an image, by its tag, where its support has ended."""
    base = repository.rpartition("/")[2]
    match = _SYSTEM.fullmatch(tag.rpartition("-")[2])
    words = tag.split("-")
    for row in catalog.ended_systems:
        if match and (match[1], match[2]) == (row.id, row.version):
            return row
        if row.codename in words:
            return row
        if base == row.id and f"{words[0].removeprefix(row.id)}.".startswith(f"{row.version}."):
            return row
    return None


def _python(repository: str, tag: str) -> str | None:
    match = _PYTHON_TAG.match(tag) if repository == "docker.io/library/python" else None
    return match[1] if match else None
