"""What is wrong inside an environment: builds, shadows, broken requirements, libraries."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from provisioner import process
from provisioner.doctor.live import brought, copies, numpy_abi, toolchain
from provisioner.doctor.live.environment import Inside, Package, imported
from provisioner.errors import DlsetupError
from provisioner.machine import Machine
from provisioner.request import canonical
from provisioner.version import at_least

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_TIME_LIMIT_S = 10.0
_LINE = re.compile(
    r"\s(lib(?:cudnn|cublas|cublasLt|cudart|nvJitLink|cusparse|nccl|cusolver|cufft)[\w.]*)"
    r" => (\S.*)"
)
_BINARY = frozenset(
    ("torch", "torchvision", "torchaudio", "tensorflow", "tensorflow-cpu", "jaxlib")
)
"""Packages whose compiled code fails with what their requirements rule out."""
_TORCH = "torch"
_FOR_CPU = ("tensorflow-cpu", "intel-tensorflow", "tensorflow-intel")


def see(
    inside: Inside, machine: Machine, env: Mapping[str, str], *, for_cpu: bool = False
) -> Iterator[str]:
    """Say what is wrong with an environment, without running any of it.

    ``for_cpu``: it was made to use no GPU.
    """
    packages = imported(inside)
    if not for_cpu:
        yield from _for_cpu(inside, packages, machine)
    yield from brought.see(inside, packages, () if for_cpu else machine.gpus, env)
    yield from _needs(inside, packages)
    yield from numpy_abi.see(packages)
    yield from _too_new_for(packages, machine)
    yield from copies.see(inside, packages)
    misfits = tuple(_extensions(inside, packages))
    yield from misfits
    yield from _compiler(inside, machine, is_built=bool(misfits) or toolchain.is_named(env))
    for path in inside.libraries:
        yield from _loaded(path, inside, env)


def _for_cpu(inside: Inside, packages: dict[str, Package], machine: Machine) -> Iterator[str]:
    """Builds that use no GPU on a machine that has one of NVIDIA's."""
    gpus = [gpu.name for gpu in machine.gpus if gpu.vendor == "nvidia"]
    if not gpus:
        return
    found = [name for name in _FOR_CPU if name in packages and "tensorflow" not in packages]
    if "torch" in packages and inside.torch and not any(inside.torch.values()):
        found.append("torch")
    plugins = any(re.fullmatch(r"jax-cuda\d+-(?:plugin|pjrt)|jax-metal", one) for one in packages)
    if "jaxlib" in packages and not plugins and "cuda" not in packages["jaxlib"].version:
        found.append("jaxlib")
    for name in found:
        one = packages[name]
        yield f"{one.name} {one.version} is a build that cannot use {gpus[0]}"


def _needs(inside: Inside, packages: dict[str, Package]) -> Iterator[str]:
    """Requirements that the environment breaks, of packages whose versions have to fit."""
    from packaging.requirements import InvalidRequirement, Requirement

    about = {
        "python_version": ".".join(inside.python.split(".")[:2]),
        "python_full_version": inside.python,
        "platform_machine": inside.machine,
        "extra": "",
    }
    for one in packages.values():
        for text in one.needs:
            try:
                need = Requirement(text)
            except InvalidRequirement:
                continue
            there = packages.get(canonical(need.name))
            if there is None or (need.marker and not need.marker.evaluate(about)):
                continue
            if not _fits(need.specifier, there):
                name, verb = (
                    canonical(need.name),
                    "breaks" if one.name in _BINARY else "does not fit",
                )
                yield (
                    f"{name} {there.version} {verb} {one.name} {one.version}, "
                    f"which needs {need.name}{need.specifier}"
                )


def _fits(allowed: SpecifierSet, there: Package) -> bool:
    """Whether a release is not above what a requirement allows; of NumPy its major release."""
    version = there.version if "+" in str(allowed) else there.version.partition("+")[0]
    if canonical(there.name) == "numpy":
        version = f"{version.partition('.')[0]}.0.0"
    above = (one for one in allowed if one.operator in {"<", "<=", "==", "~="})
    return all(one.contains(version, prereleases=True) for one in above)


def _too_new_for(packages: dict[str, Package], machine: Machine) -> Iterator[str]:
    """Wheels that were built for a newer C library, as an environment from elsewhere has them."""
    libc = machine.os.libc or ""
    if not libc.startswith("glibc "):
        return
    have = libc.removeprefix("glibc ")
    for one in packages.values():
        if one.glibc and not at_least(have, one.glibc):
            yield f"{one.name} {one.version} was built for glibc {one.glibc}, here is glibc {have}"


def _extensions(inside: Inside, packages: dict[str, Package]) -> Iterator[str]:
    """Compiled packages that were built against another torch."""
    paths = tuple(path for one in packages.values() for path in one.extensions)
    origin = inside.modules.get(_TORCH)
    if paths and origin and _TORCH in packages:
        from provisioner.doctor.live import extensions

        libraries = os.path.join(os.path.dirname(origin), "lib")
        yield from extensions.see(paths, packages[_TORCH].version, libraries)


def _compiler(inside: Inside, machine: Machine, *, is_built: bool) -> Iterator[str]:
    """A toolkit of another major release than torch's CUDA: torch builds no extension with it.

    It runs without any: unless something ``is_built`` here, that is worth a note.
    """
    cuda = inside.torch.get("cuda", "")
    majors = {kit.version.partition(".")[0] for kit in machine.toolkits}
    if cuda and majors and cuda.partition(".")[0] not in majors:
        there = machine.toolkits[0].version
        what = "extensions of torch cannot be built" if is_built else "no extension could be built"
        yield f"{what}: nvcc is of CUDA {there}, torch of CUDA {cuda}"


def _loaded(path: str, inside: Inside, env: Mapping[str, str]) -> Iterator[str]:
    """What the loader would take for a library of a framework, without running any of it."""
    try:
        told = process.run(("ldd", path), timeout=_TIME_LIMIT_S, env=env)
    except DlsetupError:
        return
    missing = []
    for line in (*told.stdout.splitlines(), *told.stderr.splitlines()):
        if "version `" in line and "not found" in line:
            yield line.strip()
        match = _LINE.search(line)
        if match and match[2].startswith("not found"):
            missing.append(match[1])
        elif match and (own := _hidden(match[2].split(" ")[0], inside, path)):
            found = match[2].split(" ")[0]
            yield f"{os.path.basename(path)} would load {found} before its own {own}"
    yield from _missing(missing, path, inside)


def _missing(names: list[str], path: str, inside: Inside) -> Iterator[str]:
    """Libraries that neither the loader finds nor torch itself, which looks beside all packages."""
    lost = [
        name
        for name in dict.fromkeys(names)
        if not any(any(Path(place).glob(f"nvidia/*/lib/{name}")) for place in _places(inside))
    ]
    if any(not name.startswith("libcudnn") for name in lost):
        yield f"{path} cannot be loaded: nothing brings {', '.join(lost)}"
    elif lost:
        yield f"{lost[0]}: cannot open shared object file: No such file or directory ({path})"


def _places(inside: Inside) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.place for one in inside.packages))


def _hidden(found: str, inside: Inside, path: str) -> str | None:
    """The environment's own copy, where another one lies elsewhere and would be taken."""
    real, prefix = os.path.realpath(found), os.path.realpath(inside.prefix)
    if real.startswith(prefix + os.sep):
        return None
    name = os.path.basename(found)
    site = Path(path).parents[1] if len(Path(path).parents) > 1 else Path("/")
    places = [Path(path).parent, site.parent / "nvidia", site / "nvidia"]
    own = [places[0] / name, *places[1].glob(f"*/lib/{name}"), *places[2].glob(f"*/lib/{name}")]
    return next((str(one) for one in own if one.exists() and not _same(one, real)), None)


def _same(one: Path, other: str) -> bool:
    """Whether two copies are the same library."""
    import filecmp

    return filecmp.cmp(one, other, shallow=True) or filecmp.cmp(one, other, shallow=False)
