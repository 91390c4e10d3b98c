"""Which targets a compiler accepts: its assembler is run and asked, because its strings lie.

They also name architectures that it dropped.
"""

from __future__ import annotations

import os
import re
import sys

from provisioner import process, scratch
from provisioner.errors import OutsideError

_TIMEOUT_S = 60
_ALLOWED = re.compile(r"--gpu-name.*?Allowed values for this option:(.*?)\.\s", re.DOTALL)
_MACHINE_CODE = re.compile(r"'(sm_\d+[af]?)'")


def targets_of(ptxas: bytes) -> list[str]:
    """The machine-code targets that an assembler for Linux on x86_64 accepts.

    Raises OutsideError ``cannot-run`` on another machine, or when it does not run.
    """
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        raise OutsideError(
            "cannot-run",
            "A CUDA compiler is read by running it, and it is built for Linux on x86_64.",
            hint="Run this on such a machine.",
        )
    with scratch.folder() as folder:
        program = folder / "ptxas"
        program.write_bytes(ptxas)
        program.chmod(0o700)
        answer = process.run([str(program), "--help"], timeout=_TIMEOUT_S)
    allowed = _ALLOWED.search(answer.stdout)
    found = _MACHINE_CODE.findall(allowed[1]) if allowed else []
    if not found:
        raise OutsideError(
            "layout-changed",
            "ptxas does not say which targets it accepts.",
            context=(f"exit code {answer.returncode}",),
        )
    return found
