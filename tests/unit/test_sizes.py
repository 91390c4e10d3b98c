"""Sizes are said in one form."""

from __future__ import annotations

import pytest

from provisioner.sizes import human


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (35_344_199, "35 MB"),
        (999_600_000, "1.0 GB"),
        (2_449_000_000, "2.4 GB"),
        (99_960_000_000, "100.0 GB"),
        (123_400_000_000, "123 GB"),
        (5_000_000_000_000, "5.0 TB"),
    ],
)
def test_a_size_is_said_as_disks_are_sold(count: int, text: str) -> None:
    assert human(count) == text
