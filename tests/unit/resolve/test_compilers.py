"""nvcc in a plan: where it comes from, what belongs to it, and which gcc it may call."""

from __future__ import annotations

import msgspec
import pytest
from packaging.version import Version

from provisioner import workflow
from provisioner.describe import Options
from provisioner.errors import RefusedError
from provisioner.machine import Gpu, Machine, OperatingSystem
from provisioner.plan import Plan, Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from tests.table.factsheet import rows

NEWEST_GCC = {
    row["nvcc_version"]: int(row["gcc_max_major"]) for row in rows("04_host_compiler.csv")
}
COMPONENTS: dict[str, dict[str, str]] = {}
for fact in rows("02_cuda_toolkit_components.csv"):
    pin = fact["pin"].removeprefix("==").removesuffix(".*")
    COMPONENTS.setdefault(fact["cuda_toolkit"], {})[fact["component_wheel"]] = pin
WHEELS = sorted(
    {named["nvidia-cuda-nvcc"] for named in COMPONENTS.values() if "nvidia-cuda-nvcc" in named}
    & {version for version in NEWEST_GCC if "rc" not in version}
)
"""The compilers that wheels bring: from CUDA 13 on."""
NEWEST_OF_A_RELEASE = max(WHEELS, key=Version)
ADA = Gpu(name="NVIDIA GeForce RTX 4090", compute_capability="8.9", architecture="Ada")


def planned(*words: str, gcc: str | None = None, os: str = "ubuntu-24.04") -> Plan:
    """A plan for an RTX 4090 and a gcc that was seen there."""
    name, _, version = os.partition("-")
    machine = Machine(
        os=OperatingSystem(id=name, version=version, libc="glibc 2.39"),
        gpus=(ADA,),
        tools={"gcc": gcc} if gcc else {},
    )
    wishes = tuple(map(parse_wish, words))
    return resolve(question_of(machine, Request(requirements=words), wishes, workflow.catalog()))


def on(gpu: str, *words: str, arch: str = "x86_64", **more: str | None) -> Plan:
    options = Options(gpus=(gpu,), os="ubuntu-24.04", arch=arch)
    return workflow.plan_for(workflow.Asked(words=words, options=options, **more))  # type: ignore[arg-type]


def pins(plan: Plan) -> dict[str, str]:
    return {pin.name: pin.version for pin in plan.pins}


@pytest.mark.parametrize("version", WHEELS)
def test_what_belongs_to_an_nvcc_is_what_one_release_of_the_toolkit_names(version: str) -> None:
    found = pins(planned(f"nvcc=={version}"))
    release = COMPONENTS[found["cuda"]]

    assert release.pop("nvidia-cuda-nvcc") == found["nvcc"] == version
    assert {name: found[name] for name in release} == release
    COMPONENTS[found["cuda"]]["nvidia-cuda-nvcc"] = version


@pytest.mark.parametrize("torch", ["2.11.0", "2.15.0"])
def test_beside_torch_it_is_of_the_release_that_torch_names(torch: str) -> None:
    plan = planned(f"torch=={torch}", "nvcc")
    catalog = workflow.catalog()
    row = next(
        row
        for row in catalog.builds("torch")
        if row.version == torch and row.platform == "linux-x86_64" and row.variant == "default"
    )
    named = next(text for text in row.requires if text.startswith("cuda-toolkit"))
    exact = named.rpartition("==")[2]
    release = COMPONENTS.get(exact) or COMPONENTS[f"{exact}.0"]

    assert pins(plan)["nvcc"] == release["nvidia-cuda-nvcc"]
    assert pins(plan)["nvidia-cuda-runtime"] == release["nvidia-cuda-runtime"]


@pytest.mark.parametrize("version", WHEELS)
def test_a_gcc_that_is_too_new_is_refused_by_the_plan(version: str) -> None:
    """Fedora 44 has no older one that is known."""
    newest = NEWEST_GCC[version]
    assert planned(f"nvcc=={version}", gcc=f"{newest}.2.0", os="fedora-44").host_compiler

    with pytest.raises(RefusedError) as caught:
        planned(f"nvcc=={version}", gcc=f"{newest + 1}.1.0", os="fedora-44")

    (refused,) = (
        item
        for item in caught.value.data["refused"]  # type: ignore[attr-defined]
        if item.reference == "host-compiler"
    )
    assert f"takes gcc {newest} or older; this machine has gcc {newest + 1} (detected)" in (
        refused.reason
    )


@pytest.mark.parametrize("version", WHEELS)
def test_where_the_system_has_an_older_gcc_that_one_is_called(version: str) -> None:
    """Packages of Ubuntu 24.04: g++-9 to g++-12 beside 13."""
    newest = NEWEST_GCC[version]
    own = planned(f"nvcc=={version}").host_compiler
    older = planned(f"nvcc=={version}", gcc=f"{newest + 1}.1.0").host_compiler

    assert own is not None
    assert older is not None
    assert (own.program, own.package, own.newest) == ("g++", "g++", str(newest))
    assert (older.program, older.package) == ("g++-12", "g++-12")


def test_a_channels_nvcc_brings_its_own_gcc() -> None:
    plan = on("RTX 4090", "nvcc", via="conda")

    assert plan.host_compiler is None
    assert (plan.via, {pin.channel for pin in plan.pins}) == ("conda", {"conda-forge"})
    assert pins(plan)["cuda"] == pins(plan)["nvcc"].rpartition(".")[0]


@pytest.mark.parametrize("gpu", ["GTX 1080", "V100", "GTX 980"])
def test_gpus_that_cuda_13_left_behind_get_the_channels_nvcc_of_cuda_12(gpu: str) -> None:
    """02_ptxas_arch: 12.9 makes code for 5.0 to 7.2, 13 does not; its wheels hold no nvcc."""
    plan = on(gpu, "cuda-dev")

    assert pins(plan) == {"nvcc": "12.9.86", "cuda": "12.9"}
    assert (plan.via, plan.cuda) == ("conda", "12.9")


def test_wheels_of_cuda_12_are_refused_for_lack_of_nvcc() -> None:
    with pytest.raises(RefusedError) as caught:
        on("GTX 1080", "nvcc", via="pip")

    refused = {item.reference for item in caught.value.data["refused"]}  # type: ignore[attr-defined]
    assert {"no-compiler-in-wheel", "gpu-unsupported"} & refused


def test_all_of_the_toolkit_comes_only_where_it_is_asked_for() -> None:
    brought = {pin.name: pin.requirement for pin in planned("nvcc").pins}
    asked = {pin.name: pin.requirement for pin in planned("nvcc", "cuda").pins}

    assert (brought["cuda"] or "").startswith("cuda-toolkit==")
    assert (asked["cuda"] or "").startswith("cuda-toolkit[all]==")


def test_a_plan_goes_through_json_and_back() -> None:
    plan = planned("nvcc")

    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


@pytest.mark.parametrize("gpu", ["H100", "GB200", "GB10"])
def test_servers_with_arm_processors_get_the_wheels_for_them(gpu: str) -> None:
    """Every nvidia-cuda-nvcc 13 has a wheel for aarch64 with nvcc in it: seen in the index."""
    plan = on(gpu, "cuda-dev", arch="aarch64")
    found = pins(plan)

    assert (plan.via, found["nvcc"]) == ("pip", NEWEST_OF_A_RELEASE)
    assert found["nvidia-nvvm"] == COMPONENTS[found["cuda"]]["nvidia-nvvm"]


def test_a_board_with_a_tegra_part_gets_no_wheels_for_servers() -> None:
    """ptxas makes code for sm_87, and nothing says that the wheels' own runtime is for a Jetson."""
    with pytest.raises(RefusedError) as caught:
        on("sm_87", "nvcc", arch="aarch64")

    refused = {item.reference for item in caught.value.data["refused"]}  # type: ignore[attr-defined]
    assert "aarch64-jetson" in refused


def test_both_processors_compile_for_the_same_gpus() -> None:
    """The assemblers for aarch64 were run under qemu; 02_ptxas_arch is of those for x86_64."""
    known = {row["nvcc_version"]: row["sm_accepted"].split() for row in rows("02_ptxas_arch.csv")}
    read = {
        row.version: row
        for row in workflow.catalog().libraries
        if (row.package, row.platform) == ("nvidia-cuda-nvcc", "linux-aarch64")
    }

    assert set(WHEELS) <= read.keys()
    for version in WHEELS:
        if version in known:
            assert [item.removeprefix("sm_") for item in read[version].sass] == known[version]
        assert f"-{version}-" in read[version].evidence
        assert "aarch64.whl" in read[version].evidence
