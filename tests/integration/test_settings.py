"""What the caller's shell sets: what leads packages astray is dropped, ways to the network stay."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.golden.sections import only, section
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.launcher.checkout import real_uv

pytestmark = pytest.mark.root

PLAN = "tensorflow-cpu-debian-12"


@pytest.fixture
def user(new_root: MakeRoot, with_python: Root) -> Root:
    """A root with a user who may write to their home, and a sudo that runs what it is given."""
    root = new_root(with_python)
    root.put("/home/user/.profile", "")
    root.put("/usr/bin/sudo", '#!/bin/sh\nexec env -i PATH="$PATH" "$@"\n')
    root.run("sh", "-c", "chmod 755 /usr/bin/sudo; chown -R 1000:1000 /home/user", network=False)
    return root


def test_settings_that_lead_packages_astray_are_dropped_and_the_way_there_stays(
    user: Root, script: Callable[[str], str]
) -> None:
    astray = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "UV_TARGET"}
    astray |= {"UV_PYTHON_PREFERENCE", "UV_PYTHON_INSTALL_DIR", "UV_INDEX_STRATEGY", "UV_SYSTEM"}
    astray |= {"PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "VIRTUAL_ENV", "CONDA_PREFIX"}
    kept = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_PROXY", "PIP_TRUSTED_HOST"}
    kept |= {"PIP_DEFAULT_TIMEOUT", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL"}
    kept |= {"UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_CACHE_DIR", "UV_HTTP_TIMEOUT"}
    kept |= {"SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy"}
    user.put("/install.sh", only("env", script(PLAN)))
    settings: dict[str, Any] = dict.fromkeys(astray | kept, "/x")
    said = user.run("bash", "/install.sh", network=False, **settings)
    names = {line.partition("=")[0] for line in said.stdout.splitlines()}

    assert not astray & names, said.stderr
    assert kept <= names


@pytest.mark.network
def test_a_shell_full_of_settings_still_gets_its_uv(
    user: Root, script: Callable[[str], str]
) -> None:
    text = script(PLAN)
    user.put("/install.sh", only(f'{section(text, "uv")}\n"$uv" --version', text))
    astray: dict[str, Any] = {
        "PIP_USER": "1",
        "PIP_TARGET": "/home/user/astray",
        "PYTHONHOME": "/nowhere",
    }
    result = user.run("bash", "/install.sh", who="1000:1000", **astray)

    assert result.returncode == 0, result.stdout + result.stderr
    assert not (user.upper / "home/user/astray").exists()


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_apt_is_told_the_proxy_that_sudo_drops(
    user: Root, script: Callable[[str], str], name: str
) -> None:
    user.put("/etc/apt/sources.list", "deb [trusted=yes] http://example.org/ /\n")
    user.put("/install.sh", only("apt_get update", script(PLAN)))
    user.run("chmod", "-R", "777", "/var/lib/apt", "/var/cache/apt", network=False)
    proxy: dict[str, Any] = {name: "http://127.0.0.1:9"}
    result = user.run("bash", "/install.sh", "--yes", who="1000:1000", network=False, **proxy)

    assert result.returncode == 1
    assert "127.0.0.1:9" in result.stdout + result.stderr


ASKS = """
ask_root 'install with apt: python3-venv'
echo 'the system was given'
ask_root 'install nvidia-driver-580-open with apt, in place of an older driver'
echo 'the driver was given'
"""


def answered(user: Root, text: str, answers: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a user at a terminal who types these answers."""
    user.put("/install.sh", text)
    command, environment = user.command("bash", "/install.sh", who="1000:1000", network=False)
    mine, theirs = pty.openpty()
    try:
        os.write(mine, answers.encode())
        return subprocess.run(
            command,
            env=environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(mine)
        os.close(theirs)


def test_root_is_asked_for_each_time_with_what_it_is_for(
    user: Root, script: Callable[[str], str]
) -> None:
    text = only(ASKS, script(PLAN))
    both = answered(user, text, "y\ny\n")
    one = answered(user, text, "y\nn\n")

    assert both.returncode == 0, both.stderr
    assert both.stderr == (
        "Root is needed to install with apt: python3-venv. Go on? [y/N] "
        "Root is needed to install nvidia-driver-580-open with apt, in place of an older driver."
        " Go on? [y/N] "
    )
    assert both.stdout == "the system was given\nthe driver was given\n"
    assert one.returncode == 1
    assert one.stdout == "the system was given\n"
    assert "stopped: Root is needed to install nvidia-driver-580-open" in one.stderr


def test_as_root_nothing_is_asked(user: Root, script: Callable[[str], str]) -> None:
    user.put("/install.sh", only(ASKS, script(PLAN)))
    result = user.run("bash", "/install.sh", network=False)

    assert result.returncode == 0
    assert result.stdout == "the system was given\nthe driver was given\n"


def test_a_python_of_its_own_lies_in_the_folder_and_not_on_the_path(
    user: Root, script: Callable[[str], str]
) -> None:
    uv = 'uv() { [[ $2 == install ]] && echo "$@"; }; uv=uv'
    text = script("tensorflow-2.21-ubuntu-22.04-keep")
    user.put("/etc/os-release", 'ID=ubuntu\nVERSION_ID="22.04"\n')
    steps = section(text, "Python 3.12, beside")
    user.put("/install.sh", only(f'{uv}; {steps}; echo "$UV_PYTHON_INSTALL_DIR"', text))
    said = user.run("bash", "/install.sh", network=False).stdout.splitlines()
    asked, place = said[0].split(), said[1]
    known = subprocess.run([real_uv(), *asked, "--help"], capture_output=True, check=False)

    assert asked == ["python", "install", "--no-bin", "3.12"]
    assert place == "/root/dlsetup/tensorflow/.dlsetup/python"
    assert known.returncode == 0
