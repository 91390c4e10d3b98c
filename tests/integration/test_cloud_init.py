"""A new machine given the rendered user-data: cloud-init, systemd and the script, all real."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml

from provisioner.plan import Plan
from provisioner.render import render
from tests.golden import plans
from tests.golden.made_catalog import catalog
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = [pytest.mark.root, pytest.mark.network]

NAME = "packaging"
FOLDER = f"opt/dlsetup/{NAME}"
LOG = f"var/log/dlsetup-{NAME}.log"
REBOOTED = 133
"""How nspawn ends where the machine in it rebooted."""
HEAD = "      #!/usr/bin/env bash\n"
ASKS_ONCE = '[[ -e $HOME/asked ]] || { touch "$HOME/asked"; exit 10; }'
"""What a driver's step would do: a reboot first. All else of the script is as rendered."""
BOOT = """
set -eu
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$MERGED"
exec systemd-nspawn --register=no --keep-unit --quiet --boot --machine="dlsetup-$$" \
  --directory="$MERGED" </dev/null
"""


def small() -> Plan:
    """The CPU plan with one small companion and no framework."""
    made = plans.cpu()
    asked = msgspec.structs.replace(made.request, requirements=(), companions=(f"{NAME}==25.0",))
    return plans.with_steps(msgspec.structs.replace(made, pins=(), request=asked))


@pytest.fixture(scope="module")
def cloud(new_root: MakeRoot) -> Root:
    """Debian as clouds have it: systemd, sudo and cloud-init."""
    root = new_root()
    packages = "cloud-init systemd systemd-sysv dbus sudo"
    install = f"apt-get -q -y install --no-install-recommends {packages}"
    done = root.run("sh", "-c", f"apt-get -q update && {install}", DEBIAN_FRONTEND="noninteractive")
    assert done.returncode == 0, done.stderr
    return root


@pytest.mark.parametrize("name", [n for n, make in plans.PLANS.items() if make().via == "pip"])
def test_cloud_init_itself_finds_nothing_wrong(cloud: Root, name: str) -> None:
    cloud.put("/user-data", render((plans.PLANS[name](),), "cloud-init", catalog())[0].text)
    done = cloud.run("cloud-init", "schema", "--config-file", "/user-data")

    assert (done.returncode, done.stdout) == (0, "Valid cloud-config: /user-data\n"), done.stderr


def test_cloud_init_finds_what_is_wrong(cloud: Root) -> None:
    text = render((small(),), "cloud-init", catalog())[0].text
    cloud.put("/user-data", text.replace("permissions:", "mode:"))

    assert cloud.run("cloud-init", "schema", "--config-file", "/user-data").returncode == 1


@pytest.fixture
def machine(cloud: Root, new_root: MakeRoot) -> Root:
    """A machine that was never booted, with the user-data where its cloud would have it."""
    root = new_root(cloud)
    text = render((small(),), "cloud-init", catalog())[0].text
    assert text.index(HEAD) > text.index("/install.sh")
    text = text.replace(HEAD, f"{HEAD}      {ASKS_ONCE}\n", 1)
    seed = "/var/lib/cloud/seed/nocloud"
    root.put(f"{seed}/user-data", text)
    root.put(f"{seed}/meta-data", "instance-id: i-1\nlocal-hostname: box\n")
    root.put(
        "/etc/cloud/cloud.cfg.d/99.cfg",
        "datasource_list: [NoCloud]\nnetwork: {config: disabled}\n",
    )
    _, told = root.command("true")  # which puts the authorities and the names of the network there
    kept = {key: value for key, value in told.items() if key.endswith(("_proxy", "_PROXY"))}
    kept |= {key: value for key, value in told.items() if key.startswith(("PIP_", "UV_", "SSL_"))}
    words = " ".join(f'"{key}={value}"' for key, value in kept.items())
    root.put("/etc/systemd/system.conf.d/env.conf", f"[Manager]\nDefaultEnvironment={words}\n")
    return root


class Booted:
    """A machine that is on."""

    def __init__(self, root: Root, said: Path) -> None:
        self.root = root
        self.said = said
        _, told = root.command("true")
        with said.open("ab") as console:
            self.running = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", BOOT],
                env=os.environ | told,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def until(self, seen: Callable[[], bool], seconds: int = 240) -> None:
        end = time.monotonic() + seconds
        while not seen():
            assert self.running.poll() is None, self.said.read_text(errors="replace")[-3000:]
            assert time.monotonic() < end, self.said.read_text(errors="replace")[-3000:]
            time.sleep(0.2)

    def off(self, how: signal.Signals) -> None:
        self.running.send_signal(how)
        self.running.wait(timeout=60)


def test_a_new_machine_is_ready_after_a_reboot_and_a_power_cut(
    machine: Root, tmp_path: Path
) -> None:
    assert shutil.which("systemd-nspawn"), "systemd-container is not installed"
    folder, log = machine.upper / FOLDER, machine.upper / LOG

    def logged(text: str) -> bool:
        return log.exists() and text in log.read_text()

    first = Booted(machine, tmp_path / "console")
    assert first.running.wait(timeout=240) == REBOOTED
    assert (folder / "reboots").read_text() == "1\n"
    assert not (folder / "ready").exists()

    second = Booted(machine, tmp_path / "console")
    second.until(lambda: logged("[2/5] uv"))
    second.off(signal.SIGKILL)
    assert not (folder / "ready").exists()

    third = Booted(machine, tmp_path / "console")
    third.until((folder / "ready").exists)
    enabled = machine.upper / f"etc/systemd/system/multi-user.target.wants/dlsetup-{NAME}.service"
    third.until(lambda: not enabled.exists(), seconds=10)
    third.off(signal.SIGTERM)

    ready = f"\nready: {NAME}==25.0\nuse it: /home/debian/dlsetup/{NAME}/bin/python\n"
    assert logged(ready)
    assert "install.sh as debian" in log.read_text()
    assert not (folder / "reboots").exists()
    program = f"import {NAME}; print({NAME}.__version__)"
    used = machine.run(f"/home/debian/dlsetup/{NAME}/bin/python", "-c", program)
    assert used.stdout == "25.0\n"


def test_a_machine_never_reboots_for_ever(machine: Root) -> None:
    """first-boot.sh alone, with a systemctl that only counts and a script that is never ready."""
    text = render((small(),), "cloud-init", catalog())[0].text
    first_boot = yaml.safe_load(text)["write_files"][1]
    machine.put(first_boot["path"], first_boot["content"])
    machine.put(f"/{FOLDER}/install.sh", "exit 10\n")
    machine.put("/usr/local/sbin/systemctl", '#!/bin/sh\necho "$@" >>/calls\n')
    (machine.upper / "usr/local/sbin/systemctl").chmod(0o755)
    path = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"

    codes = [
        machine.run("bash", first_boot["path"], network=False, PATH=path).returncode
        for _ in range(6)
    ]

    assert codes == [0, 0, 0, 1, 1, 1]
    assert (machine.upper / "calls").read_text() == "reboot\n" * 3
    assert not (machine.upper / FOLDER / "ready").exists()
