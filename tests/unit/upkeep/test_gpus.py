from __future__ import annotations

from collections.abc import Callable

from provisioner.upkeep.facts.gpus import amd, nvidia
from provisioner.upkeep.facts.table import Facts

HEAD = (
    "pci_device,subvendor_subdevice,name,chip,architecture,compute_capability,"
    "last_driver_branch,source\n"
)
NAMED = (
    HEAD
    + """
1E93,1025 149C,NVIDIA GeForce RTX 2080 Super with Max-Q Design,TU104,Turing,7.5,595+,list
1380,,NVIDIA GeForce GTX 750 Ti,GM107,Maxwell,5.0,580.xx,list
102D,,Tesla K80,GK210,Kepler,3.7,470.xx,list
""".lstrip()
)
REST = (
    HEAD
    + """
11C7,,GK106 [GeForce GTX 750 Ti],GK106,Kepler,3.0,,pci.ids
1AF1,,GA100 [A100 NVSwitch],GA100,Ampere,8.0,,pci.ids
0FBC,,GM107 High Definition Audio Controller [GeForce 940MX],GM107,Maxwell,5.0,,pci.ids
24C0,,GA104 [Initial Dev ID B],GA104,Ampere,8.6,,pci.ids
230C,,GH100 [H20 NVL16],GH100,Hopper,9.0,,pci.ids
""".lstrip()
)
SPECS = """
name,driver_name,memory_gb
a,Tesla K80,12.0
b,NVIDIA GeForce GTX 750 Ti,2.0
c,NVIDIA GeForce GTX 750 Ti,4.0
"""


def test_gpus_keep_the_drivers_name_and_lower_case_ids(facts: Callable[..., Facts]) -> None:
    made = facts(t09_gpus=NAMED, t09_gpus_pciids_only=REST, t19_gpu_specs=SPECS)

    found = {row.device: row for row in nvidia(made)}

    # What is no GPU, or no board that anybody owns, is not there.
    assert set(found) == {"1e93", "1380", "102d", "11c7", "230c"}
    assert found["1e93"].subsystem == "1025:149c"
    assert found["1e93"].last_driver_branch is None
    assert found["102d"].last_driver_branch == "470"
    assert found["102d"].memory_bytes == 12 * 1024**3
    # Sold with two sizes: not known from the name.
    assert found["1380"].memory_bytes is None
    assert found["230c"].name == "H20 NVL16"


def test_a_rare_board_does_not_make_a_common_name_ambiguous(facts: Callable[..., Facts]) -> None:
    made = facts(t09_gpus=NAMED, t09_gpus_pciids_only=REST, t19_gpu_specs=SPECS)

    found = {row.device: row for row in nvidia(made)}

    assert (found["11c7"].name, found["11c7"].compute_capability) == ("GK106", "3.0")


def test_amds_shared_ids_become_a_row_for_each_product(facts: Callable[..., Facts]) -> None:
    table = """
pci_device,pci_name,marketing_names,gfx,source
7550,Navi 48 [Radeon RX 9070/9070 XT/9070 GRE],,gfx1201,ids ; more
73A5,Navi 21 [Radeon RX 6950 XT],AMD Radeon RX 6950 XT,gfx1030,ids ; more
66A2,Vega 20,,gfx906,ids ; more
"""

    found = [(row.device, row.name, row.architecture) for row in amd(facts(t20_rocm_gpus=table))]

    assert sorted(found) == [
        ("66a2", "Vega 20", "gfx906"),
        ("73a5", "AMD Radeon RX 6950 XT", "gfx1030"),
        ("7550", "Radeon RX 9070", "gfx1201"),
        ("7550", "Radeon RX 9070 GRE", "gfx1201"),
        ("7550", "Radeon RX 9070 XT", "gfx1201"),
    ]
