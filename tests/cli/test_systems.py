"""Every operating system that can be named gets a plan, or a refusal with a reason.

There are never apt lines where there is no apt.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner, Result

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.cli.main import main

APT = (*(f"ubuntu-{v}" for v in ("20.04", "22.04", "24.04", "26.04")), "debian-12", "debian-13")
OTHER_LINUX = (
    *(f"{name}-{v}" for name in ("rhel", "rocky", "almalinux") for v in ("8", "9", "10")),
    *("fedora-42", "fedora-43", "fedora-44", "opensuse-leap-15.6", "opensuse-leap-16.0"),
    *("sles-15", "sles-16", "amzn-2023", "ol-8", "ol-9", "opensuse-tumbleweed-rolling"),
)
NO_LINUX = ("windows-11", "macos-15")
LINUX = (*APT, *OTHER_LINUX)
APT_LINE = re.compile(r"\b(apt|apt-get|dpkg|apt_get)\b")
ASKED = ("torch", "--gpu", "RTX 3090", "--arch", "x86_64")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def resolved(*words: str) -> dict[str, Any]:
    result = run("resolve", *words, "--json")
    found: dict[str, Any] = json.loads(result.stdout)
    return found | {"code": result.exit_code}


def test_these_are_all_systems_of_the_catalog() -> None:
    known = {f"{row.id}-{row.version}" for row in Catalog(resources.stacks()).systems}

    assert known == {*LINUX, *NO_LINUX}


@pytest.mark.parametrize("name", [*LINUX, "ubuntu-22.04-wsl2", "debian-12-wsl2", "rocky-9-wsl2"])
def test_a_linux_gets_a_plan_on_the_gpu(name: str) -> None:
    plan = resolved(*ASKED, "--os", name)["data"]["plan"]

    assert plan["accelerator"] == "cuda"
    assert plan["pins"][0]["name"] == "torch"
    # CUDA 13 from 580.65.06 on, on WSL2 as the Windows driver counts (facts 01).
    assert plan["driver"]["action"] == "ensure"
    assert plan["driver"]["minimum"].startswith("580")


def test_windows_gets_the_wheels_of_pytorchs_index_and_counts_windows_drivers() -> None:
    """The default wheel is without CUDA there (21_xpu_mps); 06_torch_release_matrix has cu126."""
    plan = resolved("torch==2.14.1", *ASKED[1:], "--os", "windows-11")["data"]["plan"]

    assert plan["pins"][0]["variant"].startswith("cu")
    assert "/whl/cu" in plan["pins"][0]["index"]
    # Facts 01: the floor of CUDA 13 on Windows.
    assert plan["driver"]["minimum"] == "580"
    assert plan["driver"]["flavour"] is None


def test_where_no_build_is_known_the_refusal_says_so() -> None:
    name = "macos-15"
    answer = resolved(*ASKED, "--os", name)

    assert answer["code"] == 1
    (error,) = answer["errors"]
    assert error["reference"] == "no-compatible-stack"
    assert any(name in line for line in error["context"])


@pytest.mark.parametrize("name", APT)
def test_a_script_is_made_where_there_is_apt(name: str) -> None:
    result = run("render", "script", *ASKED, "--os", name)

    assert result.exit_code == 0
    assert APT_LINE.search(result.stdout)


@pytest.mark.parametrize("name", [*OTHER_LINUX, "rocky-9-wsl2", "fedora-44-wsl2"])
def test_a_script_of_a_system_without_apt_never_calls_it(name: str) -> None:
    result = run("render", "script", *ASKED, "--os", name)

    assert result.exit_code == 0
    assert not APT_LINE.search(result.stdout)
    assert re.search(r"\b(dnf|zypper)\b", result.stdout)


@pytest.mark.parametrize("name", NO_LINUX)
def test_no_script_is_made_where_there_is_no_linux(name: str) -> None:
    result = run("render", "script", *ASKED, "--os", name, "--json")

    assert result.exit_code == 1
    (error,) = json.loads(result.stdout)["errors"]
    wanted = "no-compatible-stack" if name == "macos-15" else "format-cannot-carry"
    assert error["reference"] == wanted
    assert not APT_LINE.search(result.stdout)


@pytest.mark.parametrize("form", ["dockerfile", "conda"])
@pytest.mark.parametrize("name", OTHER_LINUX)
def test_other_formats_hold_no_apt_line_for_a_system_without_it(name: str, form: str) -> None:
    result = run("render", form, *ASKED, "--os", name)

    assert result.exit_code == 0
    assert not APT_LINE.search(result.stdout)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        # os-release names the minor release: VERSION_ID="9.4".
        ("rocky-9.4", "rocky-9"),
        ("rhel-10.1", "rhel-10"),
        ("sles-15.6", "sles-15"),
        ("alma-9", "almalinux-9"),
        ("oracle-9", "ol-9"),
        ("opensuse-15.6", "opensuse-leap-15.6"),
        ("amazonlinux-2023", "amzn-2023"),
        ("rockylinux-8-wsl2", "rocky-8"),
    ],
)
def test_a_system_is_understood_as_people_and_os_release_call_it(word: str, meant: str) -> None:
    system = resolved(*ASKED, "--os", word)["data"]["plan"]["machine"]["os"]

    assert f"{system['id']}-{system['version']}" == meant
    assert system["wsl"] is word.endswith("-wsl2")


@pytest.mark.parametrize(
    "name",
    [
        # No row is near enough: another release of Ubuntu, a Leap without its minor release.
        *("ubuntu-24.10", "ubuntu-2", "opensuse-leap-15", "rocky-90", "fedora-4"),
        # What runs inside WSL2 is a Linux, and these do not say which.
        *("windows-11-wsl2", "macos-15-wsl2"),
    ],
)
def test_a_system_that_is_not_known_is_not_taken_for_another(name: str) -> None:
    answer = resolved(*ASKED, "--os", name)

    assert answer["code"] == 2
    assert answer["errors"][0]["reference"] == "unknown-os"


@pytest.mark.parametrize("system", ["rocky-8", "opensuse-15.6"])
def test_nvcc_which_any_python_takes_gets_no_python_that_can_be_had_nowhere(system: str) -> None:
    words = ("cuda-dev", "--gpu", "RTX 4090", "--arch", "x86_64", "--os", system)
    found = resolved(*words)
    pythons = Catalog(resources.stacks()).pythons
    recommended = {row.version for row in pythons if row.recommended}

    assert found["data"]["plan"]["python"] in recommended
    assert run("render", "dockerfile", *words).exit_code == 0


@pytest.mark.parametrize("system", ["rocky-9", "debian-13", "opensuse-15.6", "ubuntu-26.04"])
@pytest.mark.parametrize("name", ["script", "cloud-init", "dockerfile"])
def test_a_driver_to_install_by_hand_is_never_one_that_drops_the_gpu(
    name: str, system: str
) -> None:
    words = ("torch", "--gpu", "Tesla K80", "--arch", "x86_64", "--os", system)
    text = " ".join(run("render", name, *words).stdout.replace("#", " ").split())

    assert (
        "Install driver 450.80.02 or later, of branch 470 at most, as NVIDIA's driver installation "
        "guide says" in text
    )
    assert not re.search(r"450\.80\.02 or later(?!, of branch 470 at most)", text)


@pytest.mark.parametrize(
    ("gpu", "system", "said"),
    [
        ("A100", "rocky-9-wsl2", "An NVIDIA driver of Windows is needed"),
        ("Tesla K80", "opensuse-15.6", "An NVIDIA driver, of branch 470 at most, is needed"),
    ],
)
def test_a_driver_without_a_floor_is_any(gpu: str, system: str, said: str) -> None:
    words = ("nvidia-container-toolkit", "--gpu", gpu, "--arch", "x86_64", "--os", system)
    text = run("render", "script", *words).stdout

    assert said in text
    assert "driver 0 or later" not in text


@pytest.mark.parametrize("name", ["rocky", "almalinux", "rhel"])
@pytest.mark.parametrize("version", ["8", "9"])
def test_a_compiler_that_nvcc_lacks_is_installed_with_dnf_too(name: str, version: str) -> None:
    words = ("cuda-dev", "--gpu", "RTX 4090", "--arch", "x86_64", "--os", f"{name}-{version}")
    text = run("render", "script", *words).stdout
    _, _, step = text.partition("step 2 ")
    step, _, _ = step.partition("step 3 ")

    assert "g++ -dumpversion" in step
    assert re.search(r"install \S*gcc-c\+\+", step)
    assert "nvcc needs g++" not in step
