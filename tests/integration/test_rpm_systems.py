"""The script of systems with dnf or zypper, against repositories of rpms made from the facts.

The tools are real; the system is Debian that says it is another, so the real ones stay untried. No
devices are mounted: what the kernel would show are plain files.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import msgspec
import pytest

from provisioner.plan import Plan, Request
from provisioner.recipes import steps_for
from provisioner.render import render
from tests.golden import made_catalog
from tests.golden.parts import machine
from tests.golden.plans import PLANS
from tests.integration import rpms
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.rpms import SYSTEMS, inside, prepared
from tests.integration.test_driver_steps import plain_devices

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings the tools, once

BASE = "python3 python3-venv rpm createrepo-c gpg gpg-agent"
TOOLS = {"dnf": f"{BASE} dnf dnf-plugins-core", "zypper": f"{BASE} zypper"}


@pytest.fixture(scope="module")
def tools(new_root: MakeRoot) -> Callable[[str], Root]:
    """A root with dnf or with zypper: Debian's refuse to be installed beside each other."""
    made: dict[str, Root] = {}

    def root(tool: str) -> Root:
        if tool not in made:
            made[tool] = new_root()
            install = f"apt-get -q -y install --no-install-recommends {TOOLS[tool]}"
            done = made[tool].run("sh", "-c", f"apt-get -q update && {install}")
            assert done.returncode == 0, done.stderr
        return made[tool]

    return root


@pytest.fixture(scope="module")
def made(new_root: MakeRoot, tools: Callable[[str], Root]) -> Callable[[str], Root]:
    """A root that says it is a system, with repositories of what the facts know of it."""
    roots: dict[str, Root] = {}

    def root(name: str) -> Root:
        if name not in roots:
            roots[name] = prepared(new_root(tools(SYSTEMS[name].tool)), name)
        return roots[name]

    return root


@pytest.fixture
def system(
    request: pytest.FixtureRequest,
    new_root: MakeRoot,
    made: Callable[[str], Root],
    tools: Callable[[str], Root],
) -> tuple[str, Root]:
    """The system that a test names, fresh, with the script of a driver for it."""
    name = request.param
    root = new_root(made(name), tools(SYSTEMS[name].tool))
    plain_devices(root)
    text = script(driver_plan(name))
    place = f"{made_catalog.REPOSITORY.replace('debian12', repository(name))} "
    assert place in text
    text = text.replace(place, "file:///srv/nvidia/ ")
    root.put("/install.sh", text.replace(made_catalog.RPM_FINGERPRINT, rpms.fingerprint(root)))
    return name, root


def repository(name: str) -> str:
    (row,) = (row for row in made_catalog.catalog().systems if f"{row.id}-{row.version}" == name)
    return str(row.nvidia_repository)


def driver_plan(name: str) -> Plan:
    plan = PLANS["torch-rocky-9-driver-580-open"]()
    where = machine(name, plan.machine.gpus)
    return msgspec.structs.replace(plan, machine=where)


def script(plan: Plan, **python: str) -> str:
    """The script of a plan, on systems whose own Python is another where that is said."""
    catalog = made_catalog.catalog()
    catalog.systems = tuple(msgspec.structs.replace(row, **python) for row in catalog.systems)
    whole = msgspec.structs.replace(plan, steps=steps_for(plan, catalog))
    return render((whole,), "script", catalog)[0].text


def run(root: Root, who: str = "0:0") -> subprocess.CompletedProcess[str]:
    return inside(root, "bash", "/install.sh", who=who)


def uninstall(root: Root) -> subprocess.CompletedProcess[str]:
    words = ("bash", "/install.sh", "--yes", "--uninstall")
    return root.run(*words, network=False, PATH=rpms.PATH)


def installed(root: Root) -> set[str]:
    said = inside(root, "rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}\\n").stdout
    return {line for line in said.splitlines() if not line.startswith("gpg-pubkey")}


def files(root: Root) -> set[tuple[str, tuple[int, int, str]]]:
    """Everything that was changed in a root, but for what asking rpm and entering it changes."""
    kept = ("dev", "etc/resolv.conf", "var/lib/rpm/")
    return {item for item in root.manifest().items() if not item[0].startswith(kept)}


everywhere = pytest.mark.parametrize("system", SYSTEMS, indirect=True)


def on(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("system", names, indirect=True)


@everywhere
def test_the_driver_of_the_planned_branch_is_installed_and_stays_on_it(
    system: tuple[str, Root],
) -> None:
    name, root = system
    expected = SYSTEMS[name]
    first = run(root)
    there = installed(root)
    again = run(root)
    update = ("dnf", "-y", "upgrade") if expected.tool == "dnf" else ("zypper", "-n", "update")
    updated = inside(root, *update)

    assert first.returncode == 10, first.stdout + first.stderr
    assert f"The driver {expected.version} is installed." in first.stderr
    assert {f"{expected.driver} {expected.version}", "dkms 3.0.11"} <= there
    assert again.returncode == 10, again.stdout + again.stderr
    assert f"The driver {expected.version} is installed but not running." in again.stderr
    assert installed(root) == there
    assert updated.returncode == 0, updated.stderr
    assert installed(root) == there


@everywhere
def test_after_a_reboot_that_did_not_help_it_says_so(system: tuple[str, Root]) -> None:
    name, root = system
    run(root)
    root.put("/proc/stat", "btime 4000000000\n")
    again = run(root)

    assert again.returncode == 1
    said = f"the driver {SYSTEMS[name].version} is installed, and after a reboot it still does not"
    assert said in again.stderr


@everywhere
def test_what_was_installed_is_taken_back_and_nothing_else(system: tuple[str, Root]) -> None:
    name, root = system
    brought = "python311" if SYSTEMS[name].tool == "zypper" else "python3"
    get = ("dnf", "-y", "install") if SYSTEMS[name].tool == "dnf" else ("zypper", "-n", "install")
    inside(root, *get, brought)
    before, keys = installed(root), inside(root, "rpm", "-qa", "gpg-pubkey").stdout
    first = run(root)
    notes = root.upper / "root/dlsetup/torch/.dlsetup/added"
    notes.write_text(f"{notes.read_text()}noted-and-never-installed\n")  # as where it was killed
    undone = uninstall(root)

    assert first.returncode == 10, first.stdout + first.stderr
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert installed(root) == before == {f"{brought} {facts(name)[brought]}"}
    assert inside(root, "rpm", "-qa", "gpg-pubkey").stdout == keys
    left = [path for path in root.manifest() if "dlsetup-nvidia.repo" in path]
    assert [root.upper / path for path in left if (root.upper / path).is_file()] == []
    assert not (root.merged / "root/dlsetup/torch").exists()


NEEDS = """Name: needs-it
Version: 1
Release: 1
Summary: made for a test
License: none
Requires: {package}
%description
Made for a test.
%files
"""


@on("rocky-9", "opensuse-leap-15.6")
def test_what_something_else_needs_stays_with_the_notes_of_it(system: tuple[str, Root]) -> None:
    name, root = system
    before = installed(root)
    first = run(root)
    driver = SYSTEMS[name].driver
    root.put("/needs-it.spec", NEEDS.format(package=driver))
    made = 'rpmbuild --quiet --define "_topdir /tmp/made" --target x86_64 -bb /needs-it.spec'
    install = "rpm -i /tmp/made/RPMS/*/*.rpm && rm -r /tmp/made"
    there = inside(root, "sh", "-c", f"{made} && {install}")
    refused = uninstall(root)
    kept = inside(root, "cat", "/root/dlsetup/torch/.dlsetup/added").stdout
    inside(root, "rpm", "--erase", "needs-it")
    done = uninstall(root)

    assert first.returncode == 10, first.stdout + first.stderr
    assert there.returncode == 0, there.stderr
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "stopped: still installed: " in refused.stderr
    assert driver in kept.split()
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(root) == before
    assert not (root.upper / "root/dlsetup/torch").exists()


def facts(name: str) -> dict[str, str]:
    return {row.package: (row.version or rpms.UNSTATED).split("-")[0] for row in rpms.known(name)}


@on("rocky-9")
def test_the_key_that_only_this_script_trusted_is_forgotten(system: tuple[str, Root]) -> None:
    _, root = system
    forget = 'for key in $(rpm -qa gpg-pubkey); do rpm --erase "$key"; done'
    open_ = "sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.repos.d/*.repo"
    inside(root, "sh", "-c", f"{forget}; {open_}")
    first = run(root)
    trusted = inside(root, "rpm", "-qa", "gpg-pubkey").stdout
    undone = uninstall(root)

    assert first.returncode == 10, first.stdout + first.stderr
    assert trusted.startswith("gpg-pubkey-")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert inside(root, "rpm", "-qa", "gpg-pubkey").stdout == ""


@on("opensuse-leap-15.6")
def test_with_zypper_the_libraries_have_the_version_of_the_driver(
    system: tuple[str, Root],
) -> None:
    _, root = system
    run(root)

    assert "nvidia-compute-utils-G06 580.126.20" in installed(root)


@everywhere
def test_a_name_that_the_facts_do_not_know_is_not_installed(system: tuple[str, Root]) -> None:
    name, root = system
    expected = SYSTEMS[name]
    text = (root.upper / "install.sh").read_text()
    root.put("/install.sh", text.replace(expected.driver, f"{expected.driver}-x"))
    wrong_driver = run(root)
    brought = "python311" if expected.tool == "zypper" else "python3"
    for action in ("system_packages_install", "system_packages_present"):
        text = re.sub(rf"({action} {brought})\b(?!-)", r"\1-x", text)
    root.put("/install.sh", text)
    wrong_package = run(root)

    assert wrong_driver.returncode == 1
    said = f"{expected.tool} knows no {expected.driver}-x of branch 580"
    assert said in wrong_driver.stderr, wrong_driver.stderr
    assert wrong_package.returncode == 1
    assert "stopped: step 1" in wrong_package.stderr
    refused = {
        "dnf": "Unable to find a match: python3-x",
        "zypper": "Package 'python311-x' not found",
    }
    assert refused[expected.tool] in wrong_package.stdout + wrong_package.stderr


@everywhere
def test_a_key_with_another_fingerprint_is_not_trusted(system: tuple[str, Root]) -> None:
    name, root = system
    text = (root.upper / "install.sh").read_text()
    root.put("/install.sh", text.replace(rpms.fingerprint(root), "A" * 40))
    result = run(root)

    assert result.returncode == 1
    assert "the key of the repository nvidia is not the planned one" in result.stderr
    folder = root.upper / SYSTEMS[name].repositories.lstrip("/")
    assert not list(folder.glob("dlsetup-*"))


@on("rocky-9")
def test_a_package_that_nobody_signed_is_not_installed(system: tuple[str, Root]) -> None:
    _, root = system
    unsigned = "rpmsign --delsign x86_64/nvidia-*.rpm && rm -r repodata && createrepo_c --quiet ."
    modules = "modifyrepo_c --mdtype=modules modules.yaml repodata"
    done = inside(root, "sh", "-c", f"cd /srv/nvidia && {unsigned} && {modules}")
    assert done.returncode == 0, done.stderr
    result = run(root)

    assert result.returncode == 1
    assert "not signed" in result.stdout + result.stderr
    assert not any(line.startswith("nvidia") for line in installed(root))


@on("opensuse-leap-15.6")
def test_a_repository_that_nobody_signed_is_taken_out_again(system: tuple[str, Root]) -> None:
    _, root = system
    inside(root, "sh", "-c", "echo more >>/srv/nvidia/repodata/repomd.xml")
    result = run(root)

    assert result.returncode == 1
    assert "zypper could not read the repository nvidia" in result.stderr
    assert not list((root.upper / "etc/zypp/repos.d").glob("dlsetup-*"))


@on("rocky-9")
def test_another_stream_of_the_module_is_not_changed_by_itself(system: tuple[str, Root]) -> None:
    _, root = system
    place = "[mine]\nname=mine\nbaseurl=file:///srv/nvidia/\nenabled=1\ngpgcheck=1\n"
    root.put("/etc/yum.repos.d/mine.repo", place)
    inside(root, "dnf", "-y", "module", "enable", "nvidia-driver:open-dkms")
    result = run(root)

    assert result.returncode == 1
    assert "dnf could not enable the stream nvidia-driver:580-open" in result.stderr
    assert "dnf module reset nvidia-driver" in result.stderr
    assert not list((root.upper / "etc/yum.repos.d").glob("dlsetup-*"))


@on("rocky-9")
def test_without_dkms_it_says_where_that_stands(system: tuple[str, Root]) -> None:
    _, root = system
    root.put("/etc/yum.repos.d/epel.repo", "")
    result = run(root)

    assert result.returncode == 1
    assert "dnf knows no dkms" in result.stderr
    assert "EPEL" in result.stderr


@on("fedora-44")
def test_headers_that_are_not_there_are_said(system: tuple[str, Root]) -> None:
    _, root = system

    assert "dnf has no kernel-devel-6.17.1" in run(root).stdout


@everywhere
@pytest.mark.parametrize(
    "release", ['ID="rocky"\nVERSION_ID="10.1"\n', "ID=debian\nVERSION_ID=12\n"]
)
def test_another_system_is_refused(system: tuple[str, Root], release: str) -> None:
    _, root = system
    root.put("/etc/os-release", release)
    before = installed(root)
    result = run(root)

    assert result.returncode == 1
    assert "stopped: made for" in result.stderr
    assert installed(root) == before


@everywhere
def test_without_root_nothing_is_changed(system: tuple[str, Root]) -> None:
    _, root = system
    root.put("/home/user/.profile", "")
    inside(root, "chown", "-R", "1000:1000", "/home/user")
    before = installed(root)
    result = root.run("bash", "/install.sh", who="1000:1000", network=False, PATH=rpms.PATH)

    assert result.returncode == 1
    assert "Root is needed to install with" in result.stderr
    assert installed(root) == before


@pytest.mark.parametrize("system", ["rocky-9", "opensuse-leap-15.6"], indirect=True)
def test_a_whole_script_makes_an_environment_and_changes_nothing_when_run_again(
    system: tuple[str, Root],
) -> None:
    name, root = system
    plan = PLANS["tensorflow-cpu-debian-12"]()
    small = msgspec.structs.replace(
        plan,
        machine=machine(name),
        pins=(),
        request=Request(requirements=(), companions=("six==1.17.0",)),
    )
    # Debian's Python stands in for the one that the system would have.
    root.put("/install.sh", script(small, python="3.11"))
    root.put("/usr/local/bin/curl", "")
    first = root.run("bash", "/install.sh")
    packages, before = installed(root), files(root)
    again = run(root)

    assert first.returncode == 0, first.stdout + first.stderr
    assert again.returncode == 0, again.stdout + again.stderr
    assert files(root) == before
    assert installed(root) == packages
