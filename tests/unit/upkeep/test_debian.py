"""Debian's package of pci.ids, out of a mirror that is a dictionary."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile

import pytest

from provisioner import process
from provisioner.errors import OutsideError
from provisioner.upkeep import debian

BASE = "http://mirror.example/debian"
INDEX = f"{BASE}/dists/sid/main/binary-all/Packages.xz"
POOL = "pool/main/p/pci.ids/pci.ids_0.0~2026.12.01-1_all.deb"
TEXT = "#	Version: 2026.12.01\n10de  NVIDIA Corporation\n"


def tar(path: str, text: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:xz") as archive:
        info = tarfile.TarInfo(path)
        info.size = len(text.encode())
        archive.addfile(info, io.BytesIO(text.encode()))
    return stream.getvalue()


def ar(**members: bytes) -> bytes:
    archive = b"!<arch>\n"
    for name, content in members.items():
        named = name.replace("_", ".").ljust(16)
        archive += f"{named}{'0':<12}{'0':<6}{'0':<6}{'100644':<8}{len(content):<10}`\n".encode()
        archive += content + b"\n" * (len(content) % 2)
    return archive


def deb(path: str = "./usr/share/misc/pci.ids", text: str = TEXT) -> bytes:
    return ar(debian_binary=b"2.0\n0", control_tar_xz=b"odd", data_tar_xz=tar(path, text))


def mirror(package: bytes, sha256: str | None = None, name: str = "pci.ids") -> dict[str, bytes]:
    digest = sha256 or hashlib.sha256(package).hexdigest()
    index = (
        "Package: pci.ids-extra\nFilename: pool/other.deb\nSHA256: 00\n\n"
        f"Package: {name}\nDescription: PCI ID Repository\n more\nFilename: {POOL}\n"
        f"SHA256: {digest}\n\n"
    )
    return {INDEX: lzma.compress(index.encode()), f"{BASE}/{POOL}": package}


def newest(files: dict[str, bytes]) -> str:
    return debian.newest_pci_ids(files.__getitem__, BASE)


def test_the_file_is_read_out_of_the_package_that_the_index_names() -> None:
    assert newest(mirror(deb())) == TEXT


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(mirror(deb(), sha256="00" * 32), id="another-package"),
        pytest.param(mirror(deb(), name="pciutils"), id="not-in-the-index"),
        pytest.param(mirror(deb(path="./usr/share/pci.ids")), id="not-in-the-package"),
        pytest.param(mirror(b"<html>"), id="no-package"),
        pytest.param({INDEX: b"<html>"}, id="no-index"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_guessed(files: dict[str, bytes]) -> None:
    with pytest.raises(OutsideError) as caught:
        newest(files)

    assert caught.value.reference == "index-unreachable"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("Ubuntu|http://u.example/ubuntu/\nDebian|https://d.example/debian/\n", "d.example"),
        ("Debian|file:/srv/debian/\n", None),
        ("Debian|http://d.example/debian/\n", "d.example"),
        ("", None),
    ],
)
def test_apt_is_asked_for_the_mirror_and_folders_do_not_count(
    monkeypatch: pytest.MonkeyPatch, told: str, address: str | None
) -> None:
    answer = process.Completed(0, told, "")
    monkeypatch.setattr(process, "run", lambda *_, **__: answer)

    if address:
        assert debian.mirror().split("//")[1] == f"{address}/debian"
        return
    with pytest.raises(OutsideError) as caught:
        debian.mirror()
    assert caught.value.reference == "index-unknown"


def test_a_machine_without_apt_has_no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise OutsideError("program-not-found", "apt-get is not here.")

    monkeypatch.setattr(process, "run", absent)

    with pytest.raises(OutsideError) as caught:
        debian.mirror()
    assert caught.value.reference == "index-unknown"
