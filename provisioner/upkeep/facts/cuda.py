"""CUDA releases and compute capabilities."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog.rows import Architecture, Cuda, PerSystem
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts import host_compilers
from provisioner.upkeep.facts.precisions import Precisions, precisions
from provisioner.upkeep.facts.table import Facts, architectures, short
from provisioner.version import is_dotted, minor

# Chips of Tegra modules, whose capabilities no desktop part has.
_TEGRA_CHIPS = ("GK20A", "GM20B", "GP10B", "GV11B", "GA10B", "GB10B")
_TEGRA_NAME = "Thor"
_OLDEST = "8.0"
_FIRST_OPEN, _FIRST_OPEN_ONLY = "Turing", "Blackwell"
_RENAMED = re.compile(r"renamed (\d+\.\d)")
_DRIVER = re.compile(r"\b\d{3}(?:\.\d+)*\b")


def cuda(facts: Facts) -> list[Cuda]:
    """One row for each CUDA minor release that a table names, from the oldest that wheels use."""
    minors = {minor(row["cuda"].split()[0]) for row in _drivers(facts)}
    minors |= set(_ptxas(facts))
    return [_cuda(facts, version) for version in minors if natural(version) >= natural(_OLDEST)]


def bundled(facts: Facts, version: str) -> tuple[PerSystem, str]:
    """The driver that came with the first known release of a CUDA minor, and its source."""
    found = [row for row in _drivers(facts) if minor(row["cuda"].split()[0]) == version]
    found = [row for row in found if row["linux_x86_64"]]
    if found:
        # The documents' number and the installer's can differ in length for one release: the
        # shorter one is the lower bound.
        first = min(found, key=lambda r: (natural(r["cuda"].split()[0]), len(r["linux_x86_64"])))
        return _per_system(first), f"driver of {first['cuda']}: {short(first['source'])}"
    for row in facts.rows("03_driver_branches"):
        if f"= CUDA {version})" in row["max_cuda_major_without_compat"]:
            driver = row["first_known_linux_version"]
            return PerSystem(driver), f"{driver} reports CUDA {version}: {short(row['source'])}"
    return PerSystem(), "bundled driver not known"


def branch_of(driver: str) -> str:
    """The branch of a driver version: ``580.65.06`` → ``580``."""
    return driver.partition(".")[0]


def architecture(facts: Facts) -> list[Architecture]:
    """One row for each compute capability."""
    table = facts.rows("02_arch_lifecycle")
    open_from = _lowest(table, _FIRST_OPEN)
    open_only = _lowest(table, _FIRST_OPEN_ONLY)
    tegra = _tegra(facts)
    computes = precisions(facts)
    found = []
    for row in table:
        for capability in re.findall(r"\d+\.\d", row["compute_capabilities"]):
            modules: tuple[str, ...] = ("open",)
            if natural(capability) < natural(open_from):
                modules = ("proprietary",)
            elif natural(capability) < natural(open_only):
                modules = ("open", "proprietary")
            first = row["first_cuda"].split()[0]
            driver = bundled(facts, first)[0].linux
            formats = computes.get(capability, Precisions())
            sources = [short(row["source"])]
            renamed = _RENAMED.search(row["note"])
            if formats.source:
                sources.append(f"precisions: {formats.source}")
            sources += [f"name: {row['architecture']}"] if "?" in row["architecture"] else []
            found.append(
                Architecture(
                    name=row["architecture"].split("?")[0],
                    compute_capability=capability,
                    tegra=capability in tegra or _TEGRA_NAME in row["note"],
                    renamed=renamed[1] if renamed else None,
                    first_cuda=first,
                    last_cuda=_last_cuda(facts, row["last_cuda"]),
                    first_driver_branch=branch_of(driver) if driver else None,
                    last_driver_branch=_branch(row["last_driver_branch"]),
                    kernel_modules=modules,
                    precisions=formats.precisions,
                    tensor_precisions=formats.tensor_precisions,
                    fp64_rate=formats.fp64_rate,
                    fp16_rate=formats.fp16_rate,
                    chips_without_tensor_cores=formats.chips_without_tensor_cores,
                    evidence="; ".join(sources),
                    checked=facts.gathered,
                )
            )
    return found


def _cuda(facts: Facts, version: str) -> Cuda:
    floor, floor_source = _floor(facts, version)
    driver, driver_source = bundled(facts, version)
    evidence = [f"floor: {floor_source}"]
    if driver_source != floor_source:
        evidence.append(driver_source)
    targets = _ptxas(facts).get(version)
    if targets:
        evidence.append(f"architectures: ptxas of {targets['source']}")
    compilers, header = host_compilers.of(facts, version)
    if compilers:
        evidence.append(f"host compilers: {header}")
    return Cuda(
        version=version,
        architectures=architectures(targets["sm_accepted"]) if targets else (),
        driver_floor=floor,
        driver_bundled=driver,
        toolkits=_toolkits(facts, version),
        host_compilers=compilers,
        evidence="; ".join(evidence),
        checked=facts.gathered,
    )


def _floor(facts: Facts, version: str) -> tuple[PerSystem, str]:
    """Minor-version compatibility where a table states it, else the release's own driver."""
    major = version.partition(".")[0]
    stated = {
        row["cuda"].split()[0]: row
        for row in facts.rows("01_cuda_driver")
        if row["kind"] == "minor_compat_floor"
    }
    row = stated.get(version) or stated.get(f"{major}.x")
    if row:
        floor = PerSystem(_highest(row["linux_x86_64"]), _highest(row["windows"]))
        return floor, f"{short(row['source'])} ({row['linux_x86_64']} / {row['windows']})"
    return bundled(facts, version)


def _highest(text: str) -> str:
    # Where the documents differ, the higher number satisfies all of them.
    numbers: list[str] = _DRIVER.findall(text)
    return max(numbers, key=natural)


def _drivers(facts: Facts) -> list[dict[str, str]]:
    return [row for row in facts.rows("01_cuda_driver") if row["kind"] != "minor_compat_floor"]


def _ptxas(facts: Facts) -> dict[str, dict[str, str]]:
    return {minor(row["nvcc_version"]): row for row in facts.rows("02_ptxas_arch")}


def _per_system(row: dict[str, str]) -> PerSystem:
    return PerSystem(row["linux_x86_64"] or None, row["windows"] or None)


def _toolkits(facts: Facts, version: str) -> tuple[str, ...]:
    names = {row["cuda_toolkit"] for row in facts.rows("02_cuda_toolkit_components")}
    stable = [name for name in names if is_dotted(name) and minor(name) == version]
    return tuple(sorted(stable, key=natural))


def _last_cuda(facts: Facts, text: str) -> str | None:
    if not re.match(r"\d", text):
        return None
    if text.endswith(".x"):
        known = [v for v in _ptxas(facts) if branch_of(v) == branch_of(text)]
        return max(known, key=natural)
    return text


def _branch(text: str) -> str | None:
    return text if text.isdigit() else None


def _lowest(table: Iterable[dict[str, str]], family: str) -> str:
    found: list[str] = [
        capability
        for row in table
        if row["architecture"] == family
        for capability in re.findall(r"\d+\.\d", row["compute_capabilities"])
    ]
    return min(found, key=natural)


def _tegra(facts: Facts) -> set[str]:
    return {
        row["compute_capability"]
        for row in facts.rows("09_chip_to_cc")
        if any(re.fullmatch(row["chip_regex"], chip) for chip in _TEGRA_CHIPS)
    }
