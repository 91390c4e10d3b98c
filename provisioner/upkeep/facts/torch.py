"""PyTorch's wheels of the default index, as the gathered tables measured them."""

from __future__ import annotations

from provisioner.catalog.rows import Build
from provisioner.upkeep.facts.table import Facts, architectures, glibc, pythons
from provisioner.version import minor

_NO_CUDA = "cpu-only"


def default_wheels(facts: Facts) -> list[Build]:
    """One build for each release and platform."""
    return [_default(facts, row) for row in facts.rows("06_torch_default_wheels")]


def _default(facts: Facts, row: dict[str, str]) -> Build:
    cuda = None if row["cuda_in_version_py"] == _NO_CUDA else minor(row["cuda_in_version_py"])
    pin = row["cudnn_pin"]
    return Build(
        framework="torch",
        version=row["torch"],
        platform=f"linux-{row['machine']}",
        pythons=pythons(row["python_tags"]),
        cuda=cuda,
        cudnn=pin if cuda and pin[:1].isdigit() else None,
        sass=architectures(row["sass_archs"]),
        ptx=architectures(row["ptx_archs"], "compute"),
        # A build without CUDA lists NVIDIA's wheels for the other machine only.
        requires=tuple(row["nvidia_requires"].split()) if cuda else (),
        glibc=glibc(row["source"]),
        download_bytes=int(row["wheel_size"]),
        kind="measured",
        evidence=f"{row['source']}: torch/version.py, CUDAConfig.h, METADATA",
        checked=facts.gathered,
    )
