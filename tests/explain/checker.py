"""Is the answer to ``--why-not`` the true one? Judged by the fact tables, not by the program.

It shares no code with the program: builds, lists of architectures, floors and tags come from
``tests/table``. A fact is true if the tables say so, decides if the machine's value does not meet
it, and the set of them is smallest if without any one of them some build would do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.version import Version

from tests.table import rules
from tests.table.answer import Question, question
from tests.table.factsheet import (
    Build,
    capabilities,
    conda_builds,
    rows,
    tensorflow_builds,
    torch_builds,
)

Case = dict[str, Any]
HARDEST_FIRST = ("platform", "gpu", "glibc", "driver", "python", "via")
"""What a person cannot change goes before what a person can."""
SHORT = 6
WIDE = 100
TAGS = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}


class Told(NamedTuple):
    """What an answer names: kinds of facts, and the rows with their texts."""

    kinds: frozenset[str]
    rows: tuple[str, ...]
    machine: tuple[dict[str, str], ...]


class Judge:
    """One case, and what the tables say about it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.asked: Question = question(case["args"], case["gpus"])
        self.wish = Requirement(case["why"].replace("pytorch", "torch"))
        self.glibc = case.get("glibc")
        self.builds = list(self._candidates())

    def _candidates(self) -> Iterator[Build]:
        """Builds with CUDA within what is asked about; a channel's only where any way is open."""
        known = [*torch_builds(), *tensorflow_builds()]
        if self.asked.via is None:
            known += [build for build in conda_builds() if self._natively(build)]
        name, _, local = str(self.wish.specifier).partition("+")
        specifier = Requirement(f"{self.wish.name}{name}").specifier
        for build in known:
            asked = build.framework == self.wish.name and build.version in specifier
            if asked and build.cuda and (not local or build.variant == local):
                yield build

    def _natively(self, build: Build) -> bool:
        return all(rules.by_sass(build.sass or frozenset(), gpu) for gpu in self.asked.gpus)

    @property
    def driver_is_fixed(self) -> bool:
        return self.asked.keep or self.asked.windows or self.case.get("kept", False)

    def fails(self, build: Build) -> frozenset[str]:
        """What of the machine and of the request a build cannot do with."""
        asked, found = self.asked, set()
        if build.platform != asked.arch:
            found.add("platform")
        if any(rules.kind(build, gpu) is None for gpu in asked.gpus):
            found.add("gpu")
        if self.driver_is_fixed and self.floor(build) > Version(asked.driver or "0"):
            found.add("driver")
        if asked.python and not {asked.python, "any"} & build.pythons:
            found.add("python")
        if self.glibc and (oldest := glibc_of(build)) and Version(oldest) > Version(self.glibc):
            found.add("glibc")
        if self.case.get("via") == "conda" and build.variant != "conda-forge":
            found.add("via")
        return frozenset(found)

    def floor(self, build: Build) -> Version:
        served = rules.needed(build, list(self.asked.gpus), self.asked.windows)
        return served or rules.floor(build.cuda or "", self.asked.windows)

    def possible(self, given: Iterable[str]) -> bool:
        """Whether some build would do if only these facts counted."""
        return any(not self.fails(build) & frozenset(given) for build in self.builds)

    def deciding(self) -> list[frozenset[str]]:
        """The sets of facts that may be named: the hardest alone, else any that is smallest."""
        for kind in HARDEST_FIRST:
            if not self.possible([kind]):
                return [frozenset([kind])]
        sets = [
            frozenset(chosen)
            for size in range(2, len(HARDEST_FIRST) + 1)
            for chosen in combinations(HARDEST_FIRST, size)
            if not self.possible(chosen)
        ]
        return [one for one in sets if not any(other < one for other in sets)]


def glibc_of(build: Build) -> str | None:
    """The oldest glibc, from the name of the wheel that was read."""
    sheets = {"torch": "06_torch_default_wheels.csv", "tensorflow": "07_tensorflow_wheels.csv"}
    for row in rows(sheets[build.framework]):
        name = row.get("torch") or row.get("version")
        if name == str(build.version) and row.get("package", "torch") == build.framework:
            tag = re.search(r"manylinux_(\d+)_(\d+)|manylinux\d+", row["source"])
            return TAGS.get(tag[0]) or f"{tag[1]}.{tag[2]}" if tag else None
    return None


def told(why_not: dict[str, Any]) -> Told:
    """What the facts of an answer are about."""
    kinds, machine = set(), []
    for fact in why_not["facts"]:
        if fact["kind"] == "machine":
            machine.append(fact)
            kinds.add(_kind(fact["text"]))
        elif fact["kind"] == "wish":
            kinds |= {"python"} if re.search(r"\bPython \d", fact["text"]) else set()
            kinds |= {"via"} if "--via" in fact["text"] else set()
    texts = tuple(fact["text"] for fact in why_not["facts"] if fact["kind"] == "row")
    return Told(frozenset(kinds), texts, tuple(machine))


def _kind(text: str) -> str:
    if text.startswith(("driver ", "no driver")):
        return "driver"
    if " with glibc" in text or " with musl" in text:
        return "glibc"
    return "platform" if re.search(r" (x86_64|aarch64)$", text) else "gpu"


def objections(case: Case, why_not: dict[str, Any], text: str) -> list[str]:
    """What is wrong with an answer; an empty list for a true one."""
    judge, named = Judge(case), told(why_not)
    found = list(_shape(case, why_not, text))
    if set(named.kinds) != set(case["deciding"]):
        found.append(f"decided by {case['deciding']}, named {sorted(named.kinds)}")
    if case.get("computed", True):
        allowed = judge.deciding()
        if named.kinds not in allowed:
            found.append(f"the tables say {allowed}, named {sorted(named.kinds)}")
        shown = [kind for row in named.rows for kind in _of_row(judge, row)]
        found += [word for word in shown if word.startswith("false:")]
        unproved = named.kinds - {"platform", "via"} - set(shown)
        found += [f"no row shows {kind}" for kind in sorted(unproved)]
    found += list(_machine(case, judge, named))
    return found


def _shape(case: Case, why_not: dict[str, Any], text: str) -> Iterator[str]:
    lines = text.splitlines()
    if len(lines) > SHORT:
        yield f"{len(lines)} lines"
    yield from (f"wide: {line}" for line in lines if len(line) > WIDE + 2)
    yield from (f"a solver's word: {word}" for word in ("__", "resolvelib", "None") if word in text)
    yield from (f"not said: {word}" for word in case["says"] if word not in text)
    if why_not["requirement"] != case["why"]:
        yield f"answers {why_not['requirement']}"


def _of_row(judge: Judge, row: str) -> Iterator[str]:
    """The kinds that a row proves, or what of it the tables deny."""
    match = re.match(r"([\w-]+) ([\d.]+)(?: \(([\w-]+)\))?(?:: | )(.*)", row)
    if match is None:
        return
    name, version, variant, reason = match.groups()
    same = [
        build
        for build in judge.builds
        if (build.framework, str(build.version), build.variant) == (name, version, variant)
        and build.platform in {judge.asked.arch, "x86_64"}
    ]
    if not same:
        yield f"false: no table has {name} {version} {variant} among what was asked for"
        return
    yield from _proved(judge, same[0], reason)


def _proved(judge: Judge, build: Build, reason: str) -> Iterator[str]:
    if needs := re.search(r"CUDA ([\d.]+) needs driver ([\d.]+\d) or later", reason):
        right = needs[1] == build.cuda and Version(needs[2]) == judge.floor(build)
        yield "driver" if right else f"false: {build.version} needs driver {judge.floor(build)}"
    elif needs := re.search(r"PTX .* which driver ([\d.]+\d) or later compiles", reason):
        right = Version(needs[1]) == judge.floor(build)
        yield "driver" if right else f"false: {build.version} needs driver {judge.floor(build)}"
    elif code := re.search(r"holds code for (.*) only", reason):
        right = capabilities(code[1]) == (build.sass or frozenset()) | build.ptx
        yield "gpu" if right else f"false: {build.version} holds {sorted(build.sass or ())}"
    elif code := re.search(r"cuDNN ([\d.]+), which has no code for capability ([\d.]+)", reason):
        right = not any(rules.cudnn_serves(build, gpu) for gpu in judge.asked.gpus)
        yield "gpu" if right else f"false: cuDNN {build.cudnn} of {build.version} serves"
    elif tags := re.search(r"built for Python (.*)", reason):
        right = {tag for tag in tags[1].split() if not tag.endswith("t")} == set(build.pythons)
        yield "python" if right else f"false: {build.version} is for {sorted(build.pythons)}"
    elif libc := re.search(r"needs glibc ([\d.]+) or later", reason):
        right = libc[1] == glibc_of(build)
        yield "glibc" if right else f"false: {build.version} needs glibc {glibc_of(build)}"


def _machine(case: Case, judge: Judge, named: Told) -> Iterator[str]:
    """Values of the machine are those of the case, and say where they are from."""
    source = case.get("source", "option")
    for fact in named.machine:
        if fact["source"] != source:
            yield f"{fact['text']} is from {source}, not {fact['source']}"
        kind = _kind(fact["text"])
        if kind == "driver" and judge.asked.driver not in {None, "none"}:
            driver = str(judge.asked.driver)
            if not re.match(rf"driver {re.escape(driver)}\b", fact["text"]):
                yield f"the driver is {driver}, not: {fact['text']}"
        if kind == "gpu" and not any(gpu in fact["text"] for gpu in case["gpus"]):
            yield f"no GPU of the case: {fact['text']}"
