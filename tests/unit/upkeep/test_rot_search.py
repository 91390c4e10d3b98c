"""The search for caps, with an installer that is made up: what breaks is a rule in the test."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from packaging.requirements import Requirement

from provisioner.upkeep.rot.environment import Outcome
from provisioner.upkeep.rot.search import heal

Rule = Callable[[Mapping[str, str]], str]
"""What a set of distributions says: an error, or nothing."""

RELEASES = {
    "protobuf": ("3.19.6", "3.20.1", "3.20.3", "4.21.1", "4.21.12", "4.22.5", "5.29.0"),
    "numpy": ("1.22.4", "1.23.0", "1.23.5", "1.24.0", "1.26.4", "2.0.0", "2.3.1"),
    "six": ("1.16.0", "1.17.0"),
    "setuptools": ("69.5.1", "80.9.0", "81.0.0", "82.0.0"),
}


class World:
    """Installs the newest of everything that requirements admit, and asks the rules."""

    def __init__(self, *rules: Rule, brings: Sequence[str] = ("protobuf", "numpy", "six")) -> None:
        self.rules = rules
        self.brings = brings
        self.asked: list[tuple[str, ...]] = []

    def attempt(self, requirements: Sequence[str]) -> Outcome:
        self.asked.append(tuple(requirements))
        wanted = [Requirement(text) for text in requirements[1:]]
        have = {}
        for name in dict.fromkeys((*self.brings, *(item.name for item in wanted))):
            fitting = [
                v
                for v in RELEASES[name]
                if all(item.specifier.contains(v) for item in wanted if item.name == name)
            ]
            if not fitting:
                return Outcome(stage="install", error="no solution")
            have[name] = fitting[-1]
        installed = tuple(f"{name}=={version}" for name, version in have.items())
        for rule in self.rules:
            if error := rule(have):
                lacks = re.search("No module named '(.*)'", error)
                return Outcome(
                    stage="probe",
                    error=error,
                    installed=("old==1.0", *installed),
                    suspects=tuple(name for name in have if name in error),
                    missing=lacks[1] if lacks else None,
                )
        return Outcome(stage="works", installed=("old==1.0", *installed))

    def versions(self, name: str) -> Sequence[str]:
        return RELEASES.get(name, ())


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def fails_from(name: str, version: str, error: str) -> Rule:
    return lambda have: error if numbers(have[name]) >= numbers(version) else ""


def caps(world: World) -> dict[str, tuple[str, str | None]]:
    """Requirement → the version that works and the next one."""
    healed = heal(("old==1.0",), world.attempt, world.versions)
    assert healed.outcome.works
    return {cap.requirement: (cap.good, cap.bad) for cap in healed.caps}


def test_what_works_needs_no_cap_and_one_install() -> None:
    world = World()

    assert caps(world) == {}
    assert world.asked == [("old==1.0",)]


@pytest.mark.parametrize(
    ("first_bad", "requirement", "good", "bad"),
    [
        pytest.param("4.21.1", "protobuf<4.21", "3.20.3", "4.21.1", id="a-minor-series"),
        pytest.param("3.20.3", "protobuf<3.20.3", "3.20.1", "3.20.3", id="a-patch"),
        pytest.param("5.0.0", "protobuf<5.29", "4.22.5", "5.29.0", id="the-newest"),
        pytest.param("3.20.1", "protobuf<3.20", "3.19.6", "3.20.1", id="all-but-the-oldest"),
    ],
)
def test_a_cap_is_the_tightest_one(first_bad: str, requirement: str, good: str, bad: str) -> None:
    world = World(fails_from("protobuf", first_bad, "Descriptors of protobuf"))

    assert caps(world) == {requirement: (good, bad)}


def test_a_dependency_that_the_error_does_not_name_is_found_too() -> None:
    world = World(fails_from("numpy", "1.24.0", "no attribute 'bool'"))

    assert caps(world) == {"numpy<1.24": ("1.23.5", "1.24.0")}


def test_two_that_break_it_one_after_the_other_are_both_capped() -> None:
    world = World(
        fails_from("protobuf", "4.21.1", "Descriptors of protobuf"),
        fails_from("numpy", "2.0.0", "numpy was compiled"),
    )

    assert caps(world) == {
        "protobuf<4.21": ("3.20.3", "4.21.1"),
        "numpy<2": ("1.26.4", "2.0.0"),
    }


def test_a_step_back_that_only_brings_another_error_is_no_cap() -> None:
    """An old numpy says something else than the new one: that is no way forward by itself."""

    def too_old(have: Mapping[str, str]) -> str:
        return "numpy is too old" if numbers(have["numpy"]) < (1, 24) else ""

    world = World(too_old, fails_from("protobuf", "4.21.1", "a numpy error, says protobuf"))

    assert caps(world) == {"protobuf<4.21": ("3.20.3", "4.21.1")}


def test_what_is_missing_is_added() -> None:
    def lacks(have: Mapping[str, str]) -> str:
        return "" if "six" in have else "No module named 'six'"

    assert caps(World(lacks, brings=("numpy",))) == {"six": ("1.17.0", None)}


def test_what_is_missing_may_have_to_be_old() -> None:
    """setuptools gave up pkg_resources."""

    def lacks(have: Mapping[str, str]) -> str:
        old = "setuptools" in have and numbers(have["setuptools"]) < (82,)
        return "" if old else "No module named 'pkg_resources'"

    world = World(lacks, brings=("numpy",))

    assert caps(world) == {"setuptools<82": ("81.0.0", "82.0.0")}


def test_where_nothing_helps_there_is_no_cap_and_the_first_error() -> None:
    world = World(lambda _: "cannot enable executable stack")

    healed = heal(("old==1.0",), world.attempt, world.versions)

    assert healed.caps == ()
    assert healed.outcome.error == "cannot enable executable stack"


def test_each_cap_bears_the_error_that_it_alone_cures() -> None:
    world = World(
        fails_from("protobuf", "4.21.1", "Descriptors of protobuf"),
        fails_from("numpy", "2.0.0", "numpy was compiled"),
    )
    healed = heal(("old==1.0",), world.attempt, world.versions)

    assert {cap.requirement: cap.error for cap in healed.caps} == {
        "protobuf<4.21": "Descriptors of protobuf",
        "numpy<2": "numpy was compiled",
    }


def test_the_last_install_is_the_release_with_its_caps() -> None:
    world = World(fails_from("numpy", "2.0.0", "numpy was compiled"))
    heal(("old==1.0",), world.attempt, world.versions)

    assert world.asked[-1] == ("old==1.0", "numpy<2")


def test_what_healed_a_neighbour_is_tried_first_and_made_tight() -> None:
    world = World(fails_from("numpy", "2.0.0", "numpy was compiled"))
    healed = heal(("old==1.0",), world.attempt, world.versions, {"numpy": "1.23.5"})

    assert [(cap.requirement, cap.good) for cap in healed.caps] == [("numpy<2", "1.26.4")]
    assert world.asked[1] == ("old==1.0", "numpy==1.23.5")


def test_a_hint_that_does_not_help_or_holds_too_much_changes_nothing() -> None:
    rule = fails_from("numpy", "2.0.0", "numpy was compiled")
    for hint in ({"protobuf": "3.20.3"}, {"protobuf": "3.20.3", "numpy": "1.26.4"}):
        world = World(rule)
        healed = heal(("old==1.0",), world.attempt, world.versions, hint)

        assert [cap.requirement for cap in healed.caps] == ["numpy<2"]


def test_only_old_versions_in_the_middle_work() -> None:
    """The newest break it, and the oldest do too: the window is found all the same."""

    def window(have: Mapping[str, str]) -> str:
        inside = (3, 20, 1) <= numbers(have["protobuf"]) < (4, 21)
        return "" if inside else "Descriptors of protobuf"

    assert caps(World(window)) == {"protobuf<4.21": ("3.20.3", "4.21.1")}


def test_a_search_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"dist{number}": tuple(f"{n}.0" for n in range(1, 20)) for number in range(20)}
    monkeypatch.setattr("tests.unit.upkeep.test_rot_search.RELEASES", {**RELEASES, **many})
    world = World(lambda have: f"nothing helps {have['dist3']}", brings=tuple(many))
    healed = heal(("old==1.0",), world.attempt, world.versions)

    assert healed.caps == ()
    assert len(set(world.asked)) < 120
