"""What conda brings for a wheel that leaves CUDA's libraries to the system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalog.rows import Build, Library
from provisioner.plan import Pin
from provisioner.resolve.facts import Facts
from provisioner.version import at_least, minor, order

_NEEDED = ("cudatoolkit", "cudnn")


def conda_libraries(facts: Facts, rows: Sequence[Build]) -> tuple[Pin, ...]:
    """Return the channel's cudatoolkit and cudnn for the wheels of a conda plan."""
    found: dict[str, Pin] = {}
    for row in rows:
        if row.via == "pip" and row.libraries == "system" and row.cuda:
            for pin in _libraries(facts, row, row.cuda):
                found.setdefault(pin.name, pin)
    return tuple(found.values())


def can_bring(facts: Facts, row: Build) -> bool:
    """Whether the channel has both libraries that a wheel needs."""
    return len(tuple(_libraries(facts, row, row.cuda or ""))) == len(_NEEDED)


def _libraries(facts: Facts, row: Build, cuda: str) -> Iterator[Pin]:
    for package, wanted in zip(_NEEDED, (cuda, row.cudnn or ""), strict=True):
        library = _best(facts, package, cuda, wanted)
        if library:
            yield Pin(
                name=package,
                version=library.version,
                cuda=cuda,
                cudnn=library.version if package == "cudnn" else None,
                evidence=library.kind,
                why=(f"{row.framework} {row.version} is built for {package} {wanted}",),
                requirement=f"{package}={library.version}",
                channel=library.channel,
            )


def _best(facts: Facts, package: str, cuda: str, wanted: str) -> Library | None:
    """The release made for this CUDA that is nearest above what the wheel was built with."""
    fitting = [
        row
        for row in facts.catalog.libraries
        if row.via == "conda"
        and row.package == package
        and minor(row.cuda) == cuda
        and row.platform == facts.platform
        and row.version.partition(".")[0] == wanted.partition(".")[0]
        and at_least(row.version, ".".join(wanted.split(".")[:2]))
    ]
    if package == "cudatoolkit":
        return max(fitting, key=lambda row: order(row.version), default=None)
    return min(fitting, key=lambda row: order(row.version), default=None)
