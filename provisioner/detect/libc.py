"""The C library of the system, ``"glibc 2.35"`` or ``"musl 1.2.4"``, without starting anything.

The live machine's own answer comes from confstr(3); of another root from the library's file: its
name up to glibc 2.33 (``libc-2.31.so``), since then the banner that the library carries in itself.
"""

from __future__ import annotations

import os
import re

from provisioner.detect.host import Host

_FOLDERS = (
    "/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/usr/lib",
    "/lib",
)
_NAME = re.compile(r"(?:libc|ld)-(\d+\.\d+)\.so")
_BANNER = re.compile(rb"GNU C Library [^\n]{0,200}?release version (\d+\.\d+)")
_MUSL_LOADER = re.compile(r"ld-musl-.+\.so\.1")
_MUSL_VERSION = re.compile(rb"\x00(1\.\d{1,2}\.\d{1,2})\x00")
_LIBRARY_LIMIT_BYTES = 8 * 1024 * 1024


def libc_of(host: Host) -> str | None:
    """Kind and version of the C library; None where it cannot be told."""
    loader = next((n for n in host.entries("/lib", "ld-musl-") if _MUSL_LOADER.fullmatch(n)), None)
    if loader is not None and not _has_glibc(host):
        content = host.read_bytes(f"/lib/{loader}", _LIBRARY_LIMIT_BYTES) or b""
        match = _MUSL_VERSION.search(content)
        return f"musl {match[1].decode()}" if match else "musl"
    if host.live and hasattr(os, "confstr"):
        return _by_confstr()
    return _by_file(host)


def _has_glibc(host: Host) -> bool:
    return any(host.exists(f"{folder}/libc.so.6") for folder in _FOLDERS)


def _by_confstr() -> str | None:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or None
    except (ValueError, OSError):
        return None


def _by_file(host: Host) -> str | None:
    for folder in _FOLDERS:
        for name in host.entries(folder):
            match = _NAME.fullmatch(name)
            if match:
                return f"glibc {match[1]}"
        banner = _BANNER.search(host.read_bytes(f"{folder}/libc.so.6", _LIBRARY_LIMIT_BYTES) or b"")
        if banner:
            return f"glibc {banner[1].decode()}"
    return None
