"""What is true of a plan and easily missed. The figures are those of the facts that are named."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec
import pytest

from provisioner import workflow
from provisioner.catalog.load import Catalog
from provisioner.describe import Options
from provisioner.plan import Plan, Request, Warning
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from provisioner.resolve.candidates import DRIVER
from provisioner.resolve.facts import Facts
from provisioner.resolve.precisions import precisions
from provisioner.resolve.provider import StackProvider
from tests.unit.resolve.asking import EVIDENCE, STACKS, MadeBuilds, machine
from tests.unit.resolve.asking import plan as planned

FACTS = Path(__file__).parents[2] / "table/facts"
CATALOG = Catalog(STACKS)
NOBLE = "ubuntu-24.04"
BRANCHES = sorted(
    {row.branch for row in CATALOG.drivers if row.first_version and int(row.branch) >= 470}
)


MOVES_ON = """\
ubuntu-24.04 now installs driver 580 under the name nvidia-driver-535: where the driver came from \
there, the next upgrade of the system changes it. The GPUs go on working. To stay on 535, as root: \
apt-mark hold 'nvidia-driver-535*'"""
MOVES_AWAY = """\
ubuntu-22.04 now installs driver 595 under the name nvidia-driver-580: where the driver came from \
there, the next upgrade of the system changes it. Branch 595 does not drive these GPUs. To stay on \
580, as root: apt-mark hold 'nvidia-driver-580*'"""
ENDED = """\
Driver branch 535 got its last fixes in 2026-06: upgrade to branch 580, which is kept up until \
2028-06."""
OLD_SYSTEM = """\
Ubuntu 20.04 reached the end of its regular support in 2025-04: plan to move to a newer release."""
OLD_PYTHON = """\
Python {} got its last fixes in {}: use it for what needs it, and for nothing that faces the \
network."""


def table(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(newline="") as lines:
        return list(csv.DictReader(lines))


def plan(
    *words: str, profile: str | None = None, python: str | None = None, **machine: Any
) -> Plan:
    gpus = machine.pop("gpus", ("RTX 3090",))
    options = Options(gpus=gpus, os=machine.pop("os", NOBLE), arch="x86_64", **machine)
    return workflow.plan_for(
        workflow.Asked(words=words, options=options, profile=profile, python=python)
    )


def told(items: tuple[Warning, ...], reference: str) -> list[str]:
    return [item.message for item in items if item.reference == reference]


def told_of(gpu: str) -> tuple[str, str]:
    """The product's name, and what is said of its number formats."""
    made = machine(gpu)
    facts = Facts(made, Request(requirements=("torch",)), CATALOG)
    return made.gpus[0].name, precisions(facts, made.gpus[0])


@pytest.mark.parametrize("row", table("18_precisions.csv"), ids=lambda row: row["cc"])
def test_the_formats_of_tensor_cores_are_those_of_the_programming_guide(
    row: dict[str, str],
) -> None:
    capability = row["cc"]
    # A capability alone does not say which chip: TU116 and TU117 are 7.5 and have none.
    name = "RTX 2080 Ti" if capability == "7.5" else capability
    found, sentence = told_of(name)
    yes = {key.removeprefix("tc_") for key, value in row.items() if value == "yes"}

    if "" in row.values():
        assert "which formats its tensor cores multiply is not known" in sentence
    elif not yes:
        assert sentence.startswith(f"{found}: no tensor cores")
    else:
        head = sentence.partition(": tensor cores multiply ")[2].rstrip(".").partition(";")[0]
        assert set(head.split(", ")) == yes
        assert ("bf16 is none of them" in sentence) == ("bf16" not in yes)


TURING = """\
NVIDIA GeForce RTX 2070 SUPER: tensor cores multiply fp16, int8, int4; bf16 is none of them, so \
load models in float16; float64 runs at 1/32 of float32's speed."""
PASCAL = """\
NVIDIA GeForce GTX 1080 Ti: no tensor cores; float16 runs at 1/64 of float32's speed, so compute \
in float32; float64 runs at 1/32 of float32's speed."""
TU116 = "NVIDIA GeForce GTX 1660: no tensor cores; float64 runs at 1/32 of float32's speed."
MAXWELL = """\
NVIDIA GeForce GTX 980: no tensor cores; compute in float32; float64 runs at 1/32 of float32's \
speed."""


@pytest.mark.parametrize(
    ("gpu", "sentence"),
    [
        # 18_precisions and 09_chip_to_cc: rates beside float32, chips without tensor cores.
        ("RTX 2070 SUPER", TURING),
        ("GTX 1080 Ti", PASCAL),
        ("GTX 1660", TU116),
        ("GTX 980", MAXWELL),
        ("H100", "H100: tensor cores multiply fp64, tf32, bf16, fp16, fp8, int8."),
        ("8.8", "8.8: which formats its tensor cores multiply is not known."),
    ],
)
def test_a_plan_says_what_its_gpus_compute_in(gpu: str, sentence: str) -> None:
    assert told_of(gpu)[1] == sentence


def test_each_product_is_told_once_and_the_cpu_has_none() -> None:
    twice = plan("torch", gpus=("RTX 3090", "RTX 3090", "RTX 4090"))
    cpu = plan("torch", gpus=("none",))

    assert [text.partition(":")[0] for text in told(twice.notes, "gpu-precisions")] == [
        "NVIDIA GeForce RTX 3090",
        "NVIDIA GeForce RTX 4090",
    ]
    assert told(cpu.notes, "gpu-precisions") == []


def test_a_card_with_too_little_memory_for_a_profile_is_warned_of_with_both_numbers() -> None:
    # 6900 MiB is asked for; 19_gpu_specs: 3 GB on the card.
    (text,) = told(
        plan(profile="stable-diffusion", gpus=("GTX 1060 3GB",)).warnings, "gpu-memory-too-small"
    )

    assert text == (
        "stable-diffusion asks for 6.7 GiB of GPU memory (Stable Diffusion 1 in half precision "
        "at 512 x 512) and NVIDIA GeForce GTX 1060 3GB has 3.0 GiB: take a smaller model, or keep "
        "a part of it in the computer's own memory."
    )


def test_a_card_with_enough_memory_is_not_and_one_nobody_measured_is_a_note() -> None:
    enough = plan(profile="stable-diffusion", gpus=("RTX 2070 SUPER",))
    unknown = plan(profile="stable-diffusion", gpus=("8.6",))
    none_stated = plan(profile="huggingface", gpus=("GTX 1060 3GB",))
    bare = plan("torch", gpus=("GTX 1060 3GB",))

    for made in (enough, unknown, none_stated, bare):
        assert told(made.warnings, "gpu-memory-too-small") == []
    assert told(unknown.notes, "gpu-memory-not-known") == [
        (
            "stable-diffusion asks for 6.7 GiB of GPU memory (Stable Diffusion 1 in half precision "
            "at 512 x 512); how much 8.6 has is not known."
        )
    ]
    assert told(enough.notes, "gpu-memory-not-known") == []


def test_of_a_mixed_box_only_the_small_card_is_warned_of() -> None:
    made = plan(profile="stable-diffusion", gpus=("RTX 3090", "GTX 1060 3GB"))
    (text,) = told(made.warnings, "gpu-memory-too-small")

    assert "NVIDIA GeForce GTX 1060 3GB has 3.0 GiB" in text


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("ubuntu", ["22.04", "24.04", "26.04"])
def test_a_kept_driver_that_ubuntu_would_replace_is_told_and_no_other(
    branch: str, ubuntu: str
) -> None:
    found = {
        row["installs"]
        for row in table("13_ubuntu_redirects.csv")
        if row["ubuntu"] == ubuntu and row["package"].partition("-")[0] == branch
    }
    there = msgspec.structs.replace(
        machine("RTX 2080 Ti", driver=f"{branch}.999"),
        os=msgspec.structs.replace(machine("7.5").os, version=ubuntu),
    )
    request = Request(requirements=("torch",), keep_driver=True)
    made = resolve(question_of(there, request, (parse_wish("torch"),), CATALOG))
    every = told((*made.warnings, *made.notes), "driver-moves-by-itself")

    # "580-server" and such are names of that branch too.
    branches = {name.partition("-")[0] for name in found} - {branch}
    assert len(every) == len(branches)
    for name in branches:
        assert any(f"now installs driver {name} " in text for text in every)


def test_what_to_do_about_a_driver_that_moves_is_said() -> None:
    # 13_ubuntu_driver_redirects: 535 installs 580 on 24.04; 03_driver_branches: 580 drives Turing.
    made = plan("torch", gpus=("RTX 2070 SUPER",), driver="535.183.01")

    assert told(made.notes, "driver-moves-by-itself") == [MOVES_ON]
    assert told(made.warnings, "driver-moves-by-itself") == []


def test_a_driver_that_moves_to_one_without_the_gpus_is_a_warning() -> None:
    # No package of 13 does that to a GPU so far: this one is made.
    catalog = Catalog(STACKS)
    moved = [
        msgspec.structs.replace(row, redirects=("nvidia-driver-580",))
        for row in catalog.driver_packages
        if (row.os, row.package) == ("ubuntu-22.04", "nvidia-driver-595")
    ]
    catalog.driver_packages = tuple(moved)
    made = planned(catalog, "torch", gpus=("GTX 1080 Ti",), driver="580.65.06")

    assert told(made.warnings, "driver-moves-by-itself") == [MOVES_AWAY]


def test_on_wsl2_and_on_a_driver_to_install_nothing_moves() -> None:
    wsl = plan("torch", os="ubuntu-24.04-wsl2", driver="537.13")
    new = plan("torch", driver="none")

    for made in (wsl, new):
        assert told((*made.warnings, *made.notes), "driver-moves-by-itself") == []


def test_an_ended_driver_that_could_be_upgraded_is_a_warning() -> None:
    # 03_driver_branches: 535 ended in 2026-06, 580 ends in 2028-06.
    made = plan("torch", os="rocky-9", driver="535.183.01")

    assert told(made.warnings, "driver-end-of-life") == [ENDED]


def test_an_ended_driver_that_is_the_last_for_its_gpus_is_a_note() -> None:
    # 03_driver_branches: 470 ended in 2024-07 and is Kepler's last.
    made = plan("tensorflow==1.15.*", gpus=("Tesla K80",), os="ubuntu-22.04", driver="470.82.01")

    assert told(made.warnings, "driver-end-of-life") == []
    assert told(made.notes, "driver-end-of-life") == [
        (
            "Driver branch 470 got its last fixes in 2024-07, and no branch that is kept up drives "
            "Tesla K80."
        )
    ]


@pytest.mark.parametrize(
    ("driver", "notes"),
    [
        # 03_driver_branches: 595 ends in 2027-03, 580 in 2028-06, of 570 no end is known.
        ("595.45.04", ["Driver branch 595 is kept up until 2027-03 only."]),
        ("580.65.06", []),
        ("570.86.10", []),
    ],
)
def test_an_end_within_half_a_year_is_a_note_and_an_unknown_one_is_not_told(
    driver: str, notes: list[str]
) -> None:
    made = plan("torch", os="rocky-9", driver=driver)

    assert told(made.warnings, "driver-end-of-life") == []
    assert told(made.notes, "driver-end-of-life") == notes


def test_systems_and_pythons_past_their_end_are_notes() -> None:
    # pep600_compliance: Ubuntu 20.04 ends in 2025-04; devguide release-cycle: 3.7 in 2023-06.
    made = plan("tensorflow==1.15.*", gpus=("none",), os="ubuntu-20.04")

    assert told(made.notes, "os-end-of-life") == [OLD_SYSTEM]
    assert told(made.notes, "python-end-of-life") == [OLD_PYTHON.format("3.7", "2023-06")]


def test_a_living_system_keeps_its_own_python_alive() -> None:
    # 3.10 ended in 2026-10; Ubuntu 22.04, whose own it is, ends in 2027-04.
    jammy = plan("torch==2.14.*", gpus=("none",), os="ubuntu-22.04")
    elsewhere = plan("torch==2.14.*", gpus=("none",), os="ubuntu-24.04", python="3.10")

    assert (jammy.python, elsewhere.python) == ("3.10", "3.10")
    assert told(jammy.notes, "python-end-of-life") == []
    assert told(elsewhere.notes, "python-end-of-life") == [OLD_PYTHON.format("3.10", "2026-10")]


@pytest.mark.parametrize("gpu", ["GTX 1080 Ti", "Tesla V100-SXM2-32GB", "RTX 2080 Ti", "RTX 3090"])
def test_the_first_cudnn_without_an_old_gpu_is_named_as_its_binaries_say(gpu: str) -> None:
    made = plan("tensorflow==2.21.*", gpus=(gpu,))
    capability = made.machine.gpus[0].compute_capability or ""
    rows = [
        row for row in table("05_cudnn_fatbin_archs.csv") if row["package"] == "nvidia-cudnn-cu12"
    ]
    runs = [
        row
        for row in rows
        if any(
            target[:-1] == capability.partition(".")[0]
            and int(target[-1]) <= int(capability.partition(".")[2])
            for target in row["sass"].split()
            if target.isdigit()
        )
    ]
    without = [row["version"] for row in rows if row not in runs]
    dropped = [name for name in without if number(name) > number(runs[-1]["version"])]

    assert told(made.notes, "cudnn-ceiling") == [
        f"nvidia-cudnn-cu12 {name} and later have no code for {made.machine.gpus[0].name} "
        f"({capability}): keep it below {name}."
        for name in sorted(dropped, key=number)[:1]
    ]


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_without_a_row_pre_releases_are_asked_for_in_vain() -> None:
    request = Request(requirements=("torch",), pre=True)
    made = resolve(question_of(machine("RTX 3090"), request, (parse_wish("torch"),), CATALOG))

    assert told(made.warnings, "no-pre-release") == [
        "The catalog knows no pre-release of torch: the plan holds its releases only."
    ]


def test_a_pre_release_is_taken_where_it_is_asked_for_or_named() -> None:
    row = next(
        row
        for row in CATALOG.builds("torch")
        if (row.version, row.platform, row.variant) == ("2.15.0", "linux-x86_64", "default")
    )
    catalog = MadeBuilds(
        *(
            msgspec.structs.replace(row, version=version, kind="announced", requires=(), **EVIDENCE)
            for version in ("2.15.0", "2.16.0.dev20261101", "2.16.0rc1")
        )
    )

    def version(word: str, *, pre: bool) -> str:
        wish = msgspec.structs.replace(parse_wish(word), pre=pre)
        request = Request(requirements=(word,), pre=pre)
        made = resolve(question_of(machine("RTX 3090"), request, (wish,), catalog))
        assert told(made.warnings, "no-pre-release") == []
        return made.pins[0].version

    assert version("torch", pre=False) == "2.15.0"
    assert version("torch", pre=True) == "2.16.0rc1"
    assert version("torch>=2.14", pre=False) == "2.15.0"
    assert version("torch>=2.14", pre=True) == "2.16.0rc1"
    assert version("torch==2.16.0.dev20261101", pre=False) == "2.16.0.dev20261101"


@pytest.mark.parametrize("via", ["pip", "conda"])
@pytest.mark.parametrize("gpu", ["RTX 5090", "RTX 4090", "GTX 1080 Ti", "H100"])
def test_ptx_asks_for_the_driver_that_came_with_its_cuda(gpu: str, via: str) -> None:
    # 01_cuda_driver: the driver bundled with the first release, or the documented one below it.
    bundled: dict[str, str] = {}
    for row in table("01_cuda_driver.csv"):
        cuda, driver = ".".join(row["cuda"].split(".")[:2]), row["linux_x86_64"]
        known = row["kind"] in {"bundled_driver", "documented_min"} and driver
        if known and (cuda not in bundled or number(driver) < number(bundled[cuda])):
            bundled[cuda] = driver
    catalog, request = Catalog(STACKS), Request(requirements=("tensorflow",))
    provider = StackProvider(
        Facts(machine(gpu), request, catalog), (parse_wish("tensorflow"),), (via,), ()
    )
    compiled = [
        (item.row.cuda, need.floor)
        for name in ("torch", "tensorflow")
        for item in provider.candidates(name)
        if any(serve.kind == "ptx" for serve in item.serves)
        for need in provider.needs(item)
        if need.on == DRIVER and not need.failed
    ]

    assert compiled or (gpu, via) in {("GTX 1080 Ti", "pip"), ("GTX 1080 Ti", "conda")}
    assert [
        (cuda, floor)
        for cuda, floor in compiled
        if cuda in bundled and number(floor or "0") < number(bundled[cuda])
    ] == []


def test_a_plan_keeps_its_notes_when_it_is_saved() -> None:
    made = plan("torch", gpus=("RTX 2070 SUPER",), driver="535.183.01")

    assert made.notes
    assert msgspec.json.decode(msgspec.json.encode(made), type=Plan).notes == made.notes
