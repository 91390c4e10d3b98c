from __future__ import annotations

import pytest

from provisioner.version import (
    architecture_of,
    at_least,
    capability_of,
    is_dotted,
    is_pre_release,
    minor,
    numbers,
    order,
    public,
)


@pytest.mark.parametrize(
    ("version", "floor", "reached"),
    [
        ("580.95.05", "580.65.06", True),
        ("580.65.06", "580.65.06", True),
        ("535", "535.54.03", False),
        ("535.0", "535", True),
        ("99.1", "535", False),
    ],
)
def test_driver_versions_compare_as_numbers(version: str, floor: str, reached: bool) -> None:
    assert at_least(version, floor) is reached


def test_releases_are_ordered_by_number_then_post_then_local() -> None:
    shuffled = ["2.10.0", "2.9.1", "1.15.5+nv23.03", "2.15.0.post1", "2.15.0", "1.15.5"]

    assert sorted(shuffled, key=order) == [
        "1.15.5",
        "1.15.5+nv23.03",
        "2.9.1",
        "2.10.0",
        "2.15.0",
        "2.15.0.post1",
    ]
    assert order("2.15") == order("2.15.0")
    assert public("1.15.5+nv23.03") == "1.15.5"


def test_texts_keep_their_zeros() -> None:
    assert numbers("580.95.05") == (580, 95, 5)
    assert minor("12.10.3") == "12.10"
    assert is_dotted("24.04")
    assert not is_dotted("24.04-lts")


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("sm_86", ("8.6", "")),
        ("sm_90a", ("9.0", "a")),
        ("sm_100f", ("10.0", "f")),
        ("compute_121", ("12.1", "")),
    ],
)
def test_an_architecture_splits_into_capability_and_suffix(
    architecture: str, expected: tuple[str, str]
) -> None:
    assert capability_of(architecture) == expected


def test_what_is_no_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="not an architecture"):
        capability_of("sm_x")


def test_a_capability_has_a_name() -> None:
    assert architecture_of("12.1") == "sm_121"
    assert architecture_of("9.0", "compute") == "compute_90"


def test_pre_releases_come_before_their_release() -> None:
    listed = [
        "2.15.0.post1",
        "2.16.0.dev20261101",
        "2.16.0.dev20261120",
        "2.16.0a1",
        "2.16.0b2",
        "2.16.0rc1",
        "2.16.0rc2",
        "2.16.0",
        "2.16.0+cu130",
        "2.16.0.post1",
        "2.16.1rc1",
    ]

    shuffled = listed[::-1]

    assert sorted(shuffled, key=order) == listed
    assert [version for version in listed if is_pre_release(version)] == [
        *listed[1:7],
        listed[-1],
    ]
