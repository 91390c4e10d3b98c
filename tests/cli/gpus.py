"""A machine with GPUs that are not there: NVML, CUDA and torch are stand-ins that can misbehave.

What these tests prove of the GPU side is that what stand-ins say is asked for and judged rightly;
no GPU has run any of it.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from tests.cli.environments import Home
from tests.cli.locking import LINUX, TORCH, World, furnish
from tests.cli.ran import Ran
from tests.unit.upkeep.wheels import installable

SOURCE = '''
"""A torch that computes nothing, and says what TORCH_STANDIN (JSON) tells it to say."""
import ctypes
import json
import os
import time

__version__ = "{version}+cu126"
TOLD = json.loads(os.environ.get("TORCH_STANDIN", "{{}}"))
SIDE = 256


def misbehave(what):
    if TOLD.get("crash") == what:
        ctypes.string_at(0)
    if TOLD.get("hang") == what:
        time.sleep(600)
    if TOLD.get("raise") == what:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    if TOLD.get("refuse") == what:
        raise RuntimeError('"addmm" not implemented for ' + what)


class Tensor:
    is_cuda = True

    def __init__(self, kind="float32", far=0.0):
        self.kind, self.far = kind, far

    def to(self, what):
        return Tensor(what, self.far) if what in KINDS else self

    def same(self, *words, **more):
        return self

    t = contiguous = round = abs = cpu = double = max = all = same
    __sub__ = __truediv__ = __mul__ = same

    def __eq__(self, other):
        return self

    __hash__ = None

    def __matmul__(self, other):
        return mm(self, other)

    def sum(self):
        return SIDE**3 if not self.far else 7

    def __float__(self):
        return self.far

    def __bool__(self):
        return not self.far


KINDS = ["float64", "float32", "float16", "bfloat16", "int8"]
float64, float32, float16, bfloat16, int8 = KINDS


def far(what):
    misbehave(what)
    return 0.5 if what in TOLD.get("wrong", []) else 0.0


def mm(left, right):
    return Tensor(left.kind, far(left.kind))


_int_mm = mm


def manual_seed(number):
    pass


def ones(*size, **more):
    return Tensor()


rand = full = ones


def cudnn_convolution(images, kernels, **words):
    if ("allow_tf32" in words) is bool(TOLD.get("old")):
        raise TypeError("an invalid combination of arguments")
    return Tensor("float32", far("cudnn"))


class nn:
    class functional:
        @staticmethod
        def conv2d(images, kernels, **words):
            return Tensor()


class backends:
    class cuda:
        class matmul:
            allow_tf32 = False

    class cudnn:
        @staticmethod
        def is_available():
            return TOLD.get("cudnn", 91000) is not None

        @staticmethod
        def version():
            return TOLD.get("cudnn", 91000)


class version:
    cuda = "12.6"
'''
CUDA = '''
"""The GPUs, as the stand-in for CUDA's driver shows them."""
import ctypes
import torch

seen = ctypes.c_int()
driver = ctypes.CDLL("libcuda.so.1")
driver.cuInit(0)
driver.cuDeviceGetCount(ctypes.byref(seen))


def device_count():
    return torch.TOLD.get("gpus", seen.value)


def get_device_name(index):
    return "NVIDIA GeForce RTX 2070 SUPER"


def get_device_capability(index):
    return (7, 5)


def get_arch_list():
    return ["sm_75"]
'''
NCCL = """
import torch


def all_reduce(shares):
    for share in shares[1:]:
        share.far = torch.far("nccl")
"""


class GpuHome(Home, frozen=True):
    """A user's home on a machine with one or two made-up RTX 2070 SUPER and driver 550."""

    libraries: Path
    config: Path
    nvml: str = "one"

    @property
    def settings(self) -> dict[str, str]:
        given = super().settings
        for fact in ("GPUS", "DRIVER"):
            del given[f"DLSETUP_OVERRIDE_{fact}"]
        return given | {
            "DLSETUP_OVERRIDE_OS": "ubuntu-22.04",
            "DLSETUP_CONFIG": str(self.config),
            "LD_LIBRARY_PATH": str(self.libraries),
            "FAKE_NVML": self.nvml,
        }

    def of(self, nvml: str) -> GpuHome:
        return msgspec.structs.replace(self, nvml=nvml)

    def verify(self, torch: dict[str, object] | None = None, **settings: str) -> Ran:
        told = {"TORCH_STANDIN": json.dumps(torch or {})}
        return self.run("verify", "demo", "--json", **told, **settings)


def gpu_home(world: World, libraries: Path, nvml: str = "one") -> GpuHome:
    """A home whose index for CUDA 12.6 holds the torch that is made up here."""
    furnish(world)
    world.cu126.projects["torch"] = []
    members = {
        "torch/__init__.py": SOURCE.format(version=TORCH) + "\nfrom torch import cuda\n",
        "torch/cuda/__init__.py": CUDA,
        "torch/cuda/nccl.py": NCCL,
    }
    name, data = installable("torch", f"{TORCH}+cu126", members, (), LINUX)
    world.cu126.add("torch", name, data)
    world.configure()
    return GpuHome(world.home, world.default, libraries, world.config, nvml)


def results(ran: Ran) -> dict[str, tuple[str, str]]:
    """The checks by name: result and detail."""
    return {item["name"]: (item["result"], item["detail"]) for item in ran.data["checks"]}
