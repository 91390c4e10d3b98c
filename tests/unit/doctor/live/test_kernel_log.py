"""The kernel's log: what points at a cause, and what every start and every program leaves there."""

from __future__ import annotations

import pytest

from tests.unit.doctor.live.rooms import Room

EVERY_START = """\
[    4.1] nvidia: loading out-of-tree module taints kernel.
[    4.1] nvidia: module license 'NVIDIA' taints kernel.
[    4.2] nvidia: module verification failed: signature and/or required key missing
[    4.3] nvidia-nvlink: Nvlink Core is being initialized
[    4.4] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 12:41:17 UTC 2025
[    4.5] nvidia-modeset: Loading NVIDIA Kernel Mode Setting Driver for UNIX platforms  550.163.01
[    4.6] [drm] [nvidia-drm] [GPU ID 0x00000100] Loading driver
[    5.0] NVRM: Persistence mode is deprecated. Please use nvidia-persistenced instead.
[    5.1] nouveau: detected PR support, will not use DSM
[   90.1] DMAR: [DMA Read NO_PASID] Request device [00:14.0] fault addr 0x0 [fault reason 0x06]
"""
A_PROGRAMS_FAULT = (
    "[ 99.1] NVRM: Xid (PCI:0000:01:00): 31, pid=4321, name=python, Ch 8, MMU Fault\n"
)
FELL_OFF = "[ 99.2] NVRM: Xid (PCI:0000:01:00): 79, pid=4321, GPU has fallen off the bus.\n"
BEFORE_A_RELOAD = (
    "[ 50.0] NVRM: API mismatch: the client has the version 550.144.03, but\n"
    "[ 50.0] NVRM: this kernel module has the version 550.163.01.  Please\n"
)


@pytest.mark.parametrize("log", [EVERY_START, EVERY_START + A_PROGRAMS_FAULT, BEFORE_A_RELOAD, ""])
def test_a_driver_that_runs_leaves_lines_that_are_no_trouble(working: Room, log: str) -> None:
    working.put("captured/dmesg.txt", log)

    assert working.findings() == ()
    assert working.seen().warnings == ()


def test_a_gpu_that_fell_off_the_bus_is_found_among_them(working: Room) -> None:
    working.put("captured/dmesg.txt", EVERY_START + A_PROGRAMS_FAULT + FELL_OFF)

    (finding,) = working.findings()

    assert (finding.reference, finding.severity) == ("gpu-not-initialising", "error")
    assert finding.evidence == (FELL_OFF.strip(),)


def test_where_the_log_is_only_roots_that_is_said(working: Room) -> None:
    working.put("captured/dmesg.txt", "dmesg: read kernel buffer failed: Operation not permitted")
    working.put("captured/dmesg.exit", "1")

    (warning,) = working.seen().warnings

    assert warning.reference == "root-sees-more"
    assert warning.message.endswith("sudo dmesg | dlsetup doctor --report -")
