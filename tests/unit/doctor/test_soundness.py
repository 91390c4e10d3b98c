"""What works is not called broken for the words that it has in common with what is."""

from __future__ import annotations

import pytest

from provisioner import workflow
from provisioner.doctor import Patient, diagnose, read
from provisioner.report import Finding

MISMATCH = "Failed to initialize NVML: Driver/library version mismatch\n"
RUNNING = (
    "$ systemctl status nvidia-fabricmanager\n"
    "     Active: active (running) since Mon 2024-10-14 06:11:09 UTC\n"
)


def told(text: str) -> list[Finding]:
    catalog = workflow.catalog()
    return list(diagnose(Patient(read(text, catalog), catalog)))


def errors(text: str) -> list[str]:
    return [finding.reference for finding in told(text) if finding.severity == "error"]


def test_a_service_that_runs_is_no_error_and_one_that_fails_is() -> None:
    assert errors(RUNNING) == []
    failed = RUNNING + "CUDA_ERROR_SYSTEM_NOT_READY = 802: failed\n"
    assert errors(failed)[:1] == ["fabric-manager"]


@pytest.mark.parametrize(
    "after", ["Edit: solved! It was the reboot.", "Rebooted, and everything works again."]
)
def test_what_was_mended_is_no_error(after: str) -> None:
    assert errors(MISMATCH) == ["nvml-mismatch"]
    assert errors(MISMATCH + after) == []
    assert errors(f"{after}\n{MISMATCH}") == ["nvml-mismatch"]


@pytest.mark.parametrize(
    "text",
    [
        "If you see `No space left on device`, set TMPDIR.",
        "I ruled out: no space left on device (200G free).",
        "Somebody else has No space left on device.",
        "- fixed: No space left on device while unpacking",
    ],
)
def test_what_nobody_says_to_be_so_is_no_sign(text: str) -> None:
    assert errors("OSError: No space left on device") == ["disk-full"]
    assert told(text) == []


def test_nvidia_smi_lists_what_could_be() -> None:
    head = "==============NVSMI LOG==============\nGPU 00000000:3B:00.0\n"
    assert errors(head + "    Retired Pages\n        Double Bit ECC : N/A\n") == []


def test_a_build_that_leaves_a_gpu_idle_is_an_error_though_all_seems_well() -> None:
    text = (
        "| NVIDIA-SMI 550.90.07   Driver Version: 550.90.07   CUDA Version: 12.4 |\n"
        "|   0  NVIDIA A10      Off  |\nSuccessfully installed torch-2.4.0+cpu\ntorch==2.4.0+cpu\n"
    )
    assert errors(text) == ["cpu-only-wheel"]


def test_where_nothing_is_said_to_fail_words_of_a_cause_are_a_warning() -> None:
    notes = "gpus: AMD Instinct MI250X (gfx90a)\nrocm: 6.1.2\n"
    assert [(one.reference, one.severity) for one in told(notes)[:1]] == [("rocm-gfx", "warning")]
    assert errors(f"{notes}rocBLAS error: cannot read TensileLibrary.dat\n") == ["rocm-gfx"]


def test_what_was_typed_is_no_failure() -> None:
    ran = "{}\n| NVIDIA-SMI 550.90.07   Driver Version: 550.90.07   CUDA Version: 12.4 |\n"
    named = "NVSwitch machine, nvidia-fabricmanager.service\n"
    assert errors(named + ran.format("$ dmesg | grep -i 'xid\\|failed'")) == []
    assert errors(named + ran.format("[root@hgx ~]# journalctl -g failed")) == []
    assert errors(named + ran.format("$ systemctl start fabric -> failed")) == ["fabric-manager"]


@pytest.mark.parametrize("machine", ["laptop, no NVIDIA GPU", "Intel Iris Xe", "CPU-only server"])
def test_a_machine_without_a_gpu_may_compute_on_the_cpu(machine: str) -> None:
    ran = "torch==2.4.1+cpu\n>>> torch.cuda.is_available()\nFalse\nepoch 1 loss 0.43\n"
    assert errors(f"machine: {machine}\n{ran}") == []
    assert errors(f"gpus: RTX 3060\n{ran}") == ["cpu-only-wheel"]


@pytest.mark.parametrize(
    "denied",
    [
        "No broken requirements found.",
        "0 broken packages",
        "Nothing failed.",
        "nothing is broken",
        "errors: none",
        "test failed: 0, passed: 120",
        "NaN count 0",
        "can't complain, runs fast",
        "UserWarning: x is deprecated and will not work in 3.0",
    ],
)
def test_what_is_said_not_to_be_is_no_failure(denied: str) -> None:
    notes = "gpus: AMD Instinct MI250X (gfx90a)\nrocm: 6.1.2\n"
    assert errors(f"{notes}{denied}\n") == []
    assert errors(f"{notes}{denied}\nhipErrorNoBinaryForGpu: unable to find code\n") == ["rocm-gfx"]


def test_memory_that_nobody_holds_is_an_error() -> None:
    oom = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB\n"
    found = told(f"{oom}nvidia-smi: 39.1 GiB in use, No running processes found\n")
    assert (found[0].reference, found[0].confidence) != ("gpu-memory-held", "unsure")
    assert found[0].reference == "gpu-memory-held"
