"""What conda's solver makes of rendered files, on channels made from the tables of facts."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from functools import cache

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main
from tests.cli.channel import SolverError, channels, of_conda, of_pixi, solved
from tests.table.factsheet import FACTS

NAMES = {"pytorch": "torch", "tensorflow": "tensorflow"}
TURING = ("--gpu", "RTX 2080 Ti", "--driver", "580", "--os", "ubuntu-22.04")
PASCAL = ("--gpu", "GTX 1080 Ti", "--driver", "550", "--os", "ubuntu-22.04")
with (FACTS / "14_conda_forge_channel.csv").open(encoding="utf-8") as table:
    ROWS = [
        row
        for row in csv.DictReader(table)
        if row["package"] in NAMES and row["platform"] == "linux-64" and row["cuda"] != "none"
    ]
NEEDED = re.compile(r"__cuda >=([\d.]+)")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return channels(tmp_path_factory.mktemp("channels"))


@cache
def rendered(form: str, *words: str) -> str:
    done = CliRunner().invoke(main, ["render", form, *words, "--json"])
    assert done.exit_code == 0, done.output
    (file,) = json.loads(done.stdout)["data"]["files"]
    return str(file["text"])


def by_build(row: Mapping[str, str]) -> tuple[str, str, str]:
    """The conda and the pixi file for one build of the tables, and the build that they pin."""
    words = (f"{NAMES[row['package']]}=={row['version']}", f"cuda=={row['cuda']}", "--via", "conda")
    pinned = f"cuda{row['cuda'].replace('.', '')}"
    return rendered("conda", *words, *TURING), rendered("pixi", *words, *TURING), pinned


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['package']}-{row['version']}-{row['cuda']}"
)
def test_a_gpu_build_or_nothing_and_never_one_for_the_cpu(
    row: Mapping[str, str], at: Mapping[str, str]
) -> None:
    environment, workspace, pinned = by_build(row)
    floor = NEEDED.search(row["cuda_constraint"])
    assert floor is not None
    # Where the plan takes the wheel, its CUDA comes from the channel.
    build = f"{row['version']} {pinned}" if f"={pinned}*" in environment else row["cuda"]
    package = row["package"] if f"={pinned}*" in environment else "cudatoolkit"

    for asked in (of_conda(environment), of_pixi(workspace)):
        assert solved(asked, at, "13.1")[package].startswith(build)
        assert solved(asked, at, floor[1])[package].startswith(build)
        with pytest.raises(SolverError, match="__cuda"):
            solved(asked, at, "9.0")
        if row["needs___cuda"] == "yes" and package == row["package"]:
            with pytest.raises(SolverError, match="__cuda"):
                solved(asked, at, None)
        else:
            assert solved(asked, at, None)[package].startswith(build)


def test_most_builds_of_the_tables_are_pinned_by_their_build_string() -> None:
    pinned = [row for row in ROWS if f"={by_build(row)[2]}*" in by_build(row)[0]]

    assert len(pinned) > 0.9 * len(ROWS)
    assert {row["needs___cuda"] for row in pinned} == {"yes", "no"}


def test_without_the_build_string_a_solver_would_take_the_cpu(at: Mapping[str, str]) -> None:
    named, packages = of_conda(rendered("conda", "torch==2.13.0", "--via", "conda", *TURING))
    loose = tuple(spec.removesuffix("=cuda129*").removesuffix("=cuda130*") for spec in packages)

    assert loose != packages
    assert solved((named, loose), at, None)["pytorch"].startswith("2.13.0 cpu_")


@pytest.mark.parametrize("form", ["conda", "pixi"])
def test_a_name_that_the_tables_do_not_know_makes_the_solver_fail(
    form: str, at: Mapping[str, str]
) -> None:
    text = rendered(form, "torch==2.13.0", "--via", "conda", *TURING)
    read = {"conda": of_conda, "pixi": of_pixi}[form]

    assert "pytorch" in solved(read(text), at, "13.0")
    with pytest.raises(SolverError, match="pytorch-cuda"):
        solved(read(re.sub(r"\bpytorch\b(?=[= ])", "pytorch-cuda", text)), at, "13.0")


def test_tensorflow_1_gets_cudas_libraries_and_a_driver_too_old_is_refused(
    at: Mapping[str, str],
) -> None:
    environment, workspace = (rendered(form, "tf1", *PASCAL) for form in ("conda", "pixi"))

    for asked in (of_conda(environment), of_pixi(workspace)):
        found = solved(asked, at, "10.0")
        assert found["cudatoolkit"].startswith("10.0.130 ")
        assert found["cudnn"] == "7.6.5.32 cuda10.0_0"
        assert found["python"].startswith("3.7.")
        with pytest.raises(SolverError, match="__cuda"):
            solved(asked, at, "9.2")


def test_the_defaults_channel_is_asked_for_a_package_that_it_has(at: Mapping[str, str]) -> None:
    text = rendered("conda", "tensorflow==1.12.*", "--via", "conda", *PASCAL)
    found = solved(of_conda(text), at, "12.4")

    assert found["tensorflow-base"].startswith("1.12.0 gpu_py36")


def test_wheels_stand_on_a_python_of_the_channel(at: Mapping[str, str]) -> None:
    environment, workspace = (rendered(form, "torch", *TURING) for form in ("conda", "pixi"))

    assert {*solved(of_conda(environment), at, None)} == {"python", "pip"}
    assert {*solved(of_pixi(workspace), at, None)} == {"python"}


def test_each_environment_of_a_workspace_is_solved_for_itself(at: Mapping[str, str]) -> None:
    text = rendered("pixi", "tf1", "+", "torch==2.13.0", "--via", "conda", *PASCAL)

    old = solved(of_pixi(text, "tensorflow"), at, "12.0")
    new = solved(of_pixi(text, "torch"), at, "12.0")

    assert old["python"].startswith("3.7.")
    assert old["cudatoolkit"].startswith("10.0.")
    assert new["pytorch"].startswith("2.13.0 cuda129_")


def test_pixi_is_told_the_oldest_driver_that_the_solver_accepts(at: Mapping[str, str]) -> None:
    """pixi solves with what the file says of the machine, not with the machine it runs on."""
    for row in ROWS[:: len(ROWS) // 12]:
        environment, workspace, pinned = by_build(row)
        if f"={pinned}*" not in environment:
            continue
        told = re.search(r'^cuda = "([\d.]+)"$', workspace, re.MULTILINE)
        assert told is not None
        found = solved(of_pixi(workspace), at, told[1], "2.35")
        assert found[row["package"]].startswith(f"{row['version']} {pinned}")


@pytest.mark.parametrize("asked", ["torch==2.13.0", "torch==2.5.1", "tensorflow==2.19.*"])
def test_on_an_old_gpu_cudnn_is_one_that_has_code_for_it(asked: str, at: Mapping[str, str]) -> None:
    """The channel's newest cuDNN for CUDA 12 begins at 7.5, and would fail at the first layer."""
    old, new = (rendered("conda", asked, "--via", "conda", *where) for where in (PASCAL, TURING))
    with (FACTS / "05_cudnn_fatbin_archs.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["package"] == "nvidia-cudnn-cu12"]
    code = {row["version"]: {*row["sass"].split()} for row in rows}

    version = solved(of_conda(old), at, "12.4")["cudnn"].partition(" ")[0]
    assert {"60", "61"} & code[version]
    assert not {"60", "61"} & code["9.13.1.26"]
    assert "cudnn=" not in new
