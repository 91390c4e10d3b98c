"""A made benchmark, whose numbers nobody measured."""

from __future__ import annotations

from provisioner.bench.benchmark import Benchmark, Package, Surroundings, Within
from provisioner.bench.runs import NotMeasured, measurement
from provisioner.bench.watch import UnderLoad
from provisioner.report import Measurement

MACHINE = Surroundings(
    os="ubuntu-22.04",
    arch="x86_64",
    cpu="AMD Ryzen 9 5950X",
    cores=32,
    memory_bytes=64 << 30,
    gpus=("NVIDIA GeForce RTX 3090",),
    driver="550.163.01",
    disk="/home/ada/.local/share/dlsetup/envs",
    file_system="ext4",
    zlib="1.3.1",
    load=0.1,
)
ENVIRONMENT = Within(name="demo", python="3.12", packages=(Package("torch", "2.14.1"),))
LOAD = UnderLoad(
    device="gpu 0",
    name="NVIDIA GeForce RTX 3090",
    link_generation=4,
    link_width=4,
    link_generation_possible=4,
    link_width_possible=16,
    clock_mhz=1695,
    clock_possible_mhz=2100,
    temperature_c=71,
    power_w=349,
    power_limit_w=350,
    default_power_limit_w=350,
    slowed_by=("power limit",),
)
PRODUCT = Measurement(
    "torch matmul fp16",
    63.2,
    "TFLOP/s",
    "gpu 0",
    62.9,
    63.4,
    9,
    "8192 x 8192",
    17.75,
    "25% of the 71 TFLOP/s that are stated",
    "as-expected",
)
COPY = Measurement(
    "host to device",
    6.4,
    "GB/s",
    "gpu 0",
    6.39,
    6.41,
    7,
    "",
    12.6,
    "40% of the 31.5 GB/s of 16 lanes of generation 4",
    "low",
)
RESULTS = (
    measurement("compression, one core", [61.0, 60.2, 61.4], "MB/s", "cpu", "zlib level 6"),
    measurement("copy, all cores", [38.0, 37.5, 38.2], "GB/s", "memory"),
    measurement("write", [2410.0, 2100.0, 2500.0], "MB/s", "disk"),
    COPY,
    PRODUCT,
)


def report(
    *results: Measurement,
    machine: Surroundings = MACHINE,
    environment: Within | None = ENVIRONMENT,
    dlsetup: str = "1.0",
) -> Benchmark:
    return Benchmark(
        results=results or RESULTS,
        dlsetup=dlsetup,
        machine=machine,
        environment=environment,
        gpus=(LOAD,),
        not_measured=(
            NotMeasured(
                "matmul int8, int4 on gpu 0",
                "the frameworks' own matrix product does not take them",
            ),
        ),
    )
