"""Builds that follow from measured ones: PyTorch's own index, variant by variant."""

from __future__ import annotations

from pathlib import Path

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.upkeep_rows import IndexVariant
from provisioner.upkeep.derived import cpu_variants, measured, pair_variants, partner
from provisioner.upkeep.facts.table import Facts
from provisioner.upkeep.facts.torch_variants import variants, variants_of

ADDRESSES = {"pytorch": "https://index.test/whl"}
CPU = IndexVariant(
    framework="torch",
    variant="cpu",
    first_version="1.2",
    platforms=("linux-x86_64",),
    address="pytorch",
    path="cpu",
    evidence="the script that builds all releases",
    checked="2026-11-21",
)
INDEX = "https://index.test/whl"
FACTS = Facts(Path(__file__).parent / "excerpts" / "torch")


def torch(version: str, cuda: str, *sass: str, platform: str = "linux-x86_64") -> Build:
    """A measured wheel; what it names as proof is enough for what follows from it."""
    return Build(
        framework="torch",
        version=version,
        platform=platform,
        pythons=("3.11",) if version == "2.15.0" else ("3.10",),
        cuda=cuda,
        sass=sass,
        glibc="2.28",
        kind="measured",
        evidence=f"torch-{version}-cp310-cp310-manylinux_2_28_x86_64.whl: CUDAConfig.h, METADATA",
        checked="2026-11-20",
    )


RELEASES = (
    msgspec.structs.replace(torch("1.1.0", "9.0", "sm_35", "sm_70"), ptx=("compute_50",)),
    torch("2.4.1", "12.1", "sm_50", "sm_90"),
    torch("2.5.0", "12.4", "sm_50", "sm_90"),
    torch("2.6.0", "12.4", "sm_50", "sm_90"),
    msgspec.structs.replace(torch("2.11.0", "13.0", "sm_75", "sm_120"), cudnn="9.19.0.56"),
    torch("2.11.0", "13.0", "sm_80", "sm_120", platform="linux-aarch64"),
    torch("2.15.0", "13.2", "sm_75", "sm_120"),
)


def companion(name: str, version: str, *sass: str, requires: tuple[str, ...] = ()) -> Build:
    """A measured companion."""
    row = torch(version, "13.0" if sass else "", *sass)
    return msgspec.structs.replace(
        row,
        framework=name,
        cuda=row.cuda or None,
        requires=requires,
        evidence=f"{name}-{version}-cp310-cp310-manylinux_2_28_x86_64.whl: _C.so, METADATA",
    )


COMPANIONS = (
    companion("torchvision", "0.19.1", "sm_50", "sm_86", "sm_90", requires=("torch==2.4.1",)),
    companion("torchvision", "0.30.0", requires=("torch>=2.15.0",)),
    companion("torchaudio", "2.11.0", "sm_75"),
)


def all_rows() -> list[Build]:
    return [
        *RELEASES,
        *cpu_variants(RELEASES, [CPU], ADDRESSES),
        *variants_of(FACTS, RELEASES, INDEX),
    ]


def made() -> dict[tuple[str, str, str], Build]:
    return {
        (row.version, row.variant, row.platform.removeprefix("linux-")): row for row in all_rows()
    }


def companions(package: str) -> dict[tuple[str, str], Build]:
    wheels = [row for row in COMPANIONS if row.framework == package]
    found = [*wheels, *pair_variants(wheels, all_rows())]
    return {(row.version, row.variant): row for row in found}


def test_every_release_on_the_index_has_a_cpu_build() -> None:
    found = made()

    assert found["2.15.0", "cpu", "x86_64"].index == f"{INDEX}/cpu"
    assert ("1.1.0", "cpu", "x86_64") not in found
    assert ("2.11.0", "cpu", "aarch64") not in found


def test_a_release_that_no_table_knows_has_its_cpu_build() -> None:
    newest = msgspec.structs.replace(made()["2.15.0", "default", "x86_64"], version="2.99.0")

    (row,) = cpu_variants([newest], [CPU], ADDRESSES)

    assert (row.version, row.variant, row.index) == ("2.99.0", "cpu", f"{INDEX}/cpu")
    assert (row.pythons, row.cuda, row.requires) == (("3.11",), None, ())
    assert (row.kind, row.evidence, row.checked) == ("announced", CPU.evidence, CPU.checked)
    assert variants_of(FACTS, [newest], INDEX) == []


def test_a_windows_wheel_gets_the_variants_announced_for_windows_without_ptx() -> None:
    linux = made()["2.11.0", "default", "x86_64"]
    windows = msgspec.structs.replace(linux, platform="windows-x86_64", cuda=None, sass=())

    found = {row.variant: row for row in variants_of(FACTS, [windows], INDEX)}

    assert found["cu126"].platform == "windows-x86_64"
    assert found["cu126"].sass == ("sm_50", "sm_90")
    assert {row.ptx for row in found.values()} == {()}


def test_only_measured_wheels_of_the_default_index_are_releases() -> None:
    assert {row.variant for row in measured(all_rows(), "torch")} == {"default"}
    assert measured(all_rows(), "torchvision") == []


def test_a_companion_pairs_with_the_torch_it_names_or_with_its_own_number() -> None:
    row = companions("torchvision")["0.19.1", "default"]

    def of(version: str, *requires: str) -> str:
        return partner(msgspec.structs.replace(row, version=version, requires=requires))

    assert of("0.19.1", "torch==2.4.1") == "2.4.1"
    assert of("0.5.0", "torch==1.4") == "1.4.0"
    assert of("2.8.0", "numpy", "torch==2.8.*") == "2.8.0"
    assert of("2.11.0") == "2.11.0"


def test_a_variant_of_the_default_wheels_cuda_has_its_measured_list() -> None:
    row = made()["2.11.0", "cu130", "x86_64"]

    assert (row.sass, row.ptx, row.cudnn) == (("sm_75", "sm_120"), (), "9.19.0.56")
    assert row.kind == "announced"
    assert row.index == f"{INDEX}/cu130"
    assert "measured default wheel" in row.evidence


def test_a_release_document_comes_before_everything_else() -> None:
    found = made()

    assert found["2.11.0", "cu126", "x86_64"].sass == ("sm_50", "sm_90")
    assert found["2.11.0", "cu126", "x86_64"].cudnn == "9.10.2.21"
    # Nobody announced that variant for the other machine.
    assert ("2.11.0", "cu126", "aarch64") not in found


def test_what_somebody_printed_stands_in_for_a_document() -> None:
    row = made()["2.6.0", "cu126", "x86_64"]

    assert (row.sass, row.ptx) == (("sm_50", "sm_90"), ("compute_120",))
    assert "printed" in row.evidence


def test_a_list_that_nobody_knows_is_empty() -> None:
    row = made()["2.6.0", "cu118", "x86_64"]

    assert (row.sass, row.ptx) == ((), ())
    assert "not known" in row.evidence


def test_old_variants_have_the_build_scripts_list_of_their_day() -> None:
    row = made()["2.4.1", "cu118", "x86_64"]

    # Later commits and commits without a list do not count.
    assert row.sass == ("sm_37", "sm_50", "sm_90")
    assert row.cudnn == "9.1.0.70"
    assert "@bbb (2024-07-26)" in row.evidence


def test_ptx_of_a_script_that_the_wheels_do_not_carry_is_left_out() -> None:
    row = made()["2.4.1", "cu124", "x86_64"]

    # The longer of one commit's two lists, without the PTX that 2.5.0 of CUDA 12.4 lacks.
    assert (row.sass, row.ptx) == (("sm_50", "sm_90"), ())
    assert "left out" in row.evidence


def test_a_release_whose_variants_are_unknown_has_none() -> None:
    assert variants(FACTS, "2.15") == []


def test_one_cudnn_in_brackets_at_the_end_belongs_to_all() -> None:
    found = variants(FACTS, "2.4")

    assert [(v.name, v.cuda, v.cudnn) for v in found] == [
        ("cu118", "11.8", "9.1.0.70"),
        ("cu121", "12.1", "9.1.0.70"),
        ("cu124", "12.4", "9.1.0.70"),
    ]


def test_companions_are_built_like_the_torch_they_pair_with() -> None:
    vision, audio = companions("torchvision"), companions("torchaudio")

    assert {key[1] for key in vision if key[0] == "0.19.1"} == {
        "default",
        "cpu",
        "cu118",
        "cu121",
        "cu124",
    }
    assert vision["0.19.1", "cu118"].requires == ("torch==2.4.1",)
    assert vision["0.19.1", "cu118"].index == f"{INDEX}/cu118"
    # A companion that names no torch pairs with the one of its number.
    assert {key[1] for key in audio} == {"default", "cpu", "cu126", "cu130"}


def test_companions_hold_what_was_read_and_their_variants_what_torchs_hold() -> None:
    vision, audio = companions("torchvision"), companions("torchaudio")

    # torch 2.4.1 has 5.0 and 9.0, which the wheel holds too.
    assert vision["0.19.1", "cu118"].sass == ("sm_37", "sm_50", "sm_90")
    assert vision["0.19.1", "cu118"].ptx == ()
    assert vision["0.19.1", "cpu"].sass == ()
    # Not read: not known.
    assert vision["0.30.0", "cpu"].sass == ()
    # The wheel lacks 12.0 of its torch: nothing can be said of the variants.
    assert audio["2.11.0", "cu130"].sass == ()
