"""A run over releases: killed at any moment it goes on, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from provisioner.catalog.rows import Cap
from provisioner.catalog.upkeep_rows import Rot
from provisioner.machine import Interpreter
from provisioner.upkeep.package_index import IndexFile
from provisioner.upkeep.rot import run as running
from provisioner.upkeep.rot.attempts import Attempts
from provisioner.upkeep.rot.disk import MOST_BYTES, Disk
from provisioner.upkeep.rot.environment import Environment, Outcome
from provisioner.upkeep.rot.listing import Dependencies, Pythons, Tried, to_try
from provisioner.upkeep.rot.run import Run
from tests.unit.upkeep.test_lacking import MadeIndex

P38, P311 = Interpreter(version="3.8.18", path="/p38"), Interpreter(version="3.11.7", path="/p311")
BROKEN = Outcome(
    stage="probe", error="Numpy is not available", installed=("numpy==2.0.0",), suspects=("numpy",)
)
WORKS = Outcome(stage="works", installed=("numpy==1.26.4",))
NUMPYS = MadeIndex(
    *(f"numpy-{v}-cp311-cp311-manylinux_2_17_x86_64.whl" for v in ("1.25.2", "1.26.4", "2.0.0"))
)


class Killed(BaseException):
    """The power went."""


class Installs:
    """Stands in for uv: torch works with numpy 1; dies at one of its calls where it is told to."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, environment: Environment, requirements: Sequence[str]) -> Outcome:
        if len(self.asked) == self.dies_at:
            raise Killed
        self.asked.append((environment.path.name, tuple(requirements)))
        environment.path.mkdir(parents=True, exist_ok=True)
        _, *rest = requirements
        return WORKS if any(text.startswith(("numpy==1", "numpy<2")) for text in rest) else BROKEN


@pytest.fixture(autouse=True)
def _room_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """However full the disk is on which the tests run."""
    monkeypatch.setattr(Disk, "_free", lambda _: 2 * MOST_BYTES)


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Installs]:
    def made(dies_at: int | None = None) -> Installs:
        one = Installs(dies_at)

        def attempt(self: Environment, requirements: Sequence[str]) -> Outcome:
            return one(self, requirements)

        monkeypatch.setattr(Environment, "attempt", attempt)
        return one

    monkeypatch.setattr(running, "_evidence", lambda *_: "installed by a test")
    return made


TORCH = Tried("torch", "2.1.2", (P311,))
JAX = Tried("jax", "0.4.38", (P311,))


def rows(folder: Path, *releases: Tried, anew: bool = False) -> tuple[Rot, ...]:
    shown: list[Rot] = []
    run = Run(folder, Dependencies(NUMPYS))
    ran = run.tried(releases, lambda *_: None, shown.append, anew=anew)
    assert tuple(shown) == ran.rows
    return ran.rows


def test_a_release_is_tried_plainly_then_healed(
    tmp_path: Path, installs: Callable[..., Installs]
) -> None:
    installs()
    (row,) = rows(tmp_path, TORCH)

    assert (row.plain, row.capped) == ("Numpy is not available", "works")
    assert [cap.requirement for cap in row.caps] == ["numpy<2"]
    assert row.python == "3.11.7"


@pytest.mark.parametrize("dies_at", range(5))
def test_a_run_that_was_killed_goes_on_and_finds_the_same(
    dies_at: int, tmp_path: Path, installs: Callable[..., Installs]
) -> None:
    whole = installs()
    expected = rows(tmp_path / "whole", TORCH, JAX)
    assert len(whole.asked) > dies_at
    first = installs(dies_at)
    with pytest.raises(Killed):
        rows(tmp_path / "killed", TORCH, JAX)

    rest = installs()

    assert rows(tmp_path / "killed", TORCH, JAX) == expected
    assert first.asked + rest.asked == whole.asked


def test_what_was_tried_is_not_tried_again_unless_asked_for(
    tmp_path: Path, installs: Callable[..., Installs]
) -> None:
    first = installs()
    rows(tmp_path, TORCH)
    again = installs()
    rows(tmp_path, TORCH)
    anew = installs()
    rows(tmp_path, TORCH, anew=True)

    assert again.asked == []
    assert anew.asked == first.asked


def test_no_environment_is_left_behind(tmp_path: Path, installs: Callable[..., Installs]) -> None:
    installs()
    rows(tmp_path, TORCH)
    assert not (tmp_path / "environment").exists()

    installs(dies_at=1)
    with pytest.raises(Killed):
        rows(tmp_path, TORCH, anew=True)
    assert not (tmp_path / "environment").exists()


def test_a_line_that_was_cut_off_by_a_kill_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "torch.jsonl"
    Attempts(path, lambda _: WORKS)(("torch==2.1.2",))
    Attempts(path, lambda _: BROKEN)(("torch==2.1.2", "numpy"))
    path.write_bytes(path.read_bytes()[:-20])

    def asked_again(requirements: Sequence[str]) -> Outcome:
        assert requirements == ("torch==2.1.2", "numpy")
        return BROKEN

    again = Attempts(path, asked_again)

    assert again(("torch==2.1.2",)) == WORKS
    assert again(("torch==2.1.2", "numpy")) == BROKEN
    assert Attempts(path, lambda _: WORKS)(("torch==2.1.2", "numpy")) == BROKEN


def test_an_older_python_is_tried_where_nothing_helps_on_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_evidence", lambda *_: "installed by a test")

    def made(folder: Path, interpreter: str, framework: str) -> Environment:
        environment = Environment(folder, interpreter, framework)
        stack = BROKEN.error if interpreter == "/p311" else ""
        outcome = Outcome(stage="probe", error=stack) if stack else WORKS
        monkeypatch.setattr(environment, "attempt", lambda _: outcome)
        return environment

    monkeypatch.setattr(running, "Environment", made)

    (row,) = rows(tmp_path, Tried("torch", "1.0.1", (P311, P38)))

    assert (row.python, row.plain) == ("3.8.18", "works")


def cap(requirement: str, version: str = ">=2.1,<2.2", evidence: str = "installed: x") -> Cap:
    return Cap(
        framework="torch",
        version=version,
        requirement=requirement,
        reason="numpy 2",
        evidence=evidence,
        checked="2026-11-20",
    )


def proofs(folder: Path, *caps: Cap) -> list[tuple[str, tuple[str, ...], bool]]:
    run = Run(folder, Dependencies(NUMPYS))
    found = run.proved([TORCH], caps, lambda *_: None)
    return [(proof.outcome, proof.needless, proof.holds) for proof in found]


def test_caps_hold_where_the_release_works_with_them_and_not_without(
    tmp_path: Path, installs: Callable[..., Installs]
) -> None:
    asked = installs().asked

    assert proofs(tmp_path, cap("numpy<2"), cap("numpy<1", ">=2.2,<2.3")) == [("works", (), True)]
    assert [requirements for _, requirements in asked] == [
        ("torch==2.1.2", "numpy", "numpy<2"),
        ("torch==2.1.2", "numpy"),
    ]


def test_a_cap_that_is_not_enough_or_not_needed_is_told(
    tmp_path: Path, installs: Callable[..., Installs]
) -> None:
    installs()

    assert proofs(tmp_path / "none") == [("Numpy is not available", (), False)]
    assert proofs(tmp_path / "more", cap("numpy<2"), cap("six")) == [("works", ("six",), False)]


def test_a_cap_that_people_wrote_cures_what_is_not_tried_here(
    tmp_path: Path, installs: Callable[..., Installs]
) -> None:
    installs()
    by_hand = cap("h5py<3", evidence="setup.py at v1.15.5")

    assert proofs(tmp_path, cap("numpy<2"), by_hand) == [("works", (), True)]


def test_where_no_python_helps_the_record_says_what_each_of_them_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_evidence", lambda *_: "installed by a test")
    said = {"/p311": "no distutils", "/p39": "no xla_data_pb2", "/p38": "no xla_data_pb2"}

    def attempt(environment: Environment, _: Sequence[str]) -> Outcome:
        return Outcome(stage="probe", error=said[environment.interpreter])

    monkeypatch.setattr(Environment, "attempt", attempt)
    p39 = Interpreter(version="3.9.18", path="/p39")

    (row,) = rows(tmp_path, Tried("jax", "0.1.23", (P311, p39, P38)))

    assert (row.python, row.plain, row.caps) == ("3.11.7", "no distutils", ())
    assert row.capped == "Python 3.11.7: no distutils; Python 3.9.18: no xla_data_pb2"


def test_what_is_tried_is_the_newest_patch_on_the_newest_python_that_has_a_wheel() -> None:
    index = MadeIndex(
        "torch-2.1.1-cp311-cp311-manylinux1_x86_64.whl",
        "torch-2.1.2-cp38-cp38-manylinux1_x86_64.whl",
        "torch-2.1.2-cp311-cp311-manylinux1_x86_64.whl",
        "torch-2.1.2-cp312-cp312-win_amd64.whl",
        "torch-2.10.0-cp311-cp311-macosx_11_0_arm64.whl",
        "torch-1.0.1-cp27-cp27m-manylinux1_x86_64.whl",
        "torch-1.1.0-cp38-cp38-manylinux1_x86_64.whl",
    )

    assert list(to_try(["torch"], index, Pythons((P38, P311)))) == [
        Tried("torch", "1.1.0", (P38,)),
        Tried("torch", "2.1.2", (P311, P38)),
    ]


def test_python_2_and_free_threaded_ones_are_left_alone() -> None:
    found = [Interpreter(version=text, path=f"/{text}") for text in ("2.7.18", "3.13.1t", "3.8.18")]

    assert Pythons(found).minors == ("3.8",)


def test_a_release_that_was_taken_back_is_not_tried() -> None:
    index = MadeIndex("torch-2.1.2-cp38-cp38-manylinux1_x86_64.whl", yanked=True)

    with pytest.raises(Exception, match="cannot be tried here"):
        list(to_try(["torch"], index, Pythons((P38,))))


def test_dependencies_are_those_with_a_wheel_for_the_python_or_else_sources() -> None:
    class Listed(MadeIndex):
        def files(self, project: str) -> list[IndexFile]:
            names = {
                "numpy": (
                    "numpy-1.9.0.tar.gz",
                    "numpy-1.21.0-cp37-cp37m-manylinux1_x86_64.whl",
                    "numpy-1.24.0-cp38-cp38-manylinux1_x86_64.whl",
                ),
                "termcolor": ("termcolor-1.0.0.tar.gz", "termcolor-1.1.0.tar.gz"),
            }[project]
            return [IndexFile(name=name, url="") for name in names]

    known = Dependencies(Listed())

    assert known.versions("numpy", "3.8") == ["1.24.0"]
    assert known.versions("termcolor", "3.8") == ["1.0.0", "1.1.0"]
