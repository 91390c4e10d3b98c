"""What facts say of a report together, where no single word does: where it holds, and where not."""

from __future__ import annotations

import pytest

from provisioner import workflow
from provisioner.doctor.predicates import PREDICATES
from provisioner.doctor.reading import read

SUPPORTS = "The current PyTorch install supports CUDA capabilities {}.\n{} is not compatible"
NVCC = "cuda_toolkit: {}\nnvcc fatal : Unsupported gpu architecture 'compute_{}'"


@pytest.mark.parametrize(
    ("predicate", "holds", "not_here"),
    [
        (
            "hole-in-the-list",
            SUPPORTS.format("sm_50 sm_70 sm_80 sm_86", "sm_61"),
            SUPPORTS.format("sm_50 sm_60 sm_70 sm_86", "sm_61"),
        ),
        (
            "numpy-older-than-asked",
            "module compiled against API version 0xb but this version of numpy is 0xa",
            "module compiled against API version 0xa but this version of numpy is 0xb",
        ),
        (
            "two-cuda-majors",
            "nvidia-nccl-cu13 2.28\nxgboost requires nvidia-nccl-cu12",
            "nvidia-nccl-cu12 2.28\nxgboost requires nvidia-cudnn-cu12",
        ),
        (
            "extension-for-another-torch",
            "torch==1.6.0\npip install mmcv-full -f https://x/dist/cu102/torch1.10.0/index.html",
            "torch==1.10.1\npip install mmcv-full -f https://x/dist/cu102/torch1.10.0/index.html",
        ),
        ("target-unknown-to-toolkit", NVCC.format("11.0", "86"), NVCC.format("11.8", "86")),
        ("target-known-to-toolkit", NVCC.format("11.8", "86"), NVCC.format("11.0", "86")),
        ("gcc-above-nvcc", "cuda_toolkit: 12.3\ngcc: 13", "cuda_toolkit: 12.3\ngcc: 12"),
        (
            "two-versions",
            "PyTorch version: 1.9.0+cu102\n[pip3] torch==1.9.0\n[conda] pytorch 1.6.0",
            "PyTorch version: 1.9.0+cu102\n[pip3] torch==1.9.0\n[conda] pytorch 1.9.0",
        ),
        (
            "gpu-newer-than-cuda",
            "gpus: RTX 4090\nFROM nvidia/cudagl:11.3.0-devel",
            "gpus: RTX 4090\nFROM nvidia/cudagl:11.8.0-devel",
        ),
        (
            "gpu-older-than-driver",
            "os: Windows 11\ngpus: GTX 1080\ndriver: 591.44",
            "os: Windows 11\ngpus: GTX 1080\ndriver: 581.80",
        ),
        (
            "nvcc-differs",
            "torch==2.6.0+cu118\nnvcc 12.4",
            "torch==2.6.0+cu12torch2.6\nnvcc 12.4",
        ),
        (
            "nvcc-differs",
            "pytorch 1.9.0 py3.8_cuda11.1_cudnn8.0.5_0 pytorch\nnvcc 11.8",
            "pytorch 1.9.0 py3.8_cuda11.1_cudnn8.0.5_0 pytorch\nnvcc 11.1",
        ),
        ("several-gpus", "a machine with RTX 3090 x2", "one RTX 3090 on PCIe x8"),
        (
            "variant-never-published",
            "No matching distribution found for torch==2.6.0+cu121",
            "No matching distribution found for torch==2.6.0+cu124",
        ),
        ("in-wsl", "Linux version 4.4.0-20236-Microsoft", "made by Microsoft"),
    ],
)
def test_facts_together_say_it_or_do_not(predicate: str, holds: str, not_here: str) -> None:
    catalog = workflow.catalog()

    assert PREDICATES[predicate](read(holds, catalog), catalog)
    assert PREDICATES[predicate](read(not_here, catalog), catalog) is None
