"""What the plan says of a solution: sizes, extras, caps, and what is left out on the CPU."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Cap
from provisioner.resolve.builds import Builds
from tests.unit.resolve.asking import EVIDENCE, STACKS, facts, plan

# Sizes of wheels are those of facts 06 (torch) and 07 (tensorflow).
TORCH_2_10_0, TENSORFLOW_2_20_0 = 915510070, 620427169


def test_the_download_is_the_sum_of_what_the_catalog_knows_of_each() -> None:
    alone = plan(Catalog(STACKS), "torch==2.10.0", gpus=("RTX 3090",), driver="580.95.05")
    both = plan(
        Catalog(STACKS),
        "torch==2.10.0",
        "tensorflow==2.20.0",
        gpus=("RTX 3090",),
        driver="580.95.05",
    )

    assert alone.download_bytes == TORCH_2_10_0
    assert both.download_bytes == TORCH_2_10_0 + TENSORFLOW_2_20_0


def test_half_a_sum_is_not_told() -> None:
    """Nobody has measured how big the wheels of PyTorch's own index are."""
    made = plan(
        Catalog(STACKS), "torch==2.14.1", "tensorflow==2.21.0", gpus=("RTX 3090",), driver="535"
    )

    assert made.download_bytes is None


def test_the_extra_that_brings_cuda_is_asked_for_on_the_gpu_and_dropped_on_the_cpu() -> None:
    on_gpu = plan(Catalog(STACKS), "tensorflow==2.21.0", gpus=("RTX 3090",), driver="535.183.01")
    on_cpu = plan(Catalog(STACKS), "tensorflow[and-cuda]==2.21.0")

    assert on_gpu.pins[0].requirement == "tensorflow[and-cuda]==2.21.0"
    assert [pin.requirement for pin in on_cpu.pins] == ["tensorflow==2.21.0"]


def test_nvidias_wheels_are_needed_on_the_gpu_only() -> None:
    catalog = Catalog(STACKS)

    def brought(*gpus: str) -> list[str]:
        builds = Builds(facts(catalog, *gpus), {})
        (candidate,) = [
            item
            for item in builds.candidates("torch", ("pip",))
            if (item.version, item.variant) == ("2.15.0", "default")
        ]
        return [need.on for need in builds.needs(candidate) if need.on.startswith("nvidia-")]

    assert "nvidia-cudnn-cu13" in brought("RTX 3090")
    assert brought() == []


def test_caps_are_for_wheels_a_channel_solves_its_own_packages() -> None:
    catalog = Catalog(STACKS)
    cap = Cap(framework="torch", version=">=2", requirement="numpy<2", reason="why", **EVIDENCE)
    catalog.caps = (cap,)
    wheels = plan(catalog, "torch==2.10.*", gpus=("RTX 3090",))
    channel = plan(catalog, "torch==2.10.*", gpus=("RTX 3090",), via="conda")

    assert (wheels.via, channel.via) == ("pip", "conda")
    assert [cap.requirement for cap in wheels.constraints] == ["numpy<2"]
    assert channel.constraints == ()


def test_a_cap_is_for_its_versions_and_its_framework() -> None:
    catalog = Catalog(STACKS)
    texts = (("torch", "<2"), ("tensorflow", ">=2"), ("torch", ">=2.10"))
    catalog.caps = tuple(
        Cap(framework=name, version=version, requirement=f"x{version}", reason="", **EVIDENCE)
        for name, version in texts
    )
    made = plan(catalog, "torch==2.10.*", gpus=("RTX 3090",))

    assert [cap.requirement for cap in made.constraints] == ["x>=2.10"]
