"""The first call makes the environment; what the program gets and says is not touched by that."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.launcher.checkout import Checkout, told

SHELLS = [
    pytest.param([], id="its-own-shebang"),
    pytest.param(["dash"], id="dash"),
    pytest.param(["busybox", "sh"], id="busybox"),
    pytest.param(["bash", "--posix"], id="bash"),
]


@pytest.mark.network
@pytest.mark.parametrize("shell", SHELLS)
def test_the_first_call_makes_the_environment_with_uv(with_uv: Checkout, shell: list[str]) -> None:
    if shell:
        shell = [str(shutil.which(shell[0])), *shell[1:]]
    words = ["resolve", "torch>=2", "a b", "$HOME", "", "it's", "--gpu", "RTX 3090"]

    first = with_uv.call(*words, command=[*shell, with_uv.launcher])
    second = with_uv.call(*words, command=[*shell, with_uv.launcher])

    assert told(first) == told(second)
    assert told(first)["argv"] == words
    assert told(first)["cwd"] == str(with_uv.home)
    assert str(told(first)["prefix"]).startswith(f"{with_uv.place}/env.")
    assert first.stderr == (
        f"dlsetup: making a private environment in {with_uv.place} (once, with uv)\n"
    )
    assert second.stderr == ""
    assert with_uv.environments() == ["current", "env"]


@pytest.mark.network
def test_without_uv_the_first_call_makes_the_environment_with_venv(checkout: Checkout) -> None:
    first = checkout.call("detect")
    second = checkout.call("detect")

    assert told(first) == told(second)
    assert "(once, with /" in first.stderr
    assert second.stderr == ""
    assert checkout.environments() == ["current", "env"]


@pytest.mark.network
def test_every_locked_package_is_installed(with_uv: Checkout) -> None:
    prefix = str(told(with_uv.call())["prefix"])

    asked = "import click, jinja2, msgspec, rich, requests, archspec, distro, pynvml"
    subprocess.run([f"{prefix}/bin/python", "-I", "-c", asked], check=True)


@pytest.mark.network
def test_it_is_found_through_links_and_from_another_folder(
    with_uv: Checkout, tmp_path: Path
) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/near").symlink_to(with_uv.launcher)
    (tmp_path / "far").symlink_to("links/near")

    direct = told(with_uv.call())
    linked = with_uv.call(command=[str(tmp_path / "far")])
    beside = with_uv.call(command=["/bin/sh", "dlsetup"], cwd=with_uv.root)
    dotted = with_uv.call(command=["./dlsetup"], cwd=with_uv.root)

    assert told(linked) == direct
    assert told(beside)["prefix"] == told(dotted)["prefix"] == direct["prefix"]
    assert linked.stderr == beside.stderr == dotted.stderr == ""


@pytest.mark.network
def test_the_exit_code_of_the_program_is_passed_on(with_uv: Checkout) -> None:
    done = with_uv.call(STUB_EXIT="1")

    assert done.returncode == 1


@pytest.mark.network
def test_many_first_calls_at_once_all_work_and_leave_one_environment(with_uv: Checkout) -> None:
    running = [with_uv.start("detect") for _ in range(4)]
    ended = [process.communicate(timeout=300) for process in running]

    assert [process.returncode for process in running] == [0] * 4, ended
    assert all('"argv": ["detect"]' in out for out, _ in ended)
    assert [name for name in with_uv.environments() if name != "env"] == ["current"]
    assert with_uv.call().stderr == ""


@pytest.mark.network
@pytest.mark.parametrize("installer", ["uv", "venv"])
def test_files_in_the_callers_folder_change_nothing(
    with_uv: Checkout, tmp_path: Path, installer: str
) -> None:
    if installer == "venv":
        (with_uv.tools / "uv").unlink()
    for name in ("venv.py", "json.py", "pip.py", "ensurepip.py", "provisioner.py", "os.py"):
        (tmp_path / name).write_text("raise SystemExit('a file of the caller was imported')")
    (tmp_path / "uv.toml").write_text("no-index = true\n")
    (tmp_path / ".python-version").write_text("3.4\n")

    done = with_uv.call(cwd=tmp_path, PYTHONPATH=str(tmp_path), PYTHONHOME=str(tmp_path))

    assert told(done)["cwd"] == str(tmp_path)


@pytest.mark.network
def test_a_home_of_ones_own_is_used_and_nothing_is_written_beside_the_launcher(
    with_uv: Checkout, tmp_path: Path
) -> None:
    done = with_uv.call(DLSETUP_HOME="mine", cwd=tmp_path)

    assert str(told(done)["prefix"]).startswith(f"{tmp_path}/mine/")
    assert not with_uv.place.exists()
    assert with_uv.call(DLSETUP_HOME=f"{tmp_path}/mine").stderr == ""
