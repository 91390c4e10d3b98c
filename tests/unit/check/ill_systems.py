"""As ``ill_files``: pins that contradict each other or time, and packages of the system."""

from __future__ import annotations

from tests.unit.check.ill_files import case

PAIRS_AND_TIME = (
    case(  # 06_torch_pairs: 0.15.0 needs 2.0.0
        "torchvision-beside-another-torch",
        "requirements.txt",
        "torch==2.1.0\ntorchvision==0.15.0\nnumpy<2\n",
        ("framework-pin-conflict", 2),
    ),
    case(  # 06_torch_pairs
        "torchaudio-beside-another-torch",
        "Dockerfile",
        "FROM python:3.11-slim-bookworm\n"
        "RUN pip install torch==2.3.1 torchvision==0.18.1 torchaudio==2.2.0\n",
        ("framework-pin-conflict", 2),
    ),
    case(  # installed for real: stacks/upkeep/rot.jsonl, and the issue's own example
        "tensorflow-1.15.5-without-a-cap",
        "requirements.txt",
        "tensorflow==1.15.5\n",
        ("cap-missing", 1),
        gpu="none",
        driver=None,
    ),
    case(
        "tensorflow-1.15.5-with-the-wrong-pin",
        "requirements.txt",
        "protobuf==4.25.3\ntensorflow==1.15.5\n",
        ("cap-missing", 2),
        gpu="none",
        driver=None,
    ),
    case(
        "tensorflow-2.4.4-without-a-cap",
        "Dockerfile",
        "FROM python:3.8-slim-bookworm\nRUN pip install tensorflow-cpu==2.4.4\n",
        ("cap-missing", 2),
        gpu="none",
        driver=None,
    ),
    case(
        "torch-1.13-beside-any-numpy",
        "requirements.txt",
        "torch==1.13.1\nnumpy\n",
        ("cap-missing", 1),
        gpu="none",
        driver=None,
    ),
)

OWN_DRIVERS = (
    *(
        case(  # 02_arch_lifecycle: Blackwell from 570 on, Maxwell to Volta up to 580
            called,
            "install.sh",
            f"#!/bin/bash\n{text}\n",
            (found, 2),
            gpu=gpu,
            driver=None,
            os="ubuntu-24.04",
        )
        for called, text, found, gpu in (
            ("drivers-595-on-pascal", "apt install cuda-drivers-595", "gpu-not-driven", "GTX 1080"),
            (
                "runfile-525-on-blackwell",
                "sh NVIDIA-Linux-x86_64-525.125.06.run -s",
                "gpu-not-driven",
                "RTX 5090",
            ),
            (
                "nvidia-open-on-pascal",
                "apt install nvidia-open",
                "driver-wrong-flavour",
                "GTX 1080",
            ),
            (
                "stream-535-on-blackwell",
                "dnf module install nvidia-driver:535-dkms",
                "gpu-not-driven",
                "RTX 5090",
            ),
        )
    ),
)

SYSTEMS = (
    case(  # 06_torch_default_wheels: the wheel of 2.5.1 for 12.4 ends at 9.0, without PTX
        "condas-torch-on-blackwell",
        "environment.yml",
        "channels: [pytorch, nvidia]\ndependencies:\n  - pytorch==2.5.1\n  - pytorch-cuda=12.4\n",
        ("gpu-too-new", 3),
        gpu="RTX 5090",
        driver="575.51.03",
        os="ubuntu-24.04",
    ),
    case(  # 01_cuda_driver: 13 needs 580, and that is what the newest torchvision is built for
        "an-upgrade-of-what-the-image-has",
        "Dockerfile",
        "FROM pytorch/pytorch:2.6.0-cuda12.6-cudnn9-runtime\nRUN pip install -U torchvision\n",
        ("driver-too-old", 2),
        driver="560.35.03",
    ),
    *OWN_DRIVERS,
    case(  # 13_ubuntu_driver_redirects: 535 installs 580 on noble
        "driver-535-on-ubuntu-24.04",
        "install.sh",
        "#!/bin/bash\nsudo apt-get update\nsudo apt-get install -y nvidia-driver-535\n",
        ("driver-package-redirects", 3),
        os="ubuntu-24.04",
    ),
    case(  # 02_arch_lifecycle, 03: Blackwell takes the open module only
        "proprietary-on-blackwell",
        "install.sh",
        "#!/bin/bash\nsudo apt install -y nvidia-driver-580\n",
        ("driver-wrong-flavour", 2),
        gpu="RTX 5090",
        driver=None,
        os="ubuntu-24.04",
    ),
    case(  # Maxwell to Volta take the proprietary one only
        "open-on-pascal",
        "install.sh",
        "#!/bin/bash\napt-get install -y nvidia-driver-580-open\n",
        ("driver-wrong-flavour", 2),
        gpu="GTX 1080",
        driver=None,
        os="ubuntu-24.04",
    ),
    case(  # 03: branch 595 has dropped Pascal
        "a-branch-that-dropped-the-gpu",
        "install.sh",
        "#!/bin/bash\napt-get install -y nvidia-driver-595\n",
        ("gpu-not-driven", 2),
        gpu="GTX 1080",
        driver=None,
        os="ubuntu-24.04",
    ),
    case(  # 13: 26.04 has no 470
        "a-branch-that-the-archive-has-not",
        "install.sh",
        "#!/bin/bash\napt-get install -y nvidia-driver-470\n",
        ("driver-package-unknown", 2),
        driver=None,
        os="ubuntu-26.04",
    ),
    case(
        "a-driver-in-an-image",
        "Dockerfile",
        "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y nvidia-driver-580\n",
        ("driver-in-container", 2),
    ),
    case(
        "the-metapackage-in-an-image",
        "Dockerfile",
        "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y cuda-12-4\n",
        ("driver-in-container", 2),
    ),
    case(
        "the-metapackage-on-wsl2",
        "install.sh",
        "#!/bin/bash\nsudo apt-get -y install cuda\n",
        ("driver-in-wsl2", 2),
        os="ubuntu-22.04-wsl2",
        driver=None,
    ),
    case(
        "a-driver-on-wsl2",
        "install.sh",
        "#!/bin/bash\nsudo apt-get -y install nvidia-driver-580\n",
        ("driver-in-wsl2", 2),
        os="ubuntu-22.04-wsl2",
        driver=None,
    ),
    case(  # 12_repo_conventions: replaced in April 2022
        "the-old-key",
        "Dockerfile",
        """
FROM ubuntu:20.04
RUN apt-key adv --fetch-keys \\
    https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2004/x86_64/7fa2af80.pub
""",
        ("key-retired", 3),
    ),
    case(
        "a-runfile-beside-packages",
        "install.sh",
        """
#!/bin/bash
apt-get install -y nvidia-driver-580
wget https://developer.download.nvidia.com/cuda_12.4.0_550.54.14_linux.run
sh cuda_12.4.0_550.54.14_linux.run --silent
""",
        ("runfile-beside-packages", 4),
    ),
    case(  # 01_cuda_driver
        "a-toolkit-that-is-too-new-for-the-driver",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-toolkit-13-0\n",
        ("driver-too-old", 2),
        driver="550.54.14",
    ),
    case(  # 04_host_compiler: nvcc 11.8 takes gcc 11 or older
        "a-gcc-that-nvcc-refuses",
        "Dockerfile",
        """
FROM ubuntu:24.04
RUN apt-get update && apt-get install -y \\
    gcc-13 g++-13 \\
    cuda-toolkit-11-8
""",
        ("host-compiler", 3),
    ),
)

ALL = (*PAIRS_AND_TIME, *SYSTEMS)
