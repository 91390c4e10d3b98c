"""Keys of NVIDIA's repositories as apt would find them: there, readable, and not retired."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Repository
from provisioner.detect.host import Host
from provisioner.machine import Machine

_LISTS = "/etc/apt/sources.list.d"
_TRUSTED = "/etc/apt/trusted.gpg.d"
_SIGNED_BY = re.compile(r"(?i)signed-by\s*[=:]\s*(/[^\s\],]+)")
_LONG_ID = 16
"""The end of a fingerprint that signatures name, in hexadecimal digits."""
_ARMOUR = re.compile(
    r"-----BEGIN PGP[^\n]*\n(?:[^\n]+:[^\n]*\n)*\n?([A-Za-z0-9+/=\s]+?)(?:\n=|\n-----)"
)


def see(host: Host, _: Machine, catalog: Catalog) -> Iterator[str]:
    """Say which repository of NVIDIA's apt can no longer prove."""
    shared = tuple(_key(host, path) for path in _trusted(host))
    for source, text in _sources(host):
        row = next((row for row in catalog.repositories if _is_of(text, row)), None)
        if row is None:
            continue
        match = _SIGNED_BY.search(text)
        path = match[1] if match else ""
        data = (
            _key(host, path) if path else None if None in shared else b"".join(filter(None, shared))
        )
        wanted = row.fingerprint[-_LONG_ID:]
        if path and not host.exists(path):
            yield f"{source}: its key {path} is missing, the public key is not available"
        elif (
            data is not None and "PGP PUBLIC KEY" not in text and bytes.fromhex(wanted) not in data
        ):
            old = [key.key for key in catalog.retired_keys if bytes.fromhex(key.key) in data]
            retired = f", {old[0]} is retired" if old else ""
            yield f"{source}: NO_PUBKEY {wanted} in {path or _TRUSTED}{retired}"


def _is_of(text: str, row: Repository) -> bool:
    return row.address.partition("://")[2].rstrip("/") in text


def _sources(host: Host) -> Iterator[tuple[str, str]]:
    """Each source with the file that names it; lines that are switched off are left out."""
    names = [f"{_LISTS}/{name}" for name in host.entries(_LISTS)] + ["/etc/apt/sources.list"]
    for path in names:
        text = "\n".join(
            line
            for line in (host.read(path) or "").splitlines()
            if not line.lstrip().startswith("#")
        )
        if path.endswith(".sources"):
            yield from ((path, part) for part in text.split("\n\n") if "Enabled: no" not in part)
        elif path.endswith(".list"):
            yield from ((path, line) for line in text.splitlines() if line.startswith("deb"))


def _trusted(host: Host) -> list[str]:
    return [f"{_TRUSTED}/{name}" for name in host.entries(_TRUSTED)] + ["/etc/apt/trusted.gpg"]


def _key(host: Host, path: str) -> bytes | None:
    """The bytes of a key ring, out of its armour if it wears one; None where nobody may read it."""
    if not host.exists(path):
        return b""
    data = host.read_bytes(path)
    match = _ARMOUR.search((data or b"").decode("ascii", "replace"))
    if match is None:
        return data
    try:
        return base64.b64decode(match[1])
    except (ValueError, binascii.Error):
        return data
