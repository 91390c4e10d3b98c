"""Who serves whom, on which driver: pure rules over the facts, sharing no code with the program."""

from __future__ import annotations

import re
from functools import cache

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from .factsheet import Build, Capability, capabilities, capability, cudnn_archs, minor, rows

TEGRA = capabilities("3.2 5.3 6.2 7.2 8.7 10.1 11.0")
AMPERE: Capability = (8, 0)
TURING: Capability = (7, 5)
BLACKWELL: Capability = (10, 0)
TODAY = "2026-11"
CODENAMES = {"20.04": "focal", "22.04": "jammy", "24.04": "noble"}


def by_sass(codes: frozenset[Capability], gpu: Capability) -> Capability | None:
    """The machine code of ``codes`` that runs on ``gpu``, the nearest first."""
    if gpu in TEGRA:
        return gpu if gpu in codes else None
    fit = [c for c in codes - TEGRA if c[0] == gpu[0] and c[1] <= gpu[1]]
    return max(fit, default=None)


def by_ptx(codes: frozenset[Capability], gpu: Capability) -> Capability | None:
    """The PTX of ``codes`` that a driver could compile for ``gpu``, the newest first."""
    fit = [] if gpu in TEGRA else [c for c in codes - TEGRA if c <= gpu]
    return max(fit, default=None)


@cache
def kind(build: Build, gpu: Capability) -> str | None:
    """``sass`` or ``ptx`` where the build serves the GPU on a driver that is new enough."""
    if build.cuda is None or build.sass is None or not cudnn_serves(build, gpu):
        return None
    if gpu in TEGRA and build.platform == "x86_64":
        return None  # these parts sit on Arm boards
    if build.framework == "jax" and gpu < _asked_by_jax(build.variant):
        return None
    if gpu >= AMPERE and Version(build.cuda) < Version("11"):
        return None  # seen to hang and to give wrong results: facts 17, 2b and 2c
    if by_sass(build.sass, gpu):
        return "sass"
    return "ptx" if by_ptx(build.ptx, gpu) else None


@cache
def _asked_by_jax(variant: str) -> Capability:
    """The capability that its documents ask for, whatever code its plugin holds."""
    (least,) = (
        row["min_sm"]
        for row in rows("08_jax_requirements.csv")
        if row["cuda_variant"] == variant and row["min_sm"]
    )
    return capability(least)


@cache
def cudnn_serves(build: Build, gpu: Capability) -> bool:
    """Does the cuDNN that the build pins (or one that it allows) serve the GPU? Unknown: yes."""
    if not build.cudnn or not build.cuda:
        return True
    if is_exact(build.cudnn) and Version(build.cudnn) < Version("9") and gpu >= BLACKWELL:
        return False  # facts 05_cudnn_matrix: 8.9.6 ends at 9.0
    return some_cudnn_serves(build.cuda.split(".")[0], cudnn_bound(build), (gpu,))


def cudnn_bound(build: Build) -> SpecifierSet:
    """The versions of cuDNN that a build accepts."""
    text = build.cudnn or ""
    return SpecifierSet(f"=={text}" if is_exact(text) else text)


@cache
def some_cudnn_serves(major: str, bound: SpecifierSet, gpus: tuple[Capability, ...]) -> bool:
    """Whether one version serves all GPUs; one that nobody read, pinned exactly, may."""
    package = f"nvidia-cudnn-cu{major}"
    names = [n for n in cudnn_archs() if n.startswith(package + " ") and n.split()[1] in bound]
    pinned = {item.version for item in bound if item.operator == "=="}
    if not names:
        return not pinned or any(pin in bound for pin in pinned)
    return any(all(cudnn_version_serves(name, gpu) for gpu in gpus) for name in names)


def cudnn_version_serves(name: str, gpu: Capability) -> bool:
    """``name`` is ``nvidia-cudnn-cu12 9.10.2.21``; versions that were not read have no limit.

    Nor has any for Tegra parts: only the wheels for x86_64 were read.
    """
    if name not in cudnn_archs() or gpu in TEGRA:
        return True
    sass, ptx = cudnn_archs()[name]
    return bool(by_sass(sass, gpu) or by_ptx(ptx, gpu))


def overwrites(package: str, majors: tuple[str, str]) -> bool:
    """Whether the packages of two CUDA releases write the same file."""
    names = {f"{package}-cu{major}" for major in majors}
    return any(names <= set(row["packages"].split()) for row in rows("23_shared_files.csv"))


def is_exact(text: str) -> bool:
    """Whether it is one version, not a range."""
    return bool(re.fullmatch(r"[\d.]+", text))


@cache
def floor(cuda: str, windows: bool) -> Version:
    """The lowest driver on which a program of this CUDA minor starts."""
    column = "windows" if windows else "linux_x86_64"
    want = cuda if Version(cuda) <= Version("11.0") else f"{cuda.split('.', 1)[0]}.x"
    for row in rows("01_cuda_driver.csv"):
        if row["kind"] == "minor_compat_floor" and row["cuda"].split(" ")[0] == want:
            return max(
                Version(v)
                for v in re.findall(r"(?<![\w.])\d{3}[\d.]*", row[column])
                if not re.search(rf"cuDNN {re.escape(v)}", row[column])
            )
    documented = [
        Version(row[column])
        for row in rows("01_cuda_driver.csv")
        if row["kind"] == "documented_min" and minor(row["cuda"]) == cuda
    ]
    return min(documented)


@cache
def jit_floor(cuda: str, windows: bool) -> Version:
    """The driver of the first release of a CUDA minor: what compiles its PTX."""
    column = "windows" if windows else "linux_x86_64"
    drivers = [
        Version(row[column])
        for row in rows("01_cuda_driver.csv")
        if row["kind"] == "bundled_driver" and minor(row["cuda"]) == cuda and row[column]
    ]
    return min(drivers) if drivers else floor(cuda, windows)


def needed(build: Build, gpus: list[Capability], windows: bool) -> Version | None:
    """The driver that the build needs on these GPUs; None where it does not serve them all."""
    if not gpus:
        return Version("0")
    kinds = [kind(build, gpu) for gpu in gpus]
    if None in kinds or build.cuda is None:
        return None
    if "ptx" in kinds and "." not in build.cuda:
        return None  # of which release its PTX is, and which driver compiles it, nobody knows
    lowest = floor(build.cuda, windows)
    return max(lowest, jit_floor(build.cuda, windows)) if "ptx" in kinds else lowest


@cache
def branch_range(gpu: Capability) -> tuple[int, int]:
    """First and last driver branch of a GPU: 0 is unknown, 9999 goes on."""
    for row in rows("02_arch_lifecycle.csv"):
        if gpu in capabilities(" ".join(re.findall(r"\d+\.\d", row["compute_capabilities"]))):
            first = min(
                (Version(driver).major for driver in _drivers_of(row["first_cuda"].split(" ")[0])),
                default=0,
            )
            last = row["last_driver_branch"]
            return first, int(last) if last.isdigit() else 9999
    return 0, 9999


def _drivers_of(cuda: str) -> list[str]:
    table = [
        r for r in rows("01_cuda_driver.csv") if minor(r["cuda"]) == cuda and r["linux_x86_64"]
    ]
    return [r["linux_x86_64"] for r in table if r["kind"] in ("bundled_driver", "documented_min")]


def drives(branch: int, gpus: list[Capability]) -> bool:
    """Whether one branch drives every GPU."""
    return all(low <= branch <= high for low, high in map(branch_range, gpus))


def drives_in_windows(version: Version, gpus: list[Capability]) -> bool:
    """Windows numbers a branch's releases upwards: 537 belongs to the nearest branch below."""
    known = [branch for branch in _named_branches() if branch <= version.major]
    return bool(known) and drives(max(known), gpus)


def one_flavour(gpus: list[Capability]) -> bool:
    """Blackwell has only open modules, everything before Turing only proprietary ones."""
    return not (max(gpus) >= BLACKWELL and min(gpus) < TURING)


def flavour(branch: int, gpus: list[Capability]) -> str:
    """The kernel modules to install."""
    return "open" if min(gpus) >= TURING and branch >= 560 else "proprietary"


def known_branch(branch: int) -> bool:
    """Whether the facts name this branch at all."""
    return branch in _named_branches()


@cache
def unreleased_branches() -> frozenset[int]:
    """Branches that a document names and of which no release was ever seen."""
    return frozenset(
        int(row["branch"])
        for row in rows("03_driver_branches.csv")
        if not row["first_known_linux_version"] and row["end_of_life"] != "ended"
    )


@cache
def _named_branches() -> frozenset[int]:
    found = {int(row["branch"]) for row in rows("03_driver_branches.csv")}
    for row in rows("01_cuda_driver.csv"):
        for word in (row["linux_x86_64"], row["windows"]):
            found.update(int(v) for v in re.findall(r"(?<![\w.])(\d{3})(?:\.\d+)+", word))
    return frozenset(found)


def branches(gpus: list[Capability], packaged_for: str | None) -> list[int]:
    """Branches that drive all the GPUs, best to install first.

    ``packaged_for`` is an Ubuntu release: then only branches that are real packages there.
    """
    if not one_flavour(gpus):
        return []
    fit = {}
    for row in rows("03_driver_branches.csv"):
        number = int(row["branch"])
        if row["first_known_linux_version"] or row["end_of_life"] == "ended":
            fit[number] = _life(row["end_of_life"])
    offered = ubuntu_branches(packaged_for, gpus) if packaged_for else set(fit)
    return sorted(
        (n for n in fit if n in offered and drives(n, gpus)),
        key=lambda n: (fit[n], n),
        reverse=True,
    )


def _life(text: str) -> tuple[int, str]:
    """Alive with a known end, then unknown, then ended."""
    date = re.match(r"\d{4}-\d{2}", text)
    if date:
        return (2, date[0]) if date[0] >= TODAY else (0, "")
    return (0, "") if text in ("ended", "n/a") else (1, "")


def ubuntu_branches(release: str, gpus: list[Capability]) -> set[int]:
    """Branches that an Ubuntu release really packages for these GPUs."""
    open_only = bool(gpus) and max(gpus) >= BLACKWELL
    listed = {r["package"] for r in rows("13_ubuntu_real_drivers.csv") if r["ubuntu"] == release}
    if not listed:  # 20.04 is only in the package indexes; a handful of ids is no real package
        listed = {
            row["package"].removeprefix("nvidia-driver-")
            for row in rows("03_ubuntu_driver_packages.csv")
            if row["ubuntu"] == CODENAMES.get(release)
            and not row["note"]
            and len(row["architectures"].split()) > 2
        }
    found = set()
    for package in listed:
        number = int(package.split("-")[0])
        only_open = f"{number}" not in listed and f"{number}-server" not in listed
        if open_only and "open" not in package:
            continue
        if only_open and gpus and min(gpus) < TURING:
            continue
        found.add(number)
    return found


def driver(text: str) -> Version | None:
    """A driver version; None where the text is none."""
    try:
        return Version(text) if re.fullmatch(r"\d{3}(\.\d+)*", text) else None
    except InvalidVersion:
        return None
