"""What goes with a driver: its modules, Secure Boot, holds, the fabric manager of NVSwitches."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from provisioner.apply import undo
from provisioner.apply.changes import total
from provisioner.apply.packages import Snapshot
from provisioner.apply.record import Change, Record
from provisioner.render import script as scripts
from tests.golden.host_plans import SCRIPTS
from tests.golden.made_catalog import catalog
from tests.golden.plans import PLANS
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.stand_ins import stand_ins
from tests.integration.test_driver_steps import JAMMY, NOBLE, plain_devices

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DRIVER = {"nvidia-driver-580-open": "580.178.04-0ubuntu0.26.04.1"}
KERNEL = "7.0.0-30-generic"
MODULES = {
    f"linux-modules-nvidia-580-open-{KERNEL}": "7.0.0-30.30",
    "linux-modules-nvidia-580-open-generic": "7.0.0-30.30",
}
UNAME = f"""#!/bin/sh
[ "$1" = -r ] && echo {KERNEL} || exec /usr/bin/uname "$@"
"""
MOKUTIL = '#!/bin/sh\necho "$2 is not enrolled"\n'
ENROLMENT = """
  note: Secure Boot is on: the kernel takes the driver once the key it is signed with
  is enrolled. BEFORE the reboot run this, and make up a password when it asks for one:
      sudo mokutil --import /var/lib/shim-signed/mok/MOK.der
  AT the reboot a blue screen, "Perform MOK management", waits ten seconds for a key. Choose
      Enroll MOK > Continue > Yes > that password > Reboot
  If that is missed, give the command again and reboot once more.
"""


@pytest.fixture
def machine(new_root: MakeRoot, with_python: Root) -> Root:
    """Looks like Ubuntu 24.04 with an NVIDIA GPU, under a kernel of Ubuntu's."""
    root = new_root(with_python)
    plain_devices(root)
    root.put("/install.sh", system("torch-ubuntu-24.04-driver-580-open"))
    root.put("/etc/os-release", NOBLE)
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    program(root, "uname", UNAME)
    return root


def system(name: str) -> str:
    """The part of a plan's script that needs root."""
    plan = {**PLANS, **SCRIPTS}[name]()
    return scripts.system_part(plan, catalog(), "install.sh") or ""


def program(root: Root, name: str, text: str) -> None:
    root.put(f"/usr/local/bin/{name}", text)
    said(root, "chmod", "755", f"/usr/local/bin/{name}")


def secure_boot(root: Root, mokutil: str) -> None:
    root.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61", bytes([6, 0, 0, 0, 1]))
    program(root, "mokutil", mokutil)


def run(root: Root, *options: str) -> subprocess.CompletedProcess[str]:
    return root.run("bash", "/install.sh", *options, network=False, devices=False, PATH=PATH)


def said(root: Root, *words: str) -> str:
    return root.run(*words, network=False, devices=False, PATH=PATH).stdout


def installed(root: Root) -> set[str]:
    lines = said(root, "dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\n").splitlines()
    return {line.split()[1] for line in lines if line.startswith("installed ")}


def kernel_here(root: Root, *packages: str) -> None:
    """Mark kernels as installed, as dpkg keeps them."""
    status = root.upper / "var/lib/dpkg/status"
    text = said(root, "cat", "/var/lib/dpkg/status")
    for package in packages:
        text += (
            f"\nPackage: {package}\nStatus: install ok installed\nMaintainer: nobody\n"
            "Architecture: all\nVersion: 1\nDescription: a kernel\n"
        )
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text(text)


def test_modules_that_the_archive_holds_for_the_kernel_are_taken_and_no_headers(
    machine: Root,
) -> None:
    kernel_here(machine, f"linux-image-{KERNEL}", "linux-image-generic")
    secure_boot(machine, MOKUTIL)
    stand_ins(machine, {**DRIVER, **MODULES})
    done = run(machine)

    assert done.returncode == 10, done.stdout + done.stderr
    assert {*DRIVER, *MODULES} <= installed(machine)
    assert "Secure Boot" not in done.stdout  # Canonical signed them
    assert "linux-headers" not in done.stdout


def test_with_a_newer_kernel_that_has_no_modules_dkms_builds_for_all(machine: Root) -> None:
    kernel_here(machine, f"linux-image-{KERNEL}", "linux-image-7.0.0-31-generic")
    stand_ins(machine, {**DRIVER, **MODULES})
    done = run(machine)

    assert done.returncode == 10, done.stdout + done.stderr
    assert installed(machine).isdisjoint(MODULES)
    assert f"note: apt has no linux-headers-{KERNEL}: where dkms builds" in done.stdout


def test_what_secure_boot_asks_for_is_said_before_the_reboot(machine: Root) -> None:
    secure_boot(machine, MOKUTIL)
    machine.put("/var/lib/shim-signed/mok/MOK.der", "a certificate")
    stand_ins(machine, DRIVER)
    done = run(machine)

    assert done.returncode == 10, done.stdout + done.stderr
    assert done.stdout.endswith(ENROLMENT)
    assert "\nThe driver 580.178.04 is installed.\n  Reboot this machine, then" in done.stderr


def test_a_key_that_is_enrolled_already_is_not_asked_for_again(machine: Root) -> None:
    secure_boot(machine, MOKUTIL.replace("is not enrolled", "is already enrolled"))
    stand_ins(machine, DRIVER)

    assert "mokutil --import" not in run(machine).stdout


def test_nouveau_is_said_to_leave_with_the_reboot(machine: Root) -> None:
    machine.put("/sys/module/nouveau/refcnt", "1\n")
    stand_ins(machine, DRIVER)

    assert "note: nouveau drives the GPU now" in run(machine).stdout


def test_a_driver_of_the_runfile_is_refused_with_the_way_out(machine: Root) -> None:
    machine.put("/usr/bin/nvidia-installer", "#!/bin/sh\n")
    said(machine, "chmod", "755", "/usr/bin/nvidia-installer")
    stand_ins(machine, DRIVER)
    done = run(machine)

    assert done.returncode == 1
    assert "NVIDIA's own installer (.run) is here" in done.stderr
    assert "remove it first: sudo nvidia-uninstall" in done.stderr
    assert installed(machine).isdisjoint(DRIVER)


def changes(root: Root) -> dict[str, tuple[int, int, str]]:
    """Everything that differs from the root below, but for apt's cache and what was called."""
    left_out = ("var/cache/apt", "srv/calls", "srv")
    found = root.manifest().items()
    return {path: state for path, state in found if not path.startswith(left_out)}


def held(root: Root) -> list[str]:
    return said(root, "apt-mark", "showhold").split()


def test_where_newer_branches_drop_the_gpu_no_upgrade_brings_one(machine: Root) -> None:
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", system("torch-kepler-ubuntu-22.04-driver-470"))
    stand_ins(machine, {"nvidia-driver-470": "470.256.02-0ubuntu0.22.04.6"})
    done = run(machine)
    # A later archive, whose package of that name is the next branch's.
    text = said(machine, "cat", "/srv/archive/Packages").replace("470.256.02", "580.178.04")
    machine.put("/srv/archive/Packages", text)
    said(machine, "sh", "-c", "apt-get -q update; apt-get -q -y dist-upgrade")

    assert done.returncode == 10, done.stdout + done.stderr
    assert "Undone by: sudo apt-mark unhold nvidia-driver-470" in done.stdout
    assert held(machine) == ["nvidia-driver-470"]
    version = said(machine, "dpkg-query", "-W", "-f=${Version}", "nvidia-driver-470")
    assert version == "470.256.02-0ubuntu0.22.04.6"


def test_uninstalling_takes_a_held_driver_away_again(
    machine: Root, script: Callable[[str], str]
) -> None:
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-kepler-ubuntu-22.04-driver-470"))
    stand_ins(machine, {"nvidia-driver-470": "470.256.02-0ubuntu0.22.04.6"})
    before = installed(machine)
    first = run(machine)
    during = held(machine)
    done = run(machine, "--yes", "--uninstall")

    assert first.returncode == 10, first.stdout + first.stderr
    assert during == ["nvidia-driver-470"]
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(machine) == before
    assert held(machine) == []


def test_taking_it_back_lets_apt_move_again(machine: Root) -> None:
    package, version = "nvidia-driver-470", "470.256.02-0ubuntu0.22.04.6"
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", system("torch-kepler-ubuntu-22.04-driver-470"))
    stand_ins(machine, {package: version})
    run(machine)
    change = Change(
        machine="",
        environment="demo",
        driver=package,
        began="2026-11-20T14:00:00+00:00",
        installed={package: version},
        held=(package,),
    )
    changes = total(Record(changes=(change,)))
    steps = undo.steps(changes, Snapshot(packages={package: version}), (package,), {})
    where = PLANS["torch-kepler-ubuntu-22.04-driver-470"]().machine
    machine.put("/install.sh", scripts.undo(where, tuple(steps), "undo.sh"))
    before = held(machine)
    done = run(machine)
    again = run(machine)

    assert before == [package]
    assert done.returncode == 0, done.stdout + done.stderr
    assert held(machine) == []
    assert package not in installed(machine)
    assert again.returncode == 0, again.stdout + again.stderr


def test_where_every_newer_branch_drives_the_gpu_its_updates_come(machine: Root) -> None:
    stand_ins(machine, DRIVER)
    run(machine)

    assert held(machine) == []


# --- NVSwitches ----------------------------------------------------------------------------------

SWITCH = "/sys/bus/pci/devices/0000:85:00.0/device"
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/srv/calls
[ "$1" != is-active ] || grep -q '^enable --now nvidia-fabricmanager' /srv/calls
"""


@pytest.fixture
def hgx(machine: Root) -> Root:
    """The same with eight A100, an NVSwitch and a driver that runs."""
    machine.put("/install.sh", system("torch-a100-ubuntu-24.04-nvswitch"))
    machine.put(SWITCH, "0x1af1\n")
    machine.put("/sys/module/nvidia/version", "580.126.20\n")
    program(machine, "systemctl", SYSTEMCTL)
    return machine


FABRIC = {"nvidia-fabricmanager-580": "580.126.20-0ubuntu0.22.04.1"}


def test_the_fabric_manager_is_of_the_drivers_version_and_stays_so(hgx: Root) -> None:
    stand_ins(hgx, FABRIC)
    first = run(hgx)
    calls = said(hgx, "cat", "/srv/calls")
    before = changes(hgx)
    again = run(hgx)

    assert first.returncode == 0, first.stdout + first.stderr
    version = said(hgx, "dpkg-query", "-W", "-f=${Version}", *FABRIC)
    assert version == FABRIC["nvidia-fabricmanager-580"]
    assert held(hgx) == [*FABRIC]
    assert "enable --now nvidia-fabricmanager" in calls
    assert again.returncode == 0, again.stdout + again.stderr
    assert changes(hgx) == before


@pytest.mark.parametrize(
    ("running", "archive", "told"),
    [
        pytest.param(
            "580.178.04",
            FABRIC,
            "apt has no nvidia-fabricmanager-580 of version 580.178.04, and it must equal",
            id="another-patch",
        ),
        pytest.param(
            "595.58.03",
            {"nvidia-fabricmanager-595": "595.58.03-0ubuntu3"},
            "no fabric manager is known for driver 595.58.03",
            id="branch-without-a-row",
        ),
    ],
)
def test_no_fabric_manager_of_another_version_is_installed(
    hgx: Root, running: str, archive: dict[str, str], told: str
) -> None:
    hgx.put("/sys/module/nvidia/version", f"{running}\n")
    stand_ins(hgx, archive)
    done = run(hgx)

    assert done.returncode == 1
    assert told in done.stderr
    assert installed(hgx).isdisjoint({*archive, *FABRIC})


def test_a_name_that_only_redirects_is_no_fabric_manager(hgx: Root) -> None:
    """As nvidia-fabricmanager-590 of the facts: empty, and 595 comes with it."""
    stand_ins(hgx, {"nvidia-fabricmanager-590": "590.48.01-0ubuntu0.25.10.2"}, depends=True)
    text = said(hgx, "cat", "/srv/archive/Packages")
    hgx.put(
        "/srv/archive/Packages", text.replace("-590", "-580").replace("590.48.01", "580.126.20")
    )
    done = run(hgx)

    assert done.returncode == 1
    assert "only redirects to another branch" in done.stderr


def test_without_an_nvswitch_there_is_nothing_to_manage(hgx: Root) -> None:
    (hgx.upper / SWITCH.lstrip("/")).unlink()
    done = run(hgx)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "fabricmanager" not in said(hgx, "dpkg-query", "-W", "-f=${Package} ")


def test_a_package_that_the_facts_do_not_know_is_not_found(hgx: Root) -> None:
    """Names come from the facts alone: with another one in the script, apt fails."""
    hgx.put(
        "/install.sh",
        system("torch-a100-ubuntu-24.04-nvswitch").replace("fabricmanager-580", "fabricmaster-580"),
    )
    stand_ins(hgx, FABRIC)

    assert run(hgx).returncode == 1
