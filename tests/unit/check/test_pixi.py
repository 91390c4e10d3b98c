"""pixi's files: every table that installs something, on the platforms that it is for."""

from __future__ import annotations

import pytest

from provisioner.check.kinds import read
from provisioner.check.said import Package
from tests.unit.check.checking import checked, machine, references, told

HEAD = '[workspace]\nname = "x"\nchannels = ["conda-forge"]\nplatforms = ["linux-64"]\n'
CUDA = '[system-requirements]\ncuda = "12"\n'
PASCAL = machine("GTX 1080", driver="535.183.01")


def packages(text: str) -> dict[str, list[str]]:
    """The packages of each environment, with their lines."""
    return {
        part.name: [
            f"{one.at.line}: {one.name}{one.specifier} {one.manager}"
            for one in part.statements
            if isinstance(one, Package)
        ]
        for part in read("pixi.toml", text).parts
    }


def test_every_table_of_every_feature_is_read_at_its_line() -> None:
    text = (
        '[workspace]\nchannels = ["conda-forge"]\n'
        '[dependencies]\npython = "3.12.*"\n"pytorch" = { version = "2.5.1.*", build = "cuda*" }\n'
        '[pypi-dependencies]\ntorchvision = ">=0.20,<=0.21"\n'
        '[feature.old.dependencies]\ncudnn = "8.*"\n'
        "[feature.old.pypi-dependencies]\n"
        'tensorflow = { version = "==2.15.1", extras = ["and-cuda"] }\n'
        '[feature.lone.host-dependencies]\njaxlib = "*"\n'
        "[environments]\n"
        'old = { features = ["old"], no-default-feature = true }\n'
    )

    base = ["5: torch==2.5.1.* conda", "7: torchvision<=0.21,>=0.20 pip"]
    assert packages(text) == {
        "": base,
        "old": ["9: cudnn==8.* conda", "11: tensorflow==2.15.1 pip"],
        "lone": [*base, "13: jaxlib conda"],
    }


@pytest.mark.parametrize(
    "table",
    ["feature.gpu.pypi-dependencies", "target.linux-64.pypi-dependencies", "pypi-dependencies"],
)
@pytest.mark.parametrize("prefix", ["", "tool.pixi."])
def test_a_wheel_that_does_not_fit_is_found_in_any_table(table: str, prefix: str) -> None:
    # 06_torch_default_wheels: 2.8.0 has no code below 7.0
    name = "pyproject.toml" if prefix else "pixi.toml"
    text = f'[{prefix}workspace]\nchannels = []\n[{prefix}{table}]\ntorch = "==2.8.0"\n'

    assert told(checked(name, text, PASCAL)) == {("gpu-too-old", 4)}


def test_what_is_for_another_platform_is_left_out() -> None:
    text = f'{HEAD}[target.win-64.pypi-dependencies]\ntorch = "==2.8.0"\n'
    assert references("pixi.toml", text, PASCAL) == set()
    # 06_torch_default_wheels: on Windows the default wheel is for the CPU
    windows = machine("RTX 3090", driver="580.88", os="windows-11")
    assert references("pixi.toml", text, windows) == {"cpu-only-wheel"}


def test_what_is_said_for_a_platform_stands_instead_of_what_is_said_for_all() -> None:
    text = (
        f'{HEAD}[pypi-dependencies]\ntorch = "==2.8.0"\n'
        '[target.linux-64.pypi-dependencies]\ntorch = "==2.5.1"\n'
    )
    assert references("pixi.toml", text, PASCAL) == set()


def test_what_a_feature_narrows_is_judged_as_narrowed() -> None:
    text = (
        f'{HEAD}[pypi-dependencies]\ntorch = "*"\n'
        '[feature.pinned.pypi-dependencies]\ntorch = "==2.5.1"\n'
        '[environments]\ndefault = ["pinned"]\n'
    )
    assert references("pixi.toml", text, PASCAL) == set()


@pytest.mark.parametrize(
    ("driver", "wanted", "refused"),
    [  # 01_cuda_driver: 12.2 came with branch 535, 12.4 with 550, 13.0 with 580
        ("535.183.01", "12", False),
        ("535.183.01", "12.2", False),
        ("535.183.01", "12.4", True),
        ("550.54.14", "12.4", False),
        ("550.54.14", "13", True),
        ("580.65.06", "13.0", False),
    ],
)
@pytest.mark.parametrize("feature", ["", "feature.gpu."])
def test_the_cuda_that_a_solver_is_told_is_held_against_the_driver(
    driver: str, wanted: str, refused: bool, feature: str
) -> None:
    text = (
        f'{HEAD}[{feature}dependencies]\nscipy = "*"\n'
        f'[{feature}system-requirements]\ncuda = "{wanted}"\n'
    )
    found = told(checked("pixi.toml", text, machine("RTX 3090", driver=driver)))

    assert found == ({("driver-too-old", 8)} if refused else set())


def test_conda_builds_without_a_driver_for_the_solver_are_told() -> None:
    # 14_conda_forge_rules: the CUDA outputs depend on __cuda
    text = f'{HEAD}[dependencies]\npytorch = "2.5.1.*"\n'
    here = machine("RTX 3090", driver="580.65.06")

    assert references("pixi.toml", text, here) == {"cpu-only-wheel"}
    assert references("pixi.toml", text, machine("none")) == set()
    assert references("pixi.toml", text + CUDA, here) == set()
    beside = text.replace('["linux-64"]', '[{ platform = "linux-64", cuda = "12" }]')
    assert references("pixi.toml", beside, here) == set()


def test_two_pins_of_one_package_are_told_with_both_their_lines() -> None:
    text = (
        f'{HEAD}[pypi-dependencies]\ntorch = "==2.5.1"\n'
        '[feature.b.pypi-dependencies]\ntorch = "==2.6.0"\n'
    )
    found = checked("pixi.toml", text, machine("none")).findings

    assert ("asked-twice", "error") in {(one.reference, one.severity) for one in found}
    message = next(one.message for one in found if one.reference == "asked-twice")
    assert message == ("torch is asked for as ==2.5.1 (line 6) and as ==2.6.0: no version is both.")


@pytest.mark.parametrize(
    "text",
    [
        "dependencies = 3\n",
        "[feature]\na = 3\n",
        "[environments]\na = 3\nb = {features = 4}\n[dependencies]\nx = []\n",
        "[workspace]\nchannels = [3, {}]\n[target.linux-64]\ndependencies = []\n",
        "[system-requirements]\ncuda = {}\n[dependencies]\ny = {version = 3, build = 4}\n",
        "[workspace]\nplatforms = 3\n[pypi-dependencies]\ny = {version = '*', extras = 4}\n",
        "[pypi-options]\nextra-index-urls = 3\n[pypi-dependencies]\ntorch = '*'\n",
    ],
)
def test_tables_of_another_form_are_left_alone(text: str) -> None:
    assert checked("pixi.toml", text, PASCAL).kind == "project file"
