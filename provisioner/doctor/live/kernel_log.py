"""What the kernel logged of the driver since the boot: NVRM and Xid lines, refused modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.errors import DlsetupError
from provisioner.machine import Machine

_ABOUT = re.compile(
    r"NVRM|nouveau|nvidia.*(?:fail|error|reject|refus|signature|tainting|probe)|Lockdown: modprobe"
    r"|Loading of unsigned module|Key was rejected|AMD-Vi: Event|DMAR:.*fault|fallen off"
)
_USUAL = re.compile(r"NVRM: loading NVIDIA|NVRM: The NVIDIA probe routine|tainting kernel")
_MOST = 60
_COMMANDS = (
    ("dmesg", ("dmesg", "--notime")),
    ("journal", ("journalctl", "--dmesg", "--boot", "--output=cat", "--lines=4000", "--no-pager")),
)


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say the last lines of the kernel that are about the driver; nothing where nobody may read."""
    if not any(gpu.vendor in {"nvidia", "amd"} for gpu in machine.gpus):
        return
    for key, argv in _COMMANDS:
        text = _printed(host, key, argv)
        if text:
            lines = [line for line in text.splitlines() if _ABOUT.search(line)]
            yield from (line for line in lines[-_MOST:] if not _is_usual(line, lines))
            return


def _is_usual(line: str, lines: list[str]) -> bool:
    """Lines of every start; "probe routine" is one only where no other driver had the GPU."""
    if "probe routine was not called" in line:
        return False
    return _USUAL.search(line) is not None and len(lines) < len(line)


def _printed(host: Host, key: str, argv: tuple[str, ...]) -> str | None:
    program = host.which(argv[0], "/usr/bin", "/bin") if host.live else argv[0]
    if program is None:
        return None
    try:
        told = host.output(key, (program, *argv[1:]))
    except DlsetupError:
        return None
    return told.stdout if told is not None and told.returncode == 0 else None
