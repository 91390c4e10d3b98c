"""The container toolkit: real apt, real gpg, a signed archive of stand-ins under the true names.

The stand-in of nvidia-ctk writes what the real one documents. Only the address and the fingerprint
of the rendered script are exchanged, and ``curl`` copies the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256

import pytest

from tests.golden.made_catalog import TOOLKIT_FINGERPRINT, TOOLKIT_REPOSITORY
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.stand_ins import stand_ins
from tests.integration.test_driver_parts import changes, installed, program, run, said
from tests.integration.test_driver_steps import NOBLE, plain_devices
from tests.integration.test_repository import ARCHIVE, CURL, MAKE_KEY, SIGN, with_gpg

__all__ = ["with_gpg"]

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python and gpg, once

NAMES = (
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
)
PACKAGES = dict.fromkeys(NAMES, "1.20.1-1")
CTK = r"""#!/bin/sh
echo "nvidia-ctk $*" >>/srv/calls
case "$1 $2" in
  'runtime configure') exec python3 - <<'PYTHON'
import json, os
path = "/etc/docker/daemon.json"
settings = json.load(open(path)) if os.path.exists(path) else {}
settings.setdefault("runtimes", {})["nvidia"] = {"args": [], "path": "nvidia-container-runtime"}
settings.setdefault("features", {})["cdi"] = True
os.makedirs("/etc/docker", exist_ok=True)
json.dump(settings, open(path, "w"), indent=4, sort_keys=True)
PYTHON
    ;;
  'cdi generate') mkdir -p /etc/cdi && echo 'kind: nvidia.com/gpu' >/etc/cdi/nvidia.yaml ;;
  'cdi list') if [ -e /etc/cdi/nvidia.yaml ]; then echo nvidia.com/gpu=all; fi ;;
esac
"""
DOCKER = "#!/bin/sh\necho ' Operating System: {}'\n"
SERVICE = '#!/bin/sh\necho "service $*" >>/srv/calls\n'
CONFIGURED = {
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "features": {"cdi": True},
    "runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}},
}

Machine = Callable[..., Root]


@pytest.fixture
def machine(
    new_root: MakeRoot, with_gpg: Root, with_python: Root, script: Callable[[str], str]
) -> Machine:
    """Makes Ubuntu 24.04 with a GPU, driver 580, Docker and a signed archive."""

    def make(
        packages: Mapping[str, str] = PACKAGES, plan: str = "container-toolkit-ubuntu-24.04"
    ) -> Root:
        root = new_root(with_gpg, with_python)
        plain_devices(root)
        root.put("/etc/os-release", NOBLE)
        root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
        root.put("/sys/module/nvidia/version", "580.178.04\n")
        program(root, "curl", CURL)
        program(root, "docker", DOCKER.format("Ubuntu 24.04.3 LTS"))
        program(root, "service", SERVICE)
        fingerprint = signed(root, packages)
        text = script(plan).replace(TOOLKIT_REPOSITORY, ARCHIVE)
        root.put("/install.sh", text.replace(TOOLKIT_FINGERPRINT, fingerprint))
        return root

    return make


def signed(root: Root, packages: Mapping[str, str]) -> str:
    """Put the packages into an archive of that root, and return the fingerprint of its key."""
    files = {"nvidia-container-toolkit-base": {"/usr/bin/nvidia-ctk": CTK}}
    stand_ins(root, packages, files, depends=len(packages) == len(NAMES))
    root.put("/etc/apt/sources.list", "")
    root.put("/etc/apt/apt.conf.d/99-no-sandbox", 'APT::Sandbox::User "root";\n')
    index = (root.upper / "srv/archive/Packages").read_bytes()
    digest = f" {sha256(index).hexdigest()} {len(index)} Packages\n"
    root.put("/srv/archive/Release", f"Date: Fri, 20 Nov 2026 00:00:00 UTC\nSHA256:\n{digest}")
    fingerprint = said(root, "sh", "-c", MAKE_KEY).split()[0]
    said(root, "sh", "-c", SIGN)
    return fingerprint


def settings(root: Root) -> object:
    return json.loads(said(root, "cat", "/etc/docker/daemon.json"))


def calls(root: Root) -> list[str]:
    return said(root, "cat", "/srv/calls").splitlines()


def test_docker_and_cdi_learn_of_the_gpus_and_a_second_run_changes_nothing(
    machine: Machine,
) -> None:
    root = machine()
    first = run(root)
    before = changes(root)
    again = run(root)

    assert first.returncode == 0, first.stdout + first.stderr
    query = ("dpkg-query", "-W", "-f=${Version}\n", *NAMES)
    assert said(root, *query).split() == ["1.20.1-1"] * 4
    assert settings(root) == CONFIGURED
    assert "nvidia-ctk runtime configure --runtime=docker --cdi.enabled" in calls(root)
    assert "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml" in calls(root)
    assert calls(root).count("service docker restart") == 1
    assert again.returncode == 0, again.stdout + again.stderr
    assert changes(root) == before


@pytest.mark.parametrize("before", ["", '{"log-opts": {"max-size": "10m"}}'])
def test_uninstalling_leaves_docker_and_apt_as_they_were(machine: Machine, before: str) -> None:
    root = machine()
    if before:
        root.put("/etc/docker/daemon.json", before)
    packages = installed(root)
    run(root)
    done = run(root, "--yes", "--uninstall")

    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(root) == packages
    assert calls(root).count("service docker restart") == 2
    left = said(root, "cat", "/etc/docker/daemon.json")
    assert (json.loads(left) if left else "") == (json.loads(before) if before else "")
    assert not list((root.upper / "etc/apt").glob("*/dlsetup-*.*"))
    assert not said(root, "cat", "/etc/cdi/nvidia.yaml")


def test_what_docker_was_told_before_stays(machine: Machine) -> None:
    root = machine()
    root.put("/etc/docker/daemon.json", '{"log-opts": {"max-size": "10m"}, "exec-opts": []}')
    done = run(root)

    assert done.returncode == 0, done.stdout + done.stderr
    assert settings(root) == {**CONFIGURED, "log-opts": {"max-size": "10m"}}


def test_who_manages_control_groups_is_left_as_somebody_chose_and_the_way_out_is_said(
    machine: Machine,
) -> None:
    root = machine()
    root.put("/etc/docker/daemon.json", '{"exec-opts": ["native.cgroupdriver=systemd"]}')
    done = run(root)

    assert done.returncode == 0, done.stdout + done.stderr
    assert settings(root) == {**CONFIGURED, "exec-opts": ["native.cgroupdriver=systemd"]}
    assert "with --device nvidia.com/gpu=all instead of --gpus: those keep" in done.stdout


def test_settings_of_docker_that_are_no_json_are_not_written_over(machine: Machine) -> None:
    root = machine()
    root.put("/etc/docker/daemon.json", "{,}")
    done = run(root)

    assert done.returncode == 1
    assert said(root, "cat", "/etc/docker/daemon.json") == "{,}"


@pytest.mark.parametrize("here", ["none", "Docker Desktop"])
def test_where_docker_is_not_this_systems_only_cdi_learns_of_the_gpus(
    machine: Machine, here: str
) -> None:
    root = machine()
    if here == "none":
        said(root, "rm", "/usr/local/bin/docker")
    else:
        program(root, "docker", DOCKER.format(here))
    done = run(root)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not (root.upper / "etc/docker").exists()
    assert (root.upper / "etc/cdi/nvidia.yaml").exists()


def test_a_key_with_another_fingerprint_is_not_trusted(machine: Machine) -> None:
    root = machine()
    text = said(root, "cat", "/install.sh")
    root.put("/install.sh", re.sub(r"\b[0-9A-F]{40}\b", "0" * 40, text))
    done = run(root)

    assert done.returncode == 1
    assert "the key of the repository nvidia-container-toolkit is not the planned" in done.stderr
    assert not list((root.upper / "etc/apt").glob("*/dlsetup-*"))
    assert installed(root).isdisjoint(NAMES)


def test_a_release_that_the_repository_lacks_is_not_replaced_by_another(machine: Machine) -> None:
    root = machine({"nvidia-container-toolkit": "1.17.8-1"})
    done = run(root)

    assert done.returncode == 1
    assert "Version '1.20.1-1' for 'nvidia-container-toolkit' was not found" in done.stderr
    assert installed(root).isdisjoint(NAMES)


def test_on_wsl2_the_toolkit_is_installed_and_never_a_driver(machine: Machine) -> None:
    root = machine(plan="container-toolkit-ubuntu-24.04-wsl2")
    root.put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    program(root, "nvidia-smi", "#!/bin/sh\necho 551.61\n")
    done = run(root)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {*NAMES} <= installed(root)
    assert not any(name.startswith("nvidia-driver") for name in installed(root))
    assert settings(root) == CONFIGURED


def test_without_a_driver_the_driver_comes_first_and_asks_for_its_reboot(machine: Machine) -> None:
    driver = {"nvidia-driver-580-open": "580.178.04-0ubuntu0.24.04.1"}
    root = machine({**PACKAGES, **driver})
    (root.upper / "sys/module/nvidia/version").unlink()
    root.put("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/archive ./\n")
    first = run(root)
    root.put("/sys/module/nvidia/version", "580.178.04\n")
    root.put("/etc/apt/sources.list", "")
    again = run(root)

    assert first.returncode == 10, first.stdout + first.stderr
    assert installed(root) >= {*driver}
    assert again.returncode == 0, again.stdout + again.stderr
    assert settings(root) == CONFIGURED
