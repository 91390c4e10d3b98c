"""``catalog caps`` from the outside: what people and programs read; nothing is installed here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioner.catalog.load import Catalog
from provisioner.catalog.upkeep_rows import CapFound, Rot
from provisioner.cli.main import main
from provisioner.upkeep.rot.keeping import Keeper
from provisioner.upkeep.rot.run import Proof, Ran

STACKS = Path(__file__).resolve().parents[2] / "stacks"
NUMPY = CapFound(requirement="numpy<2", error="Numpy is not available", good="1.26.4", bad="2.0.0")


def rot(version: str, *caps: CapFound, plain: str = "works", capped: str = "works") -> Rot:
    return Rot(
        framework="torch",
        version=version,
        python="3.11.7",
        plain=plain,
        caps=caps,
        capped=capped,
        evidence="installed by a test",
        checked="2026-11-20",
    )


ROWS = (
    rot("2.95.1", NUMPY, plain="Numpy is not available"),
    rot("2.96.0"),
    rot("2.97.0", plain="ended by signal 4", capped="ended by signal 4"),
)


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "stacks"
    shutil.copytree(STACKS, folder)
    monkeypatch.setenv("DLSETUP_STACKS", str(folder))

    def ran(
        _: Keeper, words: Sequence[str], _told: object, shown: Callable[[Rot], None], *, anew: bool
    ) -> Ran:
        assert (tuple(words), anew) == (("torch",), False)
        for row in ROWS:
            shown(row)
        return Ran(rows=ROWS, attempts=7, peak_bytes=4_200_000_000)

    monkeypatch.setattr(Keeper, "ran", ran)
    return folder


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["catalog", "caps", *words])


TEXT = """\
torch 2.95.1 on Python 3.11.7 works with numpy<2
  without: Numpy is not available
torch 2.96.0 on Python 3.11.7 works
torch 2.97.0 on Python 3.11.7 does not work, and nothing helps
  ended by signal 4
3 releases: 1 work as they install, 2 with caps. 7 installs, 4.2 GB at most.
  + torch >=2.95,<2.96 numpy<2 [installed: 2.95.1 on Python 3.11.7 works with numpy 1.26.4, \
not with 2.0.0]
"""


@pytest.mark.usefixtures("stacks")
def test_each_release_is_told_with_what_brings_it_back() -> None:
    done = call("torch")

    assert done.stdout == TEXT + "Nothing was written: say --write to keep them.\n"
    assert done.exit_code == 0


def test_writing_adds_the_caps_and_the_record_and_leaves_a_sound_catalog(stacks: Path) -> None:
    before = Catalog(STACKS)
    done = call("torch", "--write")

    assert done.stdout == TEXT + f"Written: {stacks}\n"
    after = Catalog(stacks)
    assert set(after.rot) - set(before.rot) == set(ROWS)
    assert [cap.requirement for cap in set(after.caps) - set(before.caps)] == ["numpy<2"]
    assert CliRunner().invoke(main, ["catalog", "check"]).stdout == "no problems found\n"


@pytest.mark.usefixtures("stacks")
def test_programs_read_the_same() -> None:
    data = json.loads(call("torch", "--json").stdout)["data"]

    assert [row["version"] for row in data["releases"]] == ["2.95.1", "2.96.0", "2.97.0"]
    assert data["releases"][0]["caps"] == [
        {
            "requirement": "numpy<2",
            "error": "Numpy is not available",
            "good": "1.26.4",
            "bad": "2.0.0",
        }
    ]
    assert (data["attempts"], data["peak_bytes"], data["written"]) == (7, 4_200_000_000, None)


def proof(version: str, *, outcome: str = "works", needless: tuple[str, ...] = ()) -> Proof:
    return Proof(
        framework="torch",
        version=version,
        python="3.11.7",
        requirements=("numpy<2", "six"),
        outcome=outcome,
        needless=needless,
    )


GOOD, LOOSE = proof("2.1.2"), proof("2.2.2", needless=("six",))
BAD = proof("2.3.1", outcome="Numpy is not available")


@pytest.mark.parametrize(
    ("proofs", "exit_code", "text"),
    [
        pytest.param(
            (GOOD,),
            0,
            "torch 2.1.2 on Python 3.11.7 works with numpy<2, six\n1 release: 1 as the caps say.\n",
            id="they-hold",
        ),
        pytest.param(
            (GOOD, LOOSE, BAD),
            1,
            "torch 2.1.2 on Python 3.11.7 works with numpy<2, six\n"
            "torch 2.2.2 on Python 3.11.7 works with numpy<2, six, also without six\n"
            "torch 2.3.1 on Python 3.11.7 does not work with numpy<2, six: "
            "Numpy is not available\n"
            "3 releases: 1 as the caps say.\n",
            id="they-do-not",
        ),
    ],
)
def test_a_check_says_which_caps_hold(
    proofs: tuple[Proof, ...], exit_code: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def proved(*_: object, anew: bool) -> Iterator[Proof]:
        assert anew
        return iter(proofs)

    monkeypatch.setattr(Keeper, "proved", proved)
    done = call("--check", "--anew")

    assert (done.stdout, done.exit_code) == (text, exit_code)


def test_what_cannot_be_tried_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")

    done = call("numpy==1.0")

    assert done.exit_code == 2
    assert "'numpy==1.0' cannot be tried here." in done.stderr
