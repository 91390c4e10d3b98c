"""What needs root is done by sudo, where it can be had, and not begun where it cannot."""

from __future__ import annotations

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.test_system_steps import NEW, furnished
from tests.unit.upkeep.loopback import Loopback

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python and sudo, once


@pytest.fixture(scope="module")
def with_sudo(new_root: MakeRoot, with_python: Root) -> Root:
    root = new_root(with_python)
    update, install = "apt-get -q update", "apt-get -q -y install --no-install-recommends sudo"
    done = root.run("sh", "-c", f"{update} && {install}")
    assert done.returncode == 0, done.stderr
    root.put("/etc/sudoers.d/user", "user ALL=(ALL) NOPASSWD: ALL\n")
    user = "useradd --create-home --uid 1000 user; chmod 440 /etc/sudoers.d/user; chmod 755 /root"
    assert root.run("sh", "-c", user).returncode == 0
    return root


def test_a_user_with_sudo_installs_and_takes_back(
    new_root: MakeRoot, with_sudo: Root, with_python: Root, index: Loopback
) -> None:
    box = furnished(new_root(with_sudo, with_python), index)
    own = {"HOME": "/home/user", "UV_CACHE_DIR": "/home/user/uv"}
    before = box.state()
    done = box.up("--yes", who="1000:1000", **own)

    assert "error: reboot-needed" in done.stderr, done.stderr
    assert box.installed() >= NEW
    log = box.root.upper / "home/user/.local/state/dlsetup/system/demo.log"
    assert (log.stat().st_mode & 0o777, log.stat().st_uid) == (0o600, 1000)
    undone = box.dlsetup("system", "undo", "--yes", who="1000:1000", **own)
    assert undone.returncode == 0, undone.stderr
    assert box.state() == before


def test_where_sudo_wants_a_password_and_nobody_can_type_it_nothing_is_done(
    new_root: MakeRoot, with_sudo: Root, with_python: Root, index: Loopback
) -> None:
    box = furnished(new_root(with_sudo, with_python), index)
    box.root.put("/etc/sudoers.d/user", "user ALL=(ALL) ALL\n")
    before = box.state()
    own = {"HOME": "/home/user", "UV_CACHE_DIR": "/home/user/uv"}
    refused = box.up("--yes", who="1000:1000", **own)

    assert refused.returncode == 1
    assert "Root is needed, and sudo did not give it. Nothing was changed." in refused.stderr
    assert "a password is required" in refused.stderr
    assert box.state() == before


def test_without_sudo_and_with_it(new_root: MakeRoot, with_python: Root, index: Loopback) -> None:
    box = furnished(new_root(with_python), index)
    own = {"HOME": "/home/user", "UV_CACHE_DIR": "/home/user/uv"}
    box.run("sh", "-c", "mkdir -p /home/user && chown 1000:1000 /home/user && chmod 755 /root")
    before = box.state()
    none = box.up("--yes", who="1000:1000", **own)
    box.root.put("/usr/bin/sudo", "#!/bin/sh\necho no rights >&2\nexit 1\n")
    box.run("chmod", "755", "/usr/bin/sudo")
    denied = box.up("--yes", who="1000:1000", **own)

    assert (none.returncode, denied.returncode) == (1, 1)
    assert "Root is needed, and there is no sudo. Nothing was changed." in none.stderr
    assert "Root is needed, and sudo did not give it. Nothing was changed." in denied.stderr
    assert "no rights" in denied.stderr
    assert box.state() == before
