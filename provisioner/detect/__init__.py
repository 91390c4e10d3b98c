"""Detection, from a running system to a Machine: one probe per subject, each on its own feet.

``detect`` reads below a root, so that a captured machine can be replayed from a folder; programs
run only on the live machine. What cannot be told stays None, and why is said in the warnings.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from provisioner.detect.remembered import FactCache, cache_folder
from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.plan import Warning

if TYPE_CHECKING:
    from pathlib import Path

    from provisioner.machine import Gpu

__all__ = ["DetectReport", "detect"]

_TIME_LIMIT_VARIABLE = "DLSETUP_PROBE_SECONDS"
_OVERRIDE_PREFIX = "DLSETUP_OVERRIDE_"
_TIME_LIMIT_S = 10.0
_LONGEST_S = 3600.0


class DetectReport(msgspec.Struct, frozen=True):
    """The machine, and what to know about how it was seen."""

    machine: Machine
    warnings: tuple[Warning, ...]


def detect(
    root: Path | str = "/",
    *,
    env: Mapping[str, str] | None = None,
    cache_dir: Path | str | None = None,
    gpu_by_pci_id: Callable[[str, str, str | None], Gpu | None] | None = None,
    gpu_by_name: Callable[[str], Gpu] | None = None,
) -> DetectReport:
    """Look at the machine whose files lie below ``root``.

    ``env`` is its environment (None: this process's); ``DLSETUP_OVERRIDE_<FACT>`` in it replaces
    facts and ``DLSETUP_PROBE_SECONDS`` is how long one program may take (10). ``cache_dir`` keeps
    the answers of programs between calls (None: the user's cache folder, and nothing for a root
    other than ``/``). ``gpu_by_pci_id`` names a GPU that no driver names, from vendor, device and
    subsystem in lower-case hex; ``gpu_by_name`` reads the names in ``DLSETUP_OVERRIDE_GPUS``.

    Raises UsageError for an override or a time limit that cannot be read; a probe that fails,
    hangs or crashes raises nothing and becomes a warning.
    """
    from provisioner.detect.host import Host
    from provisioner.detect.survey import Survey

    given = os.environ if env is None else env
    folder = os.fspath(cache_dir) if cache_dir is not None else None
    if folder is None and os.fspath(root) == "/":
        folder = cache_folder(given)
    cache = FactCache(folder)
    host = Host(os.fspath(root), given, cache, time_limit_s=_time_limit(given))
    machine, warnings = Survey(host, time.monotonic()).machine(gpu_by_pci_id)
    cache.save()
    if any(name.startswith(_OVERRIDE_PREFIX) for name in given):
        from provisioner.detect.overrides import overridden

        machine = overridden(machine, given, gpu_by_name)
    return DetectReport(machine, warnings)


def _time_limit(env: Mapping[str, str]) -> float:
    text = env.get(_TIME_LIMIT_VARIABLE, "")
    try:
        limit = float(text) if text else _TIME_LIMIT_S
    except ValueError:
        limit = 0.0
    if not 0 < limit <= _LONGEST_S:
        raise UsageError(
            "bad-override",
            f"{_TIME_LIMIT_VARIABLE} has a value that does not fit: {text!r}.",
            hint="Give a number of seconds, such as 10.",
        )
    return limit
