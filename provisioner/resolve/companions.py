"""Companions that live inside a framework: which of their releases go with a build of it.

Their release is the user's choice and the installer's. Where their wheels are linked with a
framework's libraries and METADATA does not say with which, the plan says it in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.request import Wish, parse_wish
from provisioner.resolve.facts import Facts
from provisioner.version import is_pre_release, numbers, public


class Bound(msgspec.Struct, frozen=True):
    """What a build leaves of the releases of a companion, and why not the newest of the others."""

    requirement: str | None
    """``torchcodec<0.14.0``; None: no release that was asked for goes with it."""
    reason: str
    evidence: str


def bounds(facts: Facts, build: Build) -> Iterator[Bound]:
    """Yield a bound for each companion that was asked for, of which not every release fits."""
    for text in facts.request.companions:
        wish = parse_wish(text)
        if wish.name in facts.catalog.contents.companions:
            yield from _bound(facts, wish, build)


def _bound(facts: Facts, wish: Wish, build: Build) -> Iterator[Bound]:
    rows = [
        row
        for row in facts.catalog.builds(wish.name)
        if row.platform == facts.platform
        and wish.admits(row.version)
        and not (row.yanked or is_pre_release(row.version))
    ]
    if not any(_lives_in(row, build) for row in rows):
        return
    rows.sort(key=lambda row: natural(row.version))
    misfits = {row.version: why for row in rows if (why := _misfit(row, build))}
    if not misfits:
        return
    newest = next(row for row in reversed(rows) if row.version in misfits)
    versions = [row.version for row in rows]
    left = [version for version in versions if version not in misfits]
    yield Bound(
        requirement=wish.name + _specifier(versions, left) if left else None,
        reason=f"{wish.name} {newest.version} {misfits[newest.version]}",
        evidence=newest.evidence,
    )


def _lives_in(row: Build, build: Build) -> bool:
    return any(parse_wish(text).name == build.framework for text in row.requires)


def _misfit(row: Build, build: Build) -> str | None:
    """Why a companion's release does not go with a build, or None."""
    named = [wish for text in row.requires if (wish := parse_wish(text)).name == build.framework]
    if not named:
        return f"was built with no {build.framework} that anybody knows"
    for wish in named:
        if not wish.admits(public(build.version)):
            return f"needs {wish.text}"
    if row.cuda is not None and not _shares(row.cuda, build.cuda):
        beside = f"for CUDA {build.cuda}" if build.cuda else "without CUDA"
        return f"is built for CUDA {row.cuda}, and {build.framework} beside it {beside}"
    return None


def _shares(cuda: str, base: str | None) -> bool:
    """Whether what loads a framework's CUDA finds its own: of one major release, not older."""
    if base is None or base.partition(".")[0] != cuda.partition(".")[0]:
        return False
    return numbers(base) >= numbers(cuda)


def _specifier(versions: Sequence[str], left: Sequence[str]) -> str:
    """A range that admits those of some versions that are left; both oldest first."""
    first, last = versions.index(left[0]), versions.index(left[-1])
    parts = [f">={left[0]}"] if first else []
    parts += [f"!={version}" for version in versions[first:last] if version not in left]
    parts += [f"<{versions[last + 1]}"] if last + 1 < len(versions) else []
    return ",".join(parts)
