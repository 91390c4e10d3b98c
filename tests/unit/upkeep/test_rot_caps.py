"""From the record of what was tried to rows: neighbours in one, ranges no wider than the proof."""

from __future__ import annotations

import pytest

from provisioner.catalog.rows import Cap
from provisioner.catalog.upkeep_rows import CapFound, Rot
from provisioner.request import admits
from provisioner.upkeep.rot.caps import caps_of, recorded, with_measured

PROTOBUF = CapFound(requirement="protobuf<4.21", error="Descriptors", good="3.20.3", bad="4.21.1")
NUMPY = CapFound(
    requirement="numpy<2", error="compiled using NumPy 1.x", good="1.26.4", bad="2.0.0"
)
SIX = CapFound(requirement="six", error="No module named 'six'", good="1.17.0")


def rot(version: str, *caps: CapFound, framework: str = "tensorflow", day: int = 20) -> Rot:
    return Rot(
        framework=framework,
        version=version,
        python="3.8.18",
        plain=caps[0].error if caps else "works",
        caps=caps,
        evidence="installed by a test",
        checked=f"2026-11-{day}",
    )


def rows(*record: Rot) -> list[tuple[str, str]]:
    """Of the frameworks themselves."""
    known = {row.framework for row in record}
    found = [cap for cap in caps_of(record) if cap.framework in known]
    return [(cap.version, cap.requirement) for cap in found]


def test_a_release_that_works_has_no_row() -> None:
    assert rows(rot("2.4.4")) == []


def test_neighbours_that_need_the_same_are_one_row() -> None:
    record = (rot("2.3.4"), rot("2.10.1", PROTOBUF), rot("2.4.4", PROTOBUF), rot("2.9.3", PROTOBUF))

    assert rows(*record) == [(">=2.4,<2.11", "protobuf<4.21")]


def test_a_release_between_that_works_parts_them() -> None:
    record = (rot("2.4.4", PROTOBUF), rot("2.5.3"), rot("2.6.5", PROTOBUF))

    assert rows(*record) == [(">=2.4,<2.5", "protobuf<4.21"), (">=2.6,<2.7", "protobuf<4.21")]


def test_each_requirement_and_each_framework_has_rows_of_its_own() -> None:
    record = (rot("2.1.2", NUMPY, framework="torch"), rot("2.4.4", NUMPY, PROTOBUF))

    assert [
        (cap.framework, cap.requirement)
        for cap in caps_of(record)
        if cap.framework in ("tensorflow", "torch")
    ] == [
        ("tensorflow", "numpy<2"),
        ("tensorflow", "protobuf<4.21"),
        ("torch", "numpy<2"),
    ]


def test_a_project_of_the_same_code_has_the_same_caps_and_says_whose_they_are() -> None:
    own, cpu, gpu = caps_of([rot("2.4.4", PROTOBUF)])

    assert (cpu.framework, gpu.framework) == ("tensorflow-cpu", "tensorflow-gpu")
    assert (cpu.version, cpu.requirement) == (own.version, own.requirement)
    assert cpu.evidence == (
        "installed: tensorflow, whose METADATA asks for the same: "
        "2.4.4 on Python 3.8.18 works with protobuf 3.20.3, not with 4.21.1"
    )


def test_a_project_that_was_installed_itself_has_its_own_caps_only() -> None:
    record = (rot("2.4.4", PROTOBUF), rot("2.4.4", NUMPY, framework="tensorflow-cpu"))

    assert [c.requirement for c in caps_of(record) if c.framework == "tensorflow-cpu"] == [
        "numpy<2"
    ]


@pytest.mark.parametrize(
    ("version", "inside", "outside"),
    [
        pytest.param("1.15.5", ("1.15.0", "1.15.5"), ("1.14.0", "1.16.0", "2.0.0"), id="1.15"),
        pytest.param("2.9.3", ("2.9.0", "2.9.9"), ("2.8.4", "2.10.1"), id="2.9"),
        pytest.param("0.12.0.1", ("0.12.0.1",), ("0.11.2", "0.13.0"), id="four-numbers"),
    ],
)
def test_a_range_is_the_minor_release_that_was_tried(
    version: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    cap, *_ = caps_of([rot(version, PROTOBUF)])

    assert all(admits(cap.version, one) for one in inside)
    assert not any(admits(cap.version, one) for one in outside)


def test_the_evidence_names_each_release_that_was_tried_and_what_it_broke_on() -> None:
    cap, *_ = caps_of([rot("2.4.4", PROTOBUF, day=21), rot("2.5.3", PROTOBUF)])

    assert cap.evidence == (
        "installed: 2.4.4 on Python 3.8.18 works with protobuf 3.20.3, not with 4.21.1; "
        "2.5.3 on Python 3.8.18 works with protobuf 3.20.3, not with 4.21.1"
    )
    assert cap.reason == "without protobuf<4.21: Descriptors"
    assert cap.checked == "2026-11-20"


def test_what_was_missing_is_said_to_be_missing() -> None:
    cap, *_ = caps_of([rot("2.4.4", SIX)])

    assert cap.requirement == "six"
    assert cap.evidence.endswith("works with six 1.17.0, not without")


def test_rows_of_people_stay_and_measured_ones_are_made_anew() -> None:
    by_hand = Cap(
        framework="tensorflow",
        version=">=1.15,<1.16",
        requirement="h5py<3",
        reason="weights",
        evidence="setup.py at v1.15.5",
        checked="2026-11-20",
    )
    old, *_ = caps_of([rot("2.4.4", NUMPY)])

    made = with_measured((by_hand, old), [rot("2.4.4", PROTOBUF)])

    assert [cap.requirement for cap in made if cap.framework == "tensorflow"] == [
        "h5py<3",
        "protobuf<4.21",
    ]


def test_a_patch_that_needs_no_cap_any_more_ends_its_range() -> None:
    record = (rot("2.5.3", PROTOBUF), rot("2.6.4", PROTOBUF), rot("2.6.5"), rot("2.7.4"))

    assert rows(*record) == [(">=2.5,<2.6.5", "protobuf<4.21")]


def test_a_patch_that_needs_a_cap_as_the_first_begins_its_range() -> None:
    record = (rot("2.5.0"), rot("2.5.3", PROTOBUF), rot("2.6.5", PROTOBUF))

    assert rows(*record) == [(">=2.5.3,<2.7", "protobuf<4.21")]


def test_what_is_tried_again_replaces_what_the_record_said_of_it() -> None:
    known = (rot("2.4.3", NUMPY), rot("2.5.3"))

    assert recorded(known, [rot("2.4.4", PROTOBUF), rot("2.5.3", NUMPY)]) == (
        rot("2.4.3", NUMPY),
        rot("2.5.3", NUMPY),
        rot("2.4.4", PROTOBUF),
    )
