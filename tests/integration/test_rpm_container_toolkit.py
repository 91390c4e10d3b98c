"""The container toolkit on systems with dnf or zypper: real tools, signed stand-ins of true names.

The stand-ins are empty: nvidia-ctk, Docker and its service are those of the test for apt.
"""

from __future__ import annotations

import json

import msgspec
import pytest

from tests.golden import made_catalog
from tests.golden.host_plans import container_toolkit
from tests.golden.parts import machine
from tests.integration import rpms
from tests.integration.roots import Root
from tests.integration.rpms import SYSTEMS, inside
from tests.integration.test_container_toolkit import CONFIGURED, CTK, DOCKER, NAMES, SERVICE
from tests.integration.test_driver_parts import program
from tests.integration.test_rpm_systems import (
    installed,
    made,
    on,
    run,
    script,
    system,
    tools,
    uninstall,
)

__all__ = ["made", "system", "tools"]

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings the tools, once


def with_toolkit(name: str, root: Root) -> Root:
    """The script for the toolkit in the place of the driver's, on a machine whose driver runs."""
    plan = container_toolkit()
    where = machine(name, plan.machine.gpus)
    text = script(msgspec.structs.replace(plan, machine=where))
    place = made_catalog.TOOLKIT_REPOSITORY.replace("deb/amd64", "rpm/x86_64")
    assert f"{place} " in text
    text = text.replace(place, "file:///srv/container-toolkit/")
    fingerprint = rpms.fingerprint(root)
    root.put("/install.sh", text.replace(made_catalog.TOOLKIT_FINGERPRINT, fingerprint))
    root.put("/sys/module/nvidia/version", "580.178.04\n")
    program(root, "nvidia-ctk", CTK)
    program(root, "docker", DOCKER.format("a system with rpm"))
    program(root, "service", SERVICE)
    return root


@on(*SYSTEMS)
def test_it_is_installed_once_and_taken_back(system: tuple[str, Root]) -> None:
    name, root = system
    with_toolkit(name, root)
    keys = inside(root, "rpm", "-qa", "gpg-pubkey").stdout
    before = installed(root)
    first = run(root)
    there = installed(root)
    settings = json.loads(inside(root, "cat", "/etc/docker/daemon.json").stdout)
    again = run(root)
    calls = inside(root, "cat", "/srv/calls").stdout.splitlines()
    undone = uninstall(root)

    assert first.returncode == 0, first.stdout + first.stderr
    assert {f"{package} 1.20.1" for package in NAMES} == there - before
    assert settings == CONFIGURED
    assert again.returncode == 0, again.stdout + again.stderr
    assert calls.count("service docker restart") == 1
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert installed(root) == before
    assert inside(root, "rpm", "-qa", "gpg-pubkey").stdout == keys
    assert inside(root, "ls", "/etc/docker/daemon.json").returncode != 0


@on("rocky-9")
def test_a_name_that_the_facts_do_not_know_is_not_installed(system: tuple[str, Root]) -> None:
    name, root = system
    with_toolkit(name, root)
    text = inside(root, "cat", "/install.sh").stdout
    root.put("/install.sh", text.replace("libnvidia-container1", "libnvidia-container9"))
    before = installed(root)
    done = run(root)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "libnvidia-container9" in done.stdout + done.stderr
    assert installed(root) == before
