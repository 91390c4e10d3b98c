"""What one file asks for in several places: an installer takes what all of them leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from provisioner.check.said import Bound, Package, Statement, Unread


def joined(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements, with one package for each name that is asked for more than once.

    Constraints go into the range of what is asked for. The place is that of the tightest range.
    Two pins with no version in common stay as they are, and are told. What stands behind a marker,
    or for one platform, is left as it is.
    """
    first: dict[tuple[object, ...], tuple[int, Package]] = {}
    made: list[Statement] = []
    said = list(statements)
    bounds = [one for one in said if isinstance(one, Bound)]
    for one in (*said, *(more for bound in bounds for more in _bound(bound, said))):
        if not isinstance(one, Package) or one.conditional or one.marker:
            made.append(one)
            continue
        key = (one.name, one.manager, one.where, one.platforms)
        if key not in first:
            first[key] = len(made), one
            made.append(one)
            continue
        at, before = first[key]
        if _is_pin(one) and _is_pin(before) and one.specifier != before.specifier:
            made.append(_told(before, one))
        else:
            first[key] = at, _both(before, one)
            made[at] = first[key][1]
    yield from made


def _bound(bound: Bound, said: Iterable[Statement]) -> Iterator[Package]:
    """What a constraint binds, asked for once more within it."""
    for one in said:
        if isinstance(one, Package) and one.name == bound.name and one.manager == "pip":
            yield msgspec.structs.replace(one, specifier=bound.specifier, at=bound.at)
            return


def _both(one: Package, other: Package) -> Package:
    tight, loose = (other, one) if _weight(other) > _weight(one) else (one, other)
    ranges = dict.fromkeys(filter(None, (tight.specifier, loose.specifier)))
    specifier = tight.specifier if _is_pin(tight) else ",".join(ranges)
    return msgspec.structs.replace(
        tight,
        specifier=specifier,
        extras=tuple(sorted({*one.extras, *other.extras})),
        build=tight.build or loose.build,
        indexes=tuple(dict.fromkeys((*one.indexes, *other.indexes))),
        sources_known=one.sources_known and other.sources_known,
    )


def _weight(package: Package) -> int:
    return 2 if _is_pin(package) else 1 if package.specifier else 0


def _is_pin(package: Package) -> bool:
    return package.specifier.startswith("==") and "*" not in package.specifier


def _told(one: Package, other: Package) -> Unread:
    where = f"line {one.at.line}" if one.at.file == other.at.file else one.at.file or "the file"
    return Unread(
        at=other.at,
        reference="asked-twice",
        reason=f"{one.name} is asked for as {one.specifier} ({where}) and as {other.specifier}:"
        " no version is both.",
        stops=True,
        fix=(f"leave one of the two: {one.at.text}, or {other.at.text}",),
    )
