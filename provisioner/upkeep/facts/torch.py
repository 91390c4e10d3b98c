"""PyTorch's builds: the measured default wheels, and the variants of its own index."""

from __future__ import annotations

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, architectures, glibc, pythons
from provisioner.upkeep.facts.torch_variants import Variant, archs_of, variants
from provisioner.version import minor

_CPU_EVIDENCE = (
    "pytorch/test-infra tools/scripts/generate_binary_build_matrix.py: every release is built for"
    " cpu; torch==2.14.1+cpu seen in public lock files"
)
_FIRST_ON_INDEX = "1.2"
_NO_CUDA = "cpu-only"


def torch(facts: Facts, index: str) -> list[Build]:
    """Default wheels, then for each of them the variants announced for its release.

    ``index`` is the address below which PyTorch has an index for each variant.
    """
    default = [_default(facts, row) for row in facts.rows("06_torch_default_wheels")]
    found = list(default)
    for build in default:
        if build.platform == "linux-x86_64" and natural(build.version) >= natural(_FIRST_ON_INDEX):
            found.append(_cpu(facts, build, index))
        found += [
            made
            for variant in variants(facts, minor(build.version))
            if (made := _variant(facts, build, variant, index)) is not None
        ]
    return found


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


def _cpu(facts: Facts, default: Build, index: str) -> Build:
    return Build(
        framework="torch",
        version=default.version,
        variant="cpu",
        platform=default.platform,
        pythons=default.pythons,
        glibc=default.glibc,
        index=f"{index}/cpu",
        kind="announced",
        evidence=_CPU_EVIDENCE,
        checked=facts.gathered,
    )


def _variant(facts: Facts, default: Build, variant: Variant, index: str) -> Build | None:
    """The build of a variant beside a default wheel; None where nobody announced that platform."""
    if variant.cuda == default.cuda:
        sass, ptx, cudnn = default.sass, default.ptx, default.cudnn or variant.cudnn
        source = "architectures: as the measured default wheel of the same CUDA"
    else:
        archs = archs_of(facts, default.version, variant, default.platform)
        if archs is None:
            return None
        sass, ptx, source = archs
        cudnn = variant.cudnn
    return Build(
        framework="torch",
        version=default.version,
        variant=variant.name,
        platform=default.platform,
        pythons=default.pythons,
        cuda=variant.cuda,
        cudnn=cudnn,
        sass=sass,
        ptx=ptx,
        glibc=default.glibc,
        index=f"{index}/{variant.name}",
        kind="announced",
        evidence=f"{variant.source}; {source}",
        checked=facts.gathered,
    )
