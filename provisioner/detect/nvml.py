"""NVIDIA's GPUs and driver by NVML, asked in a child process with a time limit.

``CUDA_VISIBLE_DEVICES`` hides nothing from NVML. Nothing is started where no library can be.
"""

from __future__ import annotations

import msgspec

from provisioner.detect import driver_child
from provisioner.detect.host import Host, printable
from provisioner.detect.nvidia_kernel import LIBRARY_FOLDERS
from provisioner.detect.reports import GpuFacts, NvmlReport
from provisioner.process import Completed, ProgramTimedOutError

_LIBRARY = "libnvidia-ml.so.1"
_DEVICE_FILES = ("/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg")


class _Line(msgspec.Struct):
    driver: str | None = None
    cuda: int | None = None
    gpu: GpuFacts | None = None
    error: str | None = None
    code: int | None = None


def parse_nvml_lines(text: str) -> NvmlReport:
    """The child's lines as one report; a line cut off by a crash is passed over."""
    driver = cuda = error = code = None
    gpus = []
    for raw in text.splitlines():
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except (msgspec.MsgspecError, ValueError):
            continue
        driver, cuda = line.driver or driver, line.cuda or cuda
        error, code = error or line.error, code or line.code
        if line.gpu is not None:
            gpus.append(line.gpu)
    return NvmlReport(
        driver=printable(driver) if driver else None,
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else None,
        gpus=tuple(gpus),
        error=printable(error) if error else None,
        code=code,
    )


def may_exist(host: Host) -> bool:
    """Whether an NVML library can be on this machine, without loading anything."""
    searched = [name for name in host.env.get("LD_LIBRARY_PATH", "").split(":") if name]
    if any(host.exists(name) for name in _DEVICE_FILES):
        return True
    if any(host.exists(f"{folder}/{_LIBRARY}") for folder in (*searched, *LIBRARY_FOLDERS)):
        return True
    return _LIBRARY.encode() in (host.read_bytes("/etc/ld.so.cache") or b"")


def probe(host: Host) -> NvmlReport | None:
    """What NVML says; None where there is no library to ask."""
    if host.live and not may_exist(host):
        return None
    try:
        command = driver_child.command(__file__, "nvml_child.py", driver_child.search_path())
        told = host.output("nvml", command, driver_child.environment(host.env))
    except ProgramTimedOutError as problem:
        told = problem.partial
        late = f"NVML did not answer within {host.time_limit_s:g} seconds"
        return msgspec.structs.replace(_report(told), error=late, code=None)
    return None if told is None else _report(told)


def _report(told: Completed) -> NvmlReport:
    report = parse_nvml_lines(told.stdout)
    if told.returncode < 0 and not report.error:
        return msgspec.structs.replace(report, error=f"NVML crashed (signal {-told.returncode})")
    if told.returncode and not report.error:
        lines = told.stderr.strip().splitlines() or [f"status {told.returncode}"]
        return msgspec.structs.replace(report, error=printable(lines[-1]))
    return report
