"""What the catalog knows of a framework: its releases, or the builds within a range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.catalog import newer
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.errors import UsageError
from provisioner.lookup.names import extends
from provisioner.lookup.platforms import facts_on, platform_order
from provisioner.lookup.question import names_a_gpu, shown
from provisioner.lookup.unknown import unknown
from provisioner.lookup.values import BuildFacts, Builds, Release, Releases
from provisioner.request import Wish, admits, parse_wish
from provisioner.resolve.builds import Builds as Candidates
from provisioner.resolve.builds import is_asked
from provisioner.resolve.facts import Facts, highest
from provisioner.version import capability_of, is_dotted, minor, numbers, order, public

_NAMED = 5
_ANY = "linux-x86_64"
"""For questions that do not depend on the platform."""
_WAYS = ("container", "conda", "pip")
"""Later ones are listed first."""


def framework(catalog: Catalog, requirement: str, *, typed: str) -> Releases | Builds:
    """Every release of a framework; with a version range, the builds within it.

    ``==2.9`` also finds 2.9.0 and 2.9.1. ``typed`` is what hints may quote. Raises UsageError
    ``bad-requirement``, ``unknown-framework`` or ``unknown-release``.
    """
    wish = _wish(catalog, requirement, typed)
    if wish.name not in catalog.every_name:
        raise unknown(catalog, wish.name, typed)
    listed = catalog.builds(wish.name) or catalog.every_build(wish.name)
    rows = newest_first(listed, wish.name)
    if not wish.specifier:
        return Releases(
            framework=wish.name,
            checked=catalog.checked,
            releases=tuple(_releases(catalog, rows)),
        )
    try:
        found = [row for row in rows if _within(wish, row)]
    except ValueError as error:
        raise _no_range(wish, str(error)) from None
    if not found:
        raise _unknown_release(catalog, wish, rows)
    known = tuple(build_facts(catalog, row) for row in found)
    cudas = {item.cuda for item in known}
    return Builds(
        framework=wish.name,
        requirement=wish.text,
        builds=known,
        cuda_releases=tuple(row for row in catalog.cuda if row.version in cudas),
    )


def newest_first(rows: Iterable[Build], name: str) -> list[Build]:
    """Builds in the order people look for them: newest release, its own default wheel first."""

    def rank(row: Build) -> tuple[object, ...]:
        released, post, local = order(row.version)
        return (
            (released, post),
            _WAYS.index(row.via),
            row.framework == name,
            local,
            row.variant == "default",
            row.kind == "measured",
            _late(row.platform),
            numbers(row.cuda or "0"),
            natural(row.variant),
        )

    return sorted(rows, key=rank, reverse=True)


def _late(platform: str) -> tuple[int, bool]:
    """The order of platforms turned round, for a list that is sorted from its end."""
    place, other_machine, _ = platform_order(platform)
    return -place, not other_machine


def build_facts(catalog: Catalog, row: Build) -> BuildFacts:
    """A build with the drivers it asks for."""
    facts = facts_on(catalog, row.platform)
    candidates = Candidates(facts, {})
    cuda = candidates.cuda_of(row)
    return BuildFacts(
        build=row,
        extends=extends(candidates, row),
        cuda=cuda,
        driver_for_sass=_floor(facts, row, cuda),
        driver_for_ptx=_compiler(facts, row),
    )


def _floor(facts: Facts, row: Build, cuda: str | None) -> str | None:
    floor = facts.floor_of(cuda) if cuda else None
    return highest([version for version in (floor, row.driver_floor) if version])


def _compiler(facts: Facts, row: Build) -> str | None:
    compiler = facts.compiler_floor_of(row.cuda) if row.cuda and row.ptx else None
    return highest([compiler, *filter(None, (row.driver_floor,))]) if compiler else None


def _releases(catalog: Catalog, rows: list[Build]) -> Iterator[Release]:
    candidates = Candidates(facts_on(catalog, _ANY), {})
    by_version: dict[str, list[Build]] = {}
    for row in rows:
        by_version.setdefault(row.version, []).append(row)
    for version, builds in by_version.items():
        cudas = {candidates.cuda_of(row) for row in builds}
        days = sorted(filter(None, (row.released for row in builds)))
        yield Release(
            version=version,
            released=days[0] if days else None,
            cuda=tuple(sorted(filter(None, cudas), key=numbers, reverse=True)),
            cpu=any(candidates.cuda_of(row) is None and _is_for_cpu(row) for row in builds),
            unknown=any(row.unknown for row in builds),
            pythons=tuple(sorted({item for row in builds for item in row.pythons}, key=natural)),
            sass=by_capability(item for row in builds for item in row.sass),
            ptx=by_capability(item for row in builds for item in row.ptx),
            kinds=tuple(sorted({row.kind for row in builds}, reverse=True)),
            builds=tuple(builds),
        )


def _is_for_cpu(row: Build) -> bool:
    """Whether a build without CUDA computes on the CPU, and nowhere else."""
    return not (row.unknown or row.bundles_cuda or row.accelerator or row.platform == "any")


def by_capability(targets: Iterable[str]) -> tuple[str, ...]:
    """Targets, each once, lowest first."""
    return tuple(sorted(set(targets), key=lambda name: (numbers(capability_of(name)[0]), name)))


def _wish(catalog: Catalog, requirement: str, typed: str) -> Wish:
    try:
        wish = parse_wish(requirement)
    except UsageError as error:
        if error.reference == "bad-requirement" and names_a_gpu(catalog, typed):
            raise unknown(catalog, typed, typed) from None
        raise
    if "@" in wish.text or ";" in wish.text:
        raise _no_range(wish, "there is an address or a marker in it")
    return wish


def _no_range(wish: Wish, reason: str) -> UsageError:
    return UsageError(
        "bad-requirement",
        f"{shown(wish.text)} is no name with a version range.",
        context=(reason,),
        hint=f"Write {shown(wish.name)}, or '{wish.name[:40]}>=X.Y'.",
    )


def _within(wish: Wish, row: Build) -> bool:
    """Whether a build is asked for; ``==2.9`` asks for every 2.9, as people mean it."""
    specifiers = [text.strip() for text in wish.specifier.split(",")]
    whole = [text for text in specifiers if text.startswith("==") and is_dotted(text[2:])]
    rest = [text for text in specifiers if text not in whole]
    version = public(row.version)
    if not all(admits(f"{text}.*", version) for text in whole):
        return False
    if not rest:
        return True
    return is_asked(Wish(name=wish.name, specifier=",".join(rest), text=wish.text), row)


def _unknown_release(catalog: Catalog, wish: Wish, rows: list[Build]) -> UsageError:
    known = list(dict.fromkeys(public(row.version) for row in rows))
    asked = minor(wish.specifier.lstrip("=<>!~"))
    close = [version for version in known if minor(version) == asked][:_NAMED]
    told = ", ".join(known[:_NAMED]) + (" …" if len(known) > _NAMED else "")
    hint = f"See all of them: dlsetup catalog show {wish.name}"
    fresh = newer.releases(catalog, wish.name)
    return UsageError(
        "unknown-release",
        f"The catalog knows no {wish.name} within {shown(wish.specifier)}.",
        context=(f"newest of {len(known)}: {told} (looked at {catalog.checked})",),
        hint=f"Did you mean {' or '.join(close)}? {hint}" if close else f"{hint}; {fresh}",
    )
