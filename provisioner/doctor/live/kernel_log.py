"""What the kernel logged of the driver since the boot: NVRM and Xid lines, refused modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect import pci
from provisioner.detect.host import Host
from provisioner.detect.nvidia_kernel import probe
from provisioner.errors import DlsetupError
from provisioner.machine import Machine
from provisioner.plan import Warning

_ALWAYS = re.compile(r"NVRM:|Xid|nvidia.*probe|fallen off")
"""Lines of a driver that runs."""
_STILL = re.compile(
    r"nvidia.*(?:fail|error|reject|refus)|Lockdown: modprobe|Loading of unsigned module|"
    r"Key was rejected|Loading of module with unavailable key"
)
"""Lines of modules that were refused: past where one is loaded by now."""
_FAULTS = re.compile(r"AMD-Vi: Event|DMAR:.*fault")
_PAST = re.compile(
    r"API mismatch|the client has|this kernel module has|probe routine|nouveau|make sure that"
    r"|versions? of the NVIDIA driver|Persistence mode is deprecated|loading NVIDIA"
)
"""Lines that a driver which runs by now has behind it, or prints at every start."""
_MOST = 60
_MAKERS = frozenset({"nvidia", "amd"})
_COMMANDS = (
    ("dmesg", ("dmesg",)),
    ("journal", ("journalctl", "--dmesg", "--boot", "--output=cat", "--lines=4000", "--no-pager")),
)


def see(host: Host, machine: Machine, catalog: Catalog) -> Iterator[str | Warning]:
    """Say the lines of the kernel that point at a cause; a program's own faults do not.

    Where nobody may read the log, a warning says what root would see.
    """
    from provisioner.doctor import signs
    from provisioner.doctor.reading import read

    if machine.os.container or not any(gpu.vendor in _MAKERS for gpu in machine.gpus):
        return
    printed = (_printed(host, key, argv) for key, argv in _COMMANDS)
    text = next((one for one in printed if one is not None), None)
    if text is None:
        yield Warning(
            "root-sees-more",
            "The kernel's log is not for this user, so NVRM and Xid lines were not looked at:"
            " sudo dmesg | dlsetup doctor --report -",
        )
        return
    runs = probe(host).module is not None
    lines = [line for line in text.splitlines() if _is_told(host, line, runs=runs)]
    seen = signs.seen(catalog.signs, read("\n".join(lines[-_MOST:]), catalog)) if lines else ()
    pointing = {line for found in seen if found.sign.means for line in found.lines}
    yield from (line for line in lines[-_MOST:] if line.strip() in pointing)


def _is_told(host: Host, line: str, *, runs: bool) -> bool:
    if _FAULTS.search(line):
        return any(slot.partition(":")[2] in line for slot in _slots(host))
    if runs:
        return _ALWAYS.search(line) is not None and not _PAST.search(line)
    return bool(_ALWAYS.search(line) or _STILL.search(line))


def _slots(host: Host) -> list[str]:
    """The places of NVIDIA's and AMD's display devices on the bus."""
    return [one.slot for one in pci.probe(host) if pci.VENDORS[one.vendor] in _MAKERS]


def _printed(host: Host, key: str, argv: tuple[str, ...]) -> str | None:
    program = host.which(argv[0], "/usr/bin", "/bin") if host.live else argv[0]
    if program is None:
        return None
    try:
        told = host.output(key, (program, *argv[1:]))
    except DlsetupError:
        return None
    return told.stdout if told is not None and told.returncode == 0 else None
