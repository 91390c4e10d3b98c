"""An environment becomes a kernel of every Jupyter, follows its environment, and goes with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.environments import PYTHON, Home, digest, package, tensorflow
from tests.unit.upkeep.loopback import Loopback, serving


def furnish(index: Loopback) -> None:
    tensorflow(index)
    tensorflow(index, "2.20.0")
    package(index, "ipykernel", "7.1.0", "")
    # What a kernel is started with: it tells where it runs.
    launcher = "import sys; print(sys.prefix, *sys.argv[1:])"
    package(index, "ipykernel-launcher", "7.1.0", launcher)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with serving() as index:
        furnish(index)
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("demo", "tensorflow-cpu", "ipykernel", "ipykernel-launcher").code == 0
    return made.path / "data"


@pytest.fixture
def home(once: Path, index: Loopback, tmp_path: Path) -> Home:
    furnish(index)
    shutil.copytree(once, tmp_path / "data", symlinks=True)
    return Home(tmp_path, index)


def kernels(home: Home) -> Path:
    return home.path / "data" / "jupyter" / "kernels"


def spec(home: Home) -> Any:
    return json.loads((kernels(home) / "dlsetup-demo" / "kernel.json").read_text())


def started(home: Home) -> str:
    """What a kernel says that is started with its words and variables, and hardly any others."""
    words = [word.replace("{connection_file}", "/run/file.json") for word in spec(home)["argv"]]
    env = {"PATH": os.defpath, "HOME": "/nonexistent", **spec(home)["env"]}
    return subprocess.run(
        words, env=env, cwd="/", capture_output=True, text=True, check=True
    ).stdout


def test_it_is_offered_once_and_starts_in_its_environment(home: Home) -> None:
    first, second = home.run("env", "kernel", "demo"), home.run("env", "kernel", "demo")
    title = f"demo (tensorflow-cpu 2.21.0, Python {PYTHON})"

    assert (first.code, first.err) == (0, "")
    assert first.out == f"Jupyter offers the kernel {title}.\n"
    assert second.out == f"Nothing changed: Jupyter already offers the kernel {title}.\n"
    assert (spec(home)["display_name"], spec(home)["language"]) == (title, "python")
    assert started(home) == f"{home.environments}/demo/1 -f /run/file.json\n"


def test_programs_are_told_the_same(home: Home) -> None:
    ran = home.run("env", "kernel", "demo", "--json")
    gone = home.run("env", "kernel", "demo", "--remove", "--json")

    assert ran.data == {
        "kernel": {
            "name": "dlsetup-demo",
            "display_name": f"demo (tensorflow-cpu 2.21.0, Python {PYTHON})",
            "path": str(kernels(home) / "dlsetup-demo"),
        },
        "changed": True,
    }
    assert gone.data == {"kernel": None, "changed": True, "left": []}


def test_env_show_tells_of_it(home: Home) -> None:
    without = home.run("env", "show", "demo")
    made = home.run("env", "kernel", "demo", "--json").data["kernel"]
    shown = home.run("env", "show", "demo")
    told = home.run("env", "show", "demo", "--json").data

    assert shown.out == without.out + (
        f"\nIn Jupyter\n  kernel  demo (tensorflow-cpu 2.21.0, Python {PYTHON})\n"
    )
    assert (told["kernel"], told["service"]) == (made, None)


def test_it_follows_its_environment(home: Home) -> None:
    home.run("env", "kernel", "demo")
    packages = ("ipykernel", "ipykernel-launcher")
    ran = home.up("demo", "tensorflow-cpu==2.20.0", *packages, "--json")

    references = {warning["reference"] for warning in ran.document["warnings"]}
    assert ran.code == 0
    assert "package-missing" not in references
    assert spec(home)["display_name"] == f"demo (tensorflow-cpu 2.20.0, Python {PYTHON})"
    assert started(home) == f"{home.environments}/demo/2 -f /run/file.json\n"

    back = home.run("env", "rollback", "demo")

    assert (back.code, back.err) == (0, "")
    assert spec(home)["display_name"] == f"demo (tensorflow-cpu 2.21.0, Python {PYTHON})"
    assert started(home) == f"{home.environments}/demo/1 -f /run/file.json\n"


def test_one_that_lost_ipykernel_is_said(home: Home) -> None:
    home.run("env", "kernel", "demo")
    ran = home.up("demo", "tensorflow-cpu")

    assert ran.code == 0
    assert ran.err.splitlines()[-1] == (
        "warning: The kernel dlsetup-demo starts no more: demo holds no ipykernel now. "
        "Take it away: dlsetup env kernel demo --remove"
    )
    assert home.run("env", "rollback", "demo").err == ""
    assert started(home) == f"{home.environments}/demo/1 -f /run/file.json\n"


def test_removing_the_environment_takes_its_kernel_along(home: Home) -> None:
    before = digest(home.path / "data")
    home.run("env", "kernel", "demo")
    (kernels(home) / "other").mkdir()
    assert home.run("env", "remove", "demo").code == 0

    assert sorted(digest(home.path / "data")) == [
        *("dlsetup", "dlsetup/envs"),
        *("jupyter", "jupyter/kernels", "jupyter/kernels/other"),
    ]
    assert "dlsetup/envs/demo" in before


def test_it_is_removed_alone(home: Home) -> None:
    before = digest(home.environments)
    home.run("env", "kernel", "demo")
    gone = home.run("env", "kernel", "demo", "--remove")
    again = home.run("env", "kernel", "demo", "--remove")

    assert (gone.code, gone.out) == (0, "The kernel of demo is gone.\n")
    assert (again.code, again.out) == (0, "demo has no kernel.\n")
    assert list(kernels(home).iterdir()) == []
    assert digest(home.environments) == before


def test_what_others_put_beside_it_stays(home: Home) -> None:
    home.run("env", "kernel", "demo")
    (kernels(home) / "dlsetup-demo" / "logo-64x64.png").write_text("mine")
    gone = home.run("env", "kernel", "demo", "--remove")

    assert gone.err == "These were put beside it and stay: logo-64x64.png\n"
    assert digest(kernels(home)).keys() == {"dlsetup-demo", "dlsetup-demo/logo-64x64.png"}


LACKS = """\
error: package-missing

bare holds no ipykernel, and a Jupyter kernel needs it.

hint: Add it: dlsetup up bare tensorflow-cpu ipykernel --python {python}
"""


def test_without_ipykernel_it_is_refused_with_the_command_that_adds_it(home: Home) -> None:
    assert home.up("bare", "tensorflow-cpu").code == 0
    ran = home.run("env", "kernel", "bare")

    assert (ran.code, ran.out, ran.err) == (1, "", LACKS.format(python=PYTHON))
    assert not kernels(home).exists()

    hint = ran.err.splitlines()[-1].partition("dlsetup ")[2].split()
    assert home.run(*hint).code == 0
    assert home.run("env", "kernel", "bare").code == 0


def foreign(place: Path) -> None:
    place.mkdir(parents=True)
    (place / "kernel.json").write_text('{"argv": ["mine"], "display_name": "mine"}')


def without_kernel(place: Path) -> None:
    place.mkdir(parents=True)
    (place / "thesis.txt").write_text("mine")


def linked(place: Path) -> None:
    foreign(place.parent / "mine")
    place.symlink_to(place.parent / "mine")


def of_another_home(place: Path) -> None:
    place.mkdir(parents=True)
    mark = {"metadata": {"dlsetup": {"environment": "/another/home/envs/demo"}}}
    (place / "kernel.json").write_text(json.dumps(mark))


@pytest.mark.parametrize("put", [foreign, without_kernel, linked, of_another_home])
def test_a_foreign_kernel_is_never_overwritten_nor_removed(
    put: Callable[[Path], None], home: Home
) -> None:
    put(kernels(home) / "dlsetup-demo")
    before = digest(kernels(home))
    ran = home.run("env", "kernel", "demo", "--json")
    gone = home.run("env", "kernel", "demo", "--remove", "--json")
    removed = home.run("env", "remove", "demo")

    assert (ran.code, ran.error["reference"]) == (1, "place-taken")
    assert gone.data["changed"] is False
    assert removed.code == 0
    assert digest(kernels(home)) == before


@pytest.mark.parametrize("words", [("kernel",), ("kernel", "--remove"), ("serve", "--stop")])
@pytest.mark.parametrize("name", ["..", "../demo", "/etc", "Demo"])
def test_a_name_never_leads_elsewhere(name: str, words: tuple[str, ...], home: Home) -> None:
    ran = home.run("env", *words, "--json", "--", name)

    assert (ran.code, ran.error["reference"]) == (2, "bad-name")


def test_half_of_one_is_mended(home: Home) -> None:
    place = kernels(home) / "dlsetup-demo"
    place.mkdir(parents=True)
    (place / ".kernel.json.killed").write_text("{")

    assert home.run("env", "kernel", "demo").code == 0
    assert [path.name for path in place.iterdir()] == ["kernel.json"]


def test_a_place_that_cannot_be_written_is_said(home: Home) -> None:
    (home.path / "data" / "jupyter").write_text("a file")
    ran = home.run("env", "kernel", "demo", "--json")

    assert (ran.code, ran.error["reference"]) == (3, "place-not-writable")


def test_jupyters_own_setting_of_its_folder_counts(home: Home) -> None:
    chosen = str(home.path / "chosen")
    home.run("env", "kernel", "demo", JUPYTER_DATA_DIR=chosen)

    assert (home.path / "chosen" / "kernels" / "dlsetup-demo" / "kernel.json").is_file()
    assert not kernels(home).exists()


def test_up_offers_it_at_once_and_brings_what_it_needs(home: Home) -> None:
    ran = home.up("second", "tensorflow-cpu==2.20.0", "--kernel")
    title = f"second (tensorflow-cpu 2.20.0, Python {PYTHON})"
    again = home.up("second", "tensorflow-cpu==2.20.0", "--kernel", "--json")

    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1] == f"Jupyter offers the kernel {title}."
    assert again.data["changed"] is False
    assert again.data["kernel"]["name"] == "dlsetup-second"
    assert again.data["environment"]["plan"]["request"]["companions"] == ["ipykernel"]
