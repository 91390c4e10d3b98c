"""Wheels as upstream lays them out: the members that prove something, and no other code."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

PTX, ELF = 1, 2
_MAGIC = 0xBA55ED50


def entry(kind: int, target: int, payload: bytes = b"code" * 7, header: int = 64) -> bytes:
    """One target of a fat binary."""
    head = struct.pack("<HHIQIIHHI", kind, 0x101, header, len(payload), 0, 64, 0, 7, target)
    return head.ljust(header, b"\0") + payload


def fat(*entries: bytes) -> bytes:
    """A fat binary."""
    body = b"".join(entries)
    return struct.pack("<IHHQ", _MAGIC, 1, 16, len(body)) + body


def library(*targets: int, ptx: int | None = None) -> bytes:
    """A shared library with code for some targets."""
    found = [entry(ELF, target) for target in targets]
    found += [entry(PTX, ptx)] if ptx else []
    return b"\x7fELF libcudart.so.13" + bytes(64) + (fat(*found) if found else b"") + bytes(64)


def packed(members: Mapping[str, Any]) -> bytes:
    """A zip file of some members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2026, 11, 19, 0, 0, 0))
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def unpacking_to(total: int, data: bytes) -> bytes:
    """The same zip file with one more member, of which the directory alone tells the size."""
    made = io.BytesIO(data)
    with zipfile.ZipFile(made, "a") as archive:
        info = zipfile.ZipInfo("rest/that/nobody/reads.bin", (2026, 11, 19, 0, 0, 0))
        left = total - sum(member.file_size for member in archive.infolist())
        archive.writestr(info, b"")
        info.file_size = left
    return made.getvalue()


def metadata(name: str, version: str, requires: Sequence[str] = ()) -> dict[str, str]:
    """METADATA, at its place."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in requires]
    return {f"{name.replace('-', '_')}-{version}.dist-info/METADATA": "\n".join(lines) + "\n"}


def wheel(
    name: str,
    version: str,
    members: Mapping[str, Any] | None = None,
    requires: Sequence[str] = (),
) -> bytes:
    """Any wheel."""
    return packed({**(members or {}), **metadata(name, version, requires)})


def installable(
    name: str,
    version: str,
    members: Mapping[str, str],
    requires: Sequence[str] = (),
    tag: str = "py3-none-any",
    *,
    recorded: Mapping[str, str] | None = None,
) -> tuple[str, bytes]:
    """A wheel that an installer takes: its file's name and its bytes.

    ``recorded`` is what some members held when the record was written.
    """
    folder = f"{name.replace('-', '_')}-{version}"
    about = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    whole = {
        **members,
        **metadata(name, version, requires),
        f"{folder}.dist-info/WHEEL": about,
    }
    place = f"{folder}.dist-info/RECORD"
    then = {**whole, **(recorded or {})}
    lines = [*(f"{path},{_recorded(text)}" for path, text in then.items()), f"{place},,"]
    return f"{folder}-{tag}.whl", packed({**whole, place: "\n".join(lines) + "\n"})


def _recorded(text: str) -> str:
    digest = base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(text.encode())}"


def torch(
    version: str,
    cuda: str | None,
    sass: Sequence[str] = (),
    ptx: Sequence[str] = (),
    requires: Sequence[str] = (),
) -> bytes:
    """torch says its CUDA in version.py, and what nvcc compiled for in CUDAConfig.h."""
    said = repr(cuda) if cuda else "None"
    members: dict[str, bytes | str] = {
        "torch/version.py": f"__version__ = '{version}'\ncuda: Optional[str] = {said}\n"
        "git_version = 'abc'\nhip: Optional[str] = None\n",
    }
    flags = [f"-gencode;arch=compute_{n.partition('_')[2]},code={n}" for n in (*sass, *ptx)]
    if flags:
        members["torch/include/ATen/cuda/CUDAConfig.h"] = (
            "#pragma once\n#define AT_CUDNN_ENABLED() 1\n"
            f'#define NVCC_FLAGS_EXTRA "{";".join(flags)}"\n'
        )
    return wheel("torch", version, members, requires)


def tensorflow(  # noqa: PLR0917 - what its two files say
    version: str,
    cuda: str | None = None,
    cudnn: str | None = None,
    sass: Sequence[str] = (),
    ptx: Sequence[str] = (),
    requires: Sequence[str] = (),
) -> bytes:
    """tensorflow says what it is in build_info.py, and its CUDA in cuda_config.h."""
    said = f"build_info = collections.OrderedDict([('is_cuda_build', {cuda is not None})"
    members: dict[str, bytes | str] = {}
    if cuda:
        listed = ", ".join(f"'{name}'" for name in (*sass, *ptx))
        said = (
            "build_info = {'cuda_compute_capabilities': "
            f"[{listed}], 'is_cuda_build': True, 'is_rocm_build': False"
        )
        members["tensorflow/include/external/local_config_cuda/cuda/cuda/cuda_config.h"] = (
            f'#define TF_CUDA_VERSION "{cuda}"\n#define TF_CUDNN_VERSION "{cudnn}"\n'
        )
    members["tensorflow/python/platform/build_info.py"] = said + ("}" if cuda else "])") + "\n"
    return wheel("tensorflow", version, members, requires)
