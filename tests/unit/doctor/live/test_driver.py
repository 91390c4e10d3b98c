"""The driver: missing, not loaded, of another release than its libraries, or in another's way."""

from __future__ import annotations

from pathlib import Path

from tests.unit.doctor.live.rooms import Room, copied

SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
ATTRIBUTES = b"\x06\x00\x00\x00"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def install(room: Room, version: str = "550.163.01") -> None:
    """Put the driver's libraries and program on a machine."""
    room.put(f"{LIBRARIES}/libnvidia-ml.so.{version}")
    room.link(f"{LIBRARIES}/libnvidia-ml.so.1", f"libnvidia-ml.so.{version}")
    room.put("usr/bin/nvidia-smi")


def build(room: Room, kernel: str, module: str = "updates/dkms/nvidia.ko.zst") -> None:
    """Say that a kernel has the module."""
    room.put(f"lib/modules/{kernel}/modules.dep", f"kernel/fs/ext4/ext4.ko:\n{module}: a.ko\n")


def without_nouveau(room: Room) -> Room:
    room.take("sys/module/nouveau")
    return room


def test_without_any_driver_the_fix_is_the_package_that_the_resolver_takes(bare: Room) -> None:
    (finding,) = bare.findings()

    assert (finding.reference, finding.severity) == ("driver-missing", "error")
    assert finding.evidence == ("no NVIDIA driver is installed for NVIDIA GeForce RTX 4090",)
    assert finding.fix[0] == "install it: sudo apt install nvidia-driver-580-open"


def test_a_gpu_that_is_kept_for_virtual_machines_needs_no_driver_here(bare: Room) -> None:
    slot = next((bare.root / "sys/bus/pci/devices").glob("*.0"))
    bare.put(f"sys/bus/pci/devices/{slot.name}/uevent", "DRIVER=vfio-pci\nPCI_CLASS=30000\n")

    assert bare.findings() == ()


def test_nouveau_is_the_cause_only_where_nvidias_driver_is_installed(bare: Room) -> None:
    install(bare)
    build(bare, bare.kernel)

    assert bare.first() == ("nouveau", "error")


def test_a_kernel_that_came_after_the_module_is_told_with_the_one_that_has_it(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)
    build(bare, "6.8.0-1-generic")
    bare.put(f"lib/modules/{bare.kernel}/modules.dep", "kernel/fs/ext4/ext4.ko:\n")

    finding = bare.findings()[0]

    assert (finding.reference, finding.severity) == ("dkms-build-failed", "error")
    assert "the module was built for 6.8.0-1-generic: kernel upgrade" in finding.evidence


def test_the_error_that_dkms_met_is_quoted(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)
    bare.put(f"lib/modules/{bare.kernel}/modules.dep", "")
    bare.put(
        "var/lib/dkms/nvidia/550.163.01/build/make.log",
        "  CC nv.o\nnv.c:1:1: error: implicit declaration of function 'follow_pfn'\n",
    )

    finding = bare.findings()[0]

    assert finding.reference == "dkms-build-failed"
    assert any("follow_pfn" in line for line in finding.evidence)


def test_a_module_that_is_there_and_not_loaded_is_no_failed_build(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)
    build(bare, bare.kernel, "kernel/nvidia-550/nvidia.ko")

    assert bare.first() == ("driver-not-loaded", "error")
    assert all(one.reference != "dkms-build-failed" for one in bare.findings())


def test_what_keeps_the_module_from_loading_is_named(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)
    build(bare, bare.kernel)
    bare.put("etc/modprobe.d/blacklist-nvidia.conf", "blacklist nvidia\n")
    bare.put(SECURE_BOOT, ATTRIBUTES + b"\x01")

    finding = bare.findings()[0]

    assert finding.reference == "driver-not-loaded"
    assert "/etc/modprobe.d/blacklist-nvidia.conf keeps it from loading" in finding.evidence[0]


def test_secure_boot_is_the_cause_where_a_module_that_is_there_does_not_load(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)
    build(bare, bare.kernel)
    bare.put(SECURE_BOOT, ATTRIBUTES + b"\x01")

    assert bare.first() == ("secure-boot", "error")

    bare.put(SECURE_BOOT, ATTRIBUTES + b"\x00")
    assert bare.first() == ("driver-not-loaded", "error")


def test_secure_boot_beside_a_driver_that_runs_is_no_trouble(working: Room) -> None:
    working.put(SECURE_BOOT, ATTRIBUTES + b"\x01")

    assert working.findings() == ()


def test_a_library_of_another_release_than_the_module_is_a_mismatch(working: Room) -> None:
    install(working, "570.86.15")

    assert working.first() == ("nvml-mismatch", "error")


def test_cuda_compat_in_front_is_no_mismatch(working: Room) -> None:
    install(working)
    working.put("usr/local/cuda/compat/libcuda.so.570.86.15")
    working.env["LD_LIBRARY_PATH"] = "/usr/local/cuda/compat"

    assert working.findings() == ()


def test_nvswitches_need_their_service(tmp_path: Path) -> None:
    room = copied("ubuntu22.04-h100x8-580-open", tmp_path)
    room.put("proc/driver/nvidia-nvswitch/devices/0000:c3:00.0/information")

    assert room.first() == ("fabric-manager", "error")

    room.put("proc/4711/comm", "nv-fabricmanage\n")
    assert room.findings() == ()


def test_a_linux_driver_inside_wsl_is_found(tmp_path: Path) -> None:
    room = copied("ubuntu24.04-wsl2-rtx4090-551", tmp_path)
    assert room.findings() == ()

    room.put(f"{LIBRARIES}/libnvidia-ml.so.535.183.01")
    assert room.first() == ("wsl2", "error")


def test_wsl_without_a_driver_of_nvidias_on_windows_misses_no_libcuda(tmp_path: Path) -> None:
    room = copied("ubuntu24.04-wsl2-rtx4090-551", tmp_path)
    room.take("usr/lib/wsl/lib/libcuda.so.1")
    assert room.findings() == ()

    room.put("usr/lib/wsl/drivers/nv_dispi.inf_amd64_1/nvlddmkm.sys")
    assert room.first() == ("wsl2", "error")


def test_a_container_without_a_gpu_is_told_how_to_get_one(working: Room) -> None:
    working.put(".dockerenv")
    working.put("dev/nvidiactl")
    assert working.first() == ("container-no-gpu-flag", "error")

    working.put("dev/nvidia0")
    assert working.findings() == ()


def test_a_cdi_specification_of_another_driver_is_stale(working: Room) -> None:
    working.put("etc/cdi/nvidia.yaml", "hostPath: /usr/lib/libnvidia-ml.so.550.163.01\n")
    assert working.findings() == ()

    working.put("etc/cdi/nvidia.yaml", "hostPath: /usr/lib/libnvidia-ml.so.535.183.01\n")
    assert working.first() == ("container-toolkit", "warning")


def test_a_gpu_without_a_window_in_memory_is_named(working: Room) -> None:
    slot = next((working.root / "sys/bus/pci/devices").glob("*.0")).name
    folder = f"sys/bus/pci/devices/{slot}"
    sound = "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
    working.put(f"{folder}/resource", sound)
    working.put(f"{folder}/current_link_width", "8\n")
    working.put(f"{folder}/max_link_width", "16\n")
    assert working.findings() == ()
    assert "gpu-link-narrow" not in [one.reference for one in working.seen().warnings]

    working.put(f"{folder}/current_link_width", "1\n")
    assert "gpu-link-narrow" in [one.reference for one in working.seen().warnings]

    working.put(f"{folder}/resource", f"{'0x0000000000000000 ' * 3}\n")
    assert working.first() == ("gpu-not-initialising", "error")


def test_a_kernel_whose_modules_an_upgrade_took_away_wants_a_reboot(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)
    build(bare, "6.8.0-1-generic")

    (finding,) = bare.findings()

    assert (finding.reference, finding.severity) == ("reboot-needed", "error")
    assert bare.kernel in finding.evidence[0]
    assert finding.evidence[0].endswith("6.8.0-1-generic has nvidia")
    assert finding.fix[0].startswith("reboot: ")


def test_libraries_without_a_module_are_told_where_nobody_lists_modules(bare: Room) -> None:
    without_nouveau(bare)
    install(bare)

    assert bare.first() == ("driver-not-loaded", "error")
