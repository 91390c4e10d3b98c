"""Fixes over all causes and machines, held against the facts of tests/table and not the program."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from packaging.version import Version

from provisioner import workflow
from provisioner.doctor.remedies import CHECK
from tests.table import rules
from tests.table.factsheet import Capability, capability, torch_builds
from tests.unit.doctor.grid import Told, grid
from tests.unit.doctor.machines import DESCRIBED, described

_TORCH = re.compile(r"\btorch==(\d+(?:\.\d+)+)(?:\+(\w+))?")
_BRANCH = re.compile(r"(?:nvidia-driver|linux-modules-nvidia|nvidia-fabricmanager)-(\d{3})")
_PACKAGE = re.compile(r"nvidia-driver-(\d{3})(-server)?(-open)?(?![\w.*-])")
_RELEASE = {"ubuntu-22.04", "ubuntu-24.04"}
"""Those whose packages 13_ubuntu_real_drivers lists."""
FAMILIES = {
    "debian": {"apt", "apt-get", "apt-mark", "apt-cache", "apt-key", "dpkg"},
    "redhat": {"dnf", "rpm"},
    "suse": {"zypper", "rpm"},
    "windows": set[str](),
}
_TOOLS = {*FAMILIES["debian"], *FAMILIES["redhat"], *FAMILIES["suse"], "pacman"}
_DRIVER = [
    *("nvidia-driver-580-open", "nvidia-driver-535-server", "nvidia-dkms-580", "nvidia-open"),
    *("nvidia-kernel-common-580", "nvidia-utils-470", "nvidia-compute-utils-580", "nvidia-smi"),
    *("nvidia-firmware-580-580.65.06", "nvidia-settings", "nvidia-prime", "nvidia-alternative"),
    *("nvidia-kernel-dkms", "nvidia-legacy-390xx-driver", "libnvidia-compute-580"),
    *("libnvidia-gl-580", "libnvidia-cfg1-580", "libnvidia-ml1", "libnvidia-common-580"),
    *("libnvidia-ptxjitcompiler1", "cuda-drivers", "cuda-drivers-580"),
]
_BESIDE = [
    *("nvidia-container-toolkit", "nvidia-container-toolkit-base", "libnvidia-container1"),
    *("libnvidia-container-tools", "nvidia-container-runtime", "nvidia-cuda-toolkit"),
    *("nvidia-cudnn", "nvidia-l4t-core", "nvidia-l4t-cuda", "cuda-toolkit-12-8", "cuda-keyring"),
    "libcudnn9-cuda-12",
]
_OF_THE_HOST = re.compile(r"systemctl|dkms|modprobe|mokutil|update-initramfs|dracut|nvidia-ctk")


def nvidia() -> Iterator[tuple[Told, Capability]]:
    """The lines for machines with one GPU of NVIDIA's that is no Jetson's."""
    for one in grid():
        gpu = described(one.place).gpus[0]
        if gpu.vendor == "nvidia" and one.place != "jetson" and one.reference != "apple-mps":
            yield one, capability(gpu.compute_capability or "")


def test_pytorch_that_is_told_has_code_for_the_gpu() -> None:
    tried = 0
    for one, gpu in nvidia():
        machine = described(one.place)
        for line in one.lines:
            for version, variant in _TORCH.findall(line) if "on the CPU" not in line else ():
                if machine.os.id == "windows" or machine.arch == "aarch64":
                    continue  # the facts hold wheels for Linux on x86_64
                fitting = [
                    build
                    for build in torch_builds()
                    if build.version == Version(version)
                    and build.platform == "x86_64"
                    and build.variant == (variant or "default")
                ]
                told = (one.place, one.scene, one.reference, line)
                assert fitting, told
                assert any(rules.kind(build, gpu) for build in fitting), told
                tried += 1
    assert tried > 200


def test_pytorch_that_is_told_runs_on_the_driver_or_says_that_it_needs_another() -> None:
    tried = 0
    for one, gpu in nvidia():
        machine = described(one.place)
        if not machine.driver or machine.os.id == "windows" or machine.arch == "aarch64":
            continue
        for line in one.lines:
            if "on driver" in line or line.startswith("no driver of") or "on the CPU" in line:
                continue
            for version, variant in _TORCH.findall(line):
                needs = [
                    floor
                    for build in torch_builds()
                    if build.version == Version(version)
                    and build.platform == "x86_64"
                    and build.variant == (variant or "default")
                    and (floor := rules.needed(build, [gpu], machine.os.wsl))
                ]
                told = (one.place, one.scene, one.reference, line, needs)
                assert any(Version(machine.driver.version or "0") >= need for need in needs), told
                tried += 1
    assert tried > 100


def test_no_branch_is_told_that_does_not_drive_the_gpu() -> None:
    tried = 0
    for one, gpu in nvidia():
        for line in one.lines:
            for branch in _BRANCH.findall(line):
                if one.reference == "fabric-manager" and not rules.drives(int(branch), [gpu]):
                    continue  # it goes with the driver that runs, whatever that drives
                assert rules.drives(int(branch), [gpu]), (one.place, one.reference, line)
                tried += 1
    assert tried > 50


def test_modules_are_of_the_flavour_that_the_gpu_takes() -> None:
    """Blackwell takes the open ones alone, what is older than Turing the proprietary ones."""
    tried = 0
    for one, gpu in nvidia():
        for line in one.lines:
            bare = re.sub(r"(?:purge|remove) (?:'[^']*' ?)+", "", line)
            packages = [bool(is_open) for _, _, is_open in _PACKAGE.findall(bare)]
            packages += [True] * len(re.findall(r"installs nvidia-open", bare))
            packages += [False] * len(re.findall(r"installs cuda-drivers", bare))
            for is_open in packages:
                told = (one.place, one.reference, line)
                assert is_open or gpu < rules.BLACKWELL, told
                assert not is_open or gpu >= rules.TURING, told
                tried += 1
    assert tried > 50


def test_packages_of_ubuntu_are_ones_that_it_has() -> None:
    tried = 0
    for one, gpu in nvidia():
        name = described(one.place).os_name
        if name not in _RELEASE:
            continue
        for line in one.lines:
            for branch, *_ in _PACKAGE.findall(line):
                offered = rules.ubuntu_branches(name.partition("-")[2], [gpu])
                assert int(branch) in offered, (one.place, one.reference, line)
                tried += 1
    assert tried > 20


@pytest.mark.parametrize("place", sorted(DESCRIBED))
def test_only_package_tools_of_the_system_are_named(place: str) -> None:
    machine = described(place)
    system = next(
        row.family
        for row in workflow.catalog().systems
        if row.id == machine.os.id and machine.os.version.startswith(row.version.partition(".")[0])
    )
    for one in grid():
        if one.place != place or one.reference == "wsl2":
            continue
        for line in one.lines:
            named = {word for word in _TOOLS if re.search(rf"(?:sudo |: |\(){word} ", line)}
            if "WSL2" in line:
                continue
            assert named <= FAMILIES.get(system, set()), (one.reference, line)


def test_what_belongs_on_the_host_is_never_done_in_a_container() -> None:
    tried = 0
    for one in grid():
        if not one.container or one.reference == "wsl2":
            continue
        spoken = False
        for line in one.lines:
            spoken = spoken or "host" in line
            if _OF_THE_HOST.search(line):
                assert spoken, (one.reference, line)
                tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    "place", [name for name, (_, system, _) in DESCRIBED.items() if "wsl" in system]
)
def test_in_wsl_nothing_of_a_linux_driver_is_told(place: str) -> None:
    forbidden = re.compile(
        r"install (?:'?nvidia-|linux-modules|linux-headers|cuda-drivers)|modprobe|mokutil|dracut"
        r"|update-initramfs|nvidia-fabricmanager|nvidia-uninstall|dkms autoinstall"
    )
    for one in grid():
        if one.place == place:
            for line in one.lines:
                assert not forbidden.search(line), (one.reference, line)


def test_every_fix_ends_with_what_to_check() -> None:
    for one in grid():
        checks = [line for line in one.lines if line.startswith(CHECK)]
        assert checks or not one.lines, (one.place, one.container, one.scene, one.reference)


def test_a_requirement_is_quoted_as_the_shell_of_the_system_reads_it() -> None:
    tried = 0
    for one in grid():
        on_windows = DESCRIBED[one.place][1].startswith("windows")
        for line in one.lines:
            for quote in re.findall(r"(['\"])[\w\[\]-]+[<>=]=?\d[^'\"]*\1", line):
                assert quote == ('"' if on_windows else "'"), (one.place, one.reference, line)
                tried += 1
    assert tried > 20


def test_what_removes_a_driver_leaves_everything_else() -> None:
    """The names are those of Ubuntu's and NVIDIA's packages; those of a Jetson are its driver."""
    lines = [line for one in grid() for line in one.lines if "apt purge" in line]
    assert lines
    for line in set(lines):
        patterns = re.findall(r"'(\^[^']+)'", line)
        for name in _DRIVER:
            assert any(re.search(pattern, name) for pattern in patterns), (name, line)
        for name in _BESIDE:
            assert not any(re.search(pattern, name) for pattern in patterns), (name, line)


def test_gcc_is_one_that_the_headers_of_nvcc_let_through() -> None:
    from provisioner.doctor import Patient
    from provisioner.doctor.judge import facts_of
    from provisioner.doctor.remedies import fixes
    from provisioner.doctor.symptoms import Symptoms
    from tests.table.factsheet import minor, rows

    ceilings = {
        minor(row["nvcc_version"]): row["gcc_max_major"] for row in rows("04_host_compiler.csv")
    }
    for cuda, newest in ceilings.items():
        newer = f"{int(newest) + 1}.1"
        symptoms = Symptoms(text="", os_id="ubuntu", os_version="24.04", toolkit=cuda, gcc=newer)
        one = Patient(symptoms, workflow.catalog())
        told = fixes("host-compiler", one, frozenset(facts_of(symptoms, one.catalog)))
        assert told[0].startswith(f"nvcc {cuda} takes gcc up to {newest};"), told
        assert f"g++-{newest}" in told[0]
        later = [Version(v) for v, most in ceilings.items() if int(most) > int(newest)]
        named = [line for line in told if line.startswith("or take a CUDA")]
        if later:
            assert named == [
                f"or take a CUDA whose nvcc knows gcc {newer}: CUDA {min(later)} or later"
            ]


def test_every_row_names_where_it_is_from() -> None:
    for row in workflow.catalog().remedies:
        assert row.evidence != "tests/cases", row.fix
        assert re.search(r"[\w:)][ /.][\w(-]", row.evidence), row.fix


def test_an_upgrade_that_is_told_reaches_what_is_needed() -> None:
    tried = 0
    for one, _ in nvidia():
        for line in one.lines:
            asked = re.search(r"upgrade the driver[^:]* to (\d+)[\d.]* or later[^:]*: (.*)", line)
            if asked and (branch := re.search(r"nvidia-driver-(\d{3})|branch (\d{3})", asked[2])):
                told = (one.place, one.scene, line)
                assert int(branch[1] or branch[2]) >= int(asked[1]), told
                tried += 1
    assert tried > 10
