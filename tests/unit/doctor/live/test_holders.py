"""GPUs that are full, hidden or not there, and who is to blame."""

from __future__ import annotations

from pathlib import Path

from tests.unit.doctor.live.rooms import Room, copied

EMPTY = "1, 8192, Default, [N/A]\n"
FULL = "7900, 8192, Default, [N/A]\n"


def test_memory_that_is_free_is_no_finding(working: Room) -> None:
    working.put("captured/nvidia-smi-gpu.txt", EMPTY)
    working.put("captured/nvidia-smi-compute-apps.txt", "77, 100, python, GPU-5c1f\n")

    assert working.findings() == ()


def test_memory_that_no_process_holds_is_an_error(working: Room) -> None:
    working.put("captured/nvidia-smi-gpu.txt", FULL)
    working.put("captured/nvidia-smi-compute-apps.txt", "")

    (finding,) = working.findings()

    assert (finding.reference, finding.severity) == ("gpu-memory-held", "error")
    assert finding.evidence == (
        "GPU 0: 7900 of 8192 MiB are in use, and no process shows that holds them",
    )


def test_in_a_container_nobody_is_told_of_processes(working: Room) -> None:
    working.put(".dockerenv")
    working.put("dev/nvidia0")
    working.put("captured/nvidia-smi-gpu.txt", FULL)
    working.put("captured/nvidia-smi-compute-apps.txt", "")

    assert working.findings() == ()


def test_a_dead_process_is_an_error_and_one_that_works_is_a_warning(working: Room) -> None:
    working.put("captured/nvidia-smi-gpu.txt", FULL)
    working.put("captured/nvidia-smi-compute-apps.txt", "77, 7800, python, GPU-5c1f\n")
    assert working.first() == ("gpu-memory-held", "error")

    working.put("proc/77/status", "Name:\tpython\nState:\tS (sleeping)\nUid:\t64999\t64999\n")
    working.put("proc/77/cgroup", f"0::/system.slice/docker-{'4f1c' * 16}.scope\n")
    (finding,) = working.findings()

    assert (finding.reference, finding.severity) == ("gpu-memory-held", "warning")
    assert finding.evidence[-1] == "GPU 0: 7900 of 8192 MiB are taken" or finding.evidence == (
        "GPU 0: 7900 of 8192 MiB are taken",
    )
    assert (
        "pid 77 (python, user 64999) in container 4f1c4f1c4f1c holds 7800 MiB of a GPU"
        in working.seen().symptoms.lines
    )


def test_a_zombie_is_told(working: Room) -> None:
    working.put("captured/nvidia-smi-gpu.txt", FULL)
    working.put("captured/nvidia-smi-compute-apps.txt", "77, 7800, python, GPU-5c1f\n")
    working.put("proc/77/status", "Name:\tpython\nState:\tZ (zombie)\n")

    assert working.first() == ("gpu-memory-held", "error")


def test_cuda_visible_devices_may_name_what_is_there(working: Room) -> None:
    for sound in ("0", "GPU-5c1f7d7e", "GPU-5c1f7d7e-1b8e-4c1d-9d0c-2f5c1b6f7a01"):
        working.env["CUDA_VISIBLE_DEVICES"] = sound
        assert working.findings() == (), sound
    for wrong in ("1", "0,3", "GPU-deadbeef"):
        working.env["CUDA_VISIBLE_DEVICES"] = wrong
        assert working.first() == ("mig-visible-devices", "error"), wrong
    for hiding in ("", "-1"):
        working.env["CUDA_VISIBLE_DEVICES"] = hiding
        assert working.first() == ("mig-visible-devices", "warning"), hiding


def test_mig_without_a_slice_is_an_error_and_with_one_is_none(tmp_path: Path) -> None:
    room = copied("ubuntu22.04-h100x8-580-open", tmp_path)
    room.put("captured/nvidia-smi-list.txt", "GPU 0: NVIDIA H100 (UUID: GPU-1)\n")
    assert room.first() == ("mig-visible-devices", "error")

    room.put(
        "captured/nvidia-smi-list.txt",
        "GPU 0: NVIDIA H100 (UUID: GPU-1)\n  MIG 1g.10gb Device 0: (UUID: MIG-c7384736-a75d)\n",
    )
    assert room.findings() == ()
