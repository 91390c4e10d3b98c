"""The ports of this machine alone: which is free, and what answers on one."""

from __future__ import annotations

import socket

from provisioner.errors import RefusedError

HOST = "127.0.0.1"
_FIRST = 8888
_LAST = _FIRST + 100
_PATIENCE_S = 5.0


def is_free(port: int) -> bool:
    """Whether a server could listen on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(wanted: int | None, *, first: int = _FIRST) -> int:
    """Return the port that is wanted, or else the first free one.

    Raises RefusedError ``port-taken`` for one that is wanted and taken.
    """
    if wanted is None:
        found = next((port for port in range(first, max(_LAST, first + 100)) if is_free(port)), 0)
    else:
        found = wanted if is_free(wanted) else 0
    if not found:
        raise RefusedError(
            "port-taken",
            f"Something else listens on port {wanted or first} of this machine.",
            hint="Name another with --port.",
        )
    return found


def status(port: int, path: str, token: str = "") -> int | None:
    """Return the HTTP status that a server of this machine answers with; None if none does."""
    asked = [f"GET {path} HTTP/1.0", f"Host: {HOST}:{port}"]
    asked += [f"Authorization: token {token}"] if token else []
    try:
        with socket.create_connection((HOST, port), _PATIENCE_S) as connection:
            connection.sendall("\r\n".join([*asked, "", ""]).encode("ascii"))
            with connection.makefile("rb") as answer:
                words = answer.readline(256).split()
        return int(words[1])
    except (OSError, ValueError, IndexError):
        return None
