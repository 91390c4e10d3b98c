"""Packages that do not run as they are: of another Python, twice, or without libraries."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence

from provisioner.doctor.live.environment import Inside, Package
from provisioner.machine import Gpu
from provisioner.version import minor

_TENSORFLOW, _FIRST_WITH_GPU = "tensorflow", 2
_CUDNN = "libcudnn.so*"
_SYSTEM = (
    "/usr/lib/*-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/local/cuda*/lib64",
    "/opt/cuda*/lib64",
    "/opt/cudnn*/lib*",
)


def see(
    inside: Inside,
    packages: Mapping[str, Package],
    gpus: Sequence[Gpu],
    env: Mapping[str, str],
) -> Iterator[str]:
    """Say what was built for another Python, lies over another package, or finds no cuDNN.

    ``gpus`` are those that it is to use.
    """
    yield from _of_another_python(inside, packages)
    if not any(gpu.vendor == "nvidia" for gpu in gpus):
        return
    for_cpu, for_gpu = packages.get("onnxruntime"), packages.get("onnxruntime-gpu")
    if for_cpu and for_gpu:
        yield (
            f"onnxruntime {for_cpu.version} and onnxruntime-gpu {for_gpu.version} write the same "
            "files: the one for the CPU may lie over the other"
        )
    one = packages.get(_TENSORFLOW)
    if one and _wants_cudnn(one) and not _has_cudnn(inside, packages, env):
        yield (
            f"{one.name} {one.version} would compute on the CPU: no package beside it and no "
            "folder of the system brings the libraries that it computes with on a GPU"
        )


def _of_another_python(inside: Inside, packages: Mapping[str, Package]) -> Iterator[str]:
    here = minor(inside.python)
    strange = [one for one in packages.values() if one.built_for and one.built_for != here]
    more = f", and so are {len(strange) - 1} more" if len(strange) > 1 else ""
    for one in strange[:1]:
        yield (
            f"wheel of another Python: {one.name} ({one.version}) in {one.place} is for Python "
            f"{one.built_for}, and here is Python {here}{more}"
        )


def _wants_cudnn(one: Package) -> bool:
    """Whether it is a build of pip's that uses GPUs: conda's brings what it needs."""
    major = one.version.partition(".")[0]
    return one.installer != "conda" and major.isdigit() and int(major) >= _FIRST_WITH_GPU


def _has_cudnn(inside: Inside, packages: Mapping[str, Package], env: Mapping[str, str]) -> bool:
    if any(name.startswith(("nvidia-cudnn", "cudnn")) for name in packages) or any(
        name.startswith("cudnn-") for name in inside.conda
    ):
        return True
    named = filter(os.path.isabs, env.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    folders = (*map(glob.escape, named), os.path.join(glob.escape(inside.prefix), "lib"), *_SYSTEM)
    return any(glob.glob(os.path.join(folder, _CUDNN)) for folder in folders)
