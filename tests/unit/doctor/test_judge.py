"""What signs, facts and the wording of a report say together."""

from __future__ import annotations

import pytest

from provisioner import workflow
from provisioner.catalog.load import Catalog
from provisioner.doctor import Patient, diagnose, read
from provisioner.report import Finding


@pytest.fixture(name="rows", scope="module")
def shipped_rows() -> Catalog:
    return workflow.catalog()


def told(report: str, rows: Catalog) -> dict[str, Finding]:
    return {one.reference: one for one in diagnose(Patient(read(report, rows), rows))}


def test_the_wording_of_a_report_names_what_no_sign_does_as_no_more_than_possible(
    rows: Catalog,
) -> None:
    found = told("reboot\nmodinfo nvidia, version of the module is wrong after the update", rows)

    assert found
    assert {(one.severity, one.confidence) for one in found.values()} == {("note", "unsure")}


def test_words_that_no_report_has_name_nothing(rows: Catalog) -> None:
    assert not told("zzyzx qwghlm: error", rows)


def test_a_long_log_outweighs_no_sign_that_settles_it(rows: Catalog) -> None:
    log = "\n".join(f"Collecting package-{number} from the cache" for number in range(500))
    found = told(f"{log}\nFailed to initialize NVML: Driver/library version mismatch\n{log}", rows)
    assert next(iter(found)) == "nvml-mismatch"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("cudaSetDevice err: 999", "driver-state"),
        ('error="cudart init failure: 999"', "driver-state"),
        ("cuInit(0) returned 804", "forward-compat-804"),
        ("[E] Error Code 1: Cuda Runtime, status=802", "fabric-manager"),
    ],
)
def test_a_code_of_cuda_is_read_whoever_prints_it(line: str, cause: str, rows: Catalog) -> None:
    assert next(iter(told(line, rows))) == cause


@pytest.mark.parametrize("line", ["version 999.1", "batch 999/1000", "error: 99.9%", "port 804"])
def test_other_numbers_are_no_codes(line: str, rows: Catalog) -> None:
    found = told(f"it fails\n{line}", rows).values()
    assert {one.confidence for one in found} <= {"unsure"}


def test_a_release_without_this_python_is_not_blamed_on_the_mac(rows: Catalog) -> None:
    found = told(
        "os: macOS\npython: 3.9\n\nERROR: No matching distribution found for tensorflow==2.3.0",
        rows,
    )
    assert next(iter(found)) == "python-too-new"


def test_a_driver_that_the_installer_refuses_for_nouveau_is_no_conflict_of_pins(
    rows: Catalog,
) -> None:
    found = told(
        "ERROR: The Nouveau kernel driver is currently in use by your system.  This driver is\n"
        "incompatible with the NVIDIA driver, and must be disabled before proceeding.",
        rows,
    )
    assert next(iter(found)) == "nouveau"
    assert "framework-pin-conflict" not in found


def test_an_error_in_the_modules_source_is_a_module_that_was_not_built(rows: Catalog) -> None:
    line = "/root/NVIDIA-Linux-x86_64-384.111/kernel/common/inc/nv-mm.h:44:9: error: too many"
    assert next(iter(told(f"{line} arguments to function", rows))) == "dkms-build-failed"


def test_a_gpu_is_known_where_its_maker_is_written_into_one_word(rows: Catalog) -> None:
    gpus = read("platform: Kaggle, NvidiaTeslaP100", rows).gpus
    assert [gpu.compute_capability for gpu in gpus] == ["6.0"]


@pytest.mark.parametrize("machine", ["platform: AWS p4d.24xlarge", "gpus: 8x A100", "DGX-2"])
def test_gpus_behind_nvswitches_that_do_not_start_lack_their_service(
    machine: str, rows: Catalog
) -> None:
    count = "Unexpected error from cudaGetDeviceCount()"
    assert next(iter(told(f"{machine}\n{count}", rows))) == "fabric-manager"
    assert next(iter(told(f"gpus: RTX 3060\n{count}", rows)), "") != "fabric-manager"
