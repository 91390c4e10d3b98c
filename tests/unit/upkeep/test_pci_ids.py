"""pci.ids against a catalog of a few GPUs: what is news, and what is no GPU at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.catalog import sheets
from provisioner.catalog.dump import dump
from provisioner.catalog.load import Catalog
from provisioner.errors import OutsideError
from provisioner.upkeep.pci_ids import devices, news, version_of, with_news

LIST = """\
#
#	List of PCI ID's
#
#	Version: 2026.12.01
#	Date:    2026-12-01 03:15:02

0e11  Compaq Computer Corporation
	0001  PCI to EISA Bridge
1002  Advanced Micro Devices, Inc. [AMD/ATI]
	679e  Tahiti LE [Radeon HD 7870 XT]
	744c  Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M]
	7499  Navi 31
	744f  Navi 31 USB
	aab0  Oland/Hainan/Cape Verde/Pitcairn HDMI Audio [Radeon HD 7000 Series]
	13e9  Ariel/Navi10Lite
10de  NVIDIA Corporation
	2684  AD102 [GeForce RTX 4090]
		1043 889a  ROG Strix GeForce RTX 4090 OC Edition 24GB
	268f  AD102 [GeForce RTX 4090 Z]
	2690  AD102B [GeForce RTX 4090]
	2691  AD102GL
	3f00  XB100 [GeForce RTX 9090]
	0fbc  GM107 High Definition Audio Controller [GeForce 940MX]
	1af1  GA100 [A100 NVSwitch]
	3000  GR100 [Reserved Dev ID A]
	0568  MCP78S [GeForce 8200] Memory Controller
8086  Intel Corporation
	46a6  Alder Lake-P GT2 [Iris Xe Graphics]
	2a41  Mobile 4 Series Chipset PCI Express Graphics Port
	7730  Navi 31 [LPC/eSPI Controller]
	0042  Core Processor Integrated Graphics Controller
C 03  Display controller
	00  VGA compatible controller
"""
KNOWN = {
    "nvidia": (
        '{"vendor": "10de", "device": "2684", "name": "NVIDIA GeForce RTX 4090", "chip": "AD102", '
        '"architecture": "Ada", "compute_capability": "8.9", "evidence": "a list", '
        '"checked": "2026-11-20"}\n'
    ),
    "amd": (
        '{"vendor": "1002", "device": "744c", "name": "Radeon RX 7900 XTX", "chip": "Navi 31", '
        '"architecture": "gfx1100", "evidence": "a list", "checked": "2026-11-20"}\n'
    ),
    "intel": "",
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for vendor, text in KNOWN.items():
        (tmp_path / vendor).mkdir()
        (tmp_path / vendor / "gpus.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "nvidia" / "modules.jsonl").write_text("", encoding="utf-8")
    return Catalog(tmp_path)


def test_the_list_names_its_version() -> None:
    assert version_of(LIST) == "2026.12.01"


def test_a_text_that_is_no_such_list_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(OutsideError) as caught:
        news("<html>404</html>", catalog, "2026-12-02")

    assert caught.value.reference == "facts-unreadable"


def test_devices_are_those_of_the_three_vendors_without_boards_and_classes() -> None:
    found = list(devices(LIST))

    assert len(found) == 19
    assert {row.vendor for row in found} == {"1002", "10de", "8086"}
    assert found[0] == ("1002", "679e", "Tahiti LE [Radeon HD 7870 XT]")


def test_news_are_the_graphics_processors_without_a_row(catalog: Catalog) -> None:
    found = news(LIST, catalog, "2026-12-02")

    assert [(row.vendor, row.device, row.name) for row in found] == [
        ("1002", "679e", "Radeon HD 7870 XT"),
        ("1002", "7499", "Navi 31"),
        ("10de", "268f", "GeForce RTX 4090 Z"),
        # The product is another board's name, which must stay unambiguous.
        ("10de", "2690", "AD102B"),
        ("10de", "2691", "AD102GL"),
        ("10de", "3f00", "GeForce RTX 9090"),
        ("8086", "46a6", "Iris Xe Graphics"),
        ("8086", "0042", "Core Processor Integrated Graphics Controller"),
    ]


def test_a_new_row_knows_what_the_catalog_knows_of_its_chip_and_no_more(catalog: Catalog) -> None:
    found = {row.device: row for row in news(LIST, catalog, "2026-12-02")}

    ada, unknown, navi = found["2690"], found["3f00"], found["7499"]
    assert (ada.chip, ada.architecture, ada.compute_capability) == ("AD102", "Ada", "8.9")
    assert ada.evidence == "pci.ids 2026.12.01; as all GPUs with this chip"
    assert (unknown.chip, unknown.architecture, unknown.compute_capability) == ("XB100", None, None)
    assert unknown.evidence == "pci.ids 2026.12.01"
    assert navi.architecture == "gfx1100"
    assert {row.checked for row in found.values()} == {"2026-12-02"}


def test_a_chip_of_which_two_things_are_told_tells_nothing(catalog: Catalog) -> None:
    sheet = catalog.folder / "nvidia" / "gpus.jsonl"
    other = KNOWN["nvidia"].replace('"2684"', '"2685"').replace('"8.9"', '"8.6"')
    sheet.write_text(KNOWN["nvidia"] + other, encoding="utf-8")

    found = {row.device: row for row in news(LIST, catalog, "2026-12-02")}

    assert found["268f"].compute_capability is None
    assert found["268f"].evidence == "pci.ids 2026.12.01"


CHECKOUT = Path(__file__).resolve().parents[3]


def test_news_find_their_place_and_are_none_the_second_time() -> None:
    stacks = Catalog(CHECKOUT / "stacks")
    found = [row for row in news(LIST, stacks, "2026-12-02") if row.vendor == "10de"]

    assert [row.device for row in found] == ["268f", "2690", "2691", "3f00"]
    fresh = with_news(stacks, found)[sheets.NVIDIA_GPUS]
    assert [row for row in stacks.rows_of(sheets.NVIDIA_GPUS) if row not in fresh] == []
    assert [row for row in fresh if row in found] == found
    lines = dump(sheets.NVIDIA_GPUS, fresh).splitlines()
    old = stacks.text_of(sheets.NVIDIA_GPUS).splitlines()
    assert [line for line in lines if line in set(old)] == old
    assert len(lines) == len(old) + 4


def test_sheets_without_news_stay_as_they_are() -> None:
    stacks = Catalog(CHECKOUT / "stacks")

    for sheet, rows in with_news(stacks, []).items():
        assert tuple(rows) == stacks.rows_of(sheet)
