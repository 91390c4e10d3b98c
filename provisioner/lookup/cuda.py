"""What the catalog knows of a CUDA release."""

from __future__ import annotations

import re

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build, Cuda
from provisioner.catalog.sheets import natural
from provisioner.errors import UsageError
from provisioner.lookup.gpus import has_code
from provisioner.lookup.names import names
from provisioner.lookup.question import neighbours, shown
from provisioner.lookup.values import CudaAnswer, CudaReleases, Use
from provisioner.request import admits
from provisioner.version import is_dotted, minor, order

_OPERATORS = "=<>!~"


def cuda(catalog: Catalog, text: str) -> CudaAnswer | CudaReleases:
    """One minor release, or the list of those that are meant: none named, ``12``, ``>=12.4``.

    ``12.8.1`` is the minor release that it belongs to, where the catalog knows that toolkit or
    that nvcc. Raises UsageError ``unknown-cuda`` or ``bad-requirement``.
    """
    text = re.sub(r"^={2,3}\s*", "", text.strip())
    found = _meant(catalog, text)
    if not found:
        raise _unknown(catalog, text)
    if len(found) == 1 and text and text[0] not in _OPERATORS and "." in text:
        return _answer(catalog, found[0])
    return CudaReleases(releases=tuple(found[::-1]))


def _meant(catalog: Catalog, text: str) -> list[Cuda]:
    if not text:
        return list(catalog.cuda)
    if text[0] in _OPERATORS:
        try:
            return [row for row in catalog.cuda if admits(text, row.version)]
        except ValueError as error:
            raise UsageError(
                "bad-requirement",
                f"{shown(text)} is no range of versions.",
                context=(str(error),),
                hint="Write it as 'cuda>=12.4,<13'.",
            ) from None
    plain = text.removesuffix(".*").removesuffix(".x")
    return [row for row in catalog.cuda if is_dotted(plain) and _is_of(row, plain)]


def _is_of(row: Cuda, version: str) -> bool:
    if f"{row.version}.".startswith(f"{version}."):
        return True
    known = {*row.toolkits, *(limits.nvcc for limits in row.host_compilers)}
    return minor(version) == row.version and any(
        f"{name}.".startswith(f"{version}.") for name in known
    )


def _answer(catalog: Catalog, row: Cuda) -> CudaAnswer:
    branch = next((item.branch for item in catalog.drivers if item.cuda == row.version), None)
    return CudaAnswer(
        cuda=row,
        architectures=tuple(item for item in catalog.architectures if has_code(row, item)),
        driver_branch=branch,
        used_by=_uses(catalog, row.version),
    )


def _uses(catalog: Catalog, version: str) -> tuple[Use, ...]:
    """Builds by framework, variant, platform and way, in the order of their names."""
    groups: dict[tuple[str, ...], list[Build]] = {}
    every = dict.fromkeys(row for name in names(catalog) for row in catalog.builds(name))
    for row in every:
        if row.cuda == version:
            # An image's tag is its variant, and says no more than the version does.
            variant = row.variant if row.via != "container" else "image"
            key = (row.framework, row.platform, row.via, variant)
            groups.setdefault(key, []).append(row)
    return tuple(
        Use(
            framework=name,
            variant=variant,
            platform=platform,
            via=via,
            versions=tuple(sorted({row.version for row in rows}, key=order, reverse=True)),
            builds=tuple(sorted(rows, key=lambda row: order(row.version), reverse=True)),
        )
        for (name, platform, via, variant), rows in sorted(groups.items(), key=_by_name)
    )


def _by_name(group: tuple[tuple[str, ...], list[Build]]) -> tuple[object, ...]:
    name, platform, via, variant = group[0]
    return (
        name,
        via != "pip",
        not platform.endswith("x86_64"),
        variant != "default",
        natural(variant),
    )


def _unknown(catalog: Catalog, text: str) -> UsageError:
    known = [row.version for row in catalog.cuda]
    plain = text.lower().removeprefix("cu")
    if plain != text and plain.isdigit():
        plain = f"{plain[:-1]}.{plain[-1]}"
    close = [plain] if plain in known else neighbours(plain, known)
    return UsageError(
        "unknown-cuda",
        f"The catalog does not know CUDA {shown(text)}.",
        context=(f"it knows {known[0]} to {known[-1]} (looked at {catalog.checked})",),
        hint=f"Did you mean {' or '.join(close)}?"
        if close
        else "Write a release as 12.8, or a range as 'cuda>=12.4'.",
    )
