"""Facts overridden from the environment, and overrides that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.detect import detect
from provisioner.errors import UsageError
from provisioner.machine import Driver, Gpu, Machine

ROOT = Path(__file__).parents[2] / "machines" / "ubuntu22.04-rtx2070super-550" / "root"


def look(**facts: str) -> Machine:
    env = {f"DLSETUP_OVERRIDE_{name}": value for name, value in facts.items()}
    return detect(ROOT, env=env, gpu_by_name=lambda name: Gpu(name=f"NVIDIA {name}")).machine


def test_an_override_replaces_one_fact_and_says_where_it_came_from() -> None:
    machine = look(DRIVER_VERSION="535.183.01")

    assert machine.driver == Driver(
        version="535.183.01",
        cuda="12.4",
        flavour="proprietary",
        kernel_module_version="550.163.01",
    )
    assert machine.sources["driver"] == "env"
    assert machine.sources["gpus"] == "nvidia-smi"


def test_versions_stay_text() -> None:
    machine = look(OS_VERSION="24.10", DRIVER="580.95.05")

    assert machine.os.version == "24.10"
    assert machine.driver == Driver(version="580.95.05")


def test_none_takes_a_fact_away() -> None:
    machine = look(DRIVER="none", GPUS="none", CPU_LEVEL="none")

    assert (machine.driver, machine.gpus, machine.cpu.level) == (None, (), None)
    assert machine.driver_is_known


def test_gpus_are_named_by_the_catalog_or_written_as_json() -> None:
    named = look(GPUS="RTX 3090, H100").gpus
    written = look(GPUS='[{"name": "X", "compute_capability": "9.9"}]').gpus

    assert [gpu.name for gpu in named] == ["NVIDIA RTX 3090", "NVIDIA H100"]
    assert written == (Gpu(name="X", compute_capability="9.9"),)


def test_the_system_is_written_as_the_option_takes_it() -> None:
    system = look(OS="ubuntu-24.04-wsl2").os

    assert (system.id, system.version, system.wsl) == ("ubuntu", "24.04", True)


def test_numbers_and_flags_are_read_as_such() -> None:
    machine = look(MEMORY_BYTES="1024", CPU_CORES="3", OS_WSL="true", ARCH="aarch64")

    assert (machine.memory_bytes, machine.cpu.cores, machine.os.wsl) == (1024, 3, True)
    assert machine.arch == "aarch64"
    assert machine.sources["memory_bytes"] == "env"


def test_every_source_is_named_as_the_fact_it_is_the_source_of() -> None:
    machine = look(MEMORY_BYTES="1024")

    assert set(machine.sources) <= set(Machine.__struct_fields__)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("COLOUR", "blue"),
        ("OS_COLOUR", "blue"),
        ("SOURCES", "{}"),
        ("MEMORY_BYTES", "much"),
        ("OS_WSL", "perhaps"),
        ("GPUS", "[{]"),
        ("GPUS", '[{"colour": 1}]'),
        ("OS", "ubuntu"),
        ("DISKS", "x"),
    ],
)
def test_an_override_that_cannot_be_read_is_a_usage_error(fact: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        look(**{fact: value})

    assert caught.value.reference == "bad-override"
    assert f"DLSETUP_OVERRIDE_{fact}" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("value", ["soon", "0", "-3", "nan", "inf"])
def test_a_time_limit_that_is_none_is_a_usage_error(value: str) -> None:
    with pytest.raises(UsageError):
        detect(ROOT, env={"DLSETUP_PROBE_SECONDS": value})
