"""What conda brings for a wheel that leaves CUDA's libraries to the system, and of cuDNN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalog.rows import Build, Library
from provisioner.plan import Pin
from provisioner.resolve.facts import Facts
from provisioner.resolve.serving import serve
from provisioner.version import at_least, minor, order

_NEEDED = ("cudatoolkit", "cudnn")


def conda_libraries(facts: Facts, rows: Sequence[Build]) -> tuple[Pin, ...]:
    """Return the channel's cudatoolkit and cudnn for the wheels of a conda plan.

    For builds of the channel itself its solver chooses them; where the newest cuDNN has no code
    for the GPUs any more, the newest that has.
    """
    found: dict[str, Pin] = {}
    for row in rows:
        if row.via == "pip" and row.libraries == "system" and row.cuda:
            for pin in _libraries(facts, row, row.cuda):
                found.setdefault(pin.name, pin)
        elif row.via == "conda" and row.cuda:
            held = _held_back(facts, row, row.cuda)
            found |= {held.name: held} if held else {}
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


def _held_back(facts: Facts, row: Build, cuda: str) -> Pin | None:
    """The cuDNN that a build of the channel must not go beyond on these GPUs; None for any."""
    major = f"{row.cudnn.partition('.')[0]}." if row.cudnn else ""
    read = [
        library
        for library in facts.catalog.libraries
        if (library.via, library.package, library.channel) == ("conda", "cudnn", row.channel)
        and library.platform == facts.platform
        and library.cuda.partition(".")[0] == cuda.partition(".")[0]
        and f"{library.version}.".startswith(major)
        and library.sass
    ]
    serving = [library for library in read if _serves_all(facts, library)]
    newest = max(read, key=lambda library: order(library.version), default=None)
    best = max(serving, key=lambda library: order(library.version), default=None)
    if newest is None or best is None or newest.version == best.version:
        return None
    return Pin(
        name=best.package,
        version=best.version,
        cuda=best.cuda,
        cudnn=best.version,
        evidence=best.kind,
        why=(
            f"{newest.package} {newest.version} has no code for the GPUs: {newest.evidence}",
            f"the newest that has: {best.evidence}",
        ),
        requirement=f"{best.package}={best.version}",
        channel=best.channel,
    )


def _serves_all(facts: Facts, library: Library) -> bool:
    capabilities = (gpu.compute_capability or "" for gpu in facts.gpus)
    return all(serve("", one, library.sass, library.ptx, facts.tegra) for one in capabilities)


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
