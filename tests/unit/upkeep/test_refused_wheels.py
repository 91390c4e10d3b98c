"""Wheels that are damaged, foreign or hostile: told, left out, and the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.upkeep.survey import Trouble
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.measuring import (
    LINUX,
    asked,
    rows,
    serve,
)

pytestmark = pytest.mark.usefixtures("day")


@pytest.mark.parametrize("how", ["404", "cut", "500", "fine"])
def test_one_wheel_in_trouble_is_reported_and_the_rest_goes_on(index: Loopback, how: str) -> None:
    bad = serve(index, "jaxlib", f"cp312-cp312-{LINUX}", b"no wheel" * 99)
    index.behaviour[bad] = [how]
    good = wheels.wheel("jaxlib", "99.1.0")
    serve(index, "jaxlib", "cp312-cp312-win_amd64", good)

    found = asked("jaxlib")

    assert [made["platform"] for made in rows(found, "jaxlib")] == ["windows-x86_64"]
    reference = {"404": "not-on-index", "fine": "bad-wheel"}.get(how, "index-unreachable")
    assert [(item.subject, item.reference) for item in found.troubles] == [(bad, reference)]


def test_where_one_wheel_is_damaged_the_next_of_the_release_is_read(index: Loopback) -> None:
    serve(index, "jaxlib", f"cp312-cp312-{LINUX}", b"no wheel" * 99)
    good = serve(index, "jaxlib", f"cp313-cp313-{LINUX}", wheels.wheel("jaxlib", "99.1.0"))

    found = asked("jaxlib")

    assert found.troubles == ()
    (made,) = rows(found, "jaxlib")
    assert made["evidence"] == f"{good}: METADATA"
    assert made["pythons"] == ("3.12", "3.13")


def test_a_project_that_the_index_lacks_is_reported_and_the_rest_goes_on(index: Loopback) -> None:
    serve(index, "jaxlib", f"cp312-cp312-{LINUX}", wheels.wheel("jaxlib", "99.1.0"))

    found = asked("jaxlib", "jax")

    assert len(rows(found, "jaxlib")) == 1
    assert found.troubles == (
        Trouble("jax", "not-on-index", "The package index has no project called jax. (HTTP 404)"),
    )


def test_what_no_row_may_say_is_reported_and_not_written(index: Loopback) -> None:
    serve(index, "torch", f"cp311-cp311-{LINUX}", wheels.torch("99.1.0", "13.2", ("sm_7500",)))

    found = asked("torch")

    # Nor does it have a build without CUDA: that follows from what was proved.
    assert (found.news, found.rows) == ((), {})
    assert found.troubles == (
        Trouble(
            "torch 99.1.0 linux-x86_64 pip default 13.2",
            "bad-row",
            "sass: 'sm_7500' is no architecture",
        ),
    )


def test_a_wheel_that_another_project_put_there_proves_nothing(index: Loopback) -> None:
    data = wheels.torch("99.1.0", "13.2", ("sm_75",))
    index.add("torch", f"evil-99.1.0-cp311-cp311-{LINUX}.whl", data)

    found = asked("torch")

    assert found.news == ()
    assert found.troubles == ()


def test_one_wheel_for_two_machines_is_measured_for_both(index: Loopback, tmp_path: Path) -> None:
    data = wheels.wheel("jaxlib", "99.1.0")
    name = serve(index, "jaxlib", "cp312-none-macosx_10_9_universal2", data)

    made = rows(asked("jaxlib", cache=tmp_path), "jaxlib")

    assert {found["platform"] for found in made} == {"macos-aarch64", "macos-x86_64"}
    assert {found["evidence"] for found in made} == {f"{name}: METADATA"}
    assert [path.suffix for path in (tmp_path / "measured").rglob("*.*")] == [".json"]


@pytest.mark.parametrize(
    ("project", "member", "requires"),
    [
        ("vllm", "vllm/_C\x1b[2J.so", ()),
        ("jax", "jax/version.py", ('jaxlib; python_version > "\x1b]0;\x07"',)),
    ],
)
def test_what_would_command_a_terminal_is_no_row_and_is_not_told(
    index: Loopback, project: str, member: str, requires: tuple[str, ...]
) -> None:
    data = wheels.wheel(project, "99.1.0", {member: wheels.library(90)}, requires)
    serve(index, project, "py3-none-any", data)

    found = asked(project)

    assert found.rows == {}
    assert [item.reference for item in found.troubles] == ["bad-row"]
    assert all(map(str.isprintable, (found.troubles[0].subject, found.troubles[0].message)))
