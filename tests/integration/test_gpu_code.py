"""GPU code as dlsetup reads it, and as NVIDIA's own program lists it: real wheels of the index."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.download import Web
from provisioner.upkeep.fatbin import code_in
from provisioner.upkeep.package_index import IndexFile, PackageIndex, address
from provisioner.upkeep.wheel import opened

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(sys.platform != "linux", reason="runs a program for Linux on x86_64"),
]
CUOBJDUMP = "nvidia_cuda_cuobjdump-13.4.92-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
MEGABYTES_20 = 20_000_000
_LISTED = re.compile(r"\.(sm_\d+a?)\.(?:cubin|ptx)")


@pytest.fixture(scope="module")
def index() -> PackageIndex:
    return PackageIndex(address(), Web())


@pytest.fixture(scope="module")
def cuobjdump(index: PackageIndex, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with opened(index.web, listed(index, CUOBJDUMP), MEGABYTES_20) as wheel:
        program = wheel.program("nvidia/cu13/bin/cuobjdump")
    path = tmp_path_factory.mktemp("cuobjdump") / "cuobjdump"
    path.write_bytes(program)
    path.chmod(0o700)
    return path


def listed(index: PackageIndex, name: str) -> IndexFile:
    project = name.partition("-")[0].replace("_", "-")
    return next(file for file in index.files(project) if file.name == name)


def theirs(cuobjdump: Path, kind: str, library: Path) -> set[str]:
    """What the program lists; it does not tell code for a family (``sm_100f``) from plain code."""
    ran = subprocess.run(
        [cuobjdump, "-all", f"--list-{kind}", library], capture_output=True, text=True, check=True
    )
    return set(_LISTED.findall(ran.stdout))


@pytest.mark.parametrize(
    ("name", "member"),
    [
        (
            "torchcodec-0.17.0-cp310-cp310-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
            "torchcodec/libtorchcodec_core4.so",
        ),
        ("xformers-0.0.35-py39-none-manylinux_2_28_x86_64.whl", "xformers/_C.so"),
    ],
)
def test_nvidias_own_program_lists_the_same_targets(
    index: PackageIndex, cuobjdump: Path, tmp_path: Path, name: str, member: str
) -> None:
    with opened(index.web, listed(index, name), MEGABYTES_20) as wheel:
        library = wheel.read(member)
        ours = code_in(wheel.pieces(member), wheel.length(member))
    (tmp_path / "library.so").write_bytes(library)

    machine_code = theirs(cuobjdump, "elf", tmp_path / "library.so")
    ptx = theirs(cuobjdump, "ptx", tmp_path / "library.so")

    assert machine_code
    assert {target.removesuffix("f") for target in ours.sass} == machine_code
    assert {target.replace("compute", "sm").removesuffix("f") for target in ours.ptx} == ptx
