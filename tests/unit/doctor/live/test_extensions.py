"""Compiled extensions beside torch's own libraries: symbols that are wanted and had."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioner.doctor.live import extensions

CHECK = "_ZN3c106detail14torchCheckFailEPKcS2_jRKSs"
OWN = "_ZN10flash_attn5startEv"


def library(path: Path, wants: Sequence[str] = (), has: Sequence[str] = ()) -> Path:
    """An ELF file with dynamic symbols and nothing else."""
    names, entries = b"\0", bytes(24)
    for name, section in [*((one, 0) for one in wants), *((one, 1) for one in has)]:
        entries += struct.pack("<IBBHQQ", len(names), 1 << 4, 0, section, 0, 0)
        names += name.encode() + b"\0"
    start = 64 + 3 * 64
    sections = struct.pack("<IIQQQQIIQQ", *[0] * 10)
    sections += struct.pack("<IIQQQQIIQQ", 0, 11, 0, 0, start, len(entries), 2, 0, 0, 24)
    place = start + len(entries)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, place, len(names), 0, 0, 0, 0)
    header = b"\x7fELF\x02\x01" + bytes(10)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, 64, 0, 64, 0, 0, 64, 3, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + sections + entries + names)
    return path


def said(tmp_path: Path, *paths: Path) -> list[str]:
    return list(extensions.see(tuple(map(str, paths)), "2.9.1", str(tmp_path / "torch" / "lib")))


def test_what_no_library_of_torch_has_is_told_once_for_each_extension(tmp_path: Path) -> None:
    library(tmp_path / "torch/lib/libc10.so", has=["_ZN3c105ErrorC1Ev"])
    sound = library(tmp_path / "sound.so", wants=["_ZN3c105ErrorC1Ev"])
    other = library(tmp_path / "other.so", wants=["_ZN3c105ErrorC1Ev", CHECK, CHECK + "v"])

    assert said(tmp_path, sound, other) == [
        f"{other}: undefined symbol: {CHECK} (torch 2.9.1 has none of it)"
    ]


def test_any_library_of_torch_may_have_it_and_only_whole_names_count(tmp_path: Path) -> None:
    library(tmp_path / "torch/lib/libc10.so", has=[CHECK + "more"])
    extension = library(tmp_path / "extension.so", wants=[CHECK])
    assert len(said(tmp_path, extension)) == 1

    library(tmp_path / "torch/lib/libtorch_cpu.so", has=[CHECK])
    assert said(tmp_path, extension) == []


def test_symbols_of_others_and_those_it_has_itself_are_no_matter_of_torchs(tmp_path: Path) -> None:
    library(tmp_path / "torch/lib/libc10.so")

    assert said(tmp_path, library(tmp_path / "a.so", wants=[OWN, "malloc"], has=[CHECK])) == []


@pytest.mark.parametrize("cut", [0, 3, 40, 64, 100, 200, 260, 300])
def test_what_is_cut_off_or_no_library_says_nothing(tmp_path: Path, cut: int) -> None:
    library(tmp_path / "torch/lib/libc10.so")
    path = library(tmp_path / "a.so", wants=[CHECK])
    path.write_bytes(path.read_bytes()[:cut])
    (tmp_path / "b.so").write_bytes(b"garbage" * cut)

    assert said(tmp_path, path, tmp_path / "b.so", tmp_path / "none.so") == []
