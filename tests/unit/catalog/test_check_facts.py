"""Facts that cannot be: each in a copy of the catalog that is otherwise whole, each told once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLAIN = {"variant": "default", "platform": "linux-x86_64"}
TORCH = ("frameworks/torch.jsonl", {"version": "2.15.0", **PLAIN})
TORCH_NAME = "frameworks/torch.jsonl, torch 2.15.0 linux-x86_64 pip default 13.2"
OLD_TORCH = ("frameworks/torch.jsonl", {"version": "1.0.0", **PLAIN})
OLD_TORCH_NAME = "frameworks/torch.jsonl, torch 1.0.0 linux-x86_64 pip default 9.0"
ROCM = ("accelerators/torch-rocm.jsonl", {"version": "2.7.0", "variant": "rocm6.3"})
ROCM_NAME = "accelerators/torch-rocm.jsonl, torch 2.7.0 linux-x86_64 pip rocm6.3"
BITSANDBYTES = ("frameworks/bitsandbytes.jsonl", {"version": "0.50.2", **PLAIN})
BITSANDBYTES_NAME = "frameworks/bitsandbytes.jsonl, bitsandbytes 0.50.2 linux-x86_64 pip default"
# PCI ids and capabilities of these are in facts 09: RTX 4090 is 10de:2684, AD102, 8.9.
RTX_4090 = ("nvidia/gpus.jsonl", {"device": "2684"})


@pytest.mark.parametrize(
    ("row", "changed", "expected"),
    [
        pytest.param(
            TORCH,
            {"sass": ["sm_70", "sm_75"]},
            f"{TORCH_NAME}: sm_70 is no target of CUDA 13.2",
            id="volta-left-with-cuda-13",
        ),
        pytest.param(
            TORCH,
            {"ptx": ["compute_70"]},
            f"{TORCH_NAME}: compute_70 is no target of CUDA 13.2",
            id="ptx-too",
        ),
        pytest.param(
            BITSANDBYTES,
            {"code_by_cuda": [{"cuda": "13.0", "sass": ["sm_70"]}]},
            f"{BITSANDBYTES_NAME}: sm_70 is no target of CUDA 13.0",
            id="one-library-of-several-too",
        ),
        pytest.param(
            BITSANDBYTES,
            {"code_by_cuda": [{"cuda": "12.9", "sass": ["sm_90"]}]},
            f"{BITSANDBYTES_NAME}: code_by_cuda: 12.9 is not in bundles_cuda",
            id="code-of-a-library-that-is-not-there",
        ),
        pytest.param(
            BITSANDBYTES,
            {"code_by_cuda": [{"cuda": "12.8", "sass": ["sm_90"]}] * 2},
            f"{BITSANDBYTES_NAME}: code_by_cuda: one CUDA stands there twice",
            id="two-lists-for-one-cuda",
        ),
        pytest.param(
            BITSANDBYTES,
            {"bundles_cuda": ["9.0"], "code_by_cuda": [{"cuda": "9.0", "sass": ["90"]}]},
            f"{BITSANDBYTES_NAME}: sass: '90' is no architecture",
            id="no-architecture-in-one-library",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "7.5"}),
            {"tensor_precisions": ["fp16", "bf16"]},
            "nvidia/architectures.jsonl, 7.5: tensor_precisions: bf16 is not among its precisions",
            id="tensor-cores-that-know-more",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "7.5"}),
            {"chips_without_tensor_cores": ["TU116", "GA102"]},
            "nvidia/architectures.jsonl, 7.5: "
            "chips_without_tensor_cores: no GPU of it has the chip GA102",
            id="a-chip-of-another-capability",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "8.6"}),
            {"fp64_rate": "slow"},
            "nvidia/architectures.jsonl, 8.6: fp64_rate: 'slow' is no rate such as 1/64",
            id="a-rate-in-words",
        ),
        pytest.param(
            ("nvidia/cuda.jsonl", {"version": "13.5"}),
            {
                "host_compilers": [
                    {
                        "nvcc": "13.4.59",
                        "gcc": "16",
                        "clang": "22",
                        "msvc_from": "1920",
                        "msvc_below": "1960",
                    }
                ]
            },
            "nvidia/cuda.jsonl, 13.5: host_compilers: nvcc 13.4.59 is of another CUDA",
            id="an-nvcc-of-another-cuda",
        ),
        pytest.param(
            OLD_TORCH,
            {"sass": ["sm_75"]},
            f"{OLD_TORCH_NAME}: sm_75 is known from CUDA 10.0 on, not to 9.0",
            id="turing-before-its-time",
        ),
        pytest.param(
            BITSANDBYTES,
            {"bundles_cuda": ["9.0"], "code_by_cuda": [{"cuda": "9.0", "sass": ["sm_75"]}]},
            f"{BITSANDBYTES_NAME}: sm_75 is known from CUDA 10.0 on, not to 9.0",
            id="turing-before-its-time-in-one-library",
        ),
        pytest.param(
            OLD_TORCH,
            {"sass": ["sm_999"]},
            f"{OLD_TORCH_NAME}: sm_999: compute capability 99.9 has no row",
            id="sm_999",
        ),
        pytest.param(
            TORCH,
            {
                "evidence": "torch-2.14.1-cp314-cp314-manylinux_2_28_x86_64.whl: METADATA; "
                "torch-2.15.0-cp314-cp314-manylinux_2_28_x86_64.whl: CUDAConfig.h"
            },
            f"{TORCH_NAME}: the evidence names "
            "torch-2.14.1-cp314-cp314-manylinux_2_28_x86_64.whl, which is not of version 2.15.0",
            id="proof-of-another-version",
        ),
        pytest.param(
            TORCH,
            {"evidence": "somebody said so"},
            f"{TORCH_NAME}: is measured, and its evidence names no wheel of torch",
            id="measured-without-an-artifact",
        ),
        pytest.param(
            TORCH,
            {"pythons": ["three"]},
            f"{TORCH_NAME}: pythons: 'three' is no Python such as 3.12 or 3.13t",
            id="three",
        ),
        pytest.param(
            TORCH,
            {"pythons": ["3.12", "3.99"]},
            f"{TORCH_NAME}: Python 3.99 has no row",
            id="a-python-nobody-knows",
        ),
        pytest.param(
            TORCH,
            {"driver_floor": "banana"},
            f"{TORCH_NAME}: driver_floor: 'banana' is no version",
            id="banana",
        ),
        pytest.param(
            TORCH,
            {"index": "https://download.example.org/whl/cu132"},
            f"{TORCH_NAME}: index https://download.example.org/whl/cu132 "
            "lies below no address of addresses.toml",
            id="index-of-a-stranger",
        ),
        pytest.param(
            TORCH,
            {"index": "https://download.pytorch.org/whl-of-somebody-else"},
            f"{TORCH_NAME}: index https://download.pytorch.org/whl-of-somebody-else "
            "lies below no address of addresses.toml",
            id="index-that-only-begins-alike",
        ),
        pytest.param(
            (ROCM[0], {**ROCM[1], "framework": "torch"}),
            {"gfx": ["sm_90"]},
            f"{ROCM_NAME}: gfx: 'sm_90' is no AMD target such as gfx1100",
            id="nvidias-target-on-amd",
        ),
        pytest.param(
            (ROCM[0], {**ROCM[1], "framework": "torch"}),
            {"rocm": "six"},
            f"{ROCM_NAME}: rocm: 'six' is no version of ROCm such as 7.2",
            id="rocm-six",
        ),
        pytest.param(
            (ROCM[0], {**ROCM[1], "framework": "torch"}),
            {"accelerator": "tpu", "rocm": None},
            f"{ROCM_NAME}: accelerator: 'tpu' is none of rocm, xpu, mps",
            id="an-accelerator-nobody-knows",
        ),
        pytest.param(
            (ROCM[0], {**ROCM[1], "framework": "torch"}),
            {"accelerator": "xpu"},
            f"{ROCM_NAME}: has ROCm or AMD's targets, and is not for rocm",
            id="rocm-on-xpu",
        ),
        pytest.param(
            TORCH,
            {"accelerator": "xpu"},
            f"{TORCH_NAME}: is for xpu, and has CUDA",
            id="cuda-on-xpu",
        ),
        pytest.param(
            (
                "unplanned/torch-images.jsonl",
                {"version": "2.14.1", "variant": "2.14.1-cuda13.2-cudnn9-runtime"},
            ),
            {"image": "docker.io/pytorch/pytorch:2.14.1-cuda13.2-cudnn9-devel"},
            "unplanned/torch-images.jsonl, torch 2.14.1 linux-x86_64 container "
            "2.14.1-cuda13.2-cudnn9-runtime 13.2: another row says that "
            "docker.io/pytorch/pytorch:2.14.1-cuda13.2-cudnn9-devel holds torch",
            id="an-image-with-two-releases",
        ),
        pytest.param(
            TORCH,
            {"pythons": None},
            f"{TORCH_NAME}: has no Python",
            id="no-python-where-plans-choose",
        ),
        pytest.param(
            ("images/cuda.jsonl", {"image": "docker.io/nvidia/cuda:13.0.0-base-ubuntu24.04"}),
            {"cudnn": "nine"},
            "images/cuda.jsonl, docker.io/nvidia/cuda:13.0.0-base-ubuntu24.04: "
            "cudnn: 'nine' is no version",
            id="cudnn-of-an-image",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"device": "0020"}),
            {"vendor": "1002"},
            "nvidia/gpus.jsonl, 0020: vendor 1002 does not belong into this sheet, 10de does",
            id="amd-among-nvidia",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"device": "0020"}),
            {"device": "00G0"},
            "nvidia/gpus.jsonl, 00G0: device: '00G0' is not four lower-case hexadecimal digits",
            id="no-hexadecimal-device",
        ),
        pytest.param(
            RTX_4090,
            {"compute_capability": "8.6"},
            "nvidia/gpus.jsonl, 2684: capability 8.6 is Ampere, not Ada",
            id="an-ada-that-says-it-is-ampere",
        ),
        pytest.param(
            RTX_4090,
            {"compute_capability": "8.6", "architecture": "Ampere"},
            "nvidia/gpus.jsonl, 2684: chip AD102 has capability 8.9 elsewhere, not 8.6",
            id="a-chip-with-two-capabilities",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"device": "1299", "subsystem": "17aa:30bb"}),
            {"compute_capability": "3.0", "chip": "GK107"},
            "nvidia/gpus.jsonl, 1299 17aa:30bb: device 1299 has capability 3.5 elsewhere, not 3.0",
            id="a-device-with-two-capabilities",
        ),
        pytest.param(
            RTX_4090,
            {"compute_capability": "9.9"},
            "nvidia/gpus.jsonl, 2684: compute capability 9.9 has no row",
            id="a-capability-nobody-knows",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"name": "NVIDIA GeForce GTX 1080 Ti"}),
            {"last_driver_branch": "595"},
            "nvidia/gpus.jsonl, 1b06: capability 6.1 ends with driver branch 580, before 595",
            id="a-pascal-that-outlives-pascal",
        ),
        pytest.param(
            ("nvidia/driver_branches.jsonl", {"branch": "580"}),
            {"end_of_life": "next summer"},
            "nvidia/driver_branches.jsonl, 580: "
            "end_of_life: 'next summer' is no month such as 2028-06, nor ended",
            id="end-of-life-in-words",
        ),
        pytest.param(
            ("nvidia/driver_branches.jsonl", {"branch": "580"}),
            {"end_of_life": "2028-13"},
            "nvidia/driver_branches.jsonl, 580: "
            "end_of_life: '2028-13' is no month such as 2028-06, nor ended",
            id="a-thirteenth-month",
        ),
        pytest.param(
            ("nvidia/driver_branches.jsonl", {"branch": "580"}),
            {"first_version": "575.65.06"},
            "nvidia/driver_branches.jsonl, 580: first_version 575.65.06 is of another branch",
            id="first-release-of-another-branch",
        ),
        pytest.param(
            ("nvidia/cuda.jsonl", {"version": "13.1"}),
            {"driver_floor": {"linux": "570.26", "windows": "580"}},
            "nvidia/cuda.jsonl, 13.1: "
            "driver_floor 570.26 on linux is below that of CUDA 13.0, 580.65.06",
            id="a-newer-cuda-on-an-older-driver",
        ),
        pytest.param(
            ("nvidia/cuda.jsonl", {"version": "12.1"}),
            {"driver_floor": {"linux": "525.60.13", "windows": "452.39"}},
            "nvidia/cuda.jsonl, 12.1: "
            "driver_floor 452.39 on windows is below that of CUDA 12.0, 528.33",
            id="on-windows-too",
        ),
        pytest.param(
            ("nvidia/driver_branches.jsonl", {"branch": "580"}),
            {"checked": "2026-02-30"},
            "nvidia/driver_branches.jsonl, 580: checked: '2026-02-30' is no day",
            id="a-day-that-never-was",
        ),
    ],
)
def test_a_fact_that_cannot_be_is_told_in_one_sentence(
    edit_row: Callable[..., None],
    sentences: Callable[[], list[str]],
    row: tuple[str, dict[str, str]],
    changed: dict[str, Any],
    expected: str,
) -> None:
    edit_row(*row, **changed)

    assert sentences() == [expected]


@pytest.mark.parametrize(
    ("fingerprint", "good"),
    [
        pytest.param("EB693B3035CD5710E231E123A4B469963BF863CC", True, id="whole"),
        pytest.param("A4B469963BF863CC", False, id="the-short-id-that-others-can-have-too"),
        pytest.param("EB693B3035CD5710E231E123A4B469963BF863CG", False, id="no-hexadecimal"),
    ],
)
def test_a_key_is_known_by_its_whole_fingerprint(
    stacks: Path, sentences: Callable[[], list[str]], fingerprint: str, *, good: bool
) -> None:
    file = stacks / "nvidia" / "repositories.toml"
    text = file.read_text(encoding="utf-8")
    whole = "EB693B3035CD5710E231E123A4B469963BF863CC"
    file.write_text(text.replace(f'"{whole}"', f'"{fingerprint}"'), encoding="utf-8")

    complaint = f"fingerprint: {fingerprint!r} is not 40 upper-case hexadecimal digits"
    assert sentences() == (
        [] if good else [f"nvidia/repositories.toml, nvidia debian-12 x86_64: {complaint}"]
    )
