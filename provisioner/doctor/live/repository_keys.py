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
_TRUSTED_ANYWAY = re.compile(r"(?i)\btrusted\s*[=:]\s*(?:yes|true|1)\b")
_OFF = re.compile(r"(?im)^Enabled:\s*(?:no|false|without|off|disable|0)\s*$")
"""As apt reads it."""
_LONG_ID = 16
"""The end of a fingerprint that signatures name, in hexadecimal digits."""
_PUBLISHER = "nvidia"
_INSIDE = "BEGIN PGP PUBLIC KEY"
"""A source may hold its key itself."""
_ARMOUR = re.compile(
    r"-----BEGIN PGP[^\n]*\n(?:[^\n:]+:[^\n]*\n)*\n?([A-Za-z0-9+/=\s]+?)(?:\n=|\n-----)"
)


def see(host: Host, _: Machine, catalog: Catalog) -> Iterator[str]:
    """Say which repository of NVIDIA's apt can no longer prove."""
    shared = tuple(_key(host, path) for path in _trusted(host))
    for source, text in _sources(host):
        if _PUBLISHER not in text:
            continue
        rows = [row for row in catalog.repositories if _is_named(_base(row), text)]
        match = _SIGNED_BY.search(text)
        path = match[1] if match else ""
        if _INSIDE in text or _TRUSTED_ANYWAY.search(text) or not (rows or path):
            continue
        data = (
            _key(host, path) if path else None if None in shared else b"".join(filter(None, shared))
        )
        if data == b"" and path:
            yield f"{source}: its key {path} is missing, the public key is not available"
        elif data is not None and rows:
            yield from _lacking(source, path or _TRUSTED, data, _wanted(rows, text), catalog)


def _lacking(
    source: str, path: str, data: bytes, wanted: str | None, catalog: Catalog
) -> Iterator[str]:
    """A key that a repository needs and that is not there; of an unknown one, only the retired."""
    old = next((key for key in catalog.retired_keys if bytes.fromhex(key.key) in data), None)
    new = wanted or (old.by.upper() if old else None)
    if new and bytes.fromhex(new) not in data:
        retired = f", {old.key} is retired" if old else ""
        yield f"{source}: NO_PUBKEY {new} in {path}{retired}"


def _wanted(rows: list[Repository], text: str) -> str | None:
    """The end of the key's fingerprint, where the very repository is known."""
    exact = (row for row in rows if _is_named(row.address, text))
    return next((row.fingerprint[-_LONG_ID:] for row in exact), None)


def _base(row: Repository) -> str:
    """What the repositories of all systems have in common."""
    return row.address.rstrip("/").rsplit("/", 2)[0]


def _is_named(address: str, text: str) -> bool:
    return address.partition("://")[2].rstrip("/") in text


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
            yield from ((path, part) for part in text.split("\n\n") if not _OFF.search(part))
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
