"""Containers that would lose their GPUs when systemd reloads its units on their host."""

from __future__ import annotations

import json

import pytest

from tests.unit.doctor.live.rooms import Room

ENGINE = {
    "docker": "28.1.1",
    "docker_daemon": True,
    "nvidia_container_toolkit": "1.17.8",
    "docker_nvidia_runtime": True,
}
RUNTIMES = {"nvidia": {"path": "nvidia-container-runtime"}}
RISK = ("container-cgroup-loss", "warning")
NOTHING = ("", "")


@pytest.fixture
def host(working: Room) -> Room:
    """A host of today: cgroups of version 2, systemd, and devices of NVIDIA's without a link."""
    working.put("etc/docker/daemon.json", json.dumps({"runtimes": RUNTIMES}))
    working.put("run/systemd/system/.keep")
    working.put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory\n")
    working.put(
        "proc/devices", "Character devices:\n  1 mem\n195 nvidia-frontend\n510 nvidia-uvm\n"
    )
    working.link("dev/char/1:3", "../null")
    return working


def test_links_that_are_missing_under_dockers_own_choice_are_a_warning(host: Room) -> None:
    (finding,) = host.findings(containers=ENGINE)

    assert (finding.reference, finding.severity) == RISK
    assert "/dev/char has no link to NVIDIA's devices, 195:0" in finding.evidence[0]
    assert "systemd knows the devices: sudo nvidia-ctk system create-dev-char" in finding.fix[0]


def test_with_the_links_nothing_is_lost(host: Room) -> None:
    host.link("dev/char/195:255", "../nvidiactl")

    assert host.first(containers=ENGINE) == NOTHING


@pytest.mark.parametrize(("driver", "found"), [("systemd", RISK), ("cgroupfs", NOTHING)])
def test_the_driver_that_docker_is_told_to_use_counts(
    host: Room, driver: str, found: tuple[str, str]
) -> None:
    if driver == "systemd":
        host.take("sys/fs/cgroup/cgroup.controllers")
    told = {"runtimes": RUNTIMES, "exec-opts": [f"native.cgroupdriver={driver}"]}
    host.put("etc/docker/daemon.json", json.dumps(told))
    assert host.first(containers=ENGINE) == found

    host.put("etc/docker/daemon.json", json.dumps({"runtimes": RUNTIMES}))
    option = f"ExecStart=/usr/bin/dockerd --exec-opt native.cgroupdriver={driver}\n"
    host.put("etc/systemd/system/docker.service.d/override.conf", option)
    assert host.first(containers=ENGINE) == found


def test_cgroups_of_version_1_are_not_systemds(host: Room) -> None:
    host.take("sys/fs/cgroup/cgroup.controllers")

    assert host.first(containers=ENGINE) == NOTHING


def test_gpus_that_are_given_by_cdi_stay(host: Room) -> None:
    host.put("etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu\n")

    assert host.first(containers=ENGINE) == NOTHING
