"""The best answer that the facts allow, for requests of the torch family and TensorFlow 2.

Slow and plain on purpose: every combination is written out and the best one taken. Requests for
TensorFlow 1 have several good routes and are judged by ``tf1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from . import rules
from .factsheet import Build, Capability, Companion, companions, tensorflow_builds, torch_builds
from .jax_facts import jax_builds

OS_PYTHON = {
    "ubuntu-20.04": "3.8",
    "ubuntu-22.04": "3.10",
    "ubuntu-24.04": "3.12",
    "debian-12": "3.11",
}
RECOMMENDED = ("3.13", "3.12", "3.11", "3.10", "3.9")
FAMILY = ("torch", "torchvision", "torchaudio")
FRAMEWORKS = (*FAMILY, "tensorflow", "jax")


class Question(NamedTuple):
    """What the words of the command line ask for; ``gpus`` comes from the case, by hand."""

    wants: tuple[tuple[str, SpecifierSet], ...]
    gpus: tuple[Capability, ...]
    driver: str | None
    os: str
    arch: str
    python: str | None
    via: str | None
    keep: bool
    assumed_os: bool = False
    assumed_arch: bool = False

    @property
    def windows(self) -> bool:
        """The driver is the one of Windows."""
        return self.os.endswith("-wsl2")

    @property
    def ubuntu(self) -> str | None:
        """The Ubuntu release whose driver packages count."""
        name, _, release = self.os.partition("-")
        return release if name == "ubuntu" and not self.windows else None


class Picked(NamedTuple):
    """One combination: the builds and companions, and the driver that they need."""

    builds: tuple[Build, ...]
    friends: tuple[Companion, ...]
    minimum: Version

    def version(self, name: str) -> Version | None:
        """The version of one package of the combination."""
        for item in self.builds:
            if item.framework == name:
                return item.version
        return next((f.version for f in self.friends if f.name == name), None)


class Answer(NamedTuple):
    """``action`` with the best combinations (several where nothing decides between them)."""

    action: str
    picks: tuple[Picked, ...]
    branch: int | None
    flavour: str | None
    error: str | None = None


def question(args: list[str], gpus: list[str]) -> Question:
    """Read the words after ``dlsetup resolve``; only what the table uses."""
    options: dict[str, str] = {}
    wants: list[tuple[str, SpecifierSet]] = []
    words = iter(args)
    for word in words:
        if word == "--keep-driver":
            options[word] = "yes"
        elif word.startswith("--"):
            options[word] = next(words)
        else:
            wants.append(_want(word))
    caps = tuple(_cap(text) for text in gpus)
    return Question(
        tuple(wants),
        caps,
        options.get("--driver"),
        options.get("--os", "ubuntu-24.04"),
        options.get("--arch", "x86_64"),
        options.get("--python"),
        options.get("--via"),
        "--keep-driver" in options,
        "--os" not in options,
        "--arch" not in options,
    )


def _cap(text: str) -> Capability:
    major, minor = text.split(".")
    return int(major), int(minor)


def _want(word: str) -> tuple[str, SpecifierSet]:
    try:
        parsed = Requirement(word)
    except InvalidRequirement:
        return word, SpecifierSet()
    return {"pytorch": "torch"}.get(parsed.name, parsed.name), parsed.specifier


def decided(asked: Question) -> bool:
    """Whether the rules say what the best answer is."""
    names = [name for name, _ in asked.wants]
    first_version = any(
        name == "tensorflow" and any(s.version.startswith("1.") for s in spec)
        for name, spec in asked.wants
    )
    return (
        asked.via in (None, "pip")
        and not first_version
        and bool(set(names) & set(FRAMEWORKS))
        and all(name in (*FRAMEWORKS, "cuda", "cudnn") for name in names)
    )


def best(asked: Question) -> Answer:
    """The best answer, or the reference of the refusal."""
    combos = _combinations(asked._replace(driver=None, keep=False, assumed_os=False))
    gpus = list(asked.gpus)
    if not gpus:
        return _answer("none", asked, combos, None) if combos else _no()
    if not rules.one_flavour(gpus) or not rules.branches(gpus, None):
        return _no("no-common-driver")
    given = rules.driver(asked.driver) if asked.driver and asked.driver != "none" else None
    within = rules.drives_in_windows if asked.windows else _drives
    drives = given is not None and within(given, gpus)
    if given and asked.windows and not drives:
        return _no()
    if given and drives:
        running = tuple(combo for combo in combos if combo.minimum <= given)
        if running:
            return _answer("keep", asked, running, None)
        if asked.windows or asked.keep:
            return _no()
    action = "ensure" if asked.windows or asked.driver is None else "install"
    newer = given is not None and max(rules.branches(gpus, None)) > given.major
    if given is not None and action == "install" and (drives or newer):
        action = "upgrade"
    shop = rules.branches(gpus, asked.ubuntu if action != "ensure" else None)
    reached = tuple(c for c in combos if any(_reaches(branch, c.minimum) for branch in shop))
    return _answer(action, asked, reached, shop) if reached else _no()


def _drives(version: Version, gpus: list[Capability]) -> bool:
    return rules.drives(version.major, gpus)


def _reaches(branch: int, minimum: Version) -> bool:
    return branch >= minimum.major


def _no(reference: str = "no-compatible-stack") -> Answer:
    return Answer("", (), None, None, reference)


def _answer(
    action: str, asked: Question, combos: tuple[Picked, ...], shop: list[int] | None
) -> Answer:
    top = max(rank(combo, asked) for combo in combos)
    picks = tuple(combo for combo in combos if rank(combo, asked) == top)
    branch = None
    if shop is not None:
        branch = next(b for b in shop if _reaches(b, picks[0].minimum))
    modules = rules.flavour(branch, list(asked.gpus)) if branch else None
    return Answer(action, picks, branch, modules)


def rank(combo: Picked, asked: Question) -> tuple[object, ...]:
    """Newest first in the order asked; then without CUDA, measured, SASS; companions last."""
    names = [n for n, _ in asked.wants if n in FRAMEWORKS]
    versions = [combo.version(name) for name in names]
    wanted = [build for name in names for build in combo.builds if _decides(build, name)]
    rest = [b.version for b in combo.builds if b.framework not in names]
    return (
        *versions,
        *(not asked.gpus and b.cuda is None for b in wanted),
        *(b.measured for b in wanted),
        *(all(rules.kind(b, gpu) == "sass" for gpu in asked.gpus) for b in wanted),
        *rest,
    )


def _decides(build: Build, name: str) -> bool:
    """Whether a build is the one asked for, or the torch whose variant a companion shares."""
    return build.framework == name or (build.framework == "torch" and name in FAMILY)


@cache
def _combinations(asked: Question) -> tuple[Picked, ...]:
    """For each floor of the driver the best combinations: what is below them is never chosen."""
    by_floor: dict[Version, list[Picked]] = {}
    for combo in _every_combination(asked):
        known = by_floor.setdefault(combo.minimum, [])
        if known and rank(combo, asked) > rank(known[0], asked):
            known.clear()
        if not known or rank(combo, asked) == rank(known[0], asked):
            known.append(combo)
    return tuple(combo for known in by_floor.values() for combo in known)


def _every_combination(asked: Question) -> Iterator[Picked]:
    wanted = dict(asked.wants)
    family = [n for n in wanted if n in FAMILY]
    pools: list[list[Build]] = []
    if family:
        pools.append(
            [b for b in torch_builds() if b.platform == asked.arch and _fits(b, asked, wanted)]
        )
    if "tensorflow" in wanted:
        pools.append([b for b in tensorflow_builds() if _flow_fits(b, asked, wanted)])
    if "jax" in wanted:
        pools.append(
            [b for b in jax_builds() if b.platform == asked.arch and _fits(b, asked, wanted)]
        )
    for builds in product(*pools):
        if not all(_live_together(*pair, asked) for pair in combinations(builds, 2)):
            continue
        tags = [build.pythons for build in builds]
        floors = [rules.needed(b, list(asked.gpus), asked.windows) for b in builds]
        minimum = max((f for f in floors if f is not None), default=Version("0"))
        torch = next((b for b in builds if b.framework == "torch"), None)
        for friends in _friends(torch, [n for n in family if n != "torch"], wanted, asked):
            if python_for([*tags, *(friend.pythons for friend in friends)], asked):
                yield Picked(builds, friends, minimum)


def _fits(build: Build, asked: Question, wanted: dict[str, SpecifierSet]) -> bool:
    return (
        build.version in wanted.get(build.framework, SpecifierSet())
        and (asked.python is None or bool({asked.python, "any"} & build.pythons))
        and rules.needed(build, list(asked.gpus), asked.windows) is not None
        and _component(wanted.get("cuda"), build.cuda)
        and (build.framework == "tensorflow" or _component(wanted.get("cudnn"), build.cudnn))
    )


def _component(spec: SpecifierSet | None, version: str | None) -> bool:
    return spec is None or (version is not None and version in spec)


def _flow_fits(build: Build, asked: Question, wanted: dict[str, SpecifierSet]) -> bool:
    if build.framework != "tensorflow" or build.platform != asked.arch:
        return False
    # before 2.14 the wheel brings no CUDA libraries: no pip plan can carry it on a GPU
    return (not asked.gpus or build.cudnn is not None) and _fits(build, asked, wanted)


def _friends(
    torch: Build | None, names: list[str], wanted: dict[str, SpecifierSet], asked: Question
) -> Iterator[tuple[Companion, ...]]:
    if not names or torch is None:
        yield ()
        return
    for friend in companions():
        if (
            friend.name == names[0]
            and friend.version in wanted[names[0]]
            and torch.version in friend.torch
            and (torch.cuda is None or friend.cuda in {None, _cuda_of_default(torch)})
            and (asked.python is None or bool({asked.python, "any"} & friend.pythons))
        ):
            for rest in _friends(torch, names[1:], wanted, asked):
                yield (friend, *rest)


def _cuda_of_default(torch: Build) -> str | None:
    """The CUDA of the default wheel of a release: a companion is built by the same matrix."""
    return next(
        b.cuda
        for b in torch_builds()
        if (b.version, b.variant, b.platform) == (torch.version, "default", torch.platform)
    )


def _live_together(one: Build, other: Build, asked: Question) -> bool:
    """One cuDNN for both, and no package that writes the other's files."""
    if not asked.gpus or not one.cuda or not other.cuda or not one.cudnn or not other.cudnn:
        return True
    majors = one.cuda.split(".")[0], other.cuda.split(".")[0]
    if majors[0] != majors[1]:
        shared = ("nvidia-cudnn", "nvidia-nccl")  # what every such wheel needs
        return not any(rules.overwrites(package, majors) for package in shared)
    bound = rules.cudnn_bound(one) & rules.cudnn_bound(other)
    return rules.some_cudnn_serves(majors[0], bound, asked.gpus)


def python_for(pythons: list[frozenset[str]], asked: Question) -> str | None:
    """The interpreter for pins with these tags, or None where none serves all."""
    real = [tags for tags in pythons if "any" not in tags]
    common = set.intersection(*map(set, real)) if real else set(RECOMMENDED)
    if asked.python:
        return asked.python if asked.python in common else None
    own = OS_PYTHON.get(asked.os.removesuffix("-wsl2"))
    if own in common:
        return own
    newest = sorted(common, key=Version, reverse=True)
    return next((p for p in RECOMMENDED if p in common), newest[0] if newest else None)
