"""Archives of stand-in packages, made from the facts: what they do not know, apt does not find."""

from __future__ import annotations

import csv
from collections.abc import Mapping

from tests.integration.roots import Root
from tests.integration.test_driver_steps import archive
from tests.table.factsheet import FACTS


def versions() -> dict[str, set[str]]:
    """Every version of every package that the facts know: drivers, and what stands beside them."""
    found: dict[str, set[str]] = {}
    with (FACTS / "13_ubuntu_real_drivers.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(f"nvidia-driver-{row['package']}", set()).add(row["version"])
    for row in beside():
        found.setdefault(row["package"], set()).add(row["version"])
    return found


def beside() -> list[dict[str, str]]:
    """The rows of what stands beside a driver."""
    with (FACTS / "26_beside_the_driver.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def stand_ins(
    root: Root,
    wanted: Mapping[str, str],
    files: Mapping[str, Mapping[str, str]] = {},
    *,
    depends: bool = False,
) -> None:
    """Put packages of the facts into an archive, and nothing else; programs in ``files``.

    Raises AssertionError for a package or a version that the facts do not know.
    """
    known = versions()
    unknown = {name: version for name, version in wanted.items() if version not in known[name]}
    assert not unknown, f"the facts do not know {unknown}"
    fields = {
        row["package"]: f"Depends: {row['depends']}\n"
        for row in beside()
        if depends and row["depends"] and wanted.get(row["package"]) == row["version"]
    }
    packages = {name.replace("-", "_"): version for name, version in wanted.items()}
    archive(root, fields, "", files, **packages)
