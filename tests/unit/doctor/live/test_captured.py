"""Captured machines: those that work have no finding, the others the one that they suffer from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.live.rooms import MACHINES, copied

ILL = {
    "ubuntu22.04-rtx3090-mismatch": "nvml-mismatch",
    "ubuntu24.04-rtx4090-nodriver": "driver-missing",
}
SOUND = sorted({folder.name for folder in MACHINES.iterdir() if folder.is_dir()} - set(ILL))


@pytest.mark.parametrize("name", SOUND)
def test_a_machine_that_works_has_no_finding_at_all(name: str, tmp_path: Path) -> None:
    room = copied(name, tmp_path)

    assert room.findings() == ()
    assert [one.reference for one in room.seen().warnings] in ([], ["root-sees-more"])


@pytest.mark.parametrize("name", sorted(ILL))
def test_one_that_does_not_has_its_cause_first(name: str, tmp_path: Path) -> None:
    assert copied(name, tmp_path).first() == (ILL[name], "error")


def test_every_probe_ends_well_on_every_machine(tmp_path: Path) -> None:
    for name in (*SOUND, *ILL):
        warnings = copied(name, tmp_path / name).seen().warnings

        assert [one.message for one in warnings if one.reference == "probe-failed"] == []
