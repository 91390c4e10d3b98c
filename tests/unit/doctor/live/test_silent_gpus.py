"""GPUs that are on the bus and that the driver, or its nvidia-smi, says nothing of."""

from __future__ import annotations

import pytest

from provisioner import examination, workflow
from provisioner.describe import Options
from provisioner.detect.gpus import Sight
from provisioner.detect.pci import PciDevice
from provisioner.detect.reports import GpuFacts, NvmlReport, SmiReport
from provisioner.detect.troubles import troubles_of
from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Warning

DRIVER = Driver(version="570.133.07", kernel_module_version="570.133.07")
LOST = "1 NVIDIA GPU(s) on the PCI bus are not reported by the driver."


@pytest.mark.parametrize(
    ("message", "is_error"),
    [
        (LOST, True),
        ("NVML could not be read: GPU is lost.", True),
        ("NVML could not be read: GPU requires reset.", True),
        ("nvidia-smi says: No devices were found", True),
        ("nvidia-smi: /usr/bin/nvidia-smi did not finish within 10 seconds.", True),
        ("NVML could not be read: Not Supported.", False),
    ],
)
def test_what_detection_heard_of_a_lost_gpu_is_a_finding_where_a_gpu_is(
    monkeypatch: pytest.MonkeyPatch, message: str, is_error: bool
) -> None:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "CUDA_HOME"):
        monkeypatch.delenv(name, raising=False)
    os = OperatingSystem(id="ubuntu", version="22.04", kernel="6.8.0")
    gpu = Gpu(name="NVIDIA GeForce RTX 3090", compute_capability="8.6")
    machine = Machine(os=os, arch="x86_64", gpus=(gpu,), driver=DRIVER)
    warnings = (Warning("nvml-failed", message),)
    monkeypatch.setattr(workflow, "this_machine", lambda: (machine, warnings))

    found = {
        one.reference: one.severity for one in examination.of_machine(None, Options()).findings
    }
    assert (found.get("gpu-not-initialising") == "error") is is_error

    without = Machine(os=os, arch="x86_64")
    monkeypatch.setattr(workflow, "this_machine", lambda: (without, warnings))
    assert "gpu-not-initialising" not in str(examination.of_machine(None, Options()).findings)


def _heard(nvml: NvmlReport, smi: SmiReport) -> list[str]:
    bus = PciDevice(slot="0000:01:00.0", vendor="10de", device="2204", driver="nvidia")
    sight = Sight(pci=(bus,), nvml=nvml, smi=smi)
    return [one.message for one in troubles_of(sight, DRIVER, None)]


def test_a_driver_that_answers_and_lists_no_gpu_at_all_is_told() -> None:
    silent = NvmlReport(driver="570.133.07")

    assert _heard(silent, SmiReport()) == [LOST]
    assert _heard(NvmlReport(driver="570.133.07", gpus=(GpuFacts(),)), SmiReport()) == []
    assert _heard(NvmlReport(), SmiReport()) == []  # nobody was there to be asked
    assert _heard(NvmlReport(), SmiReport(error="No devices were found")) == [
        "nvidia-smi says: No devices were found"
    ]
