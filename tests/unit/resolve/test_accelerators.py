"""What a machine computes on: mixed boxes, graphics of a processor, what was named or found."""

from __future__ import annotations

from typing import cast

import pytest

from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import Cpu, Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Plan, Refused, Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from tests.unit.resolve.asking import STACKS

CATALOG = Catalog(STACKS)

NVIDIA = Gpu(name="RTX 3090", compute_capability="8.6", architecture="Ampere", pci_id="10de:2204")
RX7900 = Gpu(name="RX 7900 XTX", vendor="amd", architecture="gfx1100", pci_id="1002:744c")
RAPHAEL = Gpu(name="Raphael", vendor="amd", architecture="gfx1036", pci_id="1002:164e")
STRIX = Gpu(name="Strix Halo", vendor="amd", architecture="gfx1151", pci_id="1002:1586")
ARC = Gpu(name="Arc A770", vendor="intel", architecture="Alchemist", pci_id="8086:56a0")
LUNAR = Gpu(name="Arc 140V", vendor="intel", architecture="Lunar Lake", pci_id="8086:64a0")
UHD = Gpu(name="UHD Graphics 630", vendor="intel", pci_id="8086:3e9b")
UNHEARD = Gpu(name="Intel GPU 8086:ffff", vendor="intel", pci_id="8086:ffff")
FLAGS = ("avx", "avx2", "sse4_2")
WITH_AVX = Cpu(flags=FLAGS)


def planned(
    *gpus: Gpu,
    words: tuple[str, ...] = ("torch",),
    source: str = "pci",
    system: str = "ubuntu-24.04",
    arch: str = "x86_64",
    cpu: Cpu = WITH_AVX,
    wsl: bool = False,
) -> Plan:
    os_id, _, version = system.partition("-")
    machine = Machine(
        os=OperatingSystem(id=os_id, version=version, wsl=wsl),
        arch=arch,
        cpu=cpu,
        gpus=gpus,
        driver=Driver(version="580.65.06") if NVIDIA in gpus else None,
        sources={"gpus": source, "os": "os-release", "driver": "procfs"},
    )
    wishes = tuple(parse_wish(word) for word in words)
    return resolve(question_of(machine, Request(requirements=words), wishes, CATALOG))


def refused(*gpus: Gpu, words: tuple[str, ...] = ("torch",), source: str = "pci") -> RefusedError:
    with pytest.raises(RefusedError) as found:
        planned(*gpus, words=words, source=source)
    return found.value


def references(error: RefusedError) -> list[str]:
    return [item.reference for item in cast("tuple[Refused, ...]", error.data["refused"])]


def not_used(plan: Plan) -> list[str]:
    return [
        item.message.split(" is ")[0] for item in plan.warnings if item.reference == "gpu-not-used"
    ]


@pytest.mark.parametrize(
    ("gpus", "accelerator", "left_out"),
    [
        pytest.param((NVIDIA,), "cuda", [], id="nvidia"),
        pytest.param((UHD, NVIDIA), "cuda", ["UHD Graphics 630"], id="a-laptop"),
        pytest.param((RAPHAEL, NVIDIA), "cuda", ["Raphael"], id="a-ryzen-with-nvidia"),
        pytest.param((RX7900,), "rocm", [], id="amd"),
        pytest.param((RAPHAEL, RX7900), "rocm", ["Raphael"], id="a-ryzen-with-radeon"),
        pytest.param((UHD, RX7900), "rocm", ["UHD Graphics 630"], id="intel-with-radeon"),
        pytest.param((ARC, RAPHAEL), "xpu", ["Raphael"], id="a-card-before-a-processor"),
        pytest.param((UHD, ARC), "xpu", ["UHD Graphics 630"], id="all-of-intel"),
        pytest.param((STRIX,), "rocm", [], id="graphics-that-a-build-has-code-for"),
        pytest.param((LUNAR,), "xpu", [], id="graphics-that-a-document-names"),
        pytest.param((UHD,), "cpu", ["UHD Graphics 630"], id="graphics-that-none-is-for"),
        pytest.param((RAPHAEL,), "cpu", ["Raphael"], id="amds-graphics-that-none-is-for"),
        pytest.param((), "cpu", [], id="none"),
    ],
)
def test_what_was_found_decides(
    gpus: tuple[Gpu, ...], accelerator: str, left_out: list[str]
) -> None:
    plan = planned(*gpus)

    assert plan.accelerator == accelerator
    assert not_used(plan) == left_out
    served = [serve.gpu for serve in plan.pins[0].serves]
    assert served == [gpu.name for gpu in gpus if gpu.name not in left_out]


@pytest.mark.parametrize(
    "gpus",
    [
        pytest.param((NVIDIA, RX7900), id="two-cards"),
        pytest.param((NVIDIA, ARC), id="a-card-of-intels"),
        pytest.param((RX7900, ARC), id="two-cards-and-none-of-nvidia"),
    ],
)
def test_a_card_that_would_idle_is_an_error(gpus: tuple[Gpu, ...]) -> None:
    error = refused(*gpus)

    assert error.reference == "gpu-vendor-unsupported"
    assert (
        error.message == f"{gpus[1].name} would be left idle: a plan runs on the GPUs of one maker."
    )
    assert error.hint == "Name the GPUs of one maker with --gpu, or say --gpu none for the CPU."


@pytest.mark.parametrize("source", ["option", "env"])
def test_graphics_that_were_named_and_would_idle_are_an_error(source: str) -> None:
    assert refused(NVIDIA, UHD, source=source).reference == "gpu-vendor-unsupported"
    assert refused(UHD, source=source).reference == "no-compatible-stack"


def test_a_gpu_that_nobody_knows_is_never_left_out_alone() -> None:
    assert refused(UNHEARD).reference == "no-compatible-stack"
    unknown = Gpu(name="AMD GPU 1002:68f9", vendor="amd", pci_id="1002:68f9")
    assert refused(unknown).reference == "unknown-gpu"


def test_what_other_frameworks_use_is_not_excused_by_code_that_nobody_read() -> None:
    # No build of TensorFlow for ROCm was read; torch has code for one of the two.
    error = refused(STRIX, words=("tensorflow",))
    assert references(error)[0] == "unknown-architectures"
    assert planned(RAPHAEL, words=("tensorflow",)).accelerator == "cpu"
    assert planned(LUNAR, words=("tensorflow",)).accelerator == "cpu"


def test_a_card_is_never_excused() -> None:
    assert refused(RX7900, words=("tensorflow",)).reference == "no-compatible-stack"
    assert refused(ARC, words=("tensorflow",)).reference == "no-compatible-stack"
    assert refused(ARC, words=("torch", "tensorflow")).reference == "no-compatible-stack"


def test_two_frameworks_of_which_one_would_idle_the_graphics_are_refused() -> None:
    assert refused(LUNAR, words=("torch", "tensorflow")).reference == "no-compatible-stack"


def test_an_extension_is_excused_no_more_than_its_framework() -> None:
    assert planned(STRIX, words=("torchvision",)).accelerator == "rocm"
    # fastai is plain Python, and computes where its torch does.
    assert planned(STRIX, words=("fastai",)).accelerator == "rocm"


@pytest.mark.parametrize("word", ["cuda", "nvcc", "cudnn"])
def test_nvidias_components_are_refused_on_others_gpus(word: str) -> None:
    assert refused(RX7900, words=(word,)).reference == "gpu-vendor-unsupported"
    assert refused(ARC, words=("torch", word)).reference == "gpu-vendor-unsupported"


def test_no_driver_is_planned_and_that_is_said() -> None:
    for gpu in (RX7900, ARC):
        plan = planned(gpu)
        assert plan.driver.action == "none"
        assert "gpu-driver-not-checked" in {item.reference for item in plan.warnings}
        assert (plan.cuda, plan.cudnn) == (None, None)


def test_two_gpus_of_one_maker_are_both_served_or_nothing_is() -> None:
    other = Gpu(name="RX 7800 XT", vendor="amd", architecture="gfx1101", pci_id="1002:747e")
    plan = planned(RX7900, other)
    assert [serve.by for serve in plan.pins[0].serves] == ["gfx1100", "gfx1101"]

    navi22 = Gpu(name="RX 6700 XT", vendor="amd", architecture="gfx1031", pci_id="1002:73df")
    assert refused(RX7900, navi22).reference == "no-compatible-stack"


def test_nobody_has_said_that_rocms_wheels_reach_a_gpu_through_wsl2() -> None:
    with pytest.raises(RefusedError):
        planned(RX7900, wsl=True)
    # Intel's document names WSL2 with Ubuntu 24.04.
    assert planned(ARC, wsl=True).accelerator == "xpu"
    with pytest.raises(RefusedError):
        planned(ARC, system="ubuntu-22.04", wsl=True)


@pytest.mark.parametrize(
    ("words", "system", "arch", "accelerator", "idle"),
    [
        (("torch",), "macos-15", "aarch64", "mps", 0),
        (("torch", "torchvision"), "macos-15", "aarch64", "mps", 0),
        (("torch", "tensorflow"), "macos-15", "aarch64", "mps", 1),
        (("tensorflow",), "macos-15", "aarch64", "cpu", 1),
        # Apple names PyTorch 1.12 as the first.
        (("torch==1.11.0",), "macos-15", "aarch64", "cpu", 1),
        (("torch==1.12.1",), "macos-15", "aarch64", "mps", 0),
        (("torch",), "macos-15", "x86_64", "cpu", 0),
    ],
)
def test_apples_processors(
    words: tuple[str, ...], system: str, arch: str, accelerator: str, idle: int
) -> None:
    plan = planned(words=words, system=system, arch=arch, source="file")

    assert plan.accelerator == accelerator
    assert sum(item.reference == "gpu-not-used" for item in plan.warnings) == idle


def test_apples_processor_computes_on_the_cpu_on_purpose() -> None:
    assert planned(system="macos-15", arch="aarch64", source="option").accelerator == "cpu"


@pytest.mark.parametrize(
    ("cpu", "noted"),
    [
        pytest.param(Cpu(), True, id="nobody-said"),
        pytest.param(Cpu(level="x86_64_v2"), True, id="a-level-below-says-nothing"),
        pytest.param(Cpu(level="x86_64_v3"), False, id="a-level-that-holds-avx"),
        pytest.param(Cpu(flags=FLAGS), False, id="flags"),
    ],
)
def test_avx_that_nobody_has_said_is_a_note_and_no_refusal(cpu: Cpu, *, noted: bool) -> None:
    plan = planned(words=("tensorflow",), cpu=cpu)

    note = "it needs a CPU with AVX, and nobody has said whether this one has it"
    assert (note in plan.pins[0].why) is noted


def test_flags_without_avx_refuse_tensorflow() -> None:
    with pytest.raises(RefusedError) as found:
        planned(words=("tensorflow==2.21.0",), cpu=Cpu(level="x86_64_v2", flags=("sse4_2",)))

    assert "no-avx" in references(found.value)
