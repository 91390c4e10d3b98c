"""Files that fit the machine that they are held against: nothing may be told of them but notes."""

from __future__ import annotations

from tests.unit.check.ill_files import case

OWN_DRIVERS = tuple(
    case(  # the driver that it finds is older than CUDA 12.4 takes, and is not the one that stays
        f"own-driver-{number}",
        "install.sh",
        f"#!/bin/bash\n{text}\n",
        gpu="GTX 1080 Ti",
        driver="470.256.02",
        os="ubuntu-22.04",
    )
    for number, text in enumerate(
        (
            "sh cuda_12.4.1_550.54.15_linux.run --silent --driver --toolkit",
            "apt-get -y install cuda-drivers-550 cuda-toolkit-12-4",
            "apt-get -y install cuda-12-4",
            "sh NVIDIA-Linux-x86_64-550.54.15.run -s\napt-get install cuda-toolkit-12-4",
            "dnf -y module install nvidia-driver:550-dkms\ndnf -y install cuda-toolkit-12-4",
        )
    )
)

ALL = (
    *OWN_DRIVERS,
    case(
        "condas-torch-on-ampere",
        "environment.yml",
        "channels: [pytorch, nvidia]\ndependencies:\n  - pytorch==2.5.1\n  - pytorch-cuda=12.4\n",
        driver="560.35.03",
    ),
    case(  # torchvision is in the image, and pip leaves it alone
        "what-a-framework-image-has-already",
        "Dockerfile",
        "FROM pytorch/pytorch:2.6.0-cuda12.6-cudnn9-runtime\nRUN pip install torchvision torch\n",
        driver="560.35.03",
    ),
    case(  # a shell splits no expansion at a semicolon, and 86 is the GPU's own
        "targets-in-a-variable-without-quotes",
        "Dockerfile",
        'ARG ARCHS="90;89;86;80"\n'
        "FROM nvidia/cuda:11.8.0-devel-ubuntu22.04\nARG ARCHS\n"
        "RUN cmake .. -GNinja -DCMAKE_CUDA_ARCHITECTURES=${ARCHS} && ninja\n",
    ),
    case(  # 07_tensorflow_wheels: 2.12.1 is the newest of 2.12, and tensorflow-rocm another name
        "a-release-that-another-distribution-has-too",
        "Dockerfile",
        "FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04\n"
        "RUN apt-get update && apt-get install -y python3-pip\n"
        "RUN pip3 install 'tensorflow==2.12.*'\n",
    ),
    case(
        "the-old-key-is-taken-away",
        "Dockerfile",
        "FROM nvidia/cuda:12.6.3-base-ubuntu22.04\n"
        "RUN rm -f /etc/apt/sources.list.d/cuda.list && apt-key del 7fa2af80\n",
    ),
    case(
        "the-toolkit-beside-a-driver-by-runfile",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-toolkit-12-4\n"
        "sh NVIDIA-Linux-x86_64-550.54.14.run --silent\n",
    ),
    case(
        "default-wheel-on-ampere",
        "requirements.txt",
        "torch==2.7.1\ntorchvision==0.22.1\n",
        driver="570.86.15",
    ),
    case(  # 06_torch_variants: cu118 of 2.5.1; its code begins at 5.0
        "cu118-on-pascal",
        "requirements.txt",
        "--extra-index-url https://download.pytorch.org/whl/cu118\ntorch==2.5.1+cu118\n",
        gpu="GTX 1080",
        driver="535.183.01",
    ),
    case(
        "cu126-index-on-volta",
        "setup.sh",
        "#!/bin/bash\npip install torch==2.7.1 --index-url https://download.pytorch.org/whl/cu126\n",
        gpu="Tesla V100",
        driver="535.183.01",
    ),
    case(  # 06_torch_pairs: 0.20.1 is what goes with 2.5.1, whatever is newest
        "an-open-torchvision-beside-a-pin",
        "requirements.txt",
        "torch==2.5.1\ntorchvision\n",
        gpu="GTX 1080",
        driver="550.54.14",
    ),
    case(  # 06_torch_pairs: 0.20.1 needs 2.5.1, whatever is newest
        "an-open-torch-beside-a-pin",
        "requirements.txt",
        "torch\ntorchvision==0.20.1\n",
        gpu="GTX 1080",
        driver="550.54.14",
    ),
    case(  # numpy 2 is not made for Python 3.8
        "an-old-python-that-needs-no-cap",
        "Dockerfile",
        "FROM python:3.8-slim-bookworm\nRUN pip install torch==1.13.1\n",
        gpu="none",
        driver=None,
    ),
    case(
        "tf1-with-its-caps",
        "requirements.txt",
        "tensorflow==1.15.5\nprotobuf<4.21\nnumpy<1.19\n",
        gpu="none",
        driver=None,
    ),
    case(
        "tf1-pinned-by-freeze",
        "requirements.txt",
        "tensorflow==1.15.5\nprotobuf==3.20.3\nnumpy==1.18.5\n",
        gpu="none",
        driver=None,
    ),
    case(
        "tensorflow-with-its-extra",
        "requirements.txt",
        "tensorflow[and-cuda]==2.19.1\n",
        driver="550.54.14",
    ),
    case(
        "tensorflow-on-an-image-of-its-cuda",
        "Dockerfile",
        "FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04\n"
        "RUN apt-get update && apt-get install -y python3-pip\n"
        "RUN pip3 install 'tensorflow==2.13.1'\n",
    ),
    case(
        "cudnn-bound-on-pascal",
        "requirements.txt",
        "tensorflow[and-cuda]==2.20.0\nnvidia-cudnn-cu12<9.11\n",
        gpu="GTX 1080",
    ),
    case("jax-with-its-extra", "requirements.txt", "jax[cuda12]==0.4.30\n", driver="550.54.14"),
    case(
        "an-image-on-its-driver",
        "Dockerfile",
        "FROM nvidia/cuda:12.6.3-cudnn-devel-ubuntu22.04\nRUN nvcc --version\n",
        driver="535.183.01",
    ),
    case(  # 10_nvidia_require_cuda: data-centre GPUs run it through cuda-compat
        "a-data-centre-gpu-on-a-newer-image",
        "Dockerfile",
        "FROM nvidia/cuda:13.0.0-base-ubuntu24.04\n",
        gpu="H100",
        driver="535.183.01",
    ),
    case(
        "the-toolkit-alone-on-wsl2",
        "install.sh",
        "#!/bin/bash\nsudo apt-get -y install cuda-toolkit-12-4\n",
        os="ubuntu-22.04-wsl2",
        driver=None,
    ),
    case(
        "a-driver-that-fits",
        "install.sh",
        "#!/bin/bash\napt-get install -y nvidia-driver-580\n",
        driver=None,
        os="ubuntu-24.04",
    ),
    case(
        "the-open-driver-on-blackwell",
        "install.sh",
        "#!/bin/bash\napt-get install -y nvidia-driver-580-open\n",
        gpu="RTX 5090",
        driver=None,
        os="ubuntu-24.04",
    ),
    case(
        "an-older-gcc-beside",
        "Dockerfile",
        "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y g++-11 cuda-toolkit-11-8\n",
    ),
    case(
        "compose-with-a-reservation",
        "compose.yaml",
        """
services:
  train:
    image: "nvidia/cuda:12.6.3-base-ubuntu22.04"   # the driver is the host's
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              device_ids: ['0']
              capabilities: [gpu]
  db:
    image: docker.io/library/debian:12
""",
    ),
    case(
        "the-cpu-where-it-is-meant",
        "Dockerfile",
        "FROM python:3.12-slim-bookworm\n"
        "RUN pip install torch==2.7.0 --index-url https://download.pytorch.org/whl/cpu\n",
        gpu="none",
        driver=None,
    ),
    case(
        "two-environments-of-one-script",
        "setup.sh",
        """
#!/bin/bash
python3 -m venv /opt/old && /opt/old/bin/pip install torch==2.4.1 torchvision==0.19.1
python3 -m venv /opt/new && /opt/new/bin/pip install torch==2.7.1 torchvision==0.22.1
""",
    ),
    case(
        "a-branch-for-the-cpu",
        "setup.sh",
        """
#!/bin/bash
if command -v nvidia-smi; then
  pip install torch==2.7.1
else
  pip install torch==2.7.1 --index-url https://download.pytorch.org/whl/cpu
fi
""",
    ),
    case(
        "what-is-left-to-variables",
        "setup.sh",
        '#!/bin/bash\npip install "torch==$VERSION" --index-url "$INDEX"\n'
        'apt-get install -y "nvidia-driver-$BRANCH"\n',
    ),
    case(
        "text-inside-here-documents",
        "setup.sh",
        "#!/bin/bash\ncat <<'TEXT'\npip install torch==1.13.1\nTEXT\n"
        "# apt-get install nvidia-driver-390\n",
    ),
    case(
        "conda-forge-on-maxwell",
        "environment.yml",
        "channels: [conda-forge]\ndependencies:\n  - python=3.12\n  - pytorch=2.7.1=cuda129*\n",
        gpu="GTX 980",
        driver="535.183.01",
    ),
    case(  # 22_extensions: its wheels hold libraries for several releases of CUDA
        "bitsandbytes-which-brings-cuda-of-many-releases",
        "requirements.txt",
        "bitsandbytes==0.43.1\n",
        driver="550.54.14",
    ),
    case(  # 22_extensions: there are sources only
        "what-is-built-where-it-is-installed",
        "requirements.txt",
        "torch==2.6.0\nflash-attn==2.7.3\n",
        driver="550.54.14",
    ),
    case(
        "a-gpu-reserved-on-one-line",
        "compose.yaml",
        "services:\n  a:\n    image: nvidia/cuda:12.8.1-runtime-ubuntu22.04\n    deploy:\n"
        "      resources:\n        reservations:\n"
        "          devices: [{driver: nvidia, count: all, capabilities: [gpu]}]\n",
        driver="570.86.15",
    ),
    case(
        "a-gpu-reserved-elsewhere",
        "compose.yaml",
        "services:\n  a:\n    image: nvidia/cuda:12.8.1-runtime-ubuntu22.04\n    <<: *gpu\n"
        "  b:\n    image: nvidia/cuda:12.8.1-runtime-ubuntu22.04\n    extends: {service: c}\n",
        driver="570.86.15",
    ),
    case("nothing-at-all", "requirements.txt", "# later\n"),
)
