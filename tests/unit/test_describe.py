"""Options read into a machine, and nothing of this one taken where another is described."""

from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.describe import Options, described
from provisioner.errors import UsageError
from provisioner.machine import Machine, OperatingSystem
from provisioner.plan import Warning

CATALOG = Catalog(resources.stacks())


def here() -> tuple[Machine, tuple[Warning, ...]]:
    """What these tests take for this machine."""
    return Machine(os=OperatingSystem(id="debian", version="12"), arch="aarch64"), ()


def nobody_looks() -> tuple[Machine, tuple[Warning, ...]]:
    pytest.fail("this machine was looked at although another one is described")


def driver(text: str, system: str) -> str | None:
    options = Options(gpus=("RTX 4090",), driver=text, os=system)
    machine, _ = described(options, CATALOG, nobody_looks)
    return machine.driver.version if machine.driver else None


def test_a_branch_alone_is_its_first_known_release() -> None:
    """Contract §2; 535.54.03 came with CUDA 12.2.0 (facts 01, 03)."""
    assert driver("535", "ubuntu-22.04") == "535.54.03"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        # First releases of their branches: 03_driver_branches.csv.
        ("525.60", "525.60.13"),
        ("580.65", "580.65.06"),
        ("580.6", "580.6"),
        ("535.183", "535.183"),
    ],
)
def test_a_part_of_a_version_is_the_branchs_first_where_that_begins_so(
    text: str, version: str
) -> None:
    assert driver(text, "ubuntu-22.04") == version


@pytest.mark.parametrize("text", ["551", "537"])
def test_on_wsl_a_branch_alone_stays_what_windows_calls_it(text: str) -> None:
    """Windows counts on within a branch: no Linux release may stand in for it."""
    assert driver(text, "ubuntu-22.04-wsl2") == text


def test_a_whole_version_stays_as_it_was_written() -> None:
    assert driver("580.95.05", "ubuntu-24.04") == "580.95.05"
    assert driver("551.61", "ubuntu-24.04-wsl2") == "551.61"
    assert driver("none", "ubuntu-24.04") is None


@pytest.mark.parametrize(
    ("word", "arch"),
    [
        ("x86_64", "x86_64"),
        ("amd64", "x86_64"),
        ("AMD64", "x86_64"),
        ("aarch64", "aarch64"),
        ("arm64", "aarch64"),
    ],
)
def test_an_architecture_may_be_called_as_debian_and_docker_call_it(word: str, arch: str) -> None:
    machine, _ = described(Options(arch=word), CATALOG, nobody_looks)

    assert machine.arch == arch
    assert machine.sources["arch"] == "option"


def test_an_architecture_that_nobody_plans_for_is_wrong_usage() -> None:
    with pytest.raises(UsageError) as caught:
        described(Options(arch="i386"), CATALOG, nobody_looks)

    assert caught.value.reference == "unknown-arch"


def test_every_assumption_is_said_and_only_those() -> None:
    def assumed(options: Options) -> list[str]:
        return [warning.reference for warning in described(options, CATALOG, nobody_looks)[1]]

    assert assumed(Options(gpus=("T4",))) == ["assumed-os", "assumed-arch", "driver-not-known"]
    assert assumed(Options(os="debian-12", arch="x86_64")) == ["assumed-no-gpu"]
    assert assumed(Options(gpus=("T4",), os="debian-12", arch="amd64", driver="none")) == []


def test_wanting_the_cpu_keeps_the_rest_of_this_machine() -> None:
    machine, warnings = described(Options(gpus=("none",)), CATALOG, here)

    assert (machine.os.id, machine.arch, machine.gpus) == ("debian", "aarch64", ())
    assert warnings == ()
