"""What is read out of the texts of tools, of all their generations, and out of people's words."""

from __future__ import annotations

import csv
import re

import pytest

from provisioner import workflow
from provisioner.doctor import Patient, Symptoms, diagnose, read
from tests.table.factsheet import FACTS

SMI_535 = (
    "| NVIDIA-SMI 535.183.01         Driver Version: 535.183.01   CUDA Version: 12.2 |\n"
    "|   0  NVIDIA A100-SXM4-80GB          On  | 00000000:07:00.0 Off |\n"
    "|   1  NVIDIA A100-SXM4-80GB          On  | 00000000:0F:00.0 Off |"
)

SMI_610 = (
    "| NVIDIA-SMI 610.43.03         KMD Version: 610.43.03     CUDA UMD Version: 13.4 |\n"
    "|   0  NVIDIA GeForce RTX 5090        Off |   00000000:01:00.0  On |"
)


def told(text: str) -> Symptoms:
    return read(text, workflow.catalog())


@pytest.mark.parametrize(
    ("text", "driver", "cuda", "gpus"),
    [
        (
            "| NVIDIA-SMI 340.29     Driver Version: 340.29   |\n|   0  Tesla K40c    Off  |",
            "340.29",
            "",
            ["Tesla K40c"],
        ),
        (
            SMI_535,
            "535.183.01",
            "12.2",
            ["NVIDIA A100-SXM4-80GB"],
        ),
        (
            SMI_610,
            "610.43.03",
            "13.4",
            ["NVIDIA GeForce RTX 5090"],
        ),
        (
            "| NVIDIA-SMI 555.52.01    Driver Version: 555.99    CUDA Version: 12.5 |",
            "555.99",
            "12.5",
            [],
        ),
        (
            "Driver Version  : 570.133.20\nCUDA Version  : 12.8\n    Product Name  : NVIDIA L40S",
            "570.133.20",
            "12.8",
            ["NVIDIA L40S"],
        ),
        (
            "name, driver_version, compute_cap\nNVIDIA L40S, 550.90.07, 8.9",
            "550.90.07",
            "",
            ["NVIDIA L40S"],
        ),
        (
            "GPU 0: NVIDIA GeForce RTX 4090 (UUID: G)\nGPU 1: NVIDIA GeForce RTX 3090 (UUID: G)",
            "",
            "",
            ["NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3090"],
        ),
        (
            "ii  libnvidia-compute-535:amd64  535.183.01-0ubuntu0.22.04.1  amd64  NVIDIA",
            "535.183.01",
            "",
            [],
        ),
        ("driver: 470.82.01\ndriver_cuda: 11.4", "470.82.01", "11.4", []),
    ],
    ids=["340", "535", "610", "WSL", "-q", "--query-gpu", "-L", "dpkg", "notes"],
)
def test_drivers_and_gpus_are_read(text: str, driver: str, cuda: str, gpus: list[str]) -> None:
    symptoms = told(text)
    assert (symptoms.driver, symptoms.driver_cuda) == (driver, cuda)
    assert [gpu.name for gpu in symptoms.gpus] == gpus


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19", "535.129.03"),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.133.20  Release Build",
            "570.133.20",
        ),
        (
            (
                "NVRM: API mismatch: the client has the version 535.183.01, but\n"
                "NVRM: this kernel module has the version 535.171.04.  Please"
            ),
            "535.171.04",
        ),
    ],
    ids=["closed", "open", "mismatch"],
)
def test_the_loaded_module_is_read(text: str, module: str) -> None:
    assert told(text).module == module


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        (
            "numpy              2.0.1\nnvidia-cudnn-cu12  9.1.0.70\ntorch              2.4.1+cu121",
            [
                ("numpy", "2.0.1", ""),
                ("nvidia-cudnn-cu12", "9.1.0.70", ""),
                ("torch", "2.4.1", "cu121"),
            ],
        ),
        (
            "numpy==1.24.4\ntorchvision==0.16.0+cu118\nprotobuf==3.20.3",
            [
                ("numpy", "1.24.4", ""),
                ("torchvision", "0.16.0", "cu118"),
                ("protobuf", "3.20.3", ""),
            ],
        ),
        (
            " + torch==2.6.0+cu126\n - numpy==2.2.1",
            [("torch", "2.6.0", "cu126"), ("numpy", "2.2.1", "")],
        ),
        (
            (
                "pytorch      2.0.1    py3.10_cuda11.7_cudnn8.5.0_0    pytorch\n"
                "cudatoolkit  11.3.1   h2bc3f7f_2"
            ),
            [
                ("torch", "2.0.1", "py3.10_cuda11.7_cudnn8.5.0_0"),
                ("cudatoolkit", "11.3.1", "h2bc3f7f_2"),
            ],
        ),
        ("pytorch/win-64::pytorch-1.10.0-py3.6_cpu_0", [("torch", "1.10.0", "py3.6_cpu_0")]),
        (
            "PyTorch version: 2.5.1\nCUDA used to build PyTorch: 12.4\n[pip3] numpy==1.26.4",
            [("torch", "2.5.1", "cu124"), ("numpy", "1.26.4", "")],
        ),
        ("packages: tensorflow-gpu==1.15.0", [("tensorflow", "1.15.0", "")]),
    ],
    ids=["pip list", "pip freeze", "uv", "conda list", "conda's plan", "collect_env", "notes"],
)
def test_packages_are_read(text: str, packages: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.version, one.local) for one in told(text).packages] == packages


def test_a_whole_collect_env_is_read() -> None:
    symptoms = told(
        "PyTorch version: 2.5.1+cu124\n"
        "Is debug build: False\n"
        "CUDA used to build PyTorch: 12.4\n"
        "ROCM used to build PyTorch: N/A\n"
        "OS: Ubuntu 22.04.5 LTS (x86_64)\n"
        "GCC version: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0\n"
        "Clang version: Could not collect\n"
        "Libc version: glibc-2.35\n"
        "Python version: 3.10.12 (main, Nov  6 2024, 20:22:13) [GCC 11.4.0] (64-bit runtime)\n"
        "Python platform: Linux-6.8.0-48-generic-x86_64-with-glibc2.35\n"
        "Is CUDA available: True\n"
        "CUDA runtime version: 12.2.140\n"
        "GPU models and configuration: \n"
        "GPU 0: NVIDIA RTX 6000 Ada Generation\n"
        "Nvidia driver version: 560.35.03\n"
        "cuDNN version: Could not collect\n"
    )
    assert (symptoms.os_id, symptoms.os_version, symptoms.arch) == ("ubuntu", "22.04", "x86_64")
    assert (symptoms.python, symptoms.gcc, symptoms.glibc) == ("3.10", "11", "2.35")
    assert (symptoms.driver, symptoms.toolkit) == ("560.35.03", "12.2")
    assert [gpu.name for gpu in symptoms.gpus] == ["NVIDIA RTX 6000 Ada Generation"]
    assert symptoms.notes["cudnn_version"] == ("Could not collect",)
    assert symptoms.family == "linux"
    assert not symptoms.container
    assert not symptoms.wsl


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("on the new 3080 it hangs", "NVIDIA GeForce RTX 3080"),
        ("my 1080ti works", "NVIDIA GeForce GTX 1080 Ti"),
        ("DGX Spark (GB10)", "NVIDIA GB10"),
        ("Instinct MI300X", "Instinct MI300X"),
        ("RX 7900 XTX", "Radeon RX 7900 XTX"),
        ("TITAN RTX", "NVIDIA TITAN RTX"),
    ],
)
def test_cards_are_known_as_people_call_them(text: str, name: str) -> None:
    assert [gpu.name for gpu in told(text).gpus] == [name]


def test_every_geforce_is_known_by_its_number_alone() -> None:
    """No list of them is kept: a generation that comes is known by its rows."""
    numbered = re.compile(r"NVIDIA GeForce [RG]TX (\d{4})")
    with (FACTS / "09_gpus.csv").open(encoding="utf-8") as file:
        listed = [row["name"] for row in csv.DictReader(file)]
    listed.append("NVIDIA GeForce RTX 2050")  # a card of notebooks, in pci.ids
    known = {name: match[1] for name in listed if (match := numbered.fullmatch(name))}

    for name, number in known.items():
        found = [gpu.name.removeprefix("NVIDIA ") for gpu in told(f"my {number}").gpus]
        assert found == [name.removeprefix("NVIDIA ")]
    assert len(known) > 3


@pytest.mark.parametrize(
    "text", ["port 3080", "at line 3080", "version 1.1080", "a 5090.2", "Apple M4"]
)
def test_numbers_are_no_cards(text: str) -> None:
    assert not told(text).gpus


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("Ungültiger Maschinenbefehl (Speicherabzug geschrieben)", "illegal instruction"),
        (
            "OSError: [Errno 28] Aucun espace disponible sur le périphérique",
            "no space left on device",
        ),
        ("nvcc: orden no encontrada", "command not found"),
        (
            "libcuda.so.1: 无法打开共享对象文件: 没有那个文件或目录",
            "cannot open shared object file",
        ),
        ("E: Sie haben zurückgehaltene defekte Pakete.", "you have held broken packages"),
    ],
)
def test_tools_are_understood_in_other_languages(said: str, english: str) -> None:
    assert english in told(said).text


def test_evidence_is_quoted_as_it_was_written() -> None:
    assert told("Ungültiger Maschinenbefehl").lines == ("Ungültiger Maschinenbefehl",)


@pytest.mark.parametrize(
    "text",
    ["C:\\Users\\me> pip install torch", "PS D:\\> nvidia-smi", 'File "C:\\Program Files\\a.py"'],
)
def test_a_drive_letter_is_windows(text: str) -> None:
    assert told(text).os_id == "windows"
    assert told(f"Ubuntu 22.04 in WSL\n{text}").os_id == "ubuntu"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("bash: nvcc: команда не найдена", "command not found"),
        ("OSError: デバイスに空き領域がありません", "no space left on device"),
        ("libc.so.6: versão `GLIBC_2.28' não encontrada", "version `glibc_2.28' not found"),
    ],
)
def test_programs_speak_further_languages(text: str, meant: str) -> None:
    assert meant in told(text).text


def test_the_number_of_openmps_error_is_read_as_it_is_printed() -> None:
    said = "OMP: Error #15"

    found = diagnose(Patient(read(said, workflow.catalog()), workflow.catalog()))

    assert (found[0].reference, found[0].confidence) == ("conda-pip-mix", "certain")
