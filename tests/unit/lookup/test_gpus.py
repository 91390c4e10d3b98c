from __future__ import annotations

from typing import Any

import pytest

from provisioner import resources, workflow
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.describe import Options
from provisioner.errors import UsageError
from provisioner.lookup import answer
from provisioner.lookup.values import GpuAnswer
from tests.unit.resolve.asking import EVIDENCE, MadeBuilds

CATALOG = Catalog(resources.stacks())


def gpu(word: str, catalog: Catalog = CATALOG) -> GpuAnswer:
    found = answer(catalog, ("gpu", word))
    assert isinstance(found, GpuAnswer)
    return found


def made(version: str, framework: str = "torch", **extra: Any) -> Build:
    fields: dict[str, Any] = {
        "framework": framework,
        "version": version,
        "platform": "linux-x86_64",
        "pythons": ("3.12",),
        "cuda": "12.6",
        "sass": ("sm_80",),
        "kind": "measured",
    }
    return Build(**{**fields, **EVIDENCE, **extra})


def runs(*builds: Build, word: str = "8.6") -> list[tuple[str, str, str]]:
    found = gpu(word, MadeBuilds(*builds))
    return [(run.framework, run.build.version, run.by) for run in found.runs]


@pytest.mark.parametrize(
    ("word", "chips", "capability", "gib"),
    [
        # 09_gpus and 19_gpu_specs.
        ("RTX 3090", {"GA102"}, "8.6", 24),
        ("rtx3090", {"GA102"}, "8.6", 24),
        ("GTX 1080 Ti", {"GP102"}, "6.1", 11),
        ("Tesla T4", {"TU104"}, "7.5", 16),
    ],
)
def test_a_name_in_any_spelling_is_its_chip_capability_and_memory(
    word: str, chips: set[str], capability: str, gib: int
) -> None:
    found = gpu(word)

    assert {row.chip for row in found.models} == chips
    assert found.compute_capability == capability
    assert found.memory_bytes == gib * 1024**3


@pytest.mark.parametrize(
    ("word", "cuda", "branches", "modules"),
    [
        # 02_arch_lifecycle; 03_driver_branches: 615.71.09 is out, 620 is not.
        ("GTX 1080 Ti", ("8.0", "12.9", "12.9"), ("367", "580", "580"), ("proprietary",)),
        ("RTX 3090", ("11.1", None, "13.5"), ("455", None, "615"), ("open", "proprietary")),
        ("RTX 5090", ("12.8", None, "13.5"), ("570", None, "615"), ("open",)),
        ("Tesla K80", ("6.0", "11.8", "11.8"), (None, "470", "470"), ("proprietary",)),
    ],
)
def test_support_has_a_first_and_a_last_cuda_and_branch(
    word: str,
    cuda: tuple[str | None, ...],
    branches: tuple[str | None, ...],
    modules: tuple[str, ...],
) -> None:
    found = gpu(word)
    row = found.architecture

    assert row is not None
    assert (row.first_cuda, row.last_cuda, found.newest_cuda) == cuda
    told = (row.first_driver_branch, row.last_driver_branch, found.newest_driver_branch)
    assert told == branches
    assert found.kernel_modules == modules


@pytest.mark.parametrize(
    ("word", "precisions"),
    [
        # 18_precisions.
        ("RTX 3090", ("tf32", "bf16", "fp16", "int8", "int4")),
        ("H100", ("fp64", "tf32", "bf16", "fp16", "fp8", "int8")),
        ("Tesla V100", ("fp16",)),
        ("GTX 1080 Ti", ()),
        ("GTX 1660", ()),  # Turing without tensor cores
        ("8.8", None),  # nobody has said
    ],
)
def test_tensor_cores_are_those_of_the_chip(word: str, precisions: tuple[str, ...] | None) -> None:
    assert gpu(word).tensor_precisions == precisions


def test_the_architecture_names_all_boards_of_a_capability() -> None:
    by_target, by_number = gpu("sm_86"), gpu("8.6")

    assert by_target.models == by_number.models
    assert {"NVIDIA GeForce RTX 3090", "NVIDIA A40"} <= {row.name for row in by_target.models}
    assert by_target.memory_bytes is None


@pytest.mark.parametrize("word", ["RX 7900 XTX", "gfx1100"])
def test_a_gpu_of_another_maker_has_the_builds_that_are_known_to_hold_its_code(word: str) -> None:
    found = gpu(word)
    runs = {item.framework: item for item in found.runs}

    assert found.vendor == "amd"
    assert {row.architecture for row in found.models} == {"gfx1100"}
    assert (found.architecture, found.newest_cuda) == (None, None)
    assert (runs["torch"].build.variant, runs["torch"].by) == ("rocm7.2", "gfx1100")
    assert (runs["torchvision"].extends, runs["torchvision"].by) == ("torch", "")
    assert "tensorflow" in found.unknown


def test_of_two_builds_the_newest_that_runs_is_named() -> None:
    found = runs(made("2.0.0"), made("2.1.0"), made("2.2.0", sass=("sm_90",)))

    assert found == [("torch", "2.1.0", "sm_80")]


def test_code_of_the_gpu_itself_goes_before_ptx_and_measured_before_announced() -> None:
    ptx = made("2.0.0", sass=(), ptx=("compute_80",), variant="a")
    announced = made("2.0.0", variant="b", kind="announced")

    assert runs(ptx, made("2.0.0", variant="c"), announced) == [("torch", "2.0.0", "sm_80")]
    assert runs(ptx) == [("torch", "2.0.0", "compute_80")]


def test_a_channel_is_named_only_where_it_has_a_newer_release() -> None:
    conda = made("2.1.0", via="conda", channel="conda-forge")

    assert [version for _, version, _ in runs(made("2.0.0"), conda)] == ["2.0.0", "2.1.0"]
    assert [version for _, version, _ in runs(made("2.1.0"), conda)] == ["2.1.0"]


def test_a_build_whose_partner_does_not_run_does_not_run() -> None:
    newest = made("0.2", "torchvision", requires=("torch==2.2.0",))
    older = made("0.1", "torchvision", requires=("torch==2.1.0",))
    torches = (made("2.1.0"), made("2.2.0", sass=("sm_90",)))

    assert ("torchvision", "0.1", "sm_80") in runs(*torches, newest, older)


def test_known_failures_count_although_the_code_would_run() -> None:
    old = made("1.0.0", cuda="10.2", sass=(), ptx=("compute_75",))

    assert runs(old) == []  # conflicts.toml: CUDA 10 and Ampere
    assert runs(old, word="7.5") == [("torch", "1.0.0", "compute_75")]


def test_code_for_desktop_parts_does_not_run_on_tegra() -> None:
    assert runs(made("2.0.0"), word="8.7") == []
    assert gpu("8.7", MadeBuilds(made("2.0.0"))).without == ("torch",)


def test_unread_code_is_not_known_to_run_and_not_known_not_to() -> None:
    unread = made("1.0.0", sass=(), cuda="10.0")
    bound = made("0.2.0", "torchvision", sass=(), cuda=None, requires=("torch>=1.0",))
    found = gpu("7.5", MadeBuilds(unread, bound, made("2.0.0", "jax", sass=("sm_90",))))

    assert found.runs == ()
    assert (found.unknown, found.without) == (("torch",), ("jax",))


def test_a_partner_that_is_never_built_for_a_gpu_decides_nothing() -> None:
    jaxlib = made("0.8.0", "jaxlib", cuda=None, sass=())
    unread = made("0.8.0", "jax-cuda12-plugin", sass=(), requires=("jaxlib==0.8.0",))
    read = made("0.8.0", "jax-cuda12-pjrt", requires=("jaxlib==0.8.0",))
    found = gpu("8.6", MadeBuilds(jaxlib, unread, read))

    assert [run.framework for run in found.runs] == ["jax-cuda12-pjrt"]
    assert (found.unknown, found.without) == (("jax-cuda12-plugin",), ())


def test_unread_code_cannot_be_for_a_gpu_that_its_cuda_does_not_know() -> None:
    found = gpu("2.0", MadeBuilds(made("1.0.0", sass=(), cuda="10.0")))

    assert (found.unknown, found.without) == ((), ("torch",))


def test_the_driver_is_at_least_the_first_that_drives_the_gpu() -> None:
    (run,) = gpu("12.0", MadeBuilds(made("2.0.0", sass=(), ptx=("compute_80",)))).runs

    # CUDA 12.6 compiles its PTX from 560.28.03 on, and Blackwell starts with 570.86.10.
    assert run.driver_minimum == "570.86.10"


@pytest.mark.parametrize("capability", ["3.7", "5.2", "6.1", "7.0", "7.5", "8.6", "9.0", "12.0"])
@pytest.mark.parametrize("framework", ["torch", "torchvision", "tensorflow"])
def test_it_is_the_build_that_resolve_would_choose(capability: str, framework: str) -> None:
    """Two programs answer: the resolver solves, the lookup only filters and sorts."""
    options = Options(gpus=(capability,), os="ubuntu-24.04", arch="x86_64")
    asked = workflow.Asked(words=(framework,), options=options, via="pip")
    plan = workflow.plan_for(asked)
    (run,) = [
        run
        for run in gpu(capability).runs
        if (run.framework, run.build.via, run.build.platform) == (framework, "pip", "linux-x86_64")
    ]

    pin = plan.pins[0]
    assert (run.build.version, run.build.variant) == (pin.version, pin.variant)
    assert run.driver_minimum == plan.driver.minimum
    assert (run.by, run.kind) == (pin.serves[0].by, pin.serves[0].kind)


@pytest.mark.parametrize(
    ("word", "reference", "hint"),
    [
        ("RTX 3091", "unknown-gpu", "GeForce RTX 3090"),
        ("9.9", "unknown-gpu", "gpu 9.0 or gpu 10.0"),
        ("sm_99", "unknown-gpu", "sm_86"),
        ("gfx9999", "unknown-gpu", "product name"),
        ("none", "unknown-gpu", "product name"),
        ("GTX 750", "ambiguous-gpu", "dlsetup catalog show gpu 5.0"),
    ],
)
def test_a_gpu_that_nobody_knows_is_an_error_with_a_way_on(
    word: str, reference: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        gpu(word)

    assert caught.value.reference == reference
    assert hint in caught.value.hint
