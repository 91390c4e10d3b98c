"""Wheels read where they lie: what it costs, and what damage does."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile

import pytest

from provisioner.download import Part, Web
from provisioner.errors import OutsideError
from provisioner.upkeep import wheel as module
from provisioner.upkeep.package_index import IndexFile, PackageIndex
from provisioner.upkeep.wheel import READ_BYTES, Wheel, opened
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import metadata, packed, wheel

NAME = "torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl"
MEGABYTE = 1_000_000
NOISE = hashlib.shake_256(b"what no compression makes smaller").digest(6 * MEGABYTE)


class Kept(Web):
    """A file that is at hand, as a server would serve its parts."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def part(self, url: str, first: int, last: int | None) -> Part:
        del url
        first = max(0, len(self.data) + first) if first < 0 else first
        end = len(self.data) if last is None else last + 1
        return Part(first, self.data[first:end], len(self.data))


FILE = IndexFile(name=NAME, url="https://index.test/torch.whl")


def use(found: Wheel) -> None:
    found.metadata()
    for member in found.members:
        found.head(member)
        found.text(member)


def refused(data: bytes) -> str:
    with pytest.raises(OutsideError) as caught, opened(Kept(data), FILE) as found:
        use(found)
    return caught.value.reference


def test_of_a_large_wheel_only_what_is_asked_for_is_read(index: Loopback) -> None:
    members = {"torch/lib/big.so": NOISE, "torch/version.py": "cuda = '13.2'\n"}
    index.add("torch", NAME, wheel("torch", "2.15.0", members), size=500 * MEGABYTE)
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")
    index.forget()

    with opened(web, file) as found:
        assert found.text("torch/version.py") == "cuda = '13.2'\n"
        assert found.metadata()["name"] == ["torch"]
        assert found.size == 500 * MEGABYTE

    assert index.requests == 1  # all of it lies within the end
    assert index.bytes == 64 * 1024


def test_the_beginning_of_a_member_stays_within_the_budget(index: Loopback) -> None:
    data = wheel("torch", "2.15.0", {"torch/a.so": NOISE, "torch/b.so": NOISE})
    index.add("torch", NAME, data, size=100 * MEGABYTE)
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")
    index.forget()

    with opened(web, file) as found:
        beginning, whole = found.head("torch/a.so")
        assert not whole
        assert NOISE.startswith(beginning)
        assert len(beginning) > 3 * MEGABYTE
        # What cannot be seen any more is not taken for empty.
        with pytest.raises(OutsideError) as caught:
            found.head("torch/b.so")
        assert caught.value.reference == "too-much-to-read"
        assert found.metadata()["version"] == ["2.15.0"]

    assert index.bytes <= READ_BYTES


def test_a_server_that_sends_small_files_whole_shows_the_same(index: Loopback) -> None:
    data = wheel("torch", "2.15.0", {"torch/a.so": NOISE[: 5 * MEGABYTE]})
    index.add("torch", NAME, data)
    index.behaviour[NAME] = ["whole"]
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")

    with opened(web, file) as found:
        assert found.head("torch/a.so") == (NOISE[: 5 * MEGABYTE], True)
        assert found.metadata()["name"] == ["torch"]


def test_a_whole_member_that_costs_too_much_is_not_read(index: Loopback) -> None:
    data = wheel("torch", "2.15.0", {"torch/a.so": NOISE, "torch/b.py": bytes(10)})
    index.add("torch", NAME, data, size=100 * MEGABYTE)
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")

    with opened(web, file) as found, pytest.raises(OutsideError) as caught:
        found.read("torch/a.so")

    assert caught.value.reference == "too-much-to-read"
    assert index.bytes < MEGABYTE


def test_a_whole_file_with_another_hash_is_told(index: Loopback) -> None:
    index.add("torch", NAME, wheel("torch", "2.15.0"), sha256="0" * 64)
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")

    with pytest.raises(OutsideError) as caught, opened(web, file):
        pass

    assert caught.value.reference == "hash-differs"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no zip file at all" * 99, id="no-zip"),
        pytest.param(wheel("torch", "2.15.0", {"a": "b" * 999})[:-30], id="cut-end"),
        pytest.param(wheel("torch", "2.15.0", {"a": "b" * 999})[300:], id="cut-beginning"),
        pytest.param(packed({"torch/version.py": ""}), id="no-metadata"),
        pytest.param(
            packed({**metadata("torch", "1"), **metadata("torch", "2")}), id="two-metadata"
        ),
    ],
)
def test_a_damaged_wheel_is_told_as_that(data: bytes) -> None:
    assert refused(data) == "bad-wheel"


def test_an_encrypted_member_is_damage() -> None:
    data = bytearray(wheel("torch", "2.15.0", {"a": "b"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[data.index(b"PK\x03\x04") + 6] |= 1

    assert refused(bytes(data)) == "bad-wheel"


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_within_any_compression_is_told(kind: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        archive.writestr("a", NOISE[:2000])
    data = bytearray(made.getvalue())
    data[300:900] = os.urandom(600)

    assert refused(bytes(data)) == "bad-wheel"


def test_a_member_in_pieces_is_whole_and_is_not_kept(index: Loopback) -> None:
    library = NOISE + bytes(40 * MEGABYTE) + NOISE[:10]
    data = wheel("torch", "2.15.0", {"torch/a.so": library})
    index.add("torch", NAME, data, size=100 * MEGABYTE)
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")
    index.forget()

    with opened(web, file, limit=10 * MEGABYTE) as found:
        pieces = list(found.pieces("torch/a.so"))
        assert b"".join(pieces) == library
        assert max(map(len, pieces)) <= 16 * 1024 * 1024
        assert found.length("torch/a.so") == len(library)
        assert found.unpacked_size == len(library) + len(found.read(found.members[1]))
        assert not found.affords("torch/a.so")  # again is more than the wheel may cost


def test_a_member_in_pieces_costs_no_more_than_the_wheel_may(index: Loopback) -> None:
    data = wheel("torch", "2.15.0", {"torch/a.so": NOISE})
    index.add("torch", NAME, data, size=100 * MEGABYTE)
    web = Web()
    (file,) = PackageIndex(index.address, web).files("torch")

    with opened(web, file) as found:
        assert not found.affords("torch/a.so")
        with pytest.raises(OutsideError) as caught:
            list(found.pieces("torch/a.so"))

    assert caught.value.reference == "too-much-to-read"
    assert index.bytes <= READ_BYTES


def pieces_refused(data: bytes) -> str:
    with pytest.raises(OutsideError) as caught, opened(Kept(data), FILE) as found:
        list(found.pieces("torch/a.so"))
    return caught.value.reference


def test_a_member_in_pieces_is_held_against_its_checksum() -> None:
    data = bytearray(packed({"torch/a.so": NOISE[:2000]}))
    at = data.index(b"PK\x01\x02") + 16
    data[at] ^= 1

    assert pieces_refused(bytes(data)) == "bad-wheel"


@pytest.mark.parametrize("told", [10, 2 * MEGABYTE])
def test_a_member_in_pieces_unpacks_to_what_it_says(told: int) -> None:
    data = bytearray(packed({"torch/a.so": bytes(MEGABYTE)}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, told)

    assert pieces_refused(bytes(data)) == "bad-wheel"


def test_a_member_in_pieces_unpacks_to_no_more_than_is_bearable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_STREAMED_BYTES", MEGABYTE)

    assert pieces_refused(packed({"torch/a.so": bytes(MEGABYTE + 1)})) == "too-much-to-read"


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_in_pieces_may_be_packed_in_any_way(kind: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        archive.writestr("torch/a.so", NOISE[:200_000])

    with opened(Kept(made.getvalue()), FILE) as found:
        assert b"".join(found.pieces("torch/a.so")) == NOISE[:200_000]


def test_a_few_bytes_that_unpack_to_gigabytes_are_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_UNPACKED_BYTES", MEGABYTE)
    bomb = packed({"torch/version.py": bytes(MEGABYTE + 1), **metadata("torch", "2.15.0")})

    assert refused(bomb) == "too-much-to-read"


def test_a_member_that_unpacks_to_more_than_it_says_is_damage() -> None:
    data = bytearray(packed({"torch/version.py": bytes(MEGABYTE), **metadata("torch", "1")}))
    at = data.index(b"PK\x01\x02") + 24
    assert struct.unpack_from("<I", data, at) == (MEGABYTE,)
    struct.pack_into("<I", data, at, 10)

    assert refused(bytes(data)) == "bad-wheel"


def test_a_beginning_unpacks_to_no_more_than_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    data = wheel("torch", "2.15.0", {"torch/a.so": bytes(4 * MEGABYTE) + NOISE})
    monkeypatch.setattr(module, "_UNPACKED_BYTES", MEGABYTE)

    with opened(Kept(data), FILE) as found:
        beginning, whole = found.head("torch/a.so")

    assert (len(beginning), whole) == (MEGABYTE, False)


def test_no_damage_is_a_crash() -> None:
    """Bytes of a small wheel turned over at random: told as damage, or no matter."""
    good = wheel("torch", "2.15.0", {"torch/version.py": "cuda = None\n" * 9, "torch/a.so": NOISE})
    good = good[:500] + good[-1500:]
    small = wheel("torch", "2.15.0", {"torch/version.py": "cuda = None\n" * 9})
    told = set()
    for at in range(0, 3 * 1500, 3):
        data = bytearray((good, small)[NOISE[at] % 2])
        for step in range(1 + NOISE[at] // 2 % 4):
            place = int.from_bytes(NOISE[at + step : at + step + 3], "big") % len(data)
            data[place] = (0, 255, NOISE[at + 1], NOISE[at + 2])[step]
        try:
            with opened(Kept(bytes(data)), FILE) as found:
                use(found)
        except OutsideError as error:
            told.add(error.reference)

    assert told <= {"bad-wheel", "too-much-to-read"}
    assert "bad-wheel" in told
