"""What the caller's shell sets: what leads packages astray is dropped, ways to the network stay."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.launcher.checkout import real_uv

pytestmark = pytest.mark.root

PLAN = "tensorflow-cpu-debian-12"
DRIVER = "torch-ubuntu-24.04-driver-580-open"
STEPS = '\nmain "$@"\n'


@pytest.fixture
def user(new_root: MakeRoot, with_python: Root) -> Root:
    """A root with a user who may write to their home, and a sudo that runs what it is given."""
    root = new_root(with_python)
    root.put("/home/user/.profile", "")
    root.put("/usr/bin/sudo", '#!/bin/sh\nexec env -i PATH="$PATH" "$@"\n')
    root.run("sh", "-c", "chmod 755 /usr/bin/sudo; chown -R 1000:1000 /home/user", network=False)
    return root


def only(commands: str, text: str) -> str:
    """A rendered script that does these commands where it would do its steps."""
    head, _, _ = text.partition(STEPS)
    assert head != text
    return f"{head}\n{commands}\n"


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
    user.put("/install.sh", only("trap - EXIT; drop_settings; env", script(PLAN)))
    settings: dict[str, Any] = dict.fromkeys(astray | kept, "/x")
    said = user.run("bash", "/install.sh", network=False, **settings)
    names = {line.partition("=")[0] for line in said.stdout.splitlines()}

    assert not astray & names, said.stderr
    assert kept <= names


@pytest.mark.network
def test_a_shell_full_of_settings_still_gets_its_uv(
    user: Root, script: Callable[[str], str]
) -> None:
    user.put("/install.sh", only("drop_settings; prepare_folders x; do_uv; check_uv", script(PLAN)))
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
    user.put("/install.sh", only('read_options "$@"; ask_root system x; apt_refresh', script(PLAN)))
    user.run("chmod", "-R", "777", "/var/lib/apt", "/var/cache/apt", network=False)
    proxy: dict[str, Any] = {name: "http://127.0.0.1:9"}
    result = user.run("bash", "/install.sh", "--yes", who="1000:1000", network=False, **proxy)

    assert result.returncode == 1
    assert "127.0.0.1:9" in result.stdout + result.stderr
    assert "behind a proxy, set http_proxy and https_proxy" in result.stderr


ASKS = """
ask_root system 'install with apt: python3-venv'
ask_root system 'install with apt: something else'
printf 'the system was given\\n'
ask_root driver 'install the NVIDIA driver'
printf 'the driver was given\\n'
trap - EXIT
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


def test_the_first_question_names_all_root_steps_and_the_driver_is_asked_for_again(
    user: Root, script: Callable[[str], str]
) -> None:
    text = only(ASKS, script(DRIVER))
    both = answered(user, text, "y\ny\n")
    one = answered(user, text, "y\nn\n")

    assert both.returncode == 0, both.stderr
    assert both.stdout.startswith(
        "\nThis script needs root for, where it is not done yet:\n"
        "  - System packages: python3, python3-venv, ca-certificates\n"
        "  - NVIDIA driver: nvidia-driver-580-open unless one that fits runs\n"
    )
    assert both.stderr.count("Go on? [y/N]") == 2
    assert "the driver was given" in both.stdout
    assert one.returncode == 1
    assert one.stdout.endswith("the system was given\n")
    assert "root was not given to install the NVIDIA driver" in one.stderr


def test_as_root_nothing_is_asked(user: Root, script: Callable[[str], str]) -> None:
    user.put("/install.sh", only(ASKS, script(DRIVER)))
    result = user.run("bash", "/install.sh", network=False)

    assert result.returncode == 0
    assert result.stdout == "the system was given\nthe driver was given\n"


def test_a_python_of_its_own_puts_nothing_on_the_path(
    user: Root, script: Callable[[str], str]
) -> None:
    uv = "uv() { printf '%s ' \"$@\"; }; uv=uv; trap - EXIT"
    text = script("tensorflow-2.21-ubuntu-22.04-keep")
    user.put("/install.sh", only(f"{uv}; do_python", text))
    asked = user.run("bash", "/install.sh", network=False).stdout.split()
    known = subprocess.run([real_uv(), *asked, "--help"], capture_output=True, check=False)

    assert asked == ["python", "install", "--no-bin", "3.12"]
    assert known.returncode == 0
    assert "#   ~/.local/share/uv         Python 3.12, kept by uv\n" in text
