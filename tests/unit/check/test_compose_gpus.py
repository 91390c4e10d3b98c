"""What gives a service of a compose file a GPU, and what may."""

from __future__ import annotations

import pytest

from provisioner.check import read, side_by_side
from tests.unit.check.checking import checked, machine

IMAGE = "services:\n  a:\n    image: nvidia/cuda:12.2.2-runtime-ubuntu22.04\n"
ON = machine("RTX 3090", driver="535.183.01", os="ubuntu-22.04")


def _severities(text: str) -> list[str]:
    found = checked("compose.yml", IMAGE + text, ON).findings
    return [one.severity for one in found if one.reference == "container-no-gpu-flag"]


CDI = "{resources: {reservations: {devices: [{driver: cdi, device_ids: [x]}]}}}"
SWARM = (
    "{resources: {reservations: {generic_resources:"
    " [{discrete_resource_spec: {kind: NVIDIA-GPU, value: 1}}]}}}"
)
LONG = """    deploy:
      resources:
        reservations:
          generic_resources:
            - discrete_resource_spec:
                kind: gpu
"""
GIVEN = (
    "    runtime: ${DOCKER_RUNTIME:-nvidia}\n",
    f"    deploy: {CDI}\n",
    f"    deploy: {SWARM}\n",
    LONG,
)


@pytest.mark.parametrize("text", GIVEN)
def test_a_service_is_given_a_gpu_in_many_ways(text: str) -> None:
    assert _severities(text) == []


@pytest.mark.parametrize(
    "text", ["    environment:\n      NVIDIA_VISIBLE_DEVICES: all\n", "    privileged: true\n"]
)
def test_what_a_default_runtime_may_give_is_a_warning(text: str) -> None:
    assert _severities(text) == ["warning"]


def test_a_service_without_a_gpu_is_an_error() -> None:
    assert _severities("    deploy: {resources: {limits: {cpus: '2'}}}\n") == ["error"]


def test_a_second_file_may_give_the_gpu() -> None:
    base = read("compose.yml", IMAGE)
    more = read("compose.gpu.yml", "services:\n  a:\n    gpus: all\n")

    assert [one.parts[0].uses_gpu for one in side_by_side([base, more])] == [True, True]
    assert base.parts[0].uses_gpu is False
