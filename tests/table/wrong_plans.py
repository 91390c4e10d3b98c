"""Ways to spoil a right plan, each with the word by which the judge has to find it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Change = Callable[[dict[str, Any]], None]


def plan_with(**values: Any) -> Change:
    return lambda plan: plan.update(values)


def driver_with(**values: Any) -> Change:
    return lambda plan: plan["driver"].update(values)


def pin_with(place: int, **values: Any) -> Change:
    return lambda plan: plan["pins"][place].update(values)


WRONG: dict[str, tuple[str, Change, str]] = {
    "a variant for another CUDA": (
        "turing-550-keeps-its-driver",
        pin_with(0, variant="cu132", cuda="13.2", index="https://download.pytorch.org/whl/cu132"),
        "driver-too-low",
    ),
    "a variant that was never announced": (
        "turing-550-keeps-its-driver",
        pin_with(0, variant="cu117"),
        "no-fact",
    ),
    "another index than the variant's": (
        "turing-550-keeps-its-driver",
        pin_with(0, index="https://download.pytorch.org/whl/cu118"),
        "index",
    ),
    "no index for a variant": ("turing-550-keeps-its-driver", pin_with(0, index=None), "index"),
    "a CUDA that the build does not have": (
        "turing-550-keeps-its-driver",
        pin_with(0, cuda="12.8"),
        "no-fact",
    ),
    "an announced build called measured": (
        "turing-550-keeps-its-driver",
        pin_with(0, evidence="measured"),
        "no-fact",
    ),
    "an older version than the best": (
        "turing-550-keeps-its-driver",
        pin_with(0, version="2.14.0"),
        "not-best",
    ),
    "a version that is not in the facts": (
        "turing-550-keeps-its-driver",
        pin_with(0, version="2.14.7"),
        "no-fact",
    ),
    "a GPU that is not served": (
        "volta-580-is-its-last-branch",
        pin_with(0, version="2.15.0", variant="default", index=None, cuda="13.2"),
        "gpu-not-served",
    ),
    "a cuDNN that dropped the GPU": ("kepler-470", pin_with(0, version="2.4.1"), "gpu-not-served"),
    "PTX newer than the driver": (
        "tensorflow-hopper-on-550-by-ptx-90-of-12.3",
        pin_with(0, version="2.21.0"),
        "driver-too-low",
    ),
    "a TensorFlow whose cuDNN floats": (
        "tensorflow-pascal-needs-an-old-cudnn",
        lambda plan: plan["pins"].pop(),
        "cudnn",
    ),
    "a cuDNN too new for the GPU": (
        "tensorflow-pascal-needs-an-old-cudnn",
        pin_with(1, version="9.11.0.98"),
        "cudnn",
    ),
    "a cuDNN that torch does not want": (
        "both-on-ampere-550",
        pin_with(2, version="9.27.0.42"),
        "cudnn",
    ),
    "a minimum below the floor": (
        "ampere-driver-unknown",
        driver_with(minimum="550.54.14"),
        "driver-too-low",
    ),
    "a branch that does not drive the GPU": (
        "volta-driver-unknown",
        driver_with(branch="595"),
        "driver-branch",
    ),
    "a package that only redirects": (
        "pascal-no-driver-on-jammy",
        driver_with(branch="535"),
        "driver-branch",
    ),
    "open modules for Pascal": (
        "pascal-no-driver-on-jammy",
        driver_with(flavour="open"),
        "driver-flavour",
    ),
    "proprietary modules for Blackwell": (
        "blackwell-no-driver",
        driver_with(flavour="proprietary"),
        "driver-flavour",
    ),
    "a driver installed from WSL": (
        "wsl-driver-unknown",
        driver_with(action="upgrade", branch="580"),
        "driver-branch",
    ),
    "no driver step on a GPU machine": (
        "ampere-driver-unknown",
        driver_with(action="none"),
        "driver-branch",
    ),
    "a CPU plan for a GPU": ("ampere-driver-unknown", plan_with(accelerator="cpu"), "silent-cpu"),
    "the CPU build for a GPU": (
        "ampere-driver-unknown",
        pin_with(
            0,
            version="2.15.0",
            variant="cpu",
            cuda=None,
            evidence="announced",
            index="https://download.pytorch.org/whl/cpu",
        ),
        "gpu-not-served",
    ),
    "a Python without a wheel": (
        "turing-580-on-jammy-needs-another-python",
        plan_with(python="3.10"),
        "python",
    ),
    "another Python than the system's": (
        "turing-550-keeps-its-driver",
        plan_with(python="3.13"),
        "python",
    ),
    "vision that is no pair": (
        "torch-and-vision-on-blackwell-570",
        pin_with(1, version="0.25.0"),
        "pairing",
    ),
    "vision of another variant": (
        "torch-and-vision-on-550",
        pin_with(1, variant="default", index=None),
        "pairing",
    ),
    "pins in another order": (
        "both-in-the-other-order",
        lambda p: p["pins"].insert(0, p["pins"].pop(1)),
        "pairing",
    ),
    "a version outside the request": (
        "2.7-serves-blackwell-by-cu128",
        pin_with(0, version="2.9.1"),
        "request",
    ),
    "code that the build does not have": (
        "ada-535",
        pin_with(0, serves=[{"gpu": "x", "by": "sm_89", "kind": "sass"}]),
        "serves",
    ),
    "code that does not run there": (
        "ada-535",
        pin_with(0, serves=[{"gpu": "x", "by": "sm_90", "kind": "sass"}]),
        "serves",
    ),
    "a missing key": ("ada-535", lambda plan: plan.pop("alternatives"), "keys"),
    "another machine": ("ada-535", plan_with(machine={"gpus": []}), "machine"),
    "TensorFlow 1 of CUDA 10 for Ampere": (
        "tf1-ampere",
        pin_with(0, name="tensorflow-gpu", version="1.15.5"),
        "gpu-not-served",
    ),
    "TensorFlow 1 with a Python that it never had": (
        "tf1-pascal",
        plan_with(python="3.8"),
        "python",
    ),
    "the TensorFlow 1 wheel that has no GPU code": (
        "tf1-pascal",
        pin_with(0, name="tensorflow", version="1.15.5"),
        "gpu-not-served",
    ),
    "a TensorFlow 1 month too new for the driver": (
        "tf1-ampere-on-470",
        pin_with(0, version="1.15.5+nv23.03"),
        "driver-too-low",
    ),
    "a TensorFlow 1 month that never was": (
        "tf1-ampere",
        pin_with(0, version="1.15.5+nv23.09"),
        "no-fact",
    ),
}
