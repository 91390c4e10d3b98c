"""On GPUs each format, cuDNN, memory and NCCL are looked at, and a GPU that is left out fails.

NVML, CUDA's driver and torch are stand-ins here: no GPU has run any of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.environments import package, tensorflow
from tests.cli.gpus import GpuHome, gpu_home, results
from tests.cli.locking import TORCH, World
from tests.unit.upkeep.loopback import serving

SOURCES = Path(__file__).parents[1]
FIRST, SECOND = (f"GPU-{'-'.join(d * n for n in (8, 4, 4, 4, 12))}" for d in "14")
NAME = "NVIDIA GeForce RTX 2070 SUPER"


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("libraries")
    for source, library in (("nvml", "libnvidia-ml.so.1"), ("cuda", "libcuda.so.1")):
        code = SOURCES / f"fake_{source}" / f"fake_{source}.c"
        flags = ["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]
        subprocess.run(["cc", *flags, folder / library, code], check=True)
    return folder


@pytest.fixture(scope="module")
def one(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpuHome]:
    """With an environment demo, which verify leaves as it is."""
    with serving() as default, serving() as cu126, serving() as cpu:
        world = World(tmp_path_factory.mktemp("one"), default, cu126, cpu)
        home = gpu_home(world, libraries)
        assert home.up("demo", "torch").code == 0
        yield home


@pytest.fixture(scope="module")
def two(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpuHome]:
    with serving() as default, serving() as cu126, serving() as cpu:
        world = World(tmp_path_factory.mktemp("two"), default, cu126, cpu)
        home = gpu_home(world, libraries, "two")
        assert home.up("demo", "torch").code == 0
        yield home


def failed(
    home: GpuHome, torch: dict[str, object] | None = None, **settings: str
) -> dict[str, str]:
    ran = home.verify(torch, **settings)
    found = {name: told for name, (result, told) in results(ran).items() if result == "fail"}
    assert ran.code == (1 if found else 0), ran.out
    return found


def test_every_format_of_the_gpu_is_tried_and_what_cannot_be_is_said(one: GpuHome) -> None:
    found = results(one.verify())
    passed = {name for name, (result, _) in found.items() if result == "pass"}
    # 18_precisions.csv: 7.5 computes in fp64, fp32, fp16, int8 and int4; bf16 is emulated.
    formats = {f"{form} torch gpu 0" for form in ("fp64", "fp32", "fp16", "int8")}

    assert passed == {
        *("python", "versions", "pins", "files", "gpus cuda", "imports torch", "compute torch"),
        *("gpus torch", "cudnn torch gpu 0", "memory gpu 0"),
        *formats,
    }
    assert found["int4 torch gpu 0"][0] == "not-applicable"
    assert found["nccl"] == ("not-applicable", "there is one GPU")
    assert found["gpus cuda"][1] == NAME
    assert found["memory gpu 0"][1] == "48 of 64 free MiB written, 48 read back"
    assert found["cudnn torch gpu 0"][1].startswith("cuDNN 9.10 convolves")


def test_on_two_gpus_each_is_tried_and_they_add_up(two: GpuHome) -> None:
    found = results(two.verify())

    assert found["fp16 torch gpu 0"][0] == found["fp16 torch gpu 1"][0] == "pass"
    assert found["memory gpu 1"][0] == "pass"
    assert found["nccl torch"] == ("pass", "NCCL adds up over 2 GPUs")
    assert {result for result, _ in found.values()} == {"pass", "not-applicable"}


@pytest.mark.parametrize(
    ("torch", "name", "told"),
    [
        ({"wrong": ["float16"]}, "fp16 torch gpu 0", "its product is wrong by 0.5, where 0.00049"),
        ({"wrong": ["int8"]}, "int8 torch gpu 0", "its product is wrong by 0.5, where 0 is"),
        ({"wrong": ["cudnn"]}, "cudnn torch gpu 0", "the convolution is wrong by 0.5"),
        ({"cudnn": 90100}, "cudnn torch gpu 0", "its cuDNN is 9.1; the plan is for 9.10"),
        ({"cudnn": 8907}, "cudnn torch gpu 0", "its cuDNN is 8.9; the plan is for 9.10"),
        ({"cudnn": None}, "cudnn torch gpu 0", "it convolves without cuDNN"),
        ({"crash": "float64"}, "fp64 torch gpu 0", "it was ended by signal 11 (SIGSEGV)"),
        ({"raise": "float16"}, "fp16 torch gpu 0", "RuntimeError: CUDA error: an illegal"),
    ],
    ids=str,
)
def test_what_is_wrong_fails_by_its_name_and_keeps_nothing_else_from_running(
    torch: dict[str, object], name: str, told: str, one: GpuHome
) -> None:
    ran = one.verify(torch)
    found = results(ran)
    wrong = {name: detail for name, (result, detail) in found.items() if result == "fail"}

    assert ran.code == 1
    assert wrong.keys() == {name}
    assert told in wrong[name]
    assert found.keys() == results(one.verify()).keys()


def test_a_format_that_the_framework_has_no_kernel_for_does_not_apply(one: GpuHome) -> None:
    found = results(one.verify({"refuse": "float16"}))

    assert found["fp16 torch gpu 0"][0] == "not-applicable"
    assert "not implemented for float16" in found["fp16 torch gpu 0"][1]


def test_cudnn_is_called_as_older_torches_want_it(one: GpuHome) -> None:
    assert failed(one, {"old": True}) == {}


def test_a_framework_that_sees_fewer_gpus_fails(two: GpuHome) -> None:
    found = failed(two, {"gpus": 1})

    assert found["compute torch"] == "torch sees 1 of 2 GPUs"
    assert found["gpus torch"] == "it sees 1 of 2 GPUs"


@pytest.mark.parametrize(
    ("cuda", "told"),
    [
        ("fewer", f"CUDA does not show {NAME}"),
        ("stranger", f"CUDA does not show {NAME}"),
        ("none", "CUDA's driver says CUDA_ERROR_NO_DEVICE to cuInit"),
        ("crash", "it was ended by signal 11 (SIGSEGV)"),
    ],
)
def test_a_gpu_that_cuda_does_not_show_fails(cuda: str, told: str, two: GpuHome) -> None:
    assert failed(two, FAKE_CUDA=cuda)["gpus cuda"] == told


def test_a_gpu_that_the_plan_had_and_the_machine_has_no_more_fails(two: GpuHome) -> None:
    found = failed(two.of("one"))

    assert found == {"gpus cuda": "this machine shows 1 of the 2 GPUs of the plan"}


def test_a_gpu_that_came_later_must_be_used_too(one: GpuHome) -> None:
    assert results(one.of("two").verify())["fp32 torch gpu 1"][0] == "pass"
    assert failed(one.of("two"), {"gpus": 1})["gpus torch"] == "it sees 1 of 2 GPUs"


def test_gpus_that_nvml_cannot_tell_of_are_no_excuse(one: GpuHome) -> None:
    found = failed(one.of("unloaded"), FAKE_CUDA="none")

    assert "CUDA_ERROR_NO_DEVICE" in found["gpus cuda"]


@pytest.mark.parametrize("visible", ["1", SECOND, f"{SECOND},GPU-nobody", "GPU-4"])
def test_what_the_shell_shows_is_what_must_be_seen(visible: str, two: GpuHome) -> None:
    ran = two.verify(CUDA_VISIBLE_DEVICES=visible)
    found = results(ran)

    assert ran.code == 0, ran.out
    assert "fp32 torch gpu 0" in found
    assert "fp32 torch gpu 1" not in found
    assert failed(two, {"gpus": 0}, CUDA_VISIBLE_DEVICES=visible)


def test_hiding_every_gpu_proves_nothing(one: GpuHome) -> None:
    assert failed(one, CUDA_VISIBLE_DEVICES="")["gpus cuda"] == "CUDA shows no GPU"


@pytest.mark.parametrize(
    ("cuda", "result", "told"),
    [
        ("forgets", "fail", "memory does not keep what was written"),
        ("aliased", "fail", "memory does not keep what was written"),
        ("busy", "not-applicable", "others use it, and only 8 MiB are free"),
        ("shrinks", "not-applicable", "others use it, and took what was free"),
    ],
)
def test_memory_is_held_against_what_was_written(
    cuda: str, result: str, told: str, one: GpuHome
) -> None:
    found = results(one.verify(FAKE_CUDA=cuda))["memory gpu 0"]

    assert found[0] == result
    assert found[1].startswith(told)


def test_nccl_that_adds_up_wrongly_fails(two: GpuHome) -> None:
    assert failed(two, {"wrong": ["nccl"]}) == {"nccl torch": "NCCL's sum is wrong on GPU 1"}


def test_an_environment_for_the_cpu_on_purpose_leaves_the_gpu_alone(one: GpuHome) -> None:
    package(one.index, "beside", "1.0", "")
    ran = one.up("plain", "beside", "--gpu", "none")
    assert ran.code == 0, ran.err
    found = results(one.run("verify", "plain", "--json"))

    assert found["gpus"] == (
        "not-applicable",
        f"the plan is for the CPU, as was asked for; this machine has {NAME}",
    )


def test_a_gpu_that_an_environment_of_before_does_not_use_fails(one: GpuHome) -> None:
    tensorflow(one.index)
    ran = one.of("unloaded").up("before", "tensorflow-cpu", "--gpu", "none")
    assert ran.code == 0, ran.err
    plan = one.environments / "before" / "1" / "plan.json"
    # As it is where nobody asked for the CPU: there was no GPU to be seen.
    plan.write_text(plan.read_text().replace('"gpus": "option"', '"gpus": "pci"'))
    ran = one.run("verify", "before", "--json")
    amd = one.run("verify", "before", "--json", DLSETUP_OVERRIDE_GPUS="RX 7900 XTX")

    assert (ran.code, amd.code) == (1, 1)
    assert results(ran)["gpus"] == (
        "fail",
        f"this machine has {NAME}, and the environment does not use it",
    )
    assert "this machine has Radeon RX 7900 XTX, and" in results(amd)["gpus"][1]


def test_a_foreign_environment_must_use_the_gpus_too(one: GpuHome) -> None:
    place = str(one.environments / "demo" / "1")
    good = one.run("verify", "--python", place, "--json")
    bad = one.run("verify", "--python", place, "--json", TORCH_STANDIN='{"gpus": 0}')

    assert good.code == 0, good.out
    assert results(good)["fp16 torch gpu 0"][0] == "pass"
    assert bad.code == 1
    assert results(bad)["gpus torch"] == ("fail", "it sees 0 of 1 GPUs")


def test_a_foreign_environment_of_the_cpu_fails_beside_a_gpu_without_a_driver(one: GpuHome) -> None:
    place = str(one.environments / "demo" / "1")
    lost = {"DLSETUP_OVERRIDE_GPUS": "RTX 4090", "DLSETUP_OVERRIDE_DRIVER": "none"}
    ran = one.run("verify", "--python", place, "--json", TORCH_STANDIN='{"gpus": 0}', **lost)

    assert ran.code == 1
    assert results(ran)["gpus"][0] == "fail"
    assert "RTX 4090" in results(ran)["gpus"][1]


def test_where_the_driver_is_gone_since_up_says_what_it_takes(one: GpuHome) -> None:
    """The build is the same with the driver and without it."""
    words = ("exact", f"torch=={TORCH}+cu126")
    assert one.up(*words).code == 0
    ran = one.up(*words, "--dry-run", "--json", DLSETUP_OVERRIDE_DRIVER="none")

    assert ran.code == 0, ran.err
    assert ran.data["would_change"]
    assert ran.data["system"]["driver"].startswith("nvidia-driver-")
