"""Fixes name what was found: the package, the folder, the build of the GPU's maker, the host."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from provisioner.doctor.live import disks
from tests.cli.sickbed import Sickbed
from tests.unit.doctor.live.rooms import WORKING, copied
from tests.unit.doctor.live.test_packages import SOUND, status

TORCH = {"torch/__init__.py": "", "torch/version.py": "cuda='12.6'\n"}
TMP = "/tmp"  # noqa: S108 - where installers unpack
_1 = "module compiled against API version 0x%x but this version of numpy is 0x%x"
_2 = "module was compiled against NumPy C-API version 0x%x (NumPy 1.23)"


@pytest.fixture
def bed(tmp_path: Path) -> Sickbed:
    made = Sickbed(tmp_path)
    made.environment()
    return made


def fixes(bed: Sickbed) -> dict[str, list[str]]:
    return {one["reference"]: one["fix"] for one in bed.run("--json").data["findings"]}


def test_a_build_for_cuda_beside_a_gpu_of_amds_is_replaced_by_one_for_rocm(bed: Sickbed) -> None:
    bed.settings.update(DLSETUP_OVERRIDE_GPUS="RX 7900 XTX", DLSETUP_OVERRIDE_DRIVER="none")
    bed.put("torch", "2.9.1", members=TORCH)

    told = fixes(bed)["gpu-vendor-unsupported"]

    assert re.match(r"install the build .*: pip install torch==[\d.]+\+rocm[\d.]+ ", told[0])
    assert "--gpu" not in " ".join(told)

    bed.settings["DLSETUP_OVERRIDE_GPUS"] = "gfx803"
    told = fixes(bed)["gpu-vendor-unsupported"]
    assert told[0] == "No build of torch runs on gfx803."
    assert "+cpu" in told[1]


@pytest.mark.parametrize("imported", ["2.9.1", "2.13.0"])
def test_of_two_releases_in_one_folder_the_one_that_is_imported_is_judged(
    bed: Sickbed, imported: str
) -> None:
    other = {"2.9.1": "2.13.0", "2.13.0": "2.9.1"}[imported]
    for version in (other, imported):  # what is put last lies over the other
        files = {
            "torch/__init__.py": f"# {version}",
            "torch/version.py": f"cuda='12.6' # {version}",
        }
        bed.put("torch", version, members=files)

    (finding,) = bed.run("--json").data["findings"]

    assert finding["reference"] == "conda-pip-mix"
    assert f"{imported}, which is imported, and what" in finding["evidence"][0]
    assert finding["evidence"][0].endswith(f"left behind of {other}")
    assert finding["fix"][0].endswith("pip uninstall --yes torch; pip uninstall --yes torch")
    assert finding["severity"] == "warning"


def test_a_release_that_was_left_behind_is_not_judged_and_any_package_may_be_one(
    bed: Sickbed,
) -> None:
    code = {"thing/__init__.py": "# {}"}
    bed.put("thing", "1.0", ["numpy<2"], {"thing/__init__.py": "# old"})
    bed.put("thing", "2.0", ["numpy"], {"thing/__init__.py": "# new"})
    bed.put("numpy", "2.3.4", members=code)

    told = fixes(bed)

    assert list(told) == ["conda-pip-mix"]
    assert told["conda-pip-mix"][1].endswith("pip install thing==2.0")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"_old.so": _1}, {"numpy2-abi": "error"}),
        ({"_a.so": "", "_old.so": _1 * 2}, {"numpy2-abi": "error"}),
        ({"_new.so": f"module compiled against API {_2}"}, {}),
        ({"_a.so": "nothing of NumPy's"}, {}),
    ],
)
def test_a_package_that_was_compiled_for_numpy_1_is_seen_beside_numpy_2(
    bed: Sickbed, files: dict[str, str], found: dict[str, str]
) -> None:
    bed.put("pandas", "2.0.3", ["numpy>=1.21.0; python_version >= '3.10'"], files)
    bed.put("numpy", "1.26.4")
    assert bed.found() == {}

    for one in bed.site.glob("numpy-*"):
        one.rename(one.with_name("numpy-2.1.0.dist-info"))
    (bed.site / "numpy-2.1.0.dist-info/METADATA").write_text("Name: numpy\nVersion: 2.1.0\n")
    assert bed.found() == found
    if found:
        assert "pip install --upgrade pandas" in " ".join(fixes(bed)["numpy2-abi"])


def test_wheels_for_a_newer_glibc_are_named_and_no_framework_that_is_not_meant(
    bed: Sickbed,
) -> None:
    libc = '{"id": "centos", "version": "7", "libc": "glibc 2.17"}'
    bed.settings["DLSETUP_OVERRIDE_OS"] = libc
    bed.put("numpy", "2.3.4", tag=f"cp3{sys.version_info[1]}-abi3-manylinux_2_28_x86_64")

    told = fixes(bed)["glibc-too-old"]

    assert told[0].endswith("--only-binary :all: numpy")
    assert "torch" not in " ".join(told)


def test_held_packages_are_released_by_their_names(tmp_path: Path) -> None:
    room = copied(WORKING, tmp_path)
    held = [
        (f"libnvidia-{name}-550", "hold ok installed", "550.163.01-0ubuntu0.22.04.1")
        for name in ("gl", "decode", "encode", "cfg1", "fbc1")
    ]
    room.put("var/lib/dpkg/status", status(*SOUND, *held))

    (finding,) = room.findings()

    names = " ".join(name for name, _, _ in held)
    assert f"release what is held without need: sudo apt-mark unhold {names}" in finding.fix


def full(monkeypatch: pytest.MonkeyPatch, places: dict[str, int]) -> None:
    """Say that the file systems of some places are full; each place has one of its number."""
    room = SimpleNamespace(f_flag=0, f_blocks=1000, f_bavail=900, f_frsize=2**20, f_files=0)
    none = SimpleNamespace(f_flag=0, f_blocks=1000, f_bavail=0, f_frsize=2**20, f_files=0)
    monkeypatch.setattr(disks, "_state", lambda place: none if place in places else room)
    monkeypatch.setattr(disks, "_device", lambda place: places.get(place, 0))


def test_a_full_home_is_named_and_its_caches_may_go(
    bed: Sickbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = str(bed.place)
    full(monkeypatch, {home: 1})

    told = fixes(bed)["disk-full"]

    assert told[0].startswith(f"see what fills {home}: du -xh --max-depth=1 {home}")
    assert "pip cache purge, or uv cache clean" in told[1]
    assert "TMPDIR" not in " ".join(told)  # the home has no room for it
    assert "docker" not in " ".join(told)


def test_a_full_tmp_is_put_elsewhere_and_a_full_var_stops_no_run(
    bed: Sickbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(monkeypatch, {TMP: 1})
    told = fixes(bed)["disk-full"]
    assert told[0].startswith(f"see what fills {TMP}: ")
    assert 'export TMPDIR="$HOME/tmp"' in told[1]
    assert bed.run("--quiet").code == 1

    bed.settings["DLSETUP_OVERRIDE_CONTAINERS"] = '{"docker": "28.1.1"}'
    full(monkeypatch, {"/": 1, "/var": 1})
    told = fixes(bed)["disk-full"]
    assert any("docker system df" in text for text in told)
    assert any("sudo apt clean" in text for text in told)
    assert "pip cache" not in " ".join(told)
    assert bed.found()["disk-full"] == "warning"
    assert bed.run("--quiet").code == 0


def test_podman_alone_gets_the_toolkit_and_then_its_own_description(bed: Sickbed) -> None:
    bed.settings.pop("DLSETUP_OVERRIDE_CONTAINERS")
    bed.program("bin/podman", "podman version 5.4.2")

    told = fixes(bed)["container-toolkit"]

    assert told[0].startswith("install the NVIDIA Container Toolkit: dlsetup render script")
    assert "nvidia-ctk cdi generate" in told[1]
    assert "docker " not in " ".join(told).lower()


def test_what_a_hosts_root_does_is_not_said_to_be_done_in_a_container(bed: Sickbed) -> None:
    bed.settings["DLSETUP_OVERRIDE_OS"] = (
        '{"id": "ubuntu", "version": "24.04", "libc": "glibc 2.39", "container": "docker"}'
    )
    words = ("reboot", "rmmod", "modprobe", "dkms ", "mokutil", "initramfs", "sudo ")
    for name in (
        "nouveau",
        "secure-boot",
        "dkms-build-failed",
        "driver-not-loaded",
        "nvml-mismatch",
        "fabric-manager",
        "gpu-memory-held",
        "driver-missing",
    ):
        found = bed.run("--explain", name, "--json").data
        for text in (*found["fixes"], *found["checks"]):
            assert "host" in text or not any(word in text for word in words), (name, text)


def test_requirements_after_a_licence_of_many_lines_are_read(bed: Sickbed) -> None:
    bed.put("scipy", "1.10.1", members={"_scipy.py": ""})
    about = next(bed.site.glob("scipy-*")) / "METADATA"
    licence = "License: BSD\n        \n        All rights reserved.\n        THIS: AS IS\n"
    about.write_text(
        f"Name: scipy\nVersion: 1.10.1\n{licence}Requires-Dist: numpy<1.27.0,>=1.19.5\n\nnumpy\n",
        encoding="utf-8",
    )
    bed.put("numpy", "2.1.0")

    assert bed.found() == {"numpy2-abi": "warning"}


def test_all_that_was_compiled_for_numpy_1_is_named_in_one_line(bed: Sickbed) -> None:
    for name in ("pandas", "shapely"):
        bed.put(name, "2.0.3", ["numpy"], {f"_{name}.so": _1})
    bed.put("numpy", "2.1.0")

    (finding,) = bed.run("--json").data["findings"]

    assert "is here: pandas 2.0.3, shapely 2.0.3 (/" in finding["evidence"][0]
    assert any(text.endswith("--upgrade pandas shapely") for text in finding["fix"])
