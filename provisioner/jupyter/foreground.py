"""JupyterLabs that people serve from a terminal: which run, as the processes themselves tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner.errors import RefusedError
from provisioner.jupyter import lab, secret, systemd, unit
from provisioner.jupyter.lab import Lab


def seen(name: str, *, with_token: bool = False) -> tuple[Lab, ...]:
    """Return the JupyterLabs of an environment that run, but for that of its service.

    Raises UsageError ``bad-name``, OutsideError ``place-not-writable`` where a token was asked for
    and there is none.
    """
    found = list(_running(str(secret.file_of(name))))
    # Asked only where there is one: systemctl is slow.
    its_own = systemd.process_of(unit.service(name)) if found else None
    return tuple(
        msgspec.structs.replace(
            lab.reached(name, port, folder, with_token=with_token), process=number
        )
        for number, port, folder in sorted(found)
        if number != its_own
    )


def none_left(name: str) -> None:
    """Refuse to take away what somebody works in. Raises RefusedError ``environment-in-use``."""
    found = seen(name)
    if found:
        numbers = " ".join(str(one.process) for one in found)
        raise RefusedError(
            "environment-in-use",
            f"JupyterLab of {name} is served in the foreground.",
            context=tuple(f"process {one.process}, port {one.port}" for one in found),
            hint=f"End it with Ctrl-C in its terminal, or: kill {numbers}",
        )


def _running(token_file: str) -> Iterator[tuple[int, int, str]]:
    """Process, port and folder of what ``lab.become`` started with a token's file."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = [os.fsdecode(word) for word in path.read_bytes().split(b"\0")]
        except OSError:  # it ended meanwhile
            continue
        if words[3:4] != [token_file] or Path(words[2]).name != "serve.py":
            continue
        said = dict(word.partition("=")[::2] for word in words[4:])
        port, folder = said.get("--ServerApp.port", ""), said.get("--ServerApp.root_dir", "")
        if port.isdecimal():
            yield int(path.parent.name), int(port), folder
