"""Read clocks, link and temperature of every NVIDIA GPU again and again; a JSON object a line.

Run as a file by ``provisioner.bench.watch``, never imported. The arguments are the caller's module
search path and a link below /proc to something that the caller holds open: when it leads there no
more, or after ten minutes, the watch ends. Times are those of the monotonic clock, which all
processes of a machine share.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

PAUSE_S = 0.1
LONGEST_S = 600.0


def main() -> None:
    """Print a line for each GPU at each look, and one for what goes wrong."""
    sys.path.extend(part for part in sys.argv[1].split(os.pathsep) if part)
    import pynvml

    try:
        pynvml.nvmlInit()
        handles = [
            pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())
        ]
    except pynvml.NVMLError as problem:
        tell({"error": str(problem)})
        return
    held = where(sys.argv[2])
    known = [(handle, once(pynvml, handle)) for handle in handles]
    end = time.monotonic() + LONGEST_S
    while held and where(sys.argv[2]) == held and time.monotonic() < end:
        for handle, facts in known:
            at = time.monotonic()
            tell({"at": at, **facts, **now(pynvml, handle)})
        time.sleep(PAUSE_S)


def where(link: str) -> str:
    """Where a link leads, empty when it is gone: ``pipe:[4711]``, a number never used twice."""
    try:
        return os.readlink(link)
    except OSError:
        return ""


def once(nvml: Any, handle: Any) -> dict[str, Any]:
    """What does not change while the watch lasts."""
    uuid = asked(nvml.nvmlDeviceGetUUID, handle)
    return {
        "uuid": uuid.decode() if isinstance(uuid, bytes) else uuid,
        "generation_possible": asked(nvml.nvmlDeviceGetMaxPcieLinkGeneration, handle),
        "generation_of_card": of_card(nvml, handle),
        "width_possible": asked(nvml.nvmlDeviceGetMaxPcieLinkWidth, handle),
        "clock_possible_mhz": asked(nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM),
        "default_limit_mw": asked(nvml.nvmlDeviceGetPowerManagementDefaultLimit, handle),
    }


def of_card(nvml: Any, handle: Any) -> Any:
    """The generation that the card itself is for; older bindings do not ask."""
    question = getattr(nvml, "nvmlDeviceGetGpuMaxPcieLinkGeneration", None)
    return asked(question, handle) if question else None


def now(nvml: Any, handle: Any) -> dict[str, Any]:
    """What changes with the load."""
    # Called throttle reasons before driver 535, and by libraries of then only.
    names = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
    reasons = (asked(getattr(nvml, name), handle) for name in names if hasattr(nvml, name))
    return {
        "generation": asked(nvml.nvmlDeviceGetCurrPcieLinkGeneration, handle),
        "width": asked(nvml.nvmlDeviceGetCurrPcieLinkWidth, handle),
        "clock_mhz": asked(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM),
        "temperature": asked(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
        "power_mw": asked(nvml.nvmlDeviceGetPowerUsage, handle),
        "limit_mw": asked(nvml.nvmlDeviceGetEnforcedPowerLimit, handle),
        "reasons": next((found for found in reasons if found is not None), None),
    }


def asked(question: Callable[..., Any], *about: Any) -> Any:
    """The answer, or None when this library or this GPU has none."""
    try:
        return question(*about)
    except Exception:  # noqa: BLE001, a foreign library in an unknown state
        return None


def tell(fact: dict[str, Any]) -> None:
    """One line, out at once."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
    # Without NVML's own farewell: a driver that crashes there has already told everything.
    os._exit(0)
