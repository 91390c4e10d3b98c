from __future__ import annotations

from collections.abc import Callable

from provisioner.catalog.rows import AmdTarget
from provisioner.upkeep.facts.gpus import amd, intel, nvidia
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
2E12,10DE 21EC,NVIDIA GB10,GB20B,Blackwell,12.1,595+,list
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
name,driver_name,chip,memory_gb,note,source
a,Tesla K80,GK210,12.0,,compilation (of somebody) c1
b,NVIDIA GeForce GTX 750 Ti,GM107,2.0,,compilation (of somebody) c2
c,NVIDIA GeForce GTX 750 Ti,GM107,4.0,,compilation (of somebody) c3
GB10,NVIDIA GB10,GB20B,128.0,integrated: unified memory,compilation (of somebody) c4
"""


def test_gpus_keep_the_drivers_name_and_lower_case_ids(facts: Callable[..., Facts]) -> None:
    made = facts(t09_gpus=NAMED, t09_gpus_pciids_only=REST, t19_gpu_specs=SPECS)

    found = {row.device: row for row in nvidia(made)}

    # What is no GPU, or no board that anybody owns, is not there.
    assert set(found) == {"1e93", "1380", "102d", "11c7", "230c", "2e12"}
    assert found["1e93"].subsystem == "1025:149c"
    assert found["1e93"].last_driver_branch is None
    assert found["102d"].last_driver_branch == "470"
    assert found["102d"].memory_bytes == 12 * 1024**3
    # Sold with two sizes: not known from the name.
    assert found["1380"].memory_bytes is None
    assert found["230c"].name == "H20 NVL16"
    # Memory has a source of its own, and it is named beside that of the id.
    assert found["102d"].evidence == "list; memory: compilation"
    assert found["1380"].evidence == "list"


def test_a_chip_is_integrated_where_the_figures_say_so(facts: Callable[..., Facts]) -> None:
    made = facts(t09_gpus=NAMED, t09_gpus_pciids_only=REST, t19_gpu_specs=SPECS)

    found = {row.device: row.integrated for row in nvidia(made)}

    assert found["2e12"] is True
    assert found["102d"] is False
    # No figures of TU104 in the table: nothing is said.
    assert found["1e93"] is None


def test_a_rare_board_does_not_make_a_common_name_ambiguous(facts: Callable[..., Facts]) -> None:
    made = facts(t09_gpus=NAMED, t09_gpus_pciids_only=REST, t19_gpu_specs=SPECS)

    found = {row.device: row for row in nvidia(made)}

    assert (found["11c7"].name, found["11c7"].compute_capability) == ("GK106", "3.0")


def test_amds_shared_ids_become_a_row_for_each_product(facts: Callable[..., Facts]) -> None:
    table = """
pci_device,pci_name,marketing_names,gfx,official_rocm,source
7550,Navi 48 [Radeon RX 9070/9070 XT/9070 GRE],,gfx1201,7.1-7.2,ids ; more
15DF,Raven/Raven2/Fenghuang/Renoir Cryptographic Coprocessor,,gfx902,,ids ; more
73A5,Navi 21 [Radeon RX 6950 XT],AMD Radeon RX 6950 XT,gfx1030,6.0-7.2,ids ; more
66A2,Vega 20,,gfx906,,ids ; more
"""

    made = facts(t20_rocm_gpus=table)
    found = [(row.device, row.name, row.architecture) for row in amd(made, ())]

    assert sorted(found) == [
        ("66a2", "Vega 20", "gfx906"),
        ("73a5", "AMD Radeon RX 6950 XT", "gfx1030"),
        ("7550", "Radeon RX 9070", "gfx1201"),
        ("7550", "Radeon RX 9070 GRE", "gfx1201"),
        ("7550", "Radeon RX 9070 XT", "gfx1201"),
    ]


def test_amds_parts_carry_their_targets_kind_and_the_documents_words(
    facts: Callable[..., Facts],
) -> None:
    table = """
pci_device,pci_name,marketing_names,gfx,official_rocm,source
15BF,Phoenix1 [Radeon 780M],,gfx1103,not in the official lists read,ids
744C,Navi 31 [Radeon RX 7900 XTX],,gfx1100,6.0-7.2+,ids
74A0,Aqua Vanjaram [Instinct MI300A],,gfx942,6.0-7.2+,ids
"""
    targets = [
        AmdTarget(name=name, generation="x", integrated=told, evidence="compiler", checked="")
        for name, told in (("gfx1103", True), ("gfx1100", False), ("gfx942", None))
    ]

    found = {row.name: row for row in amd(facts(t20_rocm_gpus=table), targets)}

    assert found["Radeon 780M"].integrated is True
    assert found["Radeon 780M"].official_rocm == "not in the official lists read"
    assert found["Radeon RX 7900 XTX"].integrated is False
    assert found["Radeon RX 7900 XTX"].official_rocm == "6.0-7.2+"
    # Cards and a processor share this target.
    assert found["Instinct MI300A"].integrated is None


def test_intels_processors_hold_theirs_and_arc_is_a_card(facts: Callable[..., Facts]) -> None:
    table = """
pci_device,pci_name,codename,family,source
64A0,Arc Graphics 130V/140V GPU,Lunar Lake,Core Ultra 200V,ids
E20B,Battlemage G21 [Arc B580],Battlemage,Arc B,ids
FD80,Wildcat Lake [Intel Graphics],Wildcat Lake,,ids
"""

    found = {row.device: row.integrated for row in intel(facts(t21_intel_gpus=table))}

    assert found == {"64a0": True, "e20b": False, "fd80": None}
