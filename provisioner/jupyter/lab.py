"""JupyterLab of an environment: the program that serves it, and how to reach it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import msgspec

from provisioner import process, resources
from provisioner.environments import entering, interpreter
from provisioner.environments.record import Environment
from provisioner.jupyter import loopback, secret

_LET_IN, _KEPT_OUT = 200, (401, 403)
"""What HTTP answers with: to whom has the token, and to others."""


class Lab(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an environment's JupyterLab answers, and how to get there."""

    environment: str
    port: int
    url: str
    folder: str
    """What it shows at first."""
    tunnel: str
    """The command that makes the port of this machine one of another, to be typed there."""
    unit: str | None = None
    """The unit file of the service; None for one in the foreground."""
    process: int | None = None
    """Of one in the foreground that runs."""
    state: str | None = None
    """The service's, in systemd's words: ``active``, ``failed`` …"""
    token_file: str
    """A file that only this user can read."""
    token: str | None = None
    """Only where it was asked for."""


def reached(name: str, port: int, folder: str, *, with_token: bool) -> Lab:
    """Return how to reach a JupyterLab that listens on a port.

    Raises OutsideError ``place-not-writable`` where a token was asked for and there is none.
    """
    token = secret.read(name) if with_token else None
    there = f"http://{loopback.HOST}:{port}/lab"
    tunnel = f"ssh -N -L {port}:{loopback.HOST}:{port} {user()}@{os.uname().nodename}"
    return Lab(
        environment=name,
        port=port,
        url=f"{there}?token={token}" if token else there,
        folder=folder,
        tunnel=tunnel,
        token_file=str(secret.file_of(name)),
        token=token,
    )


def user() -> str:
    """Return the name of this process's user, or its number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def is_locked(port: int, token: str) -> bool | None:
    """Whether a server lets in who has the token, and nobody else; None while none answers."""
    without = loopback.status(port, "/api/status")
    if without is None:
        return None
    return without in _KEPT_OUT and loopback.status(port, "/api/status", token) == _LET_IN


def become(environment: Environment, port: int, folder: str) -> NoReturn:
    """Let an environment's JupyterLab take this process's place.

    It listens on this machine alone, whatever the user's Jupyter settings say. Raises OutsideError
    ``place-not-writable``, ``program-not-found`` and ``program-not-runnable``.
    """
    python = interpreter.inside(Path(environment.path))
    program = resources.templates() / "jupyter" / "serve.py"
    token = secret.made(environment.name)
    settings = {
        "ip": loopback.HOST,
        "port": port,
        "port_retries": 0,
        "base_url": "/",
        # An ssh tunnel is encrypted already; a certificate would be for another name.
        "certfile": "",
        "keyfile": "",
        "root_dir": folder,
        # One Ctrl-C ends it; nobody is asked whether it was meant.
        "answer_yes": True,
        # Who runs this as root means it.
        "allow_root": os.geteuid() == 0,
    }
    words = [f"--ServerApp.{name}={value}" for name, value in settings.items()]
    argv = (str(python), "-I", str(program), str(token), "--no-browser", *words)
    process.become(argv, entering.variables(environment))
