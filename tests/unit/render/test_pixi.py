"""What pixi is told: parsed back, held against its published schema, several plans in one file."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from provisioner import toml
from provisioner.errors import DlsetupError
from provisioner.machine import OperatingSystem
from provisioner.plan import Plan
from provisioner.render import render
from tests.golden import plans
from tests.golden.carried import SEVERAL
from tests.golden.made_catalog import catalog
from tests.golden.parts import CU126, ROCM72

GOLDEN = Path(__file__).parents[2] / "golden"
SCHEMA = files("validate_pyproject_schema_store") / "resources" / "pixi.schema.json"
"""What SchemaStore has of pixi: its manifest as it stands in pyproject.toml, the same tables."""


def workspace(*made: Plan) -> dict[str, Any]:
    (file,) = render(made, "pixi", catalog())
    assert file.path == "pixi.toml"
    return toml.parse(file.text)


def beside(*companions: str, python: str = "3.11", **machine: object) -> Plan:
    """The CPU plan with companions, on a machine that differs in these."""
    made = plans.cpu()
    request = msgspec.structs.replace(made.request, companions=companions)
    where = msgspec.structs.replace(made.machine, **machine)
    made = msgspec.structs.replace(made, request=request, machine=where, python=python)
    return plans.with_steps(made)


def wheels(*companions: str) -> dict[str, Any]:
    found: dict[str, Any] = workspace(beside(*companions))["pypi-dependencies"]
    assert found.pop("tensorflow-cpu") == "==2.21.0"
    return found


@pytest.mark.parametrize(
    "path", sorted(GOLDEN.glob("*/pixi.toml")), ids=lambda path: path.parent.name
)
def test_every_workspace_is_what_pixis_schema_asks_for(path: Path) -> None:
    validator = Draft7Validator(json.loads(SCHEMA.read_text()))

    assert [str(error) for error in validator.iter_errors(toml.parse(path.read_text()))] == []


def test_the_schema_refuses_what_pixi_does_not_know() -> None:
    wrong = workspace(plans.cpu()) | {"system-requirements": {"gpu": "8.6"}}

    assert [*Draft7Validator(json.loads(SCHEMA.read_text())).iter_errors(wrong)]


def test_several_plans_are_environments_of_one_workspace() -> None:
    name = "tensorflow-1-beside-2"
    (file,) = render(tuple(make() for make in SEVERAL[name]), "pixi", catalog())
    told = toml.parse(file.text)

    assert file.text == (GOLDEN / name / "pixi.toml").read_text()
    assert set(told) == {"workspace", "feature", "environments"}
    assert told["environments"] == {
        "tensorflow": {"features": ["tensorflow"], "no-default-feature": True},
        "tensorflow-2": {"features": ["tensorflow-2"], "no-default-feature": True},
    }
    old, new = told["feature"]["tensorflow"], told["feature"]["tensorflow-2"]
    assert old["system-requirements"]["cuda"] == "10.0"
    assert new["system-requirements"]["cuda"] == "12.0"
    assert old["dependencies"]["python"] == "3.7.*"
    assert new["dependencies"]["python"] == "3.12.*"
    assert old["pypi-dependencies"] == {"tensorflow-gpu": "==1.15.5", "protobuf": "<3.21"}
    assert new["pypi-dependencies"]["tensorflow"] == {
        "version": "==2.21.0",
        "extras": ["and-cuda"],
    }


def test_only_the_pins_are_bound_to_their_index() -> None:
    told = workspace(plans.torch_keep())

    assert told["pypi-dependencies"] == {
        "torch": {"version": "==2.14.1+cu126", "index": CU126},
        "torchvision": {"version": "==0.29.1+cu126", "index": CU126},
        "transformers": ">=4.40",
    }
    assert "pypi-options" not in told


def test_an_index_that_holds_dependencies_is_asked_for_everything() -> None:
    told = workspace(plans.rocm())

    assert told["pypi-options"] == {"extra-index-urls": [ROCM72]}
    assert told["pypi-dependencies"]["torch"] == "==2.11.0+rocm7.2"


def test_what_is_asked_of_one_name_stands_together() -> None:
    assert wheels("numpy>=1.26", "NumPy<2.1", "dask[array]<2027", "dask[diagnostics]") == {
        "numpy": ">=1.26,<2.1",
        "dask": {"version": "<2027", "extras": ["array", "diagnostics"]},
    }


def test_markers_are_answered_for_the_machine_of_the_plan() -> None:
    made = beside(
        "tomli; python_version < '3.11'",
        "pywin32; sys_platform == 'win32'",
        "uvloop; platform_machine == 'x86_64' and os_name == 'posix'",
    )
    (file,) = render((made,), "pixi", catalog())

    assert toml.parse(file.text)["pypi-dependencies"] == {
        "tensorflow-cpu": "==2.21.0",
        "uvloop": "*",
    }
    assert "# left out, for its marker does not hold here: tomli; python_version < " in file.text


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(("a; platform_release > '6'",), id="marker-nobody-can-answer"),
        pytest.param(("a @ https://example.org/a.whl", "a<2"), id="address-and-range"),
        pytest.param(("a @ https://example.org/a.whl", "a @ https://example.org/b.whl"), id="two"),
    ],
)
def test_what_pixi_has_no_words_for_is_refused(asked: tuple[str, ...]) -> None:
    with pytest.raises(DlsetupError) as caught:
        workspace(beside(*asked))

    assert caught.value.reference == "format-cannot-carry"
    assert "Formats that can: script, conda" in (caught.value.hint or "")


def test_addresses_become_what_pixi_calls_them() -> None:
    assert wheels(
        "a @ https://example.org/a-1-py3-none-any.whl",
        "b @ file:///srv/b-1-py3-none-any.whl",
        "c @ git+https://example.org/c.git@v1",
        "d @ git+https://example.org/d",
        "e @ git+ssh://git@example.org/e@main",
    ) == {
        "a": {"url": "https://example.org/a-1-py3-none-any.whl"},
        "b": {"path": "/srv/b-1-py3-none-any.whl"},
        "c": {"git": "https://example.org/c.git", "rev": "v1"},
        "d": {"git": "https://example.org/d"},
        "e": {"git": "ssh://git@example.org/e", "rev": "main"},
    }


@pytest.mark.parametrize(
    ("system", "arch", "platform"),
    [
        ("ubuntu-24.04", "x86_64", "linux-64"),
        ("ubuntu-24.04", "aarch64", "linux-aarch64"),
        ("windows-11", "x86_64", "win-64"),
        ("macos-15", "arm64", "osx-arm64"),
    ],
)
def test_the_platform_is_the_machines(system: str, arch: str, platform: str) -> None:
    os_id, _, version = system.partition("-")
    told = workspace(beside(os=OperatingSystem(id=os_id, version=version), arch=arch))

    assert told["workspace"]["platforms"] == [platform]
    assert ("libc" in told.get("system-requirements", {})) == platform.startswith("linux")


def test_a_kernel_and_a_c_library_that_were_seen_are_what_pixi_solves_for() -> None:
    seen = OperatingSystem(id="debian", version="12", kernel="6.1.0-28-amd64", libc="glibc 2.36")
    told = workspace(beside(os=seen))

    assert told["system-requirements"] == {
        "libc": {"family": "glibc", "version": "2.36"},
        "linux": "6.1.0",
    }


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1))
def test_an_address_from_anywhere_stays_a_value(text: str) -> None:
    address = f"https://example.org/{text}"
    try:
        found = wheels(f"a @ {address}")
    except DlsetupError:
        return

    assert found == {"a": {"url": address}}


@pytest.mark.parametrize(
    ("system", "minimum", "cuda", "spoken"),
    [
        ("ubuntu", "525.60.13", "12.6", "12.0"),
        ("ubuntu", "410.48", "10.0", "10.0"),
        ("ubuntu", "545.23", "12.3", "12.0"),
        ("ubuntu", "390.00", "9.1", None),
        ("windows", "527.41", "12.6", "12.0"),
        # The newest driver of Windows that a table has is CUDA 12's.
        ("windows", "580", "13.2", "13"),
    ],
)
def test_a_driver_is_told_by_the_cuda_that_it_speaks(
    system: str, minimum: str, cuda: str, spoken: str | None
) -> None:
    made = plans.torch_keep()
    driver = msgspec.structs.replace(made.driver, minimum=minimum)
    where = msgspec.structs.replace(made.machine, os=OperatingSystem(id=system, version="11"))
    made = msgspec.structs.replace(made, driver=driver, machine=where, cuda=cuda)

    assert workspace(made).get("system-requirements", {}).get("cuda") == spoken
