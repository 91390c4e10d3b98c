"""What people read of a benchmark and of a comparison, whole."""

from __future__ import annotations

import msgspec
import pytest

from provisioner.bench.compare import compared
from provisioner.bench.runs import measurement
from provisioner.cli.display import show
from provisioner.cli.text_bench import benchmark_blocks, comparison_blocks
from tests.unit.bench.reports import COPY, MACHINE, RESULTS, report

BENCHMARK = """\
Processor: AMD Ryzen 9 5950X, 32 cores
  compression, one core  61  MB/s  60.2 to 61.4

Memory
  copy, all cores  38  GB/s  37.5 to 38.2

Disk: ext4, /home/ada/.local/share/dlsetup/envs
  write  2410  MB/s  2100 to 2500

GPU 0: NVIDIA GeForce RTX 3090
  host to device      6.4  GB/s     6.39 to 6.41  LOW, at least 12.6
  torch matmul fp16  63.2  TFLOP/s  62.9 to 63.4  as expected, at least 17.75

GPU 0 while it worked
  link         generation 4 of 4, 4 of 16 lanes
  clock        1695 of 2100 MHz
  temperature  71 degrees Celsius
  power        349 W, its limit is 350 W
  slowed by    power limit

Not measured
  matmul int8, int4 on gpu 0  the frameworks' own matrix product does not take
                              them
"""

COMPARISON = """\
A = old.json, B = new.json; ratio B/A
  disk    write                  0.50  2410 to 1205 MB/s     within the spread
  gpu 0   torch matmul fp16      0.99  63.2 to 62.5 TFLOP/s  differs
  cpu     compression, one core  1.00  61 to 61 MB/s         within the spread
  memory  copy, all cores        1.00  38 to 38 GB/s         within the spread
  gpu 0   host to device               6.4 GB/s              only in A
  gpu 0   device to host               24 GB/s               only in B

Not the same
  driver: 550.163.01, then 580.95.05
"""


def test_a_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    show(benchmark_blocks(report()))

    assert capsys.readouterr().out == BENCHMARK


def test_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    cpu, memory, disk, _, product = RESULTS
    slow = msgspec.structs.replace(disk, value=1205.0, low=900.0, high=2450.0)
    other = msgspec.structs.replace(product, value=62.5, low=62.4, high=62.6)
    back = msgspec.structs.replace(COPY, name="device to host", value=24.0)
    newer = msgspec.structs.replace(MACHINE, driver="580.95.05")
    after = report(cpu, memory, slow, other, back, machine=newer)
    show(comparison_blocks(compared(report(), after), "old.json", "new.json"))

    assert capsys.readouterr().out == COMPARISON


def test_a_machine_with_nothing_known_is_told_without_gaps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare = msgspec.structs.replace(MACHINE, cpu=None, cores=1, file_system="", gpus=())
    results = (
        measurement("compression, one core", [5.0], "MB/s", "cpu"),
        measurement("write", [5.0], "MB/s", "disk"),
    )
    whole = msgspec.structs.replace(
        report(*results, machine=bare), gpus=(), not_measured=(), environment=None
    )
    show(benchmark_blocks(whole))

    assert capsys.readouterr().out == (
        "Processor: x86_64, 1 core\n  compression, one core  5  MB/s  5 to 5\n\n"
        "Disk: file system not known, /home/ada/.local/share/dlsetup/envs\n"
        "  write  5  MB/s  5 to 5\n"
    )
