"""What stands beside drivers in the catalog, against what was read of archives."""

from __future__ import annotations

import csv

from provisioner import resources
from provisioner.catalog.load import Catalog
from tests.table.factsheet import FACTS

CATALOG = Catalog(resources.stacks())


def rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(newline="") as lines:
        return list(csv.DictReader(lines))


BESIDE = rows("26_beside_the_driver.csv")
CODENAMES = {row.codename: f"{row.id}-{row.version}" for row in CATALOG.systems if row.codename}


def test_every_driver_with_prebuilt_modules_has_their_name_as_the_archive_has_it() -> None:
    held = {
        (CODENAMES[row["system"]], row["package"].removesuffix("-generic"))
        for row in BESIDE
        if row["package"].startswith("linux-modules-nvidia-") and is_of_the_archive(row)
    }

    assert {(row.os, row.modules) for row in CATALOG.driver_parts if row.modules} == held
    for row in CATALOG.driver_parts:
        name = row.driver.replace("nvidia-driver-", "linux-modules-nvidia-")
        assert row.modules in {None, name}


def test_a_fabric_manager_stands_beside_each_server_driver_of_its_very_version() -> None:
    held = {
        (CODENAMES[row["system"]], row["package"], row["version"].partition("-")[0])
        for row in BESIDE
        if row["package"].startswith("nvidia-fabricmanager-")
        and is_of_the_archive(row)
        and "fabricmanager" not in row["depends"]
    }
    versions = {(row.os, row.package): row.version for row in CATALOG.driver_packages}
    stated = {
        (row.os, row.fabric_manager, str(versions[row.os, row.driver]).partition("-")[0])
        for row in CATALOG.driver_parts
        if row.fabric_manager
    }

    assert stated == held
    for row in CATALOG.driver_parts:
        assert row.fabric_manager is None or "-server" in row.driver


def test_a_name_that_redirects_is_no_fabric_manager_here() -> None:
    redirecting = {
        (CODENAMES[row["system"]], row["package"])
        for row in BESIDE
        if row["depends"].startswith("nvidia-fabricmanager-") and is_of_the_archive(row)
    }

    assert ("ubuntu-24.04", "nvidia-fabricmanager-590") in redirecting
    assert not redirecting & {(row.os, row.fabric_manager) for row in CATALOG.driver_parts}


def is_of_the_archive(row: dict[str, str]) -> bool:
    """Whether the row was read of an index of Ubuntu's archive, which holds what it names today."""
    return "Packages index" in row["source"]


def test_the_container_toolkit_is_of_packages_and_a_version_that_were_read() -> None:
    read = {(row["package"], row["version"]) for row in BESIDE}

    assert {row.arch for row in CATALOG.container_toolkit} == {"x86_64", "aarch64"}
    for row in CATALOG.container_toolkit:
        assert {(package, row.version) for package in row.packages} <= read


def test_nvswitches_are_devices_of_the_pci_ids() -> None:
    """1AF1 and 22A3 are the rows of facts 09 that pci.ids alone has, called NVSwitch."""
    assert {row.device for row in CATALOG.nvswitches if row.device} == {"1af1", "22a3"}
