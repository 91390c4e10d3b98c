"""What a row may say by itself: the form of each value, and proof of the very thing it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from provisioner.catalog import (
    driver_rows,
    image_rows,
    rows,
    speed_rows,
    system_rows,
    toolkit_rows,
    upkeep_rows,
)
from provisioner.catalog.support import Support
from provisioner.request import folded
from provisioner.version import is_dotted, minor

Form = tuple[str, str]
"""What a whole value has to match, and what is said of one that does not."""

_DOTTED = (r"\d+(\.\d+)*", "is no version")
_MINOR = (r"\d+\.\d+", "is no version of two numbers")
_PYTHON = (r"\d\.\d{1,2}t?", "is no Python such as 3.12 or 3.13t")
_MONTH = (r"\d{4}-(0[1-9]|1[0-2])", "is no month such as 2028-06")
_CAPABILITY = (r"\d{1,2}\.\d", "is no compute capability such as 8.6")
_TARGET = (r"(sm|compute)_\d{2,3}[af]?", "is no architecture")
_DAY = (r"\d{4}-\d\d-\d\d", "is no day such as 2026-11-20")
_KIND = (r"measured|announced", "is neither measured nor announced")
_ROUTE = (r"pip|conda|container", "is none of pip, conda, container")
_MODULE = (r"open|proprietary", "is neither open nor proprietary")
_PCI_ID = (r"[0-9a-f]{4}", "is not four lower-case hexadecimal digits")
_FORMAT = (r"(fp|tf|bf|int)\d{1,2}", "is no number format such as fp16")
_RATE = (r"\d+(/\d+)?", "is no rate such as 1/64")
_PLATFORM = (
    r"(linux|windows|macos)-(x86_64|aarch64)|any",
    "is no platform such as linux-x86_64, nor any",
)
_WEB = (r"https://\S+", "is no https address")
_FINGERPRINT = (r"[0-9A-F]{40}", "is not 40 upper-case hexadecimal digits")

_FORMS: Mapping[type[msgspec.Struct], Mapping[str, Form]] = {
    rows.Cuda: {
        "version": _MINOR,
        "architectures": (r"sm_\d{2,3}[af]?", "is no architecture"),
        "driver_floor": _DOTTED,
        "driver_bundled": _DOTTED,
        "toolkits": _DOTTED,
    },
    rows.Architecture: {
        "compute_capability": _CAPABILITY,
        "renamed": _CAPABILITY,
        "first_cuda": _MINOR,
        "last_cuda": _MINOR,
        "first_driver_branch": _DOTTED,
        "last_driver_branch": _DOTTED,
        "kernel_modules": _MODULE,
        "precisions": _FORMAT,
        "tensor_precisions": _FORMAT,
        "fp64_rate": _RATE,
        "fp16_rate": _RATE,
    },
    rows.AmdTarget: {"name": (r"gfx[0-9a-f]{3,4}", "is no target such as gfx1100")},
    rows.HostCompilers: dict.fromkeys(("nvcc", "gcc", "clang", "msvc_from", "msvc_below"), _DOTTED),
    rows.GpuModel: {
        "vendor": _PCI_ID,
        "device": _PCI_ID,
        "subsystem": (r"[0-9a-f]{4}:[0-9a-f]{4}", "is no PCI id such as 17aa:365a"),
        "compute_capability": _CAPABILITY,
        "last_driver_branch": _DOTTED,
    },
    speed_rows.Expectation: {
        "measure": (r"memory copy|matmul|link", "is none of memory copy, matmul, link"),
    },
    rows.DriverBranch: {
        "branch": (r"\d+", "is no driver branch"),
        "kind": (r"LTSB|PB|NFB|developer|legacy", "is no kind of driver branch"),
        "end_of_life": (rf"{_MONTH[0]}|ended", f"{_MONTH[1]}, nor ended"),
        "first_version": _DOTTED,
        "kernel_modules": _MODULE,
        "default_kernel_module": _MODULE,
        "cuda": _MINOR,
    },
    rows.DriverPackage: {"flavour": _MODULE},
    rows.Repository: {
        "arch": (r"x86_64|aarch64", "is neither x86_64 nor aarch64"),
        "address": _WEB,
        "key": _WEB,
        "fingerprint": _FINGERPRINT,
    },
    driver_rows.Nvswitch: {"device": _PCI_ID},
    driver_rows.ContainerToolkit: {
        "arch": (r"x86_64|aarch64", "is neither x86_64 nor aarch64"),
        "version": (r"\d+(\.\d+)+-\d+", "is no version of a package such as 1.20.1-1"),
        "address": _WEB,
        "key": _WEB,
        "fingerprint": _FINGERPRINT,
    },
    rows.Build: {
        "platform": _PLATFORM,
        "pythons": _PYTHON,
        "cuda": (r"\d+(\.\d+)?", "is no version of CUDA"),
        "cudnn": _DOTTED,
        "sass": _TARGET,
        "ptx": _TARGET,
        "accelerator": (r"rocm|xpu|mps", "is none of rocm, xpu, mps"),
        "rocm": (r"\d+(\.\d+){0,2}", "is no version of ROCm such as 7.2"),
        "gfx": (r"gfx[0-9a-f]{3,4}", "is no AMD target such as gfx1100"),
        "glibc": _MINOR,
        "via": _ROUTE,
        "libraries": (r"bundled|system", "is neither bundled nor system"),
        "index": _WEB,
        "driver_floor": _DOTTED,
        "kind": _KIND,
        "bundles_cuda": _MINOR,
        "unknown": (r"cuda", "is no fact that can be unknown"),
        "released": _DAY,
    },
    toolkit_rows.ToolkitRelease: {"version": _DOTTED, "components": _DOTTED, "kind": _KIND},
    rows.CudaCode: {"cuda": _MINOR, "sass": _TARGET, "ptx": _TARGET},
    upkeep_rows.IndexVariant: {"first_version": _DOTTED},
    upkeep_rows.Project: {
        "holds": (
            r"builds|companions|accelerators|unplanned|libraries",
            "is none of builds, companions, accelerators, unplanned, libraries",
        ),
        "cuda": (r"\d+(\.\d+)?", "is no version of CUDA"),
    },
    upkeep_rows.Reading: {
        "fact": (
            r"cuda|no-cuda|rocm|cudnn|sass|targets|code|common-code|code-by-cuda|ptxas",
            "is no fact that a wheel can be read for",
        ),
    },
    upkeep_rows.Documented: {"cuda": _MINOR, "cudnn": _DOTTED, "ptx": _TARGET},
    upkeep_rows.Rot: {"python": (r"\d\.\d{1,2}\.\d{1,2}", "is no Python such as 3.8.18")},
    rows.Library: {
        "platform": (f"{_PLATFORM[0]}|noarch", _PLATFORM[1]),
        "via": _ROUTE,
        "cuda": (r"\d+(\.\d+)?", "is no version of CUDA"),
        "sass": _TARGET,
        "ptx": _TARGET,
        "driver_floor": _DOTTED,
        "kind": _KIND,
    },
    rows.Image: {"python": _PYTHON, "cuda": _MINOR, "cudnn": _DOTTED, "kind": _KIND},
    image_rows.EditorServer: {"glibc": _MINOR},
    rows.OperatingSystemRow: {
        "family": (r"debian|redhat|suse|windows|macos", "is no family of systems"),
        "glibc": _MINOR,
        "python": _PYTHON,
        "gcc": (r"\d{1,2}", "is no major release of gcc"),
        "other_compilers": (r"g\+\+-\d{1,2}", "is no package such as g++-11"),
        "end_of_life": _MONTH,
    },
    system_rows.EndedSystem: {"end_of_life": _MONTH},
    system_rows.PythonRow: {"version": _PYTHON, "end_of_life": _MONTH},
    rows.ForwardCompatibility: {
        "cuda": _MINOR,
        "branches": (r"\d+", "is no driver branch"),
    },
    rows.Conflict: {"effect": (r"refuse|warn", "is neither refuse nor warn")},
    Support: {
        "accelerator": (r"rocm|xpu|mps", "is none of rocm, xpu, mps"),
        "rocm": (r"\d+(\.\d+){0,2}", "is no version of ROCm such as 7.2"),
        "system_floor": _DOTTED,
    },
    rows.Tool: {"hashes": (r"sha256:[0-9a-f]{64}", "is no sha256 hash")},
}

_WHEEL = re.compile(r"[\w.+!-]+\.whl")
_WHEEL_PARTS = range(5, 7)
"""Name, version, maybe a build number, Python, ABI, platform."""


def messages(row: msgspec.Struct) -> Iterator[str]:
    """What is wrong with a row, whatever the other rows say."""
    yield from _forms(row)
    if isinstance(row, rows.Cuda):
        for limits in row.host_compilers:
            yield from _forms(limits)
            if is_dotted(limits.nvcc) and minor(limits.nvcc) != row.version:
                yield f"host_compilers: nvcc {limits.nvcc} is of another CUDA"
    if isinstance(row, rows.Build):
        for code in row.code_by_cuda:
            yield from _forms(code)
    if isinstance(row, rows.Row):
        if not row.evidence.strip():
            yield "has no evidence"
        if not _is_day(row.checked):
            yield f"checked: {row.checked!r} is no day"
        yield from _wheels(row)
        yield from _unprintable(row)
    if isinstance(row, upkeep_rows.Difference) and row.theirs == row.ours:
        yield "is no difference: both say the same"


def _forms(row: msgspec.Struct) -> Iterator[str]:
    for field, (pattern, complaint) in _FORMS.get(type(row), {}).items():
        for text in _texts(getattr(row, field)):
            if not re.fullmatch(pattern, text, re.ASCII):
                yield f"{field}: {text!r} {complaint}"


def _unprintable(row: msgspec.Struct) -> Iterator[str]:
    """Some texts come from indexes and wheels, and all of them are printed on terminals."""
    for field in row.__struct_fields__:
        if not all(str(text).isprintable() for text in _texts(getattr(row, field))):
            yield f"{field}: holds a character that cannot be printed"


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, rows.PerSystem):
        return tuple(filter(None, (value.linux, value.windows)))
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else ()


def _is_day(text: str) -> bool:
    from datetime import date

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII))


def _wheels(row: rows.Row) -> Iterator[str]:
    """A wheel that is named as proof is one of this package and of this version."""
    if not isinstance(row, (rows.Build, rows.Library)):
        return
    package = row.framework if isinstance(row, rows.Build) else row.package
    own = [
        (file, version) for file, name, version in _files(row.evidence) if name == folded(package)
    ]
    for file, version in own:
        if version != row.version:
            yield f"the evidence names {file}, which is not of version {row.version}"
    measured = row.kind == "measured"
    if measured and not own:
        yield f"is measured, and its evidence names no wheel of {package}"


def _files(evidence: str) -> Iterator[tuple[str, str, str]]:
    """Each wheel in a text: its file name, its package and its version."""
    for file in _WHEEL.findall(evidence):
        parts = file.split("-")
        if len(parts) in _WHEEL_PARTS:
            yield file, folded(parts[0]), parts[1]
