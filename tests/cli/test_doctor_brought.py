"""Packages that are installed and do not run as they are: found in a real environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.sickbed import Sickbed

HERE = f"cp3{sys.version_info[1]}"
MODULE = {"tensorflow/__init__.py": ""}


@pytest.fixture
def bed(tmp_path: Path) -> Sickbed:
    made = Sickbed(tmp_path)
    made.environment()
    return made


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("cp39-cp39-manylinux_2_17_x86_64", {"python-too-new": "error"}),
        ("cp37-cp37m-manylinux_2_17_x86_64", {"python-too-new": "error"}),
        (f"{HERE}-{HERE}-manylinux_2_17_x86_64", {}),
        ("cp39-abi3-manylinux_2_17_x86_64", {}),
        ("py3-none-any", {}),
    ],
)
def test_a_wheel_of_another_python_does_not_import_here(
    bed: Sickbed, tag: str, found: dict[str, str]
) -> None:
    bed.put("numpy", "2.0.2", tag=tag)

    assert bed.found() == found


def test_tensorflow_without_what_it_computes_with_is_an_error_and_with_it_is_sound(
    bed: Sickbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What this system may have is not asked: it is not the same everywhere.
    monkeypatch.setattr("provisioner.doctor.live.brought._SYSTEM", ())
    bed.put("tensorflow", "2.20.0rc0", members=MODULE)

    (finding,) = bed.run("--json").data["findings"]
    assert (finding["reference"], finding["severity"]) == ("cuda-not-brought", "error")
    assert "tensorflow[and-cuda]" in finding["fix"][0]
    assert bed.run("--gpu", "none", "--json").data["findings"] == []

    own = bed.program("lib dir/libcudnn.so.9", "").parent
    bed.settings["LD_LIBRARY_PATH"] = str(own)
    assert "cuda-not-brought" not in bed.found()
    bed.settings["LD_LIBRARY_PATH"] = ""
    bed.put("nvidia-cudnn-cu12", "9.3.0")
    assert bed.found() == {}


def test_two_onnxruntimes_of_one_environment_are_told(bed: Sickbed) -> None:
    bed.put("onnxruntime-gpu", "1.20.0")
    assert bed.found() == {}

    bed.put("onnxruntime", "1.20.0")
    assert bed.found() == {"cpu-only-wheel": "warning"}


def test_a_numpy_2_that_hides_another_is_no_quarrel_of_numpys_releases(bed: Sickbed) -> None:
    bed.put("numpy", "2.1.0")
    other = Sickbed(bed.place / "other")
    other.environment()
    other.put("numpy", "2.0.2")
    bed.settings["PYTHONPATH"] = str(other.site)

    assert bed.found() == {"conda-pip-mix": "warning"}


def test_what_is_removed_and_installed_is_what_is_there_and_what_it_allows(bed: Sickbed) -> None:
    bed.put("tensorflow-cpu", "2.10.0", ["protobuf<3.20,>=3.9.2"], MODULE)
    bed.put("protobuf", "5.29.0")

    fixes = {one["reference"]: one["fix"][0] for one in bed.run("--json").data["findings"]}

    assert fixes["protobuf"].startswith("pip install 'protobuf<3.20,>=3.9.2': ")
    assert fixes["cpu-only-wheel"] == "remove the build for the CPU: pip uninstall tensorflow-cpu"
