"""NVIDIA's GPUs and driver by nvidia-smi: the query first, the banner for what it lacks.

The banner is no interface: branch 610 renamed "Driver Version" to "KMD Version" and "CUDA Version"
to "CUDA UMD Version". Both spellings are read.
"""

from __future__ import annotations

import re

import msgspec

from provisioner.detect.host import Host, printable
from provisioner.detect.reports import GpuFacts, SmiReport
from provisioner.process import ProgramTimedOutError

_FULL_QUERY = "name,uuid,memory.total,compute_cap,driver_version,pci.device_id,mig.mode.current"
_LATER_QUERY = "name,uuid,memory.total,compute_cap,pci.device_id,mig.mode.current"
"""For the day on which driver_version goes the way of the banner's "Driver Version"."""
_OLD_QUERY = "name,uuid,memory.total,driver_version,pci.device_id"
"""For drivers whose nvidia-smi refuses the newer fields altogether."""
_QUERIES = (
    ("nvidia-smi-query", _FULL_QUERY),
    ("nvidia-smi-query-later", _LATER_QUERY),
    ("nvidia-smi-query-old", _OLD_QUERY),
)
_NUMBER = r"(\d{2,4}(?:\.\d+)+)"
_DRIVER = re.compile(rf"\b(?:Driver|KMD) Version\s*:\s*{_NUMBER}")
_CUDA = re.compile(r"\bCUDA (?:UMD )?Version\s*:\s*(\d+\.\d+)")
_LIBRARY = re.compile(rf"\bNVML library version\s*:\s*{_NUMBER}")
_MISMATCH = "Driver/library version mismatch"
_VERSION = re.compile(_NUMBER)
_DEVICE = re.compile(r"0x([0-9A-Fa-f]{8})")


def parse_banner(text: str) -> SmiReport:
    """Versions in the banner of any driver generation, or the complaint in its place."""
    driver, cuda, library = (pattern.search(text) for pattern in (_DRIVER, _CUDA, _LIBRARY))
    complaint = None if driver else next(filter(None, map(printable, text.splitlines())), None)
    return SmiReport(
        driver=driver and driver[1],
        cuda=cuda and cuda[1],
        library=library and library[1],
        error=complaint,
        mismatch=_MISMATCH in text,
    )


def parse_query(text: str, fields: str = _FULL_QUERY) -> SmiReport:
    """The GPUs in the answer to ``--query-gpu=<fields> --format=csv,noheader,nounits``.

    Memory is in MiB; what a driver cannot say is ``[N/A]`` or ``[Not Supported]``.
    """
    names = fields.split(",")
    gpus = []
    driver = None
    for line in text.splitlines():
        cells = [printable(cell) for cell in line.split(",")]
        row = {
            name: cell for name, cell in zip(names, cells, strict=False) if cell and cell[0] != "["
        }
        named = row.get("uuid", "").startswith("GPU-") or _DEVICE.fullmatch(
            row.get("pci.device_id", "")
        )
        if len(cells) == len(names) and named:
            version = _VERSION.fullmatch(row.get("driver_version", ""))
            driver = driver or (version[0] if version else None)
            gpus.append(_gpu(row))
    return SmiReport(driver=driver, gpus=tuple(gpus))


def probe(host: Host, program: str) -> SmiReport:
    """What the nvidia-smi at ``program`` says. Raises ProgramTimedOutError when it says nothing."""
    report, complaint = _queried(host, program)
    try:
        told = host.output("nvidia-smi", [program])
    except ProgramTimedOutError:
        if report is None:
            raise
        return report
    banner = parse_banner(complaint if told is None else told.stdout + told.stderr)
    if report is None:
        return banner
    return msgspec.structs.replace(
        banner, driver=report.driver or banner.driver, gpus=report.gpus, error=None
    )


def _queried(host: Host, program: str) -> tuple[SmiReport | None, str]:
    """The answer to the first query that this nvidia-smi understands, else its complaint."""
    complaint = ""
    for key, fields in _QUERIES:
        options = [f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
        told = host.output(key, [program, *options])
        if told is None:
            continue
        report = parse_query(told.stdout, fields)
        if report.gpus:
            return report, ""
        complaint = told.stdout + told.stderr
        if "not a valid field" not in complaint:
            break
    return None, complaint


def _gpu(row: dict[str, str]) -> GpuFacts:
    memory = row.get("memory.total", "")
    capability = re.fullmatch(r"(\d+)\.(\d+)", row.get("compute_cap", ""))
    device = _DEVICE.fullmatch(row.get("pci.device_id", ""))
    mig = row.get("mig.mode.current")
    return GpuFacts(
        name=row.get("name"),
        uuid=row.get("uuid"),
        memory_bytes=int(memory) * 1024 * 1024 if memory.isdecimal() else None,
        capability=(int(capability[1]), int(capability[2])) if capability else None,
        device=int(device[1], 16) if device else None,
        mig={"Enabled": True, "Disabled": False}.get(mig or ""),
    )
