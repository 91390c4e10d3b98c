"""Golden files: what each plan becomes, reviewed as diffs, linted, and free of surprises.

After a change that is meant: ``python -m tests.golden.renew``, then read the diff.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from provisioner.plan import Plan
from provisioner.render import render
from tests.golden.carried import carried
from tests.golden.made_catalog import catalog
from tests.golden.parts import HOSTILE
from tests.golden.plans import PLANS
from tests.golden.renew import system_scripts
from tests.golden.sections import section, sections

GOLDEN = Path(__file__).parents[2] / "golden"
BIN = Path(sys.executable).parent
PAIRS = [(name, chosen) for name in PLANS for chosen in carried(name)]
SCRIPTS = sorted(str(path) for path in GOLDEN.glob("*/*.sh"))
DOCKERFILES = sorted(str(path) for path in GOLDEN.glob("*/Dockerfile"))
ENVIRONMENTS = sorted(str(path) for path in GOLDEN.glob("*/environment.yml"))


def without_user(dockerfile: str) -> list[str]:
    """A Dockerfile but for its user: a development container's is another."""
    return [line for line in dockerfile.splitlines() if not re.search("uid |^USER |1000", line)]


@pytest.mark.parametrize(("name", "format_name"), PAIRS)
def test_a_plan_becomes_its_golden_file(name: str, format_name: str) -> None:
    file, *beside = render((PLANS[name](),), format_name, catalog())

    assert file.text == (GOLDEN / name / file.path).read_text()
    for one in beside:
        known = (GOLDEN / name / "Dockerfile").read_text()
        assert without_user(one.text) == without_user(known)


@pytest.mark.parametrize("name", system_scripts())
def test_what_is_done_as_root_becomes_its_golden_file(name: str) -> None:
    assert system_scripts()[name] == (GOLDEN / name).read_text()


@pytest.mark.parametrize("name", [name for name in system_scripts() if "system" in name])
def test_the_part_for_root_holds_nothing_but_what_the_whole_script_holds(name: str) -> None:
    part = sections((GOLDEN / name).read_text())
    whole = sections((GOLDEN / name).with_name("install.sh").read_text())

    assert list(dict.fromkeys(title.split(":")[0] for title in part)) == [
        "System packages",
        "NVIDIA driver",
    ]
    assert part.items() <= whole.items()


@pytest.mark.parametrize(("name", "format_name"), PAIRS)
def test_the_same_plan_gives_the_same_bytes(name: str, format_name: str) -> None:
    make = PLANS[name]

    assert render((make(),), format_name, catalog()) == render((make(),), format_name, catalog())


@pytest.mark.parametrize(("name", "format_name"), PAIRS)
def test_every_text_names_every_pin_with_its_version_and_evidence(
    name: str, format_name: str
) -> None:
    plan = PLANS[name]()
    file, *_ = render((plan,), format_name, catalog())
    comments = "\n".join(line for line in file.text.splitlines() if line.strip()[:1] in {"#", '"'})

    for pin in plan.pins:
        found = re.search(rf"{re.escape(f'{pin.name} {pin.version}')}[, ].*", comments)
        assert found is not None
        assert f"({pin.evidence})" in comments
    assert f"Python {plan.python}" in comments


@pytest.mark.parametrize(("name", "format_name"), PAIRS)
def test_every_text_ends_with_the_command_that_uses_it(name: str, format_name: str) -> None:
    file, *_ = render((PLANS[name](),), format_name, catalog())
    used = {
        "script": '"${DLSETUP_ENV:-$HOME/dlsetup/',
        "conda": "conda env create --file THIS_FILE && conda activate",
        "dockerfile": " -f THIS_FILE . && docker run ",
        "compose": "docker compose run --rm ",
        "devcontainer": "}",  # editors use it, and JSON has no place for a comment
        "apptainer": ".sif THIS_FILE && apptainer run",
        "pixi": "#   pixi run",
        "cloud-init": "cloud-localds seed.img THIS_FILE",
        "requirements": "bin/python -m pip install -r THIS_FILE",
    }

    assert used[format_name] in file.text.rstrip("\n").splitlines()[-1]


@pytest.mark.parametrize(
    ("folder", "tag"),
    [
        ("tensorflow-1.15-image", "tensorflow-1.15.5"),
        ("tensorflow-2.21-ubuntu-22.04-keep", "tensorflow-2.21.0"),
        ("torch-cu126-ubuntu-22.04-keep", "torch-2.14.1-cu126"),
        ("torch-ubuntu-24.04-driver-580-open", "torch-2.14.1"),
    ],
)
def test_images_of_different_builds_stand_side_by_side(folder: str, tag: str) -> None:
    last = (GOLDEN / folder / "Dockerfile").read_text().splitlines()[-1]

    assert last == (
        f"#   docker build --platform linux/amd64 -t {tag} -f THIS_FILE . "
        f"&& docker run --rm -it --gpus all {tag}"
    )


@pytest.mark.parametrize(("name", "format_name"), PAIRS)
def test_no_text_holds_this_machine_a_clock_or_a_host_that_the_plan_does_not_name(
    name: str, format_name: str
) -> None:
    plan = PLANS[name]()
    file, *_ = render((plan,), format_name, catalog())
    named = {pin.index for pin in plan.pins} | {"https://example.org"}
    named |= {word for step in plan.steps for command in step.run for word in command}
    hosts = set(re.findall(r"https?://[A-Za-z0-9.-]+", file.text))

    assert all(any(index and index.startswith(host) for index in named) for host in hosts)
    assert str(Path.home()) not in re.sub(r"/root/\.cache/uv", "", file.text)
    assert str(GOLDEN.parent) not in file.text
    assert not re.search(r"20\d\d-\d\d-\d\d", file.text)


@pytest.mark.parametrize(
    "plan", [make for make in PLANS.values() if make().via == "pip" and not make().nvcc]
)
def test_all_formats_ask_for_the_same_packages(plan: Callable[[], Plan]) -> None:
    made = plan()
    asked = [pin.requirement for pin in made.pins]
    asked += [cap.requirement for cap in made.constraints]
    environment = yaml.safe_load(render((made,), "conda", catalog())[0].text)
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]

    assert [line for line in pip if not line.startswith("--")] == [
        *asked,
        *map(unexpanded, made.request.companions),
    ]
    held = render((made,), "requirements", catalog())[0].text.splitlines()
    assert [line for line in held if line and line[0] not in "#-"] == [
        *asked,
        *map(unexpanded, made.request.companions),
    ]
    for chosen in ("script", "dockerfile"):
        text = render((made,), chosen, catalog())[0].text
        assert all(f" {word}" in text or f" '{word}'" in text for word in asked)


def unexpanded(text: str) -> str:
    """A requirement as pip must be given it: what it would look up in the environment, encoded."""
    return text.replace("${", "%24{")


@pytest.mark.parametrize("path", SCRIPTS)
def test_bash_reads_every_script(path: str) -> None:
    assert lint("bash", "-n", path) == ""


@pytest.mark.linter
def test_shellcheck_has_nothing_to_say_about_any_script() -> None:
    assert lint(str(BIN / "shellcheck"), "--shell=bash", *SCRIPTS) == ""


@pytest.mark.linter
def test_hadolint_has_nothing_to_say_about_any_dockerfile() -> None:
    assert lint(str(BIN / "hadolint"), "--no-color", *DOCKERFILES) == ""


@pytest.mark.linter
def test_yamllint_has_nothing_to_say_about_any_environment() -> None:
    assert lint(str(BIN / "yamllint"), "--strict", *ENVIRONMENTS) == ""


def lint(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_conda_environment_says_where_everything_comes_from() -> None:
    text = (GOLDEN / "tensorflow-1.15-conda/environment.yml").read_text()

    assert yaml.safe_load(text) == {
        "name": "tensorflow",
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": [
            "python=3.7",
            "cudatoolkit=10.0.130",
            "cudnn=7.6.5",
            "pip",
            {"pip": ["tensorflow-gpu==1.15.5", "protobuf<3.21"]},
        ],
    }
    assert "CONDA_OVERRIDE_CUDA=10.0" in text


def test_a_dockerfile_carries_cuda_once_and_runs_as_nobody_important() -> None:
    text = (GOLDEN / "torch-cu126-ubuntu-22.04-keep/Dockerfile").read_text()

    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {
        "docker.io/library/ubuntu:22.04",
        "system",
    }
    assert not [line for line in text.splitlines() if "nvidia/cuda" in line and line[0] != "#"]
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["10001"]
    assert "rm -rf /var/lib/apt/lists/*" in text
    assert "<<" not in text


def test_a_python_that_is_not_the_systems_stands_on_its_own_image() -> None:
    text = (GOLDEN / "tensorflow-2.21-ubuntu-22.04-keep/Dockerfile").read_text()

    assert "FROM docker.io/library/python:3.12-slim-bookworm AS system" in text
    assert "apt-get" not in text


def test_hostile_words_come_through_bash_as_they_are(tmp_path: Path) -> None:
    script = (GOLDEN / "hostile-companions/install.sh").read_text()
    install = section(script, "Python packages")
    uv = f"made={tmp_path}/made; mkdir $made; environment=x; uv=uv\n"
    uv += "uv() { printf '%s\\0' \"$@\"; }\n"
    done = subprocess.run(
        ["bash", "-c", uv + install],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert tuple(done.stdout.split("\0")[6:-1]) == HOSTILE
    shutil.rmtree(tmp_path / "made")
    assert not any(tmp_path.iterdir())


def test_hostile_words_come_through_yaml_as_they_are() -> None:
    environment = yaml.safe_load((GOLDEN / "hostile-companions/environment.yml").read_text())

    assert tuple(environment["dependencies"][-1]["pip"][1:]) == tuple(map(unexpanded, HOSTILE))
