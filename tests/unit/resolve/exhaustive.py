"""Every combination of a small catalog, checked by plain rules and sorted by the contract.

Written from the contract (§2 and §4) and the facts, sharing no code with the resolver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from provisioner.catalog.rows import Build
from tests.table import rules
from tests.table.factsheet import Capability, capability, cudnn_archs, rows
from tests.unit.resolve.small_catalogs import PYTHONS, Question

CAPABILITIES: Mapping[str, Capability] = {
    "GTX 1080": (6, 1),
    "V100": (7, 0),
    "RTX 2080": (7, 5),
    "RTX 3090": (8, 6),
    "H100": (9, 0),
    "RTX 5090": (12, 0),
}
OS_RELEASE, OS_PYTHON = "22.04", "3.10"

PARTS = ("cuda", "cudnn")

Ranges = dict[str, SpecifierSet]
Within = Callable[[Version], bool]
"""Whether a floor of the driver is within reach."""
Names = frozenset[tuple[str, str, str]]
"""The builds of an answer: framework, version, variant."""


class Combination(NamedTuple):
    """Builds that go together: what they are, which Pythons and which driver they need."""

    builds: tuple[Build, ...]
    pythons: frozenset[str]
    minimum: Version

    @property
    def names(self) -> Names:
        """What the builds are called."""
        return frozenset((row.framework, row.version, row.variant) for row in self.builds)


class Answers(NamedTuple):
    """What can happen to the driver, and the combinations that are equally good then."""

    action: str
    every: tuple[Combination, ...]
    best: tuple[Combination, ...]


def answers(asked: Question) -> Answers | None:
    """The best combinations, or None where there is none."""
    gpus = [CAPABILITIES[name] for name in asked.gpus]
    combinations = list(_combinations(asked, gpus))
    for action, may in _scenarios(asked, gpus):
        every = tuple(item for item in combinations if may(item.minimum))
        if every:
            ranks = [_rank(item, asked, gpus) for item in every]
            pairs = zip(ranks, every, strict=True)
            return Answers(action, every, tuple(item for rank, item in pairs if rank == max(ranks)))
    return None


def _scenarios(
    asked: Question, gpus: list[Capability]
) -> Iterator[tuple[str, Callable[[Version], bool]]]:
    """What may happen to the driver, best first, and which floors are within it."""
    if not gpus:
        yield "none", lambda _: True
        return
    if not rules.one_flavour(gpus) or not rules.branches(gpus, None):
        return
    given = rules.driver(asked.driver) if asked.driver and asked.driver != "none" else None
    drives = given is not None and rules.drives(given.major, gpus)
    if given and drives:
        yield "keep", lambda minimum: minimum <= given
    action = "ensure" if asked.driver is None else "install"
    shop = rules.branches(gpus, OS_RELEASE if asked.driver else None)
    if given and (drives or max(rules.branches(gpus, None)) > given.major):
        action = "upgrade"
        shop = [branch for branch in shop if branch > given.major]
    yield action, lambda minimum: any(branch >= minimum.major for branch in shop)


def _rank(item: Combination, asked: Question, gpus: list[Capability]) -> tuple[object, ...]:
    """Contract §2: versions in the order asked; then measured; then machine code.

    On a machine without a GPU the builds without CUDA go before both. What is brought along
    comes last, newest first.
    """
    by_name = {row.framework: row for row in item.builds}
    named = [name for name in _asked(asked) if name not in PARTS]
    wanted = [by_name[name] for name in named]
    variants = {row.framework for row in asked.builds if row.index}
    return (
        [Version(row.version) for row in wanted],
        [not gpus and _is_bare(row, by_name, variants) for row in wanted],
        [row.kind == "measured" for row in wanted],
        [all(_kind(row, gpu) != "ptx" for gpu in gpus) for row in wanted],
        [(name, Version(by_name[name].version)) for name in sorted(set(by_name) - set(named))],
    )


def _is_bare(row: Build, by_name: Mapping[str, Build], variants: set[str]) -> bool:
    """Whether a build is without CUDA; one made for a variant has that of what it extends."""
    bases = [by_name[made.name] for made in _bases(row)] if row.framework in variants else []
    return row.cuda is None and all(base.cuda is None for base in bases)


def _asked(asked: Question) -> Ranges:
    return {(made := Requirement(word)).name: made.specifier for word in asked.words}


def _combinations(asked: Question, gpus: list[Capability]) -> Iterator[Combination]:
    wanted = _asked(asked)
    parts = {name: wanted.pop(name) for name in PARTS if name in wanted}
    of_name: dict[str, list[Build]] = {}
    for row in asked.builds:
        if row.version in wanted.get(row.framework, SpecifierSet()):
            of_name.setdefault(row.framework, []).append(row)
    if not wanted.keys() <= of_name.keys():
        return
    pools = [
        [row for row in found if _runs(row, gpus) and _has(row, parts, gpus)]
        + [None] * (name not in wanted)
        for name, found in of_name.items()
    ]
    variants = {row.framework for row in asked.builds if row.index}
    pythons = {asked.python} if asked.python else set(PYTHONS)
    for chosen in product(*pools):
        builds = tuple(row for row in chosen if row is not None)
        common = pythons.intersection(*(row.pythons for row in builds))
        if common and _is_closed(builds, set(wanted)) and _agree(builds, variants, gpus, parts):
            floors = [_floor(row, gpus) for row in builds]
            yield Combination(builds, frozenset(common), max(floors))


def _runs(row: Build, gpus: list[Capability]) -> bool:
    """Whether a build serves every GPU, or leaves that to the one that it extends."""
    if not gpus:
        return True
    if _leaves_it(row):
        return True
    if row.cuda is None or not (row.sass or row.ptx):
        return False
    kinds = [_kind(row, gpu) for gpu in gpus]
    return None not in kinds and ("." in row.cuda or "ptx" not in kinds)


def _has(row: Build, parts: Ranges, gpus: list[Capability]) -> bool:
    """Whether a build comes with the CUDA and the cuDNN that were asked for, or can take it.

    They are asked of frameworks; what extends one only has to go with it.
    """
    if _bases(row):
        return True
    if "cuda" in parts and (row.cuda is None or row.cuda not in parts["cuda"]):
        return False
    if "cudnn" not in parts or (gpus and row.cudnn is None and _wants_cudnn(row)):
        return True
    return row.cudnn is not None and row.cudnn in parts["cudnn"]


def _wants_cudnn(row: Build) -> bool:
    return any(_is_cudnn(Requirement(text)) for text in row.requires)


def _is_cudnn(made: Requirement) -> bool:
    return made.name.startswith("nvidia-cudnn")


def _leaves_it(row: Build) -> bool:
    """An extension without GPU code of its own; not one whose code nobody has read."""
    unread = row.kind == "measured" and row.cuda is not None
    return bool(_bases(row)) and not row.sass and not row.ptx and not unread


def _bases(row: Build) -> list[Requirement]:
    return [made for made in map(Requirement, row.requires) if not made.name.startswith("nvidia-")]


def _kind(row: Build, gpu: Capability) -> str | None:
    if rules.by_sass(frozenset(map(capability, row.sass)), gpu):
        return "sass"
    return "ptx" if rules.by_ptx(frozenset(map(capability, row.ptx)), gpu) else None


def _floor(row: Build, gpus: list[Capability]) -> Version:
    if not gpus or row.cuda is None or _leaves_it(row):
        return Version("0")
    floors = [rules.floor(row.cuda if "." in row.cuda else f"{row.cuda}.1", False)]
    if any(_kind(row, gpu) == "ptx" for gpu in gpus):
        floors.append(rules.jit_floor(row.cuda, False))
    if row.driver_floor:
        floors.append(Version(row.driver_floor))
    return max(floors)


def _is_closed(builds: tuple[Build, ...], wanted: set[str]) -> bool:
    """Whether everything that is needed is there, and nothing that nobody needs."""
    by_name = {row.framework: row for row in builds}
    reached: set[str] = set()
    open_ones = sorted(wanted)
    while open_ones:
        name = open_ones.pop()
        if name not in by_name:
            return False
        if name not in reached:
            reached.add(name)
            open_ones += [made.name for made in _bases(by_name[name])]
    return reached == by_name.keys()


def _agree(
    builds: tuple[Build, ...], variants: set[str], gpus: list[Capability], parts: Ranges
) -> bool:
    by_name = {row.framework: row for row in builds}
    for row in builds:
        for made in _bases(row):
            base = by_name[made.name]
            if base.version not in made.specifier:
                return False
            if row.framework in variants and not _of_one_matrix(row, base, made):
                return False
            if row.framework not in variants and not _same_cuda(row, base):
                return False
    return not gpus or _packages_agree(builds, gpus, parts)


def _of_one_matrix(row: Build, base: Build, made: Requirement) -> bool:
    """What is built for each variant names the release of its base, and has its very CUDA."""
    alike = base.variant == row.variant and row.cuda in {None, base.cuda}
    return alike and bool(made.specifier)


def _same_cuda(row: Build, base: Build) -> bool:
    """An extension loads its base's CUDA runtime: of the same major release, and no older."""
    if row.cuda is None:
        return True
    if base.cuda is None or base.cuda.split(".")[0] != row.cuda.split(".")[0]:
        return False
    return "." not in row.cuda or Version(base.cuda) >= Version(row.cuda)


def _packages_agree(builds: tuple[Build, ...], gpus: list[Capability], parts: Ranges) -> bool:
    """Whether one version of each of NVIDIA's packages suits all, and none writes another's."""
    bounds: dict[str, SpecifierSet] = {}
    for row in builds:
        for made in map(Requirement, row.requires):
            if made.name.startswith("nvidia-"):
                bounds[made.name] = bounds.get(made.name, SpecifierSet()) & made.specifier
                if _is_cudnn(made):
                    bounds[made.name] &= parts.get("cudnn", SpecifierSet())
    for shared in rows("23_shared_files.csv"):
        if len(bounds.keys() & set(shared["packages"].split())) > 1:
            return False
    return all(_is_there(name, bound, gpus) for name, bound in bounds.items())


def _is_there(package: str, bound: SpecifierSet, gpus: list[Capability]) -> bool:
    read = [name.split()[1] for name in cudnn_archs() if name.split()[0] == package]
    if read:
        return any(
            version in bound
            and all(rules.cudnn_version_serves(f"{package} {version}", gpu) for gpu in gpus)
            for version in read
        )
    pins = {item.version for item in bound if item.operator == "=="}
    return not pins or any(pin in bound for pin in pins)
