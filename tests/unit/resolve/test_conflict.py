"""The smallest conflict: nothing in it can be left out, and nothing outside it matters."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from provisioner.catalog.rows import Build
from provisioner.plan import Request
from provisioner.request import parse_wish
from provisioner.resolve.conflict import Conflict, conflict, culprit, let_go
from provisioner.resolve.facts import Facts
from provisioner.resolve.premises import Question
from provisioner.resolve.search import ANY
from tests.unit.resolve.asking import EVIDENCE, MadeBuilds, machine

GOOD: dict[str, Any] = {"cuda": "11.8", "sass": ("sm_86",), "pythons": ("3.10",), "glibc": "2.17"}
BAD: dict[str, dict[str, Any]] = {
    "driver": {"cuda": "13.0"},
    "gpu": {"sass": ("sm_75",)},
    "python": {"pythons": ("3.12",)},
    "libc": {"glibc": "2.99"},
    "platform": {"platform": "linux-aarch64"},
}
"""What keeps a build from an RTX 3090 on Ubuntu 22.04 with driver 470, asked for Python 3.10."""
HARDEST_FIRST = ("platform", "gpu", "libc", "driver", "python")


def made(number: int, faults: tuple[str, ...]) -> Build:
    facts: dict[str, Any] = {"platform": "linux-x86_64", **GOOD, **EVIDENCE}
    for fault in faults:
        facts.update(BAD[fault])
    return Build(framework="torch", version=f"9.{number}.0", kind="measured", **facts)


def asked(*builds: Build, words: tuple[str, ...] = ("torch",)) -> Question:
    request = Request(requirements=words, python="3.10", keep_driver=True)
    facts = Facts(machine("RTX 3090", driver="470.256.02"), request, MadeBuilds(*builds))
    return Question(
        facts=facts,
        wishes=tuple(parse_wish(word) for word in words),
        routes=ANY,
        open_routes=ANY,
    )


def told(*faults: tuple[str, ...]) -> Conflict:
    """The conflict about builds with these faults, one build for each."""
    question = asked(*(made(number, names) for number, names in enumerate(faults)))
    return conflict(question, question.wishes[0])


FAULTS = [
    *itertools.combinations(BAD, 1),
    *itertools.combinations(BAD, 2),
    ("driver", "gpu", "python"),
]
BOXES = [(one,) for one in FAULTS] + [
    pair for pair in itertools.combinations(FAULTS, 2) if len(pair[0]) + len(pair[1]) < 5
]


@pytest.mark.parametrize("faults", BOXES, ids=str)
def test_the_conflict_is_a_smallest_one_of_those_that_there_are(
    faults: tuple[tuple[str, ...], ...],
) -> None:
    """Read off the faults themselves: a set decides when it hits every build."""
    names = told(*faults).names
    deciding = [
        set(chosen)
        for size in range(1, len(BAD) + 1)
        for chosen in itertools.combinations(HARDEST_FIRST, size)
        if all(set(chosen) & set(build) for build in faults)
    ]
    alone = [chosen for chosen in deciding if len(chosen) == 1]

    assert set(names) in deciding
    assert not [chosen for chosen in deciding if chosen < set(names)]
    assert not alone or set(names) == alone[0]


@pytest.mark.parametrize("faults", BOXES[:20], ids=str)
def test_without_any_one_obstacle_there_is_an_answer(faults: tuple[tuple[str, ...], ...]) -> None:
    found = told(*faults)
    kept = [item.premise for item in found.obstacles]

    assert let_go(found.question, found.everything, kept) is None
    for obstacle in found.obstacles:
        rest = [premise for premise in kept if premise is not obstacle.premise]
        assert let_go(found.question, found.everything, rest) is not None


def test_the_build_that_comes_nearest_is_the_witness() -> None:
    """Both are kept away by the driver; the older one by nothing else."""
    (obstacle,) = told(("driver",), ("driver", "python")).obstacles

    assert obstacle.alone
    assert obstacle.without.found["torch"].version == "9.0.0"


def test_what_is_on_no_machine_has_no_obstacle() -> None:
    question = asked(made(0, ()), words=("torch==8",))

    assert conflict(question, question.wishes[0]).obstacles == ()


def test_of_three_wishes_the_two_that_fight_are_found() -> None:
    plain: dict[str, Any] = {"platform": "linux-x86_64", "kind": "measured", **GOOD, **EVIDENCE}
    builds = (
        made(0, ()),
        Build(framework="one", version="1.0", **plain),
        Build(framework="one", version="2.0", **plain),
        Build(framework="two", version="1.0", requires=("one==2.0",), **plain),
    )
    question = asked(*builds, words=("torch", "one==1.0", "two"))
    about = culprit(question)

    assert about.name == "one"
    (obstacle,) = conflict(question, about).obstacles
    assert obstacle.premise.text == "two"
