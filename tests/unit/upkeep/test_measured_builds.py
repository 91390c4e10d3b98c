"""Wheels on a loopback index, laid out as upstream does → rows, written by hand."""

from __future__ import annotations

import hashlib
import json

import pytest

from provisioner.catalog.rows import Cuda, CudaCode
from provisioner.upkeep.wheel import READ_BYTES
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.measuring import (
    CATALOG,
    CUDNN,
    DAY,
    LINUX,
    TRITON,
    asked,
    row,
    rows,
    serve,
    torch,
)

pytestmark = pytest.mark.usefixtures("day")


def test_torch_says_its_cuda_and_its_targets(index: Loopback) -> None:
    first = torch(index)
    data = wheels.torch("99.1.0", "13.2", ("sm_75",))
    serve(index, "torch", f"cp313-cp313t-{LINUX}", data)

    found = asked("torch")

    assert found.troubles == ()
    assert rows(found, "torch")[0] == row(
        platform="linux-x86_64",
        pythons=("3.11", "3.13t"),
        cuda="13.2",
        cudnn="9.30.0.7",
        sass=("sm_75", "sm_120"),
        ptx=("compute_120",),
        requires=("nvidia-cudnn-cu13==9.30.0.7", "triton==3.99.0"),
        glibc="2.28",
        download_bytes=index.projects["torch"][0].size,
        disk_bytes=index.projects["torch"][0].unpacked,
        evidence=f"{first}: version.py, CUDAConfig.h, METADATA",
    )
    # The plain wheel is read, the free-threaded one is only listed.
    assert index.wheels == {first}


def test_a_release_of_torch_has_its_build_without_cuda_on_pytorchs_own_index(
    index: Loopback,
) -> None:
    torch(index)

    cpu = rows(asked("torch"), "torch")[1]

    assert (cpu["variant"], cpu["kind"], cpu["platform"]) == ("cpu", "announced", "linux-x86_64")
    assert cpu["index"].endswith("/whl/cpu")
    assert "cuda" not in cpu
    assert cpu["evidence"] == CATALOG.index_variants[0].evidence


@pytest.mark.parametrize(
    ("tags", "platform"),
    [
        ("cp311-cp311-win_amd64", "windows-x86_64"),
        ("cp311-none-macosx_14_0_arm64", "macos-aarch64"),
    ],
)
def test_torch_without_cuda_asks_for_nothing_of_nvidias(
    index: Loopback, tags: str, platform: str
) -> None:
    name = serve(index, "torch", tags, wheels.torch("99.1.0", None, requires=(CUDNN, TRITON)))

    assert rows(asked("torch"), "torch") == [
        row(
            platform=platform,
            pythons=("3.11",),
            download_bytes=index.projects["torch"][0].size,
            disk_bytes=index.projects["torch"][0].unpacked,
            evidence=f"{name}: version.py, METADATA",
        )
    ]


def test_a_torch_with_cuda_that_does_not_say_its_targets_is_reported_and_no_row(
    index: Loopback,
) -> None:
    name = serve(index, "torch", f"cp311-cp311-{LINUX}", wheels.torch("99.1.0", "13.2"))

    found = asked("torch")

    assert (found.news, found.rows) == ((), {})
    (trouble,) = found.troubles
    assert (trouble.subject, trouble.reference) == (name, "layout-changed")
    assert "no targets in a member like torch/include/ATen/cuda/CUDAConfig" in trouble.message


def test_a_torch_without_its_version_is_reported_and_no_row(index: Loopback) -> None:
    serve(index, "torch", f"cp311-cp311-{LINUX}", wheels.wheel("torch", "99.1.0"))

    found = asked("torch")

    assert found.rows == {}
    assert [item.reference for item in found.troubles] == ["layout-changed"]


def test_tensorflow_says_what_it_is_in_two_files(index: Loopback) -> None:
    requires = ('nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"', "numpy>=1.26")
    data = wheels.tensorflow("99.1.0", "12.5.1", "9", ("sm_60", "sm_90"), ("compute_90",), requires)
    name = serve(index, "tensorflow", "cp312-cp312-manylinux_2_27_x86_64", data)

    found = asked("tensorflow")

    assert found.troubles == ()
    (made,) = rows(found, "tensorflow")
    documented = made.pop("evidence")
    expected = row(
        platform="linux-x86_64",
        pythons=("3.12",),
        cuda="12.5",
        cudnn="9.3",
        sass=("sm_60", "sm_90"),
        ptx=("compute_90",),
        requires=("nvidia-cudnn-cu12<10.0,>=9.3.0.75",),
        glibc="2.27",
        cpu=("avx",),
        extra="and-cuda",
        download_bytes=index.projects["tensorflow"][0].size,
        disk_bytes=index.projects["tensorflow"][0].unpacked,
    )
    assert made == expected
    assert documented.startswith(f"{name}: cuda_config.h, build_info.py, METADATA; AVX: ")


def test_a_build_without_cuda_does_not_ask_for_what_its_extra_would_bring(index: Loopback) -> None:
    requires = ('nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',)
    data = wheels.tensorflow("99.1.0", requires=requires)
    name = serve(index, "tensorflow", "cp312-cp312-macosx_12_0_arm64", data)

    assert rows(asked("tensorflow"), "tensorflow") == [
        row(
            platform="macos-aarch64",
            pythons=("3.12",),
            download_bytes=index.projects["tensorflow"][0].size,
            disk_bytes=index.projects["tensorflow"][0].unpacked,
            evidence=f"{name}: build_info.py, METADATA",
        )
    ]


def test_torchvision_has_the_cuda_of_the_torch_it_names_where_it_has_gpu_code(
    index: Loopback,
) -> None:
    torch(index)
    code = {"torchvision/_C.so": wheels.library(75, 120, ptx=120), "torchvision/version.py": ""}
    data = wheels.wheel("torchvision", "99.1.0", code, ("torch==99.1.0", "numpy"))
    name = serve(index, "torchvision", f"cp311-cp311-{LINUX}", data)

    found = asked("torch", "torchvision")

    default, cpu = rows(found, "torchvision")
    assert default == row(
        platform="linux-x86_64",
        pythons=("3.11",),
        cuda="13.2",
        sass=("sm_75", "sm_120"),
        ptx=("compute_120",),
        requires=("torch==99.1.0",),
        glibc="2.28",
        download_bytes=index.projects["torchvision"][0].size,
        disk_bytes=index.projects["torchvision"][0].unpacked,
        evidence=f"{name}: _C.so, METADATA; CUDA: as torch 99.1.0",
    )
    assert (cpu["variant"], cpu["kind"], cpu["index"]) == (
        "cpu",
        "announced",
        "https://download.pytorch.org/whl/cpu",
    )


def test_a_companion_without_gpu_code_has_no_cuda(index: Loopback) -> None:
    torch(index)
    code = {"torchvision/_C.pyd": wheels.library()}
    data = wheels.wheel("torchvision", "99.1.0", code, ("torch==99.1.0",))
    serve(index, "torchvision", "cp311-cp311-win_amd64", data)

    (made,) = rows(asked("torch", "torchvision"), "torchvision")

    assert ("cuda" in made, "sass" in made) == (False, False)


@pytest.mark.parametrize("tags", [f"cp38-abi3-{LINUX}", f"cp311-cp311-{LINUX}"])
def test_vllm_names_the_cuda_that_it_is_linked_with(index: Loopback, tags: str) -> None:
    code = {"vllm/_C.abi3.so": wheels.library(90), "vllm/_moe_C.abi3.so": b"\x7fELF"}
    data = wheels.wheel("vllm", "99.1.0", code, ("torch==99.1.0", "pydantic"))
    name = serve(index, "vllm", tags, data, requires_python="<3.12,>=3.10")

    assert rows(asked("vllm"), "vllm") == [
        row(
            platform="linux-x86_64",
            pythons=("3.10", "3.11") if "abi3" in tags else ("3.11",),
            cuda="13",
            sass=("sm_90",),
            requires=("torch==99.1.0",),
            glibc="2.28",
            download_bytes=index.projects["vllm"][0].size,
            disk_bytes=index.projects["vllm"][0].unpacked,
            evidence=f"{name}: _C.abi3.so, METADATA",
        )
    ]


def test_gpu_code_at_the_end_of_a_large_library_is_found(index: Loopback) -> None:
    noise = hashlib.shake_256(b"what no compression makes smaller").digest(2 * READ_BYTES)
    code = {"vllm/_C.abi3.so": wheels.library() + noise + wheels.library(75, 90, ptx=90)}
    serve(index, "vllm", f"cp38-abi3-{LINUX}", wheels.wheel("vllm", "99.1.0", code))

    (made,) = rows(asked("vllm"), "vllm")

    assert (made["sass"], made["ptx"]) == (("sm_75", "sm_90"), ("compute_90",))
    assert made["evidence"].endswith(": _C.abi3.so, METADATA")


@pytest.mark.parametrize(
    ("project", "member"),
    [
        ("vllm", "vllm/_C_stable_libtorch.abi3.so"),
        ("onnxruntime-gpu", "onnxruntime/capi/libonnxruntime_providers_cuda.so"),
    ],
)
def test_kernels_for_some_gpus_alone_serve_nobody(
    index: Loopback, project: str, member: str
) -> None:
    """As in vllm 0.33.0 and onnxruntime-gpu 1.31.1, counted there: many files for one target."""
    every = wheels.library(75, 80, 90)
    some = wheels.library(90) * 5 + wheels.library(80, ptx=80) * 2 + wheels.library(52, ptx=52)
    code = {
        member: some + every * 3,
        "onnxruntime/capi/build_and_package_info.py": "cuda_version = '13.0'\n",
    }
    serve(index, project, f"cp311-cp311-{LINUX}", wheels.wheel(project, "99.1.0", code))

    (made,) = rows(asked(project), project)

    assert made["sass"] == ("sm_75", "sm_80", "sm_90")
    assert "ptx" not in made


def test_a_gpu_wheel_that_does_not_say_its_cuda_leaves_it_unknown(index: Loopback) -> None:
    serve(index, "vllm", f"cp38-abi3-{LINUX}", wheels.wheel("vllm", "99.1.0"))

    (made,) = rows(asked("vllm"), "vllm")

    assert made["unknown"] == ("cuda",)
    assert "cuda" not in made


def test_a_plugin_of_jax_has_the_cuda_of_its_name_and_its_kernels_targets(
    index: Loopback,
) -> None:
    code = {
        "jax_cuda13_plugin/_linalg.so": wheels.library(75, 90, ptx=90),
        "jax_cuda13_plugin/_prng.so": wheels.library(75, 90),
        "jax_cuda13_plugin/_other.so": wheels.library(35),
    }
    requires = (
        "jax-cuda13-pjrt==99.1.0",
        'nvidia-cudnn-cu13<10.0,>=9.12.0.46; sys_platform == "linux" and extra == "with-cuda"',
    )
    data = wheels.wheel("jax-cuda13-plugin", "99.1.0", code, requires)
    name = serve(index, "jax-cuda13-plugin", "cp312-cp312-manylinux_2_27_aarch64", data)

    assert rows(asked("jax-cuda13-plugin"), "jax-cuda13-plugin") == [
        row(
            platform="linux-aarch64",
            pythons=("3.12",),
            cuda="13",
            cudnn="9.12",
            sass=("sm_75", "sm_90"),
            ptx=("compute_90",),
            requires=requires,
            glibc="2.27",
            download_bytes=index.projects["jax-cuda13-plugin"][0].size,
            disk_bytes=index.projects["jax-cuda13-plugin"][0].unpacked,
            evidence=f"{name}: _linalg.so, _prng.so, METADATA",
        )
    ]


def test_jax_itself_is_for_any_platform(index: Loopback) -> None:
    requires = ("jaxlib<=99.1.0,>=99.0", 'jax-cuda13-plugin==99.1.0; extra == "cuda13"', "scipy")
    data = wheels.wheel("jax", "99.1.0", requires=requires)
    name = serve(index, "jax", "py3-none-any", data, requires_python=">=3.13")

    assert rows(asked("jax"), "jax") == [
        row(
            platform="any",
            pythons=("3.13", "3.14", "3.15"),
            requires=requires[:2],
            download_bytes=index.projects["jax"][0].size,
            disk_bytes=index.projects["jax"][0].unpacked,
            evidence=f"{name}: METADATA",
        )
    ]


def test_cupy_has_the_cuda_of_its_name(index: Loopback) -> None:
    said = json.dumps({"cuda": "13.x", "packaging": "pip", "cutensor": {"version": "2.3"}})
    data = wheels.wheel("cupy-cuda13x", "99.1.0", {"cupy/.data/_wheel.json": said})
    name = serve(index, "cupy-cuda13x", "cp314-cp314t-manylinux2014_x86_64", data)

    assert rows(asked("cupy-cuda13x"), "cupy-cuda13x") == [
        row(
            provides="cupy",
            platform="linux-x86_64",
            pythons=("3.14t",),
            cuda="13",
            libraries="system",
            glibc="2.17",
            download_bytes=index.projects["cupy-cuda13x"][0].size,
            disk_bytes=index.projects["cupy-cuda13x"][0].unpacked,
            evidence=f"{name}: METADATA",
        )
    ]


def test_bitsandbytes_holds_a_library_for_each_cuda_with_its_own_targets(index: Loopback) -> None:
    libraries = {
        "cpu.so": wheels.library(),
        "cuda130.so": wheels.library(75, 120, ptx=120),
        "cuda118.so": wheels.library(75, 90),
        "cuda118_nocublaslt.so": wheels.library(61, 75),
        "rocm72.so": wheels.library(),
    }
    code = {f"bitsandbytes/libbitsandbytes_{name}": data for name, data in libraries.items()}
    data = wheels.wheel("bitsandbytes", "99.1.0", code, ("torch<3,>=2.4",))
    serve(index, "bitsandbytes", "py3-none-manylinux_2_24_x86_64", data, requires_python=">=3.15")

    (made,) = rows(asked("bitsandbytes"), "bitsandbytes")

    assert made["bundles_cuda"] == ("11.8", "13.0")
    assert made["code_by_cuda"] == (
        CudaCode("11.8", sass=("sm_61", "sm_75", "sm_90")),
        CudaCode("13.0", sass=("sm_75", "sm_120"), ptx=("compute_120",)),
    )
    assert made["pythons"] == ("3.15",)
    assert not {"cuda", "sass", "ptx"} & made.keys()


def test_a_bitsandbytes_for_one_cuda_has_the_targets_of_its_only_library(index: Loopback) -> None:
    code = {"bitsandbytes/libbitsandbytes_cuda134.dll": wheels.library(121, ptx=121)}
    serve(
        index,
        "bitsandbytes",
        "py3-none-win_arm64",
        wheels.wheel("bitsandbytes", "99.1.0", code),
        requires_python=">=3.15",
    )

    (made,) = rows(asked("bitsandbytes"), "bitsandbytes")

    assert (made["cuda"], made["sass"], made["ptx"]) == ("13.4", ("sm_121",), ("compute_121",))
    assert not {"bundles_cuda", "code_by_cuda"} & made.keys()


def test_a_cuda_that_nobody_knew_has_the_floor_of_its_major_release(index: Loopback) -> None:
    torch(index, "13.9")

    found = asked("torch")

    assert found.troubles == ()
    (made,) = [
        row
        for listed in found.rows.values()
        for row in listed
        if isinstance(row, Cuda) and row.version == "13.9"
    ]
    thirteen = next(row for row in CATALOG.cuda if row.version == "13.0")
    assert made.driver_floor == thirteen.driver_floor
    assert (made.driver_bundled.linux, made.architectures, made.toolkits) == (None, (), ())
    assert made.evidence.endswith("; bundled driver not known")
    assert made.checked == DAY


def test_a_cuda_of_an_unknown_major_release_gets_no_row_of_its_own(index: Loopback) -> None:
    torch(index, "99.0")

    found = asked("torch")

    assert not [item for item in found.news if item.sheet == "nvidia/cuda.jsonl"]
