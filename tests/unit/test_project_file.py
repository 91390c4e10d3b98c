"""A project's own request is found as pyproject.toml is, and nothing in it is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import UsageError
from provisioner.project_file import MachineClass, nearest

REQUEST = 'requirements = ["torch>=2.4", "torchvision"]\n'


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_everything_that_may_be_said_is_read(tmp_path: Path) -> None:
    text = (
        REQUEST + 'profile = "huggingface"\npython = "3.12"\nvia = "pip"\nkeep-driver = true\n'
        '[machines.laptop]\ngpu = ["RTX 3060 Laptop"]\ndriver = "550"\nos = "ubuntu-24.04"\n'
        'arch = "x86_64"\n[machines.team-box]\nfile = "machines/team-box.json"\n'
    )
    path = written(tmp_path / "dlsetup.toml", text)
    found = nearest(tmp_path)

    assert found is not None
    at, project = found
    assert at == path
    assert project.requirements == ("torch>=2.4", "torchvision")
    assert (project.profile, project.python, project.via) == ("huggingface", "3.12", "pip")
    assert project.keep_driver
    assert project.machine("laptop") == MachineClass(
        gpu=("RTX 3060 Laptop",), driver="550", os="ubuntu-24.04", arch="x86_64"
    )
    saved = str(tmp_path / "machines/team-box.json")
    assert project.machine("team-box") == MachineClass(file=saved)


def test_the_nearest_file_counts_and_its_own_name_before_the_shared_one(tmp_path: Path) -> None:
    far = written(tmp_path / "dlsetup.toml", REQUEST)
    middle = written(tmp_path / "a/pyproject.toml", "[tool.dlsetup]\n" + REQUEST)
    near = written(tmp_path / "a/b/dlsetup.toml", REQUEST)
    written(tmp_path / "a/b/pyproject.toml", "[tool.dlsetup]\n" + REQUEST)
    written(tmp_path / "a/b/c/pyproject.toml", "[tool.ruff]\n")

    def at(place: str) -> Path | None:
        found = nearest(tmp_path / place)
        return found[0] if found else None

    assert at("a/b/c") == near
    assert at("a/b") == near
    assert at("a") == middle
    assert at(".") == far


def test_without_a_file_there_is_no_project(tmp_path: Path) -> None:
    written(tmp_path / "pyproject.toml", '[project]\nname = "x"\n')

    assert nearest(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("requirements = [", "Invalid value", id="bad-toml"),
        pytest.param('requirement = ["torch"]', "`requirement`", id="an-unknown-key"),
        pytest.param('requirements = "torch"', "$.requirements", id="text-for-a-list"),
        pytest.param("requirements = [2]", "$.requirements[0]", id="a-number-for-a-text"),
        pytest.param("python = 3.12", "$.python", id="a-number-for-a-python"),
        pytest.param('via = "apt"', "$.via", id="an-unknown-way"),
        pytest.param('keep-driver = "yes"', "$.keep-driver", id="a-text-for-a-truth"),
        pytest.param("keep_driver = true", "`keep_driver`", id="the-wrong-kind-of-dash"),
        pytest.param("machines = 3", "machines is no table", id="machines-is-no-table"),
        pytest.param("machines.box = 3", "machines.box: ", id="a-machine-is-no-table"),
        pytest.param("machines.box.gpu = 'T4'", "machines.box: ", id="a-text-for-gpus"),
        pytest.param("machines.box.memory = 1", "`memory`", id="an-unknown-key-of-a-machine"),
        pytest.param("machines.box.driver = 550", "$.driver", id="a-number-for-a-driver"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(text: str, told: str, tmp_path: Path) -> None:
    written(tmp_path / "dlsetup.toml", text + "\n")
    with pytest.raises(UsageError) as caught:
        nearest(tmp_path)

    assert caught.value.reference == "bad-project-file"
    assert told in caught.value.context[0]


@pytest.mark.parametrize("text", ["tool.dlsetup = 1", "[tool", "[tool.dlsetup]\nname = 1"], ids=str)
def test_a_shared_file_is_held_to_the_same(text: str, tmp_path: Path) -> None:
    written(tmp_path / "pyproject.toml", text + "\n")
    with pytest.raises(UsageError) as caught:
        nearest(tmp_path)

    assert caught.value.reference == "bad-project-file"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dlsetup.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not a project file"):
        nearest(tmp_path)
