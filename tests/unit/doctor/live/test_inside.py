"""Environments as their interpreters tell of them: what does not fit in there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from provisioner import process
from provisioner.doctor.live import inside
from provisioner.doctor.live.environment import Inside, Package, installed
from provisioner.machine import Gpu, Machine, OperatingSystem, Toolkit

SITE = "/env/lib/python3.11/site-packages"
MADE = partial(Inside, python="3.11.7", machine="x86_64", prefix="/env")
CUDA = {"cuda": "12.6"}
GPU = Gpu(name="RTX 4090", compute_capability="8.9")


def machine(libc: str = "glibc 2.35", gpus: tuple[Gpu, ...] = (GPU,), toolkit: str = "") -> Machine:
    os = OperatingSystem(id="ubuntu", version="22.04", libc=libc)
    kits = (Toolkit(version=toolkit, path="/usr/local/cuda"),) if toolkit else ()
    return Machine(os=os, gpus=gpus, toolkits=kits)


def said(environment: Inside, on: Machine | None = None) -> list[str]:
    return list(inside.see(environment, on or machine(), {}))


def one(
    name: str, version: str, *needs: str, place: str = SITE, installer: str = "", glibc: str = ""
) -> Package:
    return Package(name, version, place, installer, needs, glibc)


def test_wheels_that_were_built_for_a_newer_glibc_are_named_on_an_old_system() -> None:
    made = MADE(packages=(one("torch", "2.9.1", glibc="2.28"), one("idna", "3.1", glibc="2.17")))

    assert said(made) == []
    assert said(made, machine("glibc 2.17")) == [
        "torch 2.9.1 was built for glibc 2.28, here is glibc 2.17"
    ]
    assert said(made, machine("musl 1.2.5")) == []


@pytest.mark.parametrize(
    ("need", "there", "told"),
    [
        ("numpy<2,>=1.22", "2.1.0", True),
        ("numpy<2.1,>=1.22", "2.3.0", False),  # another minor release is no other ABI
        ("numpy>=2", "1.26.4", False),
        ("numpy<2; python_version < '3.9'", "2.1.0", False),
        ("numpy<2; extra == 'old'", "2.1.0", False),
        ("protobuf<5,>=3.20.3", "6.33.0", True),
        ("protobuf>=4", "3.20.3", False),
        ("torch==2.3.1", "2.3.1+cu121", False),
        ("torch==2.3.1", "2.4.0", True),
        ("torch==2.3.*", "2.3.1", False),
        ("torch @ file:///x", "2.3.1", False),
        ("numpy <<2", "2.1.0", False),
    ],
)
def test_a_requirement_is_broken_only_by_what_is_above_it(
    need: str, there: str, told: bool
) -> None:
    name = need.replace(" ", "<").partition("<")[0].partition("=")[0].partition(">")[0]
    made = MADE(packages=(one("some-extension", "1.0", need), one(name, there)))

    assert bool(said(made)) is told, said(made)


def test_the_first_copy_on_the_path_counts_and_the_other_is_named() -> None:
    user = "/home/u/.local/lib/python3.11/site-packages"
    packages = (
        one("numpy", "1.26.4", place=user),
        one("numpy", "2.1.0"),
        one("six", "1", place=user),
    )
    made = MADE(packages=(*packages, one("six", "2")), user_site=user)

    assert said(made) == [f"numpy (1.26.4) of the user's own folder {user} hides 2.1.0 in {SITE}"]
    assert [two.version for two in installed(made) if two.name == "numpy"] == ["1.26.4"]


def test_pip_over_conda_is_named_and_condas_own_is_not() -> None:
    conda = ("pytorch-2.5.1-py3.11_cuda12.4_cudnn9.1.0_0", "numpy-1.26.4-py311h64a7726_0")
    own = one("numpy", "1.26.4", installer="conda")
    sound = MADE(packages=(own, one("torch", "2.5.1", installer="conda")), conda=conda)
    mixed = MADE(packages=(own, one("torch", "2.7.0", installer="pip")), conda=conda)

    assert said(sound) == []
    assert said(mixed) == ["torch 2.7.0 of pip lies over conda's 2.5.1"]


def test_builds_for_the_cpu_are_no_trouble_without_a_gpu_or_where_it_is_not_wanted() -> None:
    cpu = MADE(packages=(one("torch", "2.9.1"),), torch={"cuda": "", "hip": ""})
    cuda = MADE(packages=(one("torch", "2.9.1"),), torch={"cuda": "12.6", "hip": ""})

    assert said(cpu) == ["torch 2.9.1 is a build that cannot use RTX 4090"]
    assert said(cuda) == []
    assert said(cpu, machine(gpus=())) == []
    assert list(inside.see(cpu, machine(), {}, for_cpu=True)) == []


def test_a_toolkit_of_torchs_major_release_serves_its_extensions() -> None:
    made = MADE(packages=(one("torch", "2.9.1"),), torch={"cuda": "12.6"})

    assert said(made, machine(toolkit="12.8.1")) == []
    assert said(made, machine(toolkit="13.0.2")) == [
        "no extension could be built: nvcc is of CUDA 13.0.2, torch of CUDA 12.6"
    ]
    assert list(inside.see(made, machine(toolkit="13.0.2"), {"CUDA_HOME": "/usr/local/cuda"})) == [
        "extensions of torch cannot be built: nvcc is of CUDA 13.0.2, torch of CUDA 12.6"
    ]


def test_torchs_own_files_say_which_build_it_is() -> None:
    plain = MADE(packages=(one("torch", "2.9.1"),), torch={"cuda": "12.6"})
    local = MADE(packages=(one("torch", "2.9.1+cpu"),), torch={"cuda": ""})

    assert [package.local for package in installed(plain)] == ["cu126"]
    assert [package.local for package in installed(local)] == ["cpu"]


def test_a_module_that_hides_an_installed_package_is_told(tmp_path: Path) -> None:
    site, elsewhere = str(tmp_path), "/srv/lib/torch/__init__.py"
    packages = (one("torch", "2.9.1", place=site),)
    hidden = MADE(packages=packages, modules={"torch": elsewhere}, torch={"cuda": "12.6"})
    assert said(hidden) == []  # an editable one lies elsewhere rightly

    (tmp_path / "torch").mkdir()
    own = f"{site}/torch/__init__.py"
    assert said(hidden) == [f"{elsewhere} is imported as torch, and hides 2.9.1 in {site}"]
    beside = MADE(
        packages=packages, modules={"torch": own}, beside={"torch": "/w/torch.py"}, torch=CUDA
    )
    assert said(beside) == [
        "/w/torch.py would be imported as torch by a program that is started beside it"
    ]
    assert said(MADE(packages=packages, modules={"torch": own}, torch=CUDA)) == []


def test_libraries_that_nothing_brings_are_told_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"\t{name} => not found" for name in ("libcublas.so.12", "libcudnn.so.9")]
    answer = process.Completed(0, "\n".join(lines), "")
    monkeypatch.setattr(process, "run", lambda *_, **__: answer)
    path, site = "/env/torch/lib/libtorch_cuda.so", str(tmp_path)
    made = MADE(packages=(one("torch", "2.9.1", place=site),), libraries=(path,), torch=CUDA)

    assert said(made) == [f"{path} cannot be loaded: nothing brings libcublas.so.12, libcudnn.so.9"]
    for name in ("cublas", "cudnn"):
        (tmp_path / f"nvidia/{name}/lib").mkdir(parents=True)
    (tmp_path / "nvidia/cublas/lib/libcublas.so.12").touch()
    assert said(made) == [
        f"libcudnn.so.9: cannot open shared object file: No such file or directory ({path})"
    ]
    (tmp_path / "nvidia/cudnn/lib/libcudnn.so.9").touch()
    assert said(made) == []


def test_an_environments_own_copy_rightly_comes_before_those_of_the_python_below() -> None:
    base = "/usr/lib/python3/dist-packages"
    both = (one("numpy", "2.1.0"), one("numpy", "1.26.4", place=base))

    assert said(MADE(packages=both)) == []
    assert len(said(MADE(packages=tuple(reversed(both))))) == 1


def test_two_releases_in_one_folder_are_told_as_what_they_are() -> None:
    told = "2.4.0, which is imported, and what an installation left behind of 2.9.0"
    made = MADE(packages=(one("torch", "2.4.0"), one("torch", "2.9.0")))

    assert said(made) == [f"torch lies twice in {SITE}: {told}"]
    assert [two.version for two in installed(made)] == ["2.4.0"]
