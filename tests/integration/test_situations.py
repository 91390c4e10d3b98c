"""Places where the script must not go on: it says why, and has changed nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = pytest.mark.root

PLAN = "tensorflow-cpu-debian-12"
SYSTEM = "System packages: python3, python3-venv, ca-certificates"


@pytest.fixture
def fresh(new_root: MakeRoot, script: Callable[[str], str]) -> Root:
    root = new_root()
    root.put("/install.sh", script(PLAN))
    root.run("mkdir", "-p", "/home/user", network=False)
    root.run("chown", "1000:1000", "/home/user", network=False)
    return root


def test_another_system_is_refused_and_nothing_is_touched(fresh: Root) -> None:
    fresh.put("/etc/os-release", 'ID=fedora\nVERSION_ID="42"\n')
    fresh.run("true", network=False)
    before = fresh.manifest()
    result = fresh.run("bash", "/install.sh", "--yes", network=False)

    assert result.returncode == 1
    assert "stopped: made for debian 12 x86_64, and this is fedora 42 x86_64" in result.stderr
    assert fresh.manifest() == before


def test_without_root_and_without_a_terminal_it_stops_before_any_root_step(fresh: Root) -> None:
    before = fresh.manifest()
    fresh.put("/usr/bin/sudo", "#!/bin/sh\necho 'sudo was called' >&2\nexit 1\n")
    fresh.run("chmod", "755", "/usr/bin/sudo", network=False)
    result = fresh.run("bash", "/install.sh", who="1000:1000", network=False)

    assert result.returncode == 1
    assert (
        "stopped: Root is needed to install with apt: python3 python3-venv\n"
        "  say yes at a terminal, or run it with --yes\n"
    ) in result.stderr
    assert "sudo was called" not in result.stderr
    assert not [path for path in fresh.manifest().keys() - before.keys() if "dlsetup" in path]


def test_yes_asks_nothing_and_uses_sudo(fresh: Root) -> None:
    fresh.put("/usr/bin/sudo", '#!/bin/sh\necho "sudo was called: $*" >&2\nexit 1\n')
    fresh.run("chmod", "755", "/usr/bin/sudo", network=False)
    result = fresh.run("bash", "/install.sh", "--yes", who="1000:1000", network=False)

    assert result.returncode == 1
    assert "sudo was called: env http_proxy=" in result.stderr


def test_without_sudo_it_says_to_run_as_root(fresh: Root) -> None:
    result = fresh.run("bash", "/install.sh", "--yes", who="1000:1000", network=False)

    assert result.returncode == 1
    assert "sudo: command not found" in result.stderr


def test_without_a_network_it_says_so_at_apt(fresh: Root) -> None:
    result = fresh.run("bash", "/install.sh", network=False)

    assert result.returncode == 1
    assert "Failed to fetch" in result.stderr
    assert f"stopped: step 1 ({SYSTEM}) failed (code 100), see above" in result.stderr


def test_a_home_that_cannot_be_written_is_named(
    new_root: MakeRoot, with_python: Root, script: Callable[[str], str]
) -> None:
    root = new_root(with_python)
    root.put("/install.sh", script(PLAN))
    root.put("/home/user/.profile", "")
    result = root.run("bash", "/install.sh", who="1000:1000", network=False)

    assert result.returncode == 1
    assert re.search(r"cannot create directory .*/home/user/dlsetup.*denied", result.stderr)


def test_a_folder_with_something_else_in_it_is_left_alone(
    new_root: MakeRoot, with_python: Root, script: Callable[[str], str]
) -> None:
    root = new_root(with_python)
    root.put("/install.sh", script(PLAN))
    root.put("/srv/mine/thesis.txt", "three years")
    result = root.run("bash", "/install.sh", network=False, DLSETUP_ENV="/srv/mine")

    assert result.returncode == 1
    assert "/srv/mine holds something else: files that this script did not make" in result.stderr
    assert [path.name for path in (root.upper / "srv/mine").iterdir()] == ["thesis.txt"]


def test_an_environment_of_another_plan_is_never_written_over(
    fresh: Root,
) -> None:
    held = "Python 3.11: tensorflow-cpu==2.15.1 'numpy<2'"
    fresh.put("/root/dlsetup/tensorflow-cpu/.dlsetup/holds", f"{held}\n")
    before = fresh.manifest()
    result = fresh.run("bash", "/install.sh", "--yes", network=False)

    assert result.returncode == 1
    assert f"/root/dlsetup/tensorflow-cpu holds something else: {held}\n" in result.stderr
    assert "move it away, or name another folder with DLSETUP_ENV" in result.stderr
    assert fresh.manifest() == before


def test_without_a_network_it_says_so_at_the_installer(
    new_root: MakeRoot, with_python: Root, script: Callable[[str], str]
) -> None:
    root = new_root(with_python)
    root.put("/install.sh", script(PLAN))
    result = root.run("bash", "/install.sh", network=False, PIP_RETRIES="0")

    assert result.returncode == 1
    assert "No matching distribution found for uv==0.13.8" in result.stderr
    assert "stopped: step 2 (uv 0.13.8, the installer, in a folder of its own)" in result.stderr


def test_an_option_it_does_not_know_is_refused(fresh: Root) -> None:
    result = fresh.run("bash", "/install.sh", "--force", network=False)

    assert result.returncode == 2
    assert "unknown option: --force" in result.stderr
    assert "usage: bash install.sh [--yes] [--uninstall] [--help]" in result.stderr


def test_help_changes_nothing(fresh: Root) -> None:
    before = fresh.manifest()
    result = fresh.run("bash", "/install.sh", "--help", network=False)

    assert result.returncode == 0
    assert "--yes" in result.stdout
    assert fresh.manifest() == before
