"""``render`` of formats that are several files, and from a lock."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner, Result

from provisioner.cli.main import main
from provisioner.plan import Plan, digest

TF1 = ("tf1", "--gpu", "none", "--os", "debian-12", "--arch", "x86_64")
LOCK = """\
lock-version = "1.0"
created-by = "dlsetup"
packages = []

[tool.dlsetup]
plan = "{plan}"
requested = ["tf1"]
python = "3.7"
platform = "x86_64-manylinux_2_28"
accelerator = "cpu"

[tool.dlsetup.machine]
os = "debian-12"
arch = "x86_64"
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of the plan for tf1."""
    plan = json.loads(run("resolve", *TF1, "--json").stdout)["data"]["plan"]
    path = tmp_path / "pylock.toml"
    path.write_text(LOCK.format(plan=digest(msgspec.convert(plan, Plan))))
    return path


def test_two_environments_are_services_of_a_compose_file_in_a_new_folder(tmp_path: Path) -> None:
    place = tmp_path / "new/folder"
    done = run("render", "compose", "tf1", "+", "tf2", *TF1[1:], "-o", str(place))

    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in place.iterdir()) == [
        "compose.yaml",
        "tf1.Dockerfile",
        "tf2.Dockerfile",
    ]
    services = yaml.safe_load((place / "compose.yaml").read_text())["services"]
    assert {name: service["build"] for name, service in services.items()} == {
        "tf1": {"context": ".", "dockerfile": "tf1.Dockerfile"},
        "tf2": {"context": ".", "dockerfile": "tf2.Dockerfile"},
    }
    assert "tensorflow 1.15.5" in (place / "tf1.Dockerfile").read_text()
    assert "tensorflow 2.21.0" in (place / "tf2.Dockerfile").read_text()


def test_files_on_standard_output_are_told_apart() -> None:
    done = run("render", "devcontainer", *TF1)

    assert done.stdout.splitlines()[0] == "==> .devcontainer/devcontainer.json <=="
    assert "\n==> .devcontainer/Dockerfile <==\nFROM " not in done.stdout
    assert "\n==> .devcontainer/Dockerfile <==\n# An image with tensorflow 1.15.5\n" in done.stdout


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("render", "compose", *TF1, "-o", str(tmp_path / "file/below"), "--json")

    assert done.exit_code == 3
    assert json.loads(done.stdout)["errors"][0]["reference"] == "cannot-write"


def test_a_dockerfile_from_a_lock_brings_the_lock_along(lock: Path, tmp_path: Path) -> None:
    done = run("render", "dockerfile", *TF1, "--lock", str(lock), "-o", str(tmp_path / "image"))

    assert done.exit_code == 0, done.output
    assert (tmp_path / "image/pylock.toml").read_text() == lock.read_text()
    assert "uv pip sync" in (tmp_path / "image/Dockerfile").read_text()


def test_the_lock_of_another_plan_is_refused(lock: Path) -> None:
    done = run("render", "dockerfile", "tf2", *TF1[1:], "--lock", str(lock), "--json")

    assert done.exit_code == 2
    error = json.loads(done.stdout)["errors"][0]
    assert error["reference"] == "bad-lock-file"
    assert error["context"] == ["it is the lock of another plan: another request or machine"]


def test_several_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "tf2.Dockerfile").mkdir()
    (tmp_path / "compose.yaml").write_text("# Made by dlsetup, before\n")
    done = run("render", "compose", "tf1", "+", "tf2", *TF1[1:], "-o", str(tmp_path))

    assert done.exit_code == 3
    assert "tf2.Dockerfile cannot be written" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compose.yaml", "tf2.Dockerfile"]
    assert (tmp_path / "compose.yaml").read_text() == "# Made by dlsetup, before\n"


CUDA = ("cuda-dev", "--gpu", "RTX 4090", "--os", "ubuntu-24.04", "--arch", "x86_64")


def test_somebodys_own_settings_are_never_replaced(tmp_path: Path) -> None:
    own = tmp_path / ".vscode/settings.json"
    own.parent.mkdir()
    own.write_text("{}")
    done = run("render", "cmake", *CUDA, "-o", str(tmp_path), "--json")

    assert done.exit_code == 2
    error = json.loads(done.stdout)["errors"][0]
    assert (error["reference"], error["context"]) == ("file-exists", [str(own)])
    assert own.read_text() == "{}"
    assert not (tmp_path / "CMakePresets.json").exists()


@pytest.mark.parametrize("words", [("cmake", *CUDA), ("devcontainer", *TF1), ("compose", *TF1)])
def test_files_of_an_earlier_render_are_replaced(words: tuple[str, ...], tmp_path: Path) -> None:
    assert run("render", *words, "-o", str(tmp_path)).exit_code == 0
    written = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    for path, text in written.items():
        path.write_text(text + "\n\n")
    done = run("render", *words, "-o", str(tmp_path))

    assert done.exit_code == 0, done.output
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == written


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("compose", *TF1), "one.yaml"),
        (("devcontainer", *TF1), "dc.json"),
        (("cmake", *CUDA), "x.json"),
        (("compose", *TF1), "tf1.Dockerfile"),
    ],
)
def test_the_name_of_a_file_is_none_for_several(
    words: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    done = run("render", *words, "-o", str(tmp_path / name), "--json")

    assert done.exit_code == 2
    error = json.loads(done.stdout)["errors"][0]
    assert error["reference"] == "bad-usage"
    assert error["hint"] == f"Name a folder for them: -o {tmp_path / name.partition('.')[0]}/"
    assert not (tmp_path / name).exists()
