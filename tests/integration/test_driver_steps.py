"""The driver's step against apt with a local archive of empty packages under the true names.

The root has no devices mounted, so what the kernel would show are plain files.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

NOBLE = 'ID=ubuntu\nVERSION_ID="24.04"\n'
JAMMY = 'ID=ubuntu\nVERSION_ID="22.04"\n'
OPEN = "nvidia-driver-580-open"


@pytest.fixture
def machine(new_root: MakeRoot, with_python: Root, script: Callable[[str], str]) -> Root:
    """Looks like Ubuntu 24.04 with an NVIDIA GPU; the script wants the open driver 580."""
    root = new_root(with_python)
    root.put("/install.sh", script("torch-ubuntu-24.04-driver-580-open"))
    root.put("/etc/os-release", NOBLE)
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    root.put("/proc/stat", "cpu 1 2 3\nbtime 1\n")
    archive(root)
    return root


def archive(
    root: Root,
    fields: Mapping[str, str] = {},
    postinst: str = "",
    files: Mapping[str, Mapping[str, str]] = {},
    /,
    **packages: str,
) -> None:
    """Make an archive of packages the only one that apt knows; ``fields`` by package.

    They are empty but for ``files``: programs by package and path.
    """
    root.put("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/archive ./\n")
    folder = root.upper / "srv/archive"
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for name, version in packages.items():
        package = name.replace("_", "-")
        control = f"Package: {package}\nVersion: {version}\nArchitecture: all\n"
        control += fields.get(package, "")
        control += "Maintainer: nobody <nobody@example.org>\nDescription: empty, for a test\n"
        made = build(folder, package, control, postinst, files.get(package, {}))
        digest = sha256(made.read_bytes()).hexdigest()
        where = f"Filename: ./{made.name}\nSize: {made.stat().st_size}\nSHA256: {digest}\n"
        index.append(f"{control}{where}\n")
    (folder / "Packages").write_text("".join(index))


def build(
    folder: Path, package: str, control: str, postinst: str = "", files: Mapping[str, str] = {}
) -> Path:
    tree = folder / f"{package}.tree"
    for place, text in files.items():
        program = tree / place.lstrip("/")
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
    (tree / "DEBIAN/control").write_text(control)
    if postinst:
        (tree / "DEBIAN/postinst").write_text(postinst)
        (tree / "DEBIAN/postinst").chmod(0o755)
    made = folder / f"{package}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(made)],
        check=True,
        capture_output=True,
    )
    return made


def run(root: Root) -> subprocess.CompletedProcess[str]:
    """Run the script without a network; past the driver it can only fail at the installer."""
    return root.run("bash", "/install.sh", network=False, devices=False, PIP_RETRIES="0")


def plain_devices(root: Root) -> None:
    """What every program needs, where no real devices are mounted."""
    root.run(
        "sh",
        "-c",
        "rm -f /dev/null && mknod -m 666 /dev/null c 1 3; "
        "mknod -m 444 /dev/urandom c 1 9; ln -s /proc/self/fd /dev/fd",
        network=False,
        devices=False,
    )


def test_the_driver_is_installed_and_a_reboot_is_asked_for(machine: Root) -> None:
    plain_devices(machine)
    archive(machine, nvidia_driver_580_open="580.178.04-0ubuntu0.24.04.1")
    first = run(machine)
    again = run(machine)

    assert first.returncode == 10, first.stdout + first.stderr
    assert first.stderr.endswith(
        "\nThe driver 580.178.04 is installed.\n"
        "  Reboot this machine, then run this script again: it goes on.\n"
    )
    assert again.returncode == 10
    assert "The driver 580.178.04 is installed but not running." in again.stderr


def test_after_a_reboot_that_did_not_help_it_stops_with_the_reasons(machine: Root) -> None:
    plain_devices(machine)
    archive(machine, nvidia_driver_580_open="580.178.04-0ubuntu0.24.04.1")
    machine.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61", bytes([6, 0, 0, 0, 1]))
    first = run(machine)
    machine.put("/proc/stat", "cpu 1 2 3\nbtime 4000000000\n")
    again = run(machine)

    assert first.returncode == 10, first.stdout + first.stderr
    assert again.returncode == 1
    assert "the driver 580.178.04 is installed, and after a reboot it still does" in again.stderr
    assert "mokutil --sb-state" in again.stderr
    assert "dkms status" in again.stderr


def test_what_may_keep_the_driver_from_running_is_said_before_the_reboot(
    machine: Root,
) -> None:
    plain_devices(machine)
    archive(machine, nvidia_driver_580_open="580.178.04-0ubuntu0.24.04.1")
    machine.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61", bytes([6, 0, 0, 0, 1]))
    said = run(machine).stdout
    installed = said.index("Setting up nvidia-driver-580-open")

    assert 0 < said.index("note: apt has no linux-headers-") < installed
    assert installed < said.index("note: Secure Boot is on") < len(said)


TORN = """#!/bin/sh
echo 'Failed to initialize NVML: Driver/library version mismatch'
exit 18
"""


@pytest.mark.parametrize(
    ("started", "code", "said"),
    [
        pytest.param("1", 10, "its libraries are of two versions", id="not-rebooted"),
        pytest.param("4000000000", 1, "a reboot did not help", id="rebooted"),
    ],
)
def test_a_driver_whose_libraries_are_of_another_version_is_seen(
    machine: Root, started: str, code: int, said: str
) -> None:
    torn(machine)
    machine.put("/proc/stat", f"btime {started}\n")
    result = run(machine)

    assert result.returncode == code, result.stdout + result.stderr
    assert said in result.stderr


def test_a_driver_that_is_to_be_kept_is_one_with_its_libraries(
    machine: Root, script: Callable[[str], str]
) -> None:
    torn(machine)
    machine.put("/install.sh", script("torch-cu126-ubuntu-22.04-keep"))
    machine.put("/etc/os-release", JAMMY)
    result = run(machine)

    assert result.returncode == 1
    assert "reboot, if that was just now" in result.stderr


def torn(machine: Root) -> None:
    """Let the libraries of the driver be of another version than what the kernel runs."""
    plain_devices(machine)
    machine.put("/sys/module/nvidia/version", "580.178.04\n")
    machine.put("/usr/bin/nvidia-smi", TORN)
    machine.put("/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1", "of driver 595")
    machine.run("chmod", "755", "/usr/bin/nvidia-smi", network=False)


OLD = "nvidia-driver-470", "libnvidia-gl-470"


@pytest.mark.parametrize(
    ("present", "code", "said"),
    [
        pytest.param(OLD, 10, "it replaces: libnvidia-gl-470 nvidia-driver-470", id="driver"),
        pytest.param(
            (*OLD, "nvidia-container-toolkit"),
            1,
            "apt would remove: nvidia-container-toolkit",
            id="container-toolkit",
        ),
        pytest.param(
            (*OLD, "libnvidia-container1"),
            1,
            "apt would remove: libnvidia-container1",
            id="its-library",
        ),
        pytest.param(
            ("nvidia-cuda-toolkit",), 1, "apt would remove: nvidia-cuda-toolkit", id="cuda-toolkit"
        ),
    ],
)
def test_only_parts_of_a_driver_may_be_replaced(
    machine: Root, present: tuple[str, ...], code: int, said: str
) -> None:
    plain_devices(machine)
    conflicts = f"Conflicts: {', '.join(present)}\n"
    archive(
        machine,
        {OPEN: conflicts},
        nvidia_driver_580_open="580.178.04-0ubuntu0.24.04.1",
        **{name.replace("-", "_"): "470.1-1" for name in present},
    )
    before = machine.run(
        "sh",
        "-c",
        f"apt-get -q update && apt-get -q -y install {' '.join(present)}",
        network=False,
        devices=False,
    )
    assert before.returncode == 0, before.stderr
    result = run(machine)

    assert result.returncode == code, result.stdout + result.stderr
    assert said in result.stdout + result.stderr


def test_after_the_reboot_it_goes_on(machine: Root) -> None:
    plain_devices(machine)
    machine.put("/sys/module/nvidia/version", "580.178.04\n")
    result = run(machine)

    assert "[2/6] NVIDIA driver: nvidia-driver-580-open unless" in result.stdout
    assert "stopped: step 3 (uv 0.13.8" in result.stderr


def test_a_name_that_redirects_to_another_branch_is_not_installed(machine: Root) -> None:
    plain_devices(machine)
    archive(machine, nvidia_driver_580_open="595.99.02-0ubuntu0.24.04.1")
    result = run(machine)

    assert result.returncode == 1
    assert f"apt would install driver 595.99.02 under the name {OPEN}" in result.stderr
    assert machine.run("dpkg-query", "-W", OPEN, network=False).returncode != 0


def test_a_package_that_apt_does_not_know_names_its_part_of_the_archive(machine: Root) -> None:
    plain_devices(machine)
    result = run(machine)

    assert result.returncode == 1
    assert f"apt cannot install {OPEN}\n  it stands in the part restricted of the" in result.stderr


def test_a_driver_from_nvidias_own_installer_is_not_overwritten(machine: Root) -> None:
    plain_devices(machine)
    machine.put("/usr/bin/nvidia-uninstall", "#!/bin/sh\n")
    machine.run("chmod", "755", "/usr/bin/nvidia-uninstall", network=False)
    result = run(machine)

    assert result.returncode == 1
    assert "remove it first: sudo nvidia-uninstall" in result.stderr


def test_a_machine_without_an_nvidia_gpu_gets_no_driver(machine: Root) -> None:
    plain_devices(machine)
    machine.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x8086\n")
    result = run(machine)

    assert result.returncode == 1
    assert "this machine shows no NVIDIA GPU" in result.stderr


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/sys/module/nvidia/version", "470.256.02\n", id="sysfs"),
        pytest.param(
            "/proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2 14:37:44 UTC"
            " 2024\nGCC version:  gcc version 11.4.0\n",
            id="procfs",
        ),
        pytest.param(
            "/proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  440.33  Release Build\n",
            id="open-and-exactly-the-minimum",
        ),
    ],
)
def test_a_driver_that_runs_and_is_new_enough_is_kept(
    machine: Root, script: Callable[[str], str], path: str, text: str
) -> None:
    plain_devices(machine)
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-kepler-ubuntu-22.04-driver-470"))
    machine.put(path, text)
    result = run(machine)

    assert "stopped: step 4 (uv 0.13.8" in result.stderr


@pytest.mark.parametrize("running", ["390.157", "535.183.01"], ids=["too-old", "dropped-the-gpu"])
def test_a_driver_that_does_not_fit_is_replaced_where_it_was_not_known(
    running: str, machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-kepler-ubuntu-22.04-driver-470"))
    machine.put("/sys/module/nvidia/version", f"{running}\n")
    archive(machine, nvidia_driver_470="470.256.02-0ubuntu0.22.04.6")
    result = run(machine)

    assert result.returncode == 10, result.stdout + result.stderr
    assert "The driver 470.256.02 is installed." in result.stderr


def test_a_driver_that_was_to_be_kept_and_is_too_old_stops_the_script(
    machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-cu126-ubuntu-22.04-keep"))
    machine.put("/sys/module/nvidia/version", "470.256.02\n")
    result = run(machine)

    assert result.returncode == 1
    assert (
        "NVIDIA driver 525.60.13 or later is needed; this machine runs: 470.256.02" in result.stderr
    )


def test_on_wsl2_no_driver_is_ever_installed(machine: Root, script: Callable[[str], str]) -> None:
    plain_devices(machine)
    machine.put("/install.sh", script("tensorflow-ubuntu-24.04-wsl2"))
    machine.put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    archive(machine, nvidia_driver_580="580.178.04-0ubuntu0.24.04.1")
    result = run(machine)

    assert result.returncode == 1
    assert "Windows' NVIDIA driver 527.41 or later is needed" in result.stderr


def test_on_wsl2_the_driver_is_found_where_sudo_does_not_look(
    machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/install.sh", script("tensorflow-ubuntu-24.04-wsl2"))
    machine.put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    machine.put("/usr/lib/wsl/lib/nvidia-smi", "#!/bin/sh\necho 470.14\n")
    (machine.upper / "usr/lib/wsl/lib/nvidia-smi").chmod(0o755)
    result = run(machine)

    assert "this machine runs: 470.14" in result.stderr


def test_a_script_for_wsl2_is_refused_elsewhere_and_the_other_way_round(
    machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    there = run(machine)
    machine.put("/install.sh", script("tensorflow-ubuntu-24.04-wsl2"))
    machine.put("/proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
    here = run(machine)

    assert "made for a machine without WSL2" in there.stderr
    assert "made for WSL2, and this is another machine" in here.stderr
