"""Packages of the driver: half installed, held, of two ways, and keys that ran out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.machine import Machine

_STATUS = "/var/lib/dpkg/status"
_LARGEST_STATUS = 64 * 1024 * 1024
_DRIVER = re.compile(r"(?:lib)?nvidia-|libcuda1|cuda-drivers|xserver-xorg-video-nvidia")
_RUNFILE_MARKS = ("/usr/bin/nvidia-uninstall", "/usr/bin/nvidia-installer")
_OLD_KEY = bytes.fromhex("7fa2af80")
_LIBRARY = re.compile(r"(?:libnvidia-compute|libcuda1|nvidia-utils|libnvidia-ml1)(?:-(\d{3}))?")


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say what is wrong with the packages of the driver and with NVIDIA's repositories."""
    found = dict(_packages(host))
    yield from _half(found)
    installed = {name for name, (state, _) in found.items() if state.endswith("ok installed")}
    branches = {match[1] for name in installed if (match := _LIBRARY.fullmatch(name)) and match[1]}
    if len(branches) > 1:
        yield f"packages of two versions of the driver: {', '.join(sorted(branches))}"
    marks = [path for path in _RUNFILE_MARKS if host.exists(path) and not _owns(host, path)]
    drivers = [name for name in installed if _LIBRARY.fullmatch(name)]
    if marks and drivers:
        yield f"both the runfile and packages: {marks[0]} beside package {sorted(drivers)[0]}"
    yield from _keys(host)


def _packages(host: Host) -> Iterator[tuple[str, tuple[str, str]]]:
    """The packages of the driver that dpkg knows, with state and version."""
    text = host.read(_STATUS, _LARGEST_STATUS) or ""
    for block in text.split("\n\n"):
        name = _field(block, "Package")
        if name and _DRIVER.match(name):
            yield name, (_field(block, "Status"), _field(block, "Version"))


def _field(block: str, name: str) -> str:
    match = re.search(rf"(?m)^{name}: (.*)$", block)
    return match[1].strip() if match else ""


def _half(found: dict[str, tuple[str, str]]) -> Iterator[str]:
    for name, (state, version) in found.items():
        words = state.split()
        if words and words[-1] in {"half-installed", "half-configured", "unpacked"}:
            yield f"dpkg: error processing package {name} {version}: it is {words[-1]}"
        if words and words[1:2] == ["reinstreq"]:
            yield f"dpkg: error processing package {name}: it has to be installed again"


def _owns(host: Host, path: str) -> bool:
    """Whether a package brought a file: lists of dpkg name every one."""
    folder = "/var/lib/dpkg/info"
    return any(
        f"{path}\n" in (host.read(f"{folder}/{name}") or "")
        for name in host.entries(folder, "nvidia")
        if name.endswith(".list")
    )


def _keys(host: Host) -> Iterator[str]:
    """NVIDIA's repositories that are signed with a key which was withdrawn in 2022."""
    folder = "/etc/apt/sources.list.d"
    texts = [host.read(f"{folder}/{name}") or "" for name in host.entries(folder)]
    texts.append(host.read("/etc/apt/sources.list") or "")
    listed = [line for text in texts for line in text.splitlines() if _is_nvidia(line)]
    if not listed:
        return
    keyrings = re.findall(r"signed-by=(\S+?)[\] ]", "\n".join(listed), re.IGNORECASE)
    keyrings += [
        f"{place}/{name}"
        for place in ("/etc/apt/trusted.gpg.d", "/usr/share/keyrings", "/etc/apt/keyrings")
        for name in host.entries(place)
        if "cuda" in name or "nvidia" in name
    ]
    present = [path for path in keyrings if host.exists(path)]
    if keyrings and not present:
        yield f"{keyrings[0]}: the public key is not available for {listed[0].strip()}"
    data = b"".join(host.read_bytes(path) or b"" for path in present)
    old = host.read_bytes("/etc/apt/trusted.gpg") or b""
    if _OLD_KEY in old and not present:
        yield "NO_PUBKEY A4B469963BF863CC: only the withdrawn key 7fa2af80 is there"
    elif present and not data:
        yield f"{present[0]} is empty: the public key is not available"


def _is_nvidia(line: str) -> bool:
    plain = line.strip()
    return not plain.startswith("#") and "nvidia" in plain and "://" in plain
