"""A refresh goes on where nothing can be kept."""

from __future__ import annotations

from pathlib import Path

from provisioner.upkeep.measurements import Measurements
from provisioner.upkeep.package_index import IndexFile
from provisioner.upkeep.readings import Measured


def test_a_place_that_is_no_folder_keeps_nothing_and_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    measurements = Measurements(tmp_path / "file")
    wheel = IndexFile(name="a-1-py3-none-any.whl", url="http://index.invalid/a", sha256="0" * 64)

    measurements.keep(wheel, (), Measured(wheel=wheel.name, size=1))

    assert measurements.known(wheel, ()) is None
