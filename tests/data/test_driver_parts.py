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
NAMES = {row["package"] for row in BESIDE}


def test_prebuilt_modules_are_called_as_the_archive_calls_them() -> None:
    prefixes = {row.modules for row in CATALOG.driver_parts if row.modules}

    assert len(prefixes) == 8
    for prefix in prefixes:
        kernels = {name.removeprefix(f"{prefix}-") for name in NAMES if name.startswith(prefix)}
        assert any(kernel == "generic" or kernel[0].isdigit() for kernel in kernels), prefix


def test_a_fabric_manager_stands_only_beside_the_server_driver_that_it_depends_on() -> None:
    for row in CATALOG.driver_parts:
        if row.fabric_manager is None:
            assert "-server" not in row.driver
            continue
        known = [fact for fact in BESIDE if fact["package"] == row.fabric_manager]
        branch = row.driver.split("-")[2]
        assert "-server" in row.driver
        assert any(
            fact["depends"].startswith(f"nvidia-kernel-common-{branch}-server-{branch}.")
            for fact in known
        )


def test_a_name_that_redirects_is_no_fabric_manager_here() -> None:
    redirecting = {
        row["package"] for row in BESIDE if row["depends"].startswith("nvidia-fabricmanager-")
    }

    assert redirecting == {"nvidia-fabricmanager-590"}
    assert not redirecting & {row.fabric_manager for row in CATALOG.driver_parts}


def test_the_container_toolkit_is_of_packages_and_a_version_that_were_read() -> None:
    read = {(row["package"], row["version"]) for row in BESIDE}

    assert {row.arch for row in CATALOG.container_toolkit} == {"x86_64", "aarch64"}
    for row in CATALOG.container_toolkit:
        assert {(package, row.version) for package in row.packages} <= read


def test_nvswitches_are_devices_of_the_pci_ids() -> None:
    """1AF1 and 22A3 are the rows of facts 09 that pci.ids alone has, called NVSwitch."""
    assert {row.device for row in CATALOG.nvswitches if row.device} == {"1af1", "22a3"}
