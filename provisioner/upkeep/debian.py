"""Debian's newest package index and packages, from the mirror that apt is set up with.

The mirror's address is never written down: apt is asked for it. A package is held against the hash
in the index; the index's own signature is not looked at, so what is read here is shown to people
before anything is written.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import tarfile
from collections.abc import Callable, Iterator

from provisioner import process
from provisioner.errors import OutsideError

Fetch = Callable[[str], bytes]
"""Gets what lies at an address."""

_TARGETS = ("apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)", "Identifier: Packages")
_TIMEOUT_S = 60
_ORIGIN = "Debian"
_NEWEST = "sid"
_MEMBER = "usr/share/misc/pci.ids"
_AR_MAGIC, _AR_HEADER_BYTES = b"!<arch>\n", 60


def mirror() -> str:
    """The address of Debian's archive. Raises OutsideError ``index-unknown``.

    Only http and https count: a folder of this machine says nothing of the world.
    """
    try:
        answer = process.run(_TARGETS, timeout=_TIMEOUT_S).stdout
    except OutsideError:
        answer = ""
    for line in answer.splitlines():
        origin, _, address = line.partition("|")
        if origin == _ORIGIN and re.match(r"https?://", address):
            return address.rstrip("/")
    raise OutsideError(
        "index-unknown",
        "apt on this machine names no mirror of Debian.",
        hint="Give the file itself, such as /usr/share/misc/pci.ids.",
    )


def newest_pci_ids(fetch: Fetch, base: str | None = None) -> str:
    """The text of pci.ids out of Debian's newest package of that name.

    Raises OutsideError ``index-unknown`` or ``index-unreachable``.
    """
    base = base or mirror()
    index = fetch(f"{base}/dists/{_NEWEST}/main/binary-all/Packages.xz")
    try:
        fields = _fields(lzma.decompress(index).decode(), "pci.ids")
        package = fetch(f"{base}/{fields['Filename']}")
        if hashlib.sha256(package).hexdigest() != fields["SHA256"]:
            raise _unreadable("the package is not the one that the index names")
        return _member(package, _MEMBER).decode()
    except (lzma.LZMAError, tarfile.TarError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise _unreadable(f"{type(error).__name__}: {error}") from None


def _fields(index: str, package: str) -> dict[str, str]:
    """The fields of one package in an index; KeyError where it is not there."""
    start = f"\n{index}".find(f"\nPackage: {package}\n")
    if start < 0:
        raise KeyError(package)
    paragraph = index[start:].partition("\n\n")[0]
    pairs = (line.partition(": ") for line in paragraph.splitlines() if not line.startswith(" "))
    return {name: value for name, _, value in pairs}


def _member(package: bytes, path: str) -> bytes:
    """One file of a .deb, which is an ar archive with a tar archive of the files inside."""
    for name, content in _ar(package):
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                for info in archive:
                    if info.name.removeprefix("./") == path and (file := archive.extractfile(info)):
                        return file.read()
    raise KeyError(path)


def _ar(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """The members of an ar archive: a header of sixty bytes each, and padding to even lengths."""
    if not archive.startswith(_AR_MAGIC):
        raise ValueError("no ar archive")
    at = len(_AR_MAGIC)
    while at + _AR_HEADER_BYTES <= len(archive):
        header = archive[at : at + _AR_HEADER_BYTES]
        size = int(header[48:58])
        at += _AR_HEADER_BYTES
        yield header[:16].decode().strip().rstrip("/"), archive[at : at + size]
        at += size + size % 2


def _unreadable(why: str) -> OutsideError:
    return OutsideError(
        "index-unreachable",
        "The mirror of Debian has no pci.ids that can be read.",
        context=(why,),
        hint="Give the file itself, such as /usr/share/misc/pci.ids.",
    )
