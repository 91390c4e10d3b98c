"""Every GPU of AMD and Intel in the facts: served by exactly what was read, or refused.

Read independently of the sheets: the lists that wheels printed (astral-sh/uv issue 14086 and pull
request 18730) stand here by hand, Intel's parts are those of facts 21.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from provisioner import saved
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import Gpu, Machine, OperatingSystem
from provisioner.plan import Plan, Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from tests.unit.resolve.asking import STACKS

ROOT = Path(__file__).parents[1]
FACTS = ROOT / "table" / "facts"
INDEX = "https://download.pytorch.org/whl"
CATALOG = Catalog(STACKS)

GFX9 = ("gfx900", "gfx906", "gfx908", "gfx90a", "gfx942")
RDNA = ("gfx1030", "gfx1100", "gfx1101", "gfx1102", "gfx1200", "gfx1201")
ROCM_72 = (*GFX9, *RDNA, "gfx950", "gfx1150", "gfx1151")
"""Printed by torch 2.11.0+rocm7.2."""
ROCM_63 = (*GFX9, *RDNA)
"""Printed by torch 2.7.1+rocm6.3. ROCm's libraries have dropped gfx906 after that."""


def rows(name: str) -> Iterator[dict[str, str]]:
    with (FACTS / f"{name}.csv").open() as file:
        yield from csv.DictReader(file)


@cache
def ask(gpu: Gpu, words: tuple[str, ...] = ("torch",), system: str = "ubuntu-24.04") -> Plan | str:
    os_id, _, version = system.partition("-")
    machine = Machine(
        os=OperatingSystem(id=os_id, version=version), gpus=(gpu,), sources={"gpus": "option"}
    )
    try:
        wishes = tuple(parse_wish(word) for word in words)
        return resolve(question_of(machine, Request(requirements=words), wishes, CATALOG))
    except RefusedError as error:
        return error.reference


def amd(row: dict[str, str]) -> Gpu:
    return Gpu(name=row["gfx"], vendor="amd", architecture=row["gfx"])


def test_the_catalog_calls_every_amd_gpu_by_the_target_of_the_facts() -> None:
    found = {row.device: row.architecture for row in CATALOG.gpus if row.vendor == "1002"}
    told = {row["pci_device"].lower(): row["gfx"] for row in rows("20_rocm_gpus")}

    assert len(told) > 100
    assert {device: found.get(device) for device in told if device in found} == {
        device: gfx for device, gfx in told.items() if device in found
    }
    assert set(told) - set(found) == {"15df"}  # a security processor, no GPU


def test_torch_serves_amds_gpus_by_their_very_target_or_not_at_all() -> None:
    targets = {row["gfx"] for row in rows("20_rocm_gpus")}
    assert targets > set(ROCM_63)
    for row in rows("20_rocm_gpus"):
        target, plan = row["gfx"], ask(amd(row))
        if target not in ROCM_72:
            assert plan == "no-compatible-stack", target
            continue
        assert isinstance(plan, Plan), target
        (pin,) = plan.pins
        version, rocm = ("2.7.1", "6.3") if target == "gfx906" else ("2.11.0", "7.2")
        assert (pin.version, pin.variant) == (version, f"rocm{rocm}")
        assert pin.index == f"{INDEX}/rocm{rocm}"
        assert pin.requirement == f"torch=={version}+rocm{rocm}"
        assert [(serve.by, serve.kind) for serve in pin.serves] == [(target, "sass")]
        assert (plan.accelerator, plan.cuda, plan.driver.action) == ("rocm", None, "none")
        assert pin.evidence == "announced"


def test_an_older_release_serves_what_its_own_wheel_printed() -> None:
    for row in rows("20_rocm_gpus"):
        plan = ask(amd(row), ("torch==2.7.1",))
        assert isinstance(plan, Plan) is (row["gfx"] in ROCM_63), row["gfx"]


@pytest.mark.parametrize(
    "version", ["2.6.0", "2.7.0", "2.8.0", "2.9.1", "2.10.0", "2.12.1", "2.14.1"]
)
def test_a_release_whose_code_nobody_read_serves_nothing(version: str) -> None:
    gpu = Gpu(name="gfx1100", vendor="amd", architecture="gfx1100")

    assert ask(gpu, (f"torch=={version}",)) == "no-compatible-stack"


def test_no_framework_but_torch_is_planned_on_amds_and_intels_gpus() -> None:
    for gpu in (
        Gpu(name="gfx1100", vendor="amd", architecture="gfx1100"),
        Gpu(name="Arc A770", vendor="intel", architecture="Alchemist", pci_id="8086:56a0"),
    ):
        # What is plain Python, or built with it, goes along with torch.
        along = {"torch", "torchvision", "torchaudio", "fastai"}
        for name in sorted(set(CATALOG.frameworks) - along):
            assert ask(gpu, (name,)) == "no-compatible-stack", name


def intel(row: dict[str, str]) -> Gpu:
    device = row["pci_device"].lower()
    found = next(item for item in CATALOG.gpus if (item.vendor, item.device) == ("8086", device))
    return Gpu(
        name=found.name, vendor="intel", architecture=found.architecture, pci_id=f"8086:{device}"
    )


def is_validated(row: dict[str, str]) -> bool:
    told = row["torch_xpu_validated"]
    if told in {"MTL-H", "ARL-H only"}:  # the documents say: with Arc Graphics
        return "Arc" in row["pci_name"]
    return told.startswith("yes")


def test_torch_serves_intels_gpus_that_its_documents_name_or_not_at_all() -> None:
    served = 0
    for row in rows("21_intel_gpus"):
        late = row["codename"] == "Panther Lake"
        plan = ask(intel(row), system="ubuntu-26.04" if late else "ubuntu-24.04")
        if not is_validated(row):
            assert plan == "no-compatible-stack", row
            continue
        assert isinstance(plan, Plan), row
        (pin,) = plan.pins
        assert (pin.version, pin.variant, pin.index) == ("2.15.0", "xpu", f"{INDEX}/xpu")
        by = [(serve.by, serve.kind) for serve in pin.serves]
        assert by == [(row["codename"], "validated")]
        assert (plan.accelerator, plan.driver.action) == ("xpu", "none")
        served += 1
    assert served > 70


def test_panther_lake_needs_the_newer_ubuntu_that_its_document_names() -> None:
    gpu = Gpu(name="Arc B390", vendor="intel", architecture="Panther Lake", pci_id="8086:b080")

    assert ask(gpu, system="ubuntu-24.04") == "no-compatible-stack"
    assert isinstance(ask(gpu, system="ubuntu-26.04"), Plan)


def test_a_system_that_the_document_does_not_name_is_told() -> None:
    plan = ask(
        Gpu(name="Arc A770", vendor="intel", architecture="Alchemist", pci_id="8086:56a0"),
        system="fedora-42",
    )

    assert isinstance(plan, Plan)
    told = [item.message for item in plan.warnings if item.reference == "system-not-validated"]
    named = "ubuntu-24.04, ubuntu-26.04, ubuntu-24.04-wsl2, ubuntu-26.04-wsl2"
    assert told == [f"torch 2.15.0 was validated with Arc A770 on {named}; not fedora-42."]


def test_code_that_amd_does_not_stand_for_is_told() -> None:
    # Facts 20: gfx1100 is official from 6.0 on, gfx1102 stands in no list that was read.
    found = {}
    for name in ("gfx1100", "gfx1102"):
        plan = ask(Gpu(name=name, vendor="amd", architecture=name))
        assert isinstance(plan, Plan)
        warnings = plan.warnings
        found[name] = [item.message for item in warnings if item.reference == "rocm-not-official"]

    told = "AMD's documents on ROCm 7.2, as far as read, do not list it"
    assert found == {
        "gfx1100": [],
        "gfx1102": [f"torch 2.11.0 holds code for gfx1102; {told}."],
    }


@pytest.mark.parametrize(
    ("name", "accelerator", "variant"),
    [
        ("fedora42-rx7900xtx", "rocm", "rocm7.2"),
        ("ubuntu22.04-laptop-intel-rtx3060-535", "cuda", None),
    ],
)
def test_captured_machines(name: str, accelerator: str, variant: str | None) -> None:
    machine = saved.read(ROOT / "machines" / name / "machine.json", "machine", Machine)
    request = Request(requirements=("torch",))
    plan = resolve(question_of(machine, request, (parse_wish("torch"),), CATALOG))

    assert plan.accelerator == accelerator
    assert variant in {None, plan.pins[0].variant}
    if accelerator == "cuda":
        assert [item.reference for item in plan.warnings][:1] == ["gpu-not-used"]
