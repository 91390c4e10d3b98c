"""What a bundle holds beside the findings: what torch's collect_env and NVIDIA's report ask for."""

from __future__ import annotations

from provisioner.detect.host import Host
from provisioner.detect.remembered import FactCache
from provisioner.doctor.live import inventory
from tests.unit.doctor.live.rooms import Room


def test_the_build_tools_the_processor_and_the_drivers_module_are_told(bare: Room) -> None:
    bare.put("captured/cmake.txt", "cmake version 3.28.3\n")
    bare.put("captured/processor.txt", "Model name: AMD EPYC 7B13\nVulnerability Mds: Not\n")
    module = "filename: /lib/a.ko\nvermagic: 6.8.0 SMP\nalias: pci:v000010DEd*\nsigner: DKMS key\n"
    bare.put("captured/module of the driver.txt", module)

    seen = inventory.see(Host(str(bare.root), {}, FactCache(None)))

    assert seen["cmake"] == ["cmake version 3.28.3"]
    assert seen["processor"] == ["Model name: AMD EPYC 7B13", "Vulnerability Mds: Not"]
    assert seen["module of the driver"] == [
        "filename: /lib/a.ko",
        "vermagic: 6.8.0 SMP",
        "signer: DKMS key",
    ]
