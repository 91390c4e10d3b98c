"""As ``ill_files``: containers in every kind of file that names an image."""

from __future__ import annotations

from tests.unit.check.ill_files import case

_BLACKWELL = {"gpu": "RTX 5090", "driver": "570.86.15"}

ALL = (
    case(  # 10_cuda_image_tags; 02_ptxas_arch: 12.4 makes no code for 12.0
        "a-devcontainer-whose-tag-never-was",
        "devcontainer.json",
        '{"image": "nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04", "runArgs": ["--gpus=all"]}\n',
        ("image-tag-unknown", 1),
        ("gpu-unsupported", 1),
        **_BLACKWELL,
    ),
    case(
        "a-devcontainer-that-installs-an-old-torch",
        "devcontainer.json",
        '{"image": "nvidia/cuda:10.1-cudnn7-devel-ubuntu18.04",\n'
        ' "postCreateCommand": "pip install torch==1.4.0", "runArgs": ["--gpus=all"]}\n',
        ("cuda-libraries-too-old", 2),
        ("image-unknown", 1),
        ("gpu-unsupported", 1),
        **_BLACKWELL,
    ),
    case(
        "services-with-several-faults",
        "compose.yaml",
        """
services:
  a:
    image: nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04
    gpus: all
  b:
    image: nvidia/cuda:13.0.0-devel-ubuntu22.04
    gpus: all
""",
        ("image-tag-unknown", 3),
        ("gpu-unsupported", 3),
        ("driver-too-old", 6),
        **_BLACKWELL,
    ),
    case(
        "a-definition-on-an-old-image",
        "train.def",
        "Bootstrap: docker\nFrom: nvidia/cuda:11.4.3-devel-ubuntu20.04\n\n%post\n    make\n",
        ("gpu-unsupported", 2),
        **_BLACKWELL,
    ),
    case(  # CUDA 12.4 makes no machine code for 12.0, whatever is in the image
        "a-framework-image-before-the-gpu",
        "Dockerfile",
        "FROM pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime\nRUN true\n",
        ("gpu-unsupported", 1),
        **_BLACKWELL,
    ),
)
