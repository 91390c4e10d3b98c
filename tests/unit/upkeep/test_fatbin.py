"""Fat binaries made by hand, in the layout that nvcc writes."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Iterator

import pytest

from provisioner.upkeep.fatbin import Code, code_in, code_of

PTX, ELF = 1, 2
MAGIC = 0xBA55ED50


def entry(kind: int, target: int, payload: bytes = b"code" * 7, header: int = 64) -> bytes:
    head = struct.pack("<HHIQIIHHI", kind, 0x101, header, len(payload), 0, 64, 0, 7, target)
    return head.ljust(header, b"\0") + payload


def fat(*entries: bytes) -> bytes:
    body = b"".join(entries)
    return struct.pack("<IHHQ", MAGIC, 1, 16, len(body)) + body


def test_machine_code_and_ptx_are_told_apart() -> None:
    library = b"\x7fELF..." + fat(entry(ELF, 90), entry(ELF, 50), entry(PTX, 90)) + b"..."

    assert code_of(library) == Code(("sm_50", "sm_90"), ("compute_90",))


def test_all_fat_binaries_of_a_library_count() -> None:
    library = fat(entry(ELF, 75)) + b"\0" * 40 + fat(entry(ELF, 120, header=80), entry(ELF, 75))

    assert code_of(library).sass == ("sm_75", "sm_120")


def test_a_library_without_gpu_code_has_none() -> None:
    assert code_of(b"\x7fELF" + bytes(1000)) == Code((), ())


@pytest.mark.parametrize(
    "library",
    [
        pytest.param(struct.pack("<I", MAGIC), id="cut-header"),
        pytest.param(struct.pack("<IHHQ", MAGIC, 1, 16, 10**9), id="longer-than-the-file"),
        pytest.param(struct.pack("<IHHQ", MAGIC, 1, 9, 4) + b"abcd", id="not-a-header"),
        pytest.param(fat(b"\0" * 200), id="entry-without-length"),
        pytest.param(fat(entry(ELF, 90)[:20]), id="cut-entry"),
    ],
)
def test_the_magic_number_in_other_data_is_no_fat_binary(library: bytes) -> None:
    assert code_of(library) == Code((), ())


def test_a_false_start_does_not_hide_the_fat_binary_behind_it() -> None:
    assert code_of(struct.pack("<I", MAGIC) + fat(entry(ELF, 86))).sass == ("sm_86",)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 16, 63, 64, 65, 10_000])
def test_a_library_that_comes_in_pieces_says_the_same(length: int) -> None:
    """Magic numbers, headers and code are cut in two anywhere; some numbers are false."""
    library = (
        b"\x7fELF"
        + struct.pack("<IHHQ", MAGIC, 1, 16, 10**9)
        + fat(entry(ELF, 75, b"x" * 300), entry(PTX, 90))
        + struct.pack("<I", MAGIC)[:3]
        + fat(entry(ELF, 120, header=80), entry(ELF, 86, fat(entry(ELF, 35))))
        + b"end"
    )
    pieces = [library[at : at + length] for at in range(0, len(library), length)]

    found = code_in(iter(pieces), len(library))

    assert found == Code(("sm_75", "sm_86", "sm_120"), ("compute_90",))


def test_of_a_library_that_comes_in_pieces_little_is_held() -> None:
    """Ten megabytes of code are skipped; more than a piece at a time is never kept."""
    payload = bytes(10_000_000)
    library = fat(entry(ELF, 75, payload), entry(ELF, 90))
    given = 0

    def pieces() -> Iterator[bytes]:
        nonlocal given
        for at in range(0, len(library), 100_000):
            given += 1
            yield library[at : at + 100_000]

    tracemalloc.start()
    found = code_in(pieces(), len(library))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found.sass == ("sm_75", "sm_90")
    assert given == 101
    assert most < 1_000_000
