"""What is expected of a GPU comes from the facts; what falls short is told with its cause."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import pytest

from provisioner import resources
from provisioner.bench.expected import Judge, figures_of
from provisioner.bench.gpus import Device
from provisioner.bench.watch import UnderLoad
from provisioner.catalog.load import Catalog
from provisioner.machine import Gpu
from provisioner.report import Measurement
from tests.unit.bench.conftest import GTX_1080_TI, H100

CATALOG = Catalog(resources.stacks())
FACTS = Path(__file__).parents[2] / "table" / "facts" / "19_gpu_specs.csv"
LAPTOP, INTEGRATED = "laptop", "integrated"
TENSOR = "fp16_bf16_tensor_tflops_dense"
RTX_3090 = Device(
    "gpu 0", Gpu(name="NVIDIA GeForce RTX 3090", memory_bytes=24576 << 20, compute_capability="8.6")
)
SOUND = UnderLoad(
    device="gpu 0",
    name="NVIDIA GeForce RTX 3090",
    link_generation=4,
    link_width=16,
    link_generation_possible=4,
    link_width_possible=16,
    clock_mhz=1700,
    clock_possible_mhz=2100,
    temperature_c=70,
    power_limit_w=350,
    default_power_limit_w=350,
)


def boards() -> dict[tuple[str, int], list[dict[str, str]]]:
    """The lines of the facts by the driver's name and the size of the memory."""
    found: dict[tuple[str, int], list[dict[str, str]]] = {}
    with FACTS.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            for name in line["driver_name"].split("|"):
                size = round(float(line["memory_gb"]) * 2**30)
                found.setdefault((name.strip(), size), []).append(line)
    return found


def lowest(lines: list[dict[str, str]], column: str) -> float | None:
    values = [line[column] for line in lines]
    return min(map(float, values)) if all(values) else None


def test_the_sheet_says_what_the_facts_say_and_the_lowest_where_boards_share_a_name() -> None:
    known = {(row.name, row.memory_bytes): row for row in CATALOG.gpu_figures}

    assert set(known) == set(boards())
    for key, lines in boards().items():
        row = known[key]
        notes = {line["note"] for line in lines}
        peaks = {
            "fp32": lowest(lines, "fp32_tflops"),
            "tf32": lowest(lines, "tf32_tflops_dense"),
            "fp16": lowest(lines, TENSOR),
            "bf16": lowest(lines, TENSOR)
            if all(line["bf16_native"] == "yes" for line in lines)
            else None,
        }
        stated = {} if LAPTOP in notes else {name: peak for name, peak in peaks.items() if peak}
        link = (lowest(lines, "pcie_gen"), lowest(lines, "pcie_lanes"))
        assert row.bandwidth_gb_s == lowest(lines, "bandwidth_gb_s"), key
        assert dict(row.peak_tflops) == stated, key
        if notes & {LAPTOP, INTEGRATED}:
            assert (row.pcie_generation, row.pcie_lanes) == (None, None), key
        else:
            assert (row.pcie_generation, row.pcie_lanes) == link, key


def test_lanes_carry_what_the_specification_says() -> None:
    # 2.5, 5, 8, 16, 32 and 64 GT/s; 8b/10b up to generation 2, 128b/130b up to 5, none after.
    rates = [2.5 * 0.8, 5 * 0.8, *(rate * 128 / 130 for rate in (8, 16, 32)), 64]

    assert [row.generation for row in CATALOG.pcie] == [1, 2, 3, 4, 5, 6]
    for row, rate in zip(CATALOG.pcie, rates, strict=True):
        assert row.gb_s_per_lane == pytest.approx(rate / 8, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "mebibytes", "bandwidth"),
    [
        ("NVIDIA GeForce RTX 3090", 24576, 936.2),
        ("NVIDIA GeForce RTX 3060", 12288, 360.0),  # boards of 8 GB are slower
        ("NVIDIA H100 80GB HBM3", 81559, 3361),
        ("Tesla T4", 15360, 320),  # ECC takes its part
    ],
)
def test_a_gpu_is_known_by_its_name_and_its_memory(
    name: str, mebibytes: int, bandwidth: float
) -> None:
    figures = figures_of(CATALOG, Gpu(name=name, memory_bytes=mebibytes << 20))

    assert figures is not None
    assert figures.bandwidth_gb_s == bandwidth


@pytest.mark.parametrize(
    "gpu",
    [
        Gpu(name="NVIDIA GeForce RTX 9090", memory_bytes=24576 << 20),
        Gpu(name="GRID A100-10C", memory_bytes=10240 << 20),
        Gpu(name="NVIDIA GeForce RTX 3090", memory_bytes=48 << 30),  # somebody changed its memory
        Gpu(name="NVIDIA GeForce RTX 3060"),  # one of several
        Gpu(name="NVIDIA H100 80GB HBM3", memory_bytes=81559 << 20, mig=True),
    ],
)
def test_an_unknown_gpu_gets_no_verdict(gpu: Gpu) -> None:
    judge = Judge(CATALOG, [Device("gpu 0", gpu)], [SOUND])
    result = measured("memory copy", 1.0)

    assert judge.judged(result) == result


def measured(name: str, value: float, unit: str = "GB/s", device: str = "gpu 0") -> Measurement:
    return Measurement(name, value, unit, device)


def told(seen: UnderLoad | None, *results: Measurement, device: Device = RTX_3090) -> str:
    judge = Judge(CATALOG, [device], [seen] if seen else [])
    judged = [judge.judged(result) for result in results]
    return "\n".join(
        f"{warning.reference}: {warning.message}" for warning in judge.warnings(judged)
    )


def seen(**changed: object) -> UnderLoad:
    return msgspec.structs.replace(SOUND, **changed)


@pytest.mark.parametrize(
    ("name", "unit", "at_least", "why"),
    [
        ("memory copy", "GB/s", 936.2 * 0.4, "40% of the 936.2 GB/s that are stated"),
        ("torch matmul fp16", "TFLOP/s", 71 * 0.25, "25% of the 71 TFLOP/s that are stated"),
        ("torch matmul fp32", "TFLOP/s", 35.6 * 0.25, "25% of the 35.6 TFLOP/s that are stated"),
        ("host to device", "GB/s", 12.6, "40% of the 31.5 GB/s of 16 lanes of generation 4"),
        ("device to host", "GB/s", 12.6, "40% of the 31.5 GB/s of 16 lanes of generation 4"),
    ],
)
def test_a_known_gpu_is_expected_to_reach_a_share_of_what_is_stated(
    name: str, unit: str, at_least: float, why: str
) -> None:
    judge = Judge(CATALOG, [RTX_3090], [SOUND])
    good = judge.judged(measured(name, at_least * 1.01, unit))
    bad = judge.judged(measured(name, at_least * 0.99, unit))

    assert good.expected_low == pytest.approx(at_least, rel=1e-3)
    assert (good.verdict, bad.verdict, good.expected_why) == ("as-expected", "low", why)


@pytest.mark.parametrize(
    "name", ["torch matmul fp64", "torch training step", "compression, one core"]
)
def test_nothing_is_expected_of_what_no_row_is_about(name: str) -> None:
    assert Judge(CATALOG, [RTX_3090], [SOUND]).judged(measured(name, 0.001)).verdict is None


def test_the_link_is_expected_to_be_no_faster_than_the_system_has_it() -> None:
    older = seen(link_generation=3, link_generation_possible=3)
    judge = Judge(CATALOG, [RTX_3090], [older])

    # 0.4 of 16 lanes of 0.985 GB/s.
    assert judge.judged(measured("host to device", 6.31)).verdict == "as-expected"
    assert told(older, measured("host to device", 12.0)) == ""


def test_a_sound_card_is_told_nothing_about() -> None:
    fine = (
        measured("host to device", 25.0),
        measured("memory copy", 840.0),
        measured("torch matmul fp16", 60.0, "TFLOP/s"),
    )

    assert told(seen(slowed_by=("power limit",)), *fine) == ""


def test_a_card_on_four_lanes_is_told_and_why_its_copies_are_slow() -> None:
    assert told(seen(link_width=4), measured("host to device", 6.5)) == (
        "gpu-slow: GPU 0, NVIDIA GeForce RTX 3090: host to device 6.5 GB/s; at least 12.6 is to be "
        "expected, 40% of the 31.5 GB/s of 16 lanes of generation 4. Likely because its link has "
        "4 of 16 lanes.\n"
        "gpu-link-narrow: GPU 0, NVIDIA GeForce RTX 3090: under load its PCI Express link has 4 of "
        "the card's 16 lanes; its slot has more."
    )


def test_a_slot_of_four_lanes_is_told_although_nvml_calls_it_full() -> None:
    # "Possible with this device and system": NVML calls 4 of 4 the whole link then.
    assert told(seen(link_width=4, link_width_possible=4)) == (
        "gpu-link-narrow: GPU 0, NVIDIA GeForce RTX 3090: under load its PCI Express link has 4 of "
        "the card's 16 lanes; its slot has no more."
    )


def test_a_link_that_stays_at_an_old_generation_is_told() -> None:
    assert told(seen(link_generation=1), measured("host to device", 3.1)) == (
        "gpu-slow: GPU 0, NVIDIA GeForce RTX 3090: host to device 3.1 GB/s; at least 12.6 is to be "
        "expected, 40% of the 31.5 GB/s of 16 lanes of generation 4. Likely because its link runs "
        "at generation 1.\n"
        "gpu-link-slow: GPU 0, NVIDIA GeForce RTX 3090: under load its PCI Express link runs at "
        "generation 1; card and system reach 4."
    )


def test_a_link_that_carries_more_than_is_told_of_it_is_not_believed() -> None:
    assert told(seen(link_width=1, link_generation=1), measured("host to device", 24.0)) == ""


def test_heat_is_told_with_its_numbers_and_as_the_cause() -> None:
    hot = seen(slowed_by=("heat",), temperature_c=94, clock_mhz=420)

    assert told(hot, measured("torch matmul fp16", 12.0, "TFLOP/s")) == (
        "gpu-slow: GPU 0, NVIDIA GeForce RTX 3090: torch matmul fp16 12 TFLOP/s; at least 17.75 is "
        "to be expected, 25% of the 71 TFLOP/s that are stated. Likely because it slows down for "
        "heat (94 degrees).\n"
        "gpu-throttled: GPU 0, NVIDIA GeForce RTX 3090: the driver slowed it down within the "
        "minute, for heat at 94 degrees; it ran at 420 of 2100 MHz."
    )


def test_a_lowered_power_limit_is_the_likely_cause() -> None:
    capped = seen(slowed_by=("power limit",), power_limit_w=100)

    assert told(capped, measured("torch matmul fp16", 12.0, "TFLOP/s")) == (
        "gpu-slow: GPU 0, NVIDIA GeForce RTX 3090: torch matmul fp16 12 TFLOP/s; at least 17.75 is "
        "to be expected, 25% of the 71 TFLOP/s that are stated. Likely because its power limit is "
        "set to 100 W, 350 W is usual."
    )


def test_without_a_look_nothing_is_claimed_of_the_cause() -> None:
    assert told(None, measured("memory copy", 300.0)) == (
        "gpu-slow: GPU 0, NVIDIA GeForce RTX 3090: memory copy 300 GB/s; at least 374.5 is to be "
        "expected, 40% of the 936.2 GB/s that are stated. Nothing is known of its clocks and its "
        "link: NVML told nothing while it worked."
    )


def test_each_gpu_is_judged_by_its_own_row() -> None:
    judge = Judge(CATALOG, [H100, GTX_1080_TI], [])

    assert judge.judged(measured("memory copy", 300.0)).verdict == "low"
    assert judge.judged(measured("memory copy", 300.0, device="gpu 1")).verdict == "as-expected"
