"""As ``ill_files``: toolkits that are too old for the GPU, compile targets and host compilers."""

from __future__ import annotations

from tests.unit.check.ill_files import case

_BLACKWELL = {"gpu": "RTX 5090", "driver": "580.95.05"}
_ADA = {"gpu": "RTX 4090", "driver": "580.65.06"}

TOO_OLD = (  # 02_arch_lifecycle: 12.0 came with CUDA 12.8, 8.x with 11.0
    case(
        "an-old-toolkit-of-apt-on-blackwell",
        "install.sh",
        "#!/bin/bash\napt-get update\napt-get install -y cuda-toolkit-11-3\n",
        ("gpu-unsupported", 3),
        **_BLACKWELL,
    ),
    case(
        "a-pinned-metapackage-on-blackwell",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-toolkit=11.6.2-1\n",
        ("gpu-unsupported", 2),
        **_BLACKWELL,
    ),
    case(
        "an-old-nvcc-of-conda-on-blackwell",
        "environment.yml",
        "channels: [nvidia]\ndependencies:\n  - cuda-nvcc=11.6\n",
        ("gpu-unsupported", 3),
        **_BLACKWELL,
    ),
    case(
        "an-old-label-of-conda-on-blackwell",
        "install.sh",
        '#!/bin/bash\nconda install -y -c "nvidia/label/cuda-11.6.2" cuda-toolkit\n',
        ("gpu-unsupported", 2),
        **_BLACKWELL,
    ),
    case(
        "an-old-runfile-on-blackwell",
        "install.sh",
        "#!/bin/bash\nsudo sh cuda_11.6.0_510.39.01_linux.run --toolkit --silent\n",
        ("gpu-unsupported", 2),
        **_BLACKWELL,
    ),
    case(
        "an-old-runfile-under-another-name",
        "install.sh",
        "#!/bin/bash\nwget -qO cuda.run https://nvidia.test/a/cuda_11.6.0_510.39.01_linux.run\n"
        "sh cuda.run --toolkit --silent\n",
        ("gpu-unsupported", 2),
        **_BLACKWELL,
    ),
    case(
        "an-old-image-on-blackwell",
        "Dockerfile",
        "FROM nvidia/cuda:11.4.3-devel-ubuntu20.04\nRUN make\n",
        ("gpu-unsupported", 1),
        **_BLACKWELL,
    ),
    case(
        "cuda-10-on-ada",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-toolkit-10-2\n",
        ("gpu-unsupported", 2),
        **_ADA,
    ),
)

TARGETS = (
    case(  # 02_ptxas_arch: 11.8 ends at 9.0
        "a-target-that-came-later",
        "Dockerfile",
        "FROM nvidia/cuda:11.8.0-devel-ubuntu22.04\n"
        "RUN nvcc -gencode arch=compute_80,code=sm_80 -gencode=arch=compute_100,code=sm_100 a.cu\n",
        ("target-unknown-to-nvcc", 2),
        gpu="A100",
    ),
    case(  # 02_ptxas_arch: 12.0 dropped 3.5, 13.0 everything before 7.5
        "a-target-that-is-gone",
        "Dockerfile",
        "FROM nvidia/cuda:12.6.3-cudnn-devel-ubuntu22.04\n"
        'ENV TORCH_CUDA_ARCH_LIST="3.5;6.1;8.6+PTX"\n',
        ("target-unknown-to-nvcc", 2),
    ),
    case(
        "a-target-of-cmake-that-is-gone",
        "Dockerfile",
        "FROM nvidia/cuda:13.0.0-devel-ubuntu24.04\n"
        'RUN cmake -S . -B build -DCMAKE_CUDA_ARCHITECTURES="70;86"\n',
        ("target-unknown-to-nvcc", 2),
    ),
    case(  # 02_arch_lifecycle: 8.9 came with CUDA 11.8
        "ada-before-its-cuda",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-toolkit-11-4\nnvcc -arch=sm_89 a.cu\n",
        ("target-unknown-to-nvcc", 3),
        **_ADA,
    ),
    case(  # no PTX, and no machine code of major 12
        "targets-without-the-gpu",
        "Dockerfile",
        "FROM nvidia/cuda:12.9.1-devel-ubuntu22.04\n"
        'ARG TORCH_CUDA_ARCH_LIST="8.0;8.6;9.0"\nRUN python3 setup.py install\n',
        ("gpu-not-in-targets", 2),
        **_BLACKWELL,
    ),
    case(
        "targets-of-cmake-without-the-gpu",
        "build.sh",
        "#!/bin/bash\nexport CUDAARCHS=75-real\ncmake -B build\nmake\n",
        ("gpu-not-in-targets", 2),
    ),
    case(  # PTX of 9.0 is compiled for 9.0 and later only
        "ptx-that-is-too-new",
        "build.sh",
        "#!/bin/bash\nnvcc --gpu-architecture=compute_90 --gpu-code=compute_90 a.cu\n",
        ("gpu-not-in-targets", 2),
    ),
    case(
        "an-old-code-by-one-flag",
        "Dockerfile",
        "FROM nvidia/cuda:12.9.1-devel-ubuntu22.04\n"
        "RUN make NVCCFLAGS='-gencode arch=compute_60,code=sm_60'\n",
        ("gpu-not-in-targets", 2),
    ),
)

COMPILERS = (  # 04_host_compiler: 11.8 takes gcc 11, 12.9 takes 14
    case(
        "a-newer-gcc-is-chosen",
        "Dockerfile",
        """
FROM nvidia/cuda:11.8.0-devel-ubuntu22.04
RUN apt-get update && apt-get install -y gcc-12 g++-12
ENV CC=gcc-12 CXX=g++-12
""",
        ("host-compiler", 3),
    ),
    case(
        "a-newer-gcc-by-ccbin",
        "Dockerfile",
        "FROM nvidia/cuda:11.8.0-devel-ubuntu22.04\nRUN nvcc -ccbin g++-13 -arch=sm_86 a.cu\n",
        ("host-compiler", 2),
    ),
    case(
        "a-newer-gcc-by-alternatives",
        "Dockerfile",
        """
FROM nvidia/cuda:11.8.0-devel-ubuntu22.04
RUN apt-get update && apt-get install -y g++-12
RUN update-alternatives --install /usr/bin/g++ g++ /usr/bin/g++-12 100
""",
        ("host-compiler", 3),
    ),
    case(  # Debian 13 has gcc 14
        "the-systems-own-gcc-beside-a-runfile",
        "Dockerfile",
        "FROM debian:13\nRUN apt-get update && apt-get install -y g++ wget\n"
        "RUN sh cuda_11.8.0_520.61.05_linux.run --silent --toolkit\n",
        ("host-compiler", 3),
    ),
)

ALL = (*TOO_OLD, *TARGETS, *COMPILERS)

HEALTHY = (
    case(  # 8.6 of CUDA 11.3 runs on 8.9
        "an-old-toolkit-that-serves-ada",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-toolkit-11-3\n",
        os="ubuntu-20.04",
        **_ADA,
    ),
    case(
        "targets-from-pascal-to-blackwell",
        "Dockerfile",
        "FROM nvidia/cuda:12.9.1-devel-ubuntu22.04\n"
        'ARG torch_cuda_arch_list="7.0 7.5 8.0 8.9 9.0 10.0 12.0"\n'
        "ENV TORCH_CUDA_ARCH_LIST=${torch_cuda_arch_list}\nRUN nvcc -arch=native a.cu\n",
        **_BLACKWELL,
    ),
    case(  # by PTX
        "targets-that-the-driver-compiles",
        "Dockerfile",
        'FROM nvidia/cuda:12.9.1-devel-ubuntu22.04\nENV TORCH_CUDA_ARCH_LIST="8.0;9.0+PTX"\n'
        "RUN nvcc -arch=sm_86 a.cu && cmake -DCMAKE_CUDA_ARCHITECTURES=80 .\n",
        **_BLACKWELL,
    ),
    case(
        "targets-by-name",
        "Dockerfile",
        'FROM nvidia/cuda:12.9.1-devel-ubuntu22.04\nENV TORCH_CUDA_ARCH_LIST="Volta;Ampere"\n'
        "RUN cmake -DCMAKE_CUDA_ARCHITECTURES=all-major .\n",
        **_BLACKWELL,
    ),
    case(  # each file for its own GPU
        "several-calls-of-nvcc",
        "build.sh",
        "#!/bin/bash\nnvcc -gencode arch=compute_70,code=sm_70 a.cu\n"
        "nvcc -gencode arch=compute_86,code=sm_86 b.cu\n",
    ),
    case(
        "a-newer-gcc-that-nobody-chose",
        "Dockerfile",
        "FROM nvidia/cuda:11.8.0-devel-ubuntu22.04\n"
        "RUN apt-get update && apt-get install -y gcc-12\n",
    ),
    case(
        "an-older-gcc-is-chosen",
        "Dockerfile",
        "FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y g++-11 cuda-toolkit-11-8\n"
        "ENV CUDAHOSTCXX=/usr/bin/g++-11\n",
    ),
    case(
        "libraries-alone-make-no-code",
        "install.sh",
        "#!/bin/bash\napt-get install -y cuda-libraries-11-3\n",
        **_BLACKWELL,
    ),
)
