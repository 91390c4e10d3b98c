"""Every Linux system of the catalog has its script, which says what is meant by that system."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from provisioner import workflow
from provisioner.catalog.find import names_of_system
from provisioner.describe import parse_os
from provisioner.plan import DriverPlan, Plan
from provisioner.recipes import steps_for
from provisioner.render import render
from tests.golden.parts import machine
from tests.golden.plans import PLANS

SHELLCHECK = Path(sys.executable).parent / "shellcheck"
LINUX = [row for row in workflow.catalog().systems if row.family in {"debian", "redhat", "suse"}]
NAMES = [f"{row.id}-{row.version}" for row in LINUX]


def script(name: str, plan: Plan) -> str:
    catalog = workflow.catalog()
    there = msgspec.structs.replace(plan, machine=machine(name, plan.machine.gpus))
    whole = msgspec.structs.replace(there, steps=steps_for(there, catalog))
    return render((whole,), "script", catalog)[0].text


@pytest.mark.linter
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("plan", ["tensorflow-cpu-debian-12", "torch-debian-12-nvidia-repository"])
def test_a_script_of_every_system_is_clean(name: str, plan: str) -> None:
    checked = subprocess.run(
        [SHELLCHECK, "-"],
        input=script(name, PLANS[plan]()),
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def old_gpu() -> Plan:
    """Proprietary modules, and no branch after this one."""
    driver = DriverPlan(
        action="install",
        minimum="525.60.13",
        branch="580",
        flavour="proprietary",
        last_branch="580",
    )
    return msgspec.structs.replace(PLANS["torch-debian-12-nvidia-repository"](), driver=driver)


FOREIGN = {
    "debian": r"\b(dnf|zypper|rpm)",
    "redhat": r"\b(apt|dpkg|zypper)",
    "suse": r"\b(apt|dpkg|dnf)",
}
"""What no script of a family of systems may hold."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [PLANS["torch-debian-12-nvidia-repository"], old_gpu])
def test_a_script_names_no_tool_of_another_system(name: str, make: Callable[[], Plan]) -> None:
    (row,) = (row for row in LINUX if f"{row.id}-{row.version}" == name)
    text = script(name, make())
    code = [line for line in text.splitlines() if not line.startswith("#")]

    assert [line for line in code if re.search(FOREIGN[row.family], line)] == []


@pytest.mark.parametrize(
    ("release", "machine_word", "fits"),
    [
        ("rocky 9", "x86_64", True),
        ("rocky 9.6", "x86_64", True),
        ("rocky 90", "x86_64", False),
        ("rocky 10.1", "x86_64", False),
        ("rocky 9.6", "aarch64", False),
        ("rocky 9 x86_64", "x86_64", False),
        ("almalinux 9.6", "x86_64", False),
    ],
)
def test_minor_releases_are_one_system_and_nothing_else_is(
    release: str, machine_word: str, fits: bool
) -> None:
    text = script("rocky-9", PLANS["tensorflow-cpu-debian-12"]())
    (test,) = (line for line in text.splitlines() if line.strip().startswith("[[ $here =="))
    condition = test.strip().removesuffix(" ||")
    here = f"{release} {machine_word}"
    done = subprocess.run(["bash", "-c", f'here="$1"; {condition}', "test", here], check=False)

    assert (done.returncode == 0) == fits


@pytest.mark.parametrize(
    ("os_id", "version", "names"),
    [
        ("rocky", "9.6", {"rocky-9", "rhel9"}),
        ("alma", "8", {"almalinux-8", "rhel8"}),
        ("sles", "15.7", {"sles-15", "sles15"}),
        ("ubuntu", "24.04", {"ubuntu-24.04", "ubuntu2404"}),
        ("nowhere", "1", {"nowhere-1"}),
    ],
)
def test_a_system_has_its_own_name_and_that_of_nvidias_repository(
    os_id: str, version: str, names: set[str]
) -> None:
    assert names_of_system(workflow.catalog(), os_id, version) == names


@pytest.mark.parametrize(
    ("name", "interpreter", "own"),
    [
        ("rocky-9", "/usr/bin/python3", False),
        ("rhel-8", "/usr/bin/python3.12", False),
        ("opensuse-leap-15.6", "/usr/bin/python3.11", False),
        ("opensuse-leap-16.0", "/usr/bin/python3.13", True),
        ("debian-13", "/usr/bin/python3", True),
    ],
)
def test_uv_is_fetched_with_a_python_that_the_system_has(
    name: str, interpreter: str, own: bool
) -> None:
    plan = msgspec.structs.replace(PLANS["tensorflow-cpu-debian-12"](), python="3.13")
    text = script(name, plan)

    assert f"{interpreter} -m venv --clear" in text
    assert ("python install" in text) != own


@pytest.mark.parametrize(
    "said", ["opensuse-tumbleweed", "tumbleweed", "opensuse-tumbleweed-20261118"]
)
def test_a_system_without_releases_needs_no_version(said: str) -> None:
    found = parse_os(said, workflow.catalog())

    assert (found.id, found.version, found.libc) == ("opensuse-tumbleweed", "rolling", None)
    assert "[[ $here == opensuse-tumbleweed' '*' 'x86_64 ]]" in script(
        f"{found.id}-{found.version}", PLANS["tensorflow-cpu-debian-12"]()
    )
