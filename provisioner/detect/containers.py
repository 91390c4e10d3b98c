"""Container engines: which clients are here, whether a daemon answers, and NVIDIA's toolkit.

The daemon is asked on its socket, without a process: a client without a daemon is common and must
show at once.
"""

from __future__ import annotations

import os
import re

from provisioner.detect.host import Host, printable

_VERSION = re.compile(r"\bversion:? v?(\d+(?:\.\d+)+)")
_PING = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"
_CONNECT_LIMIT_S = 2.0


def parse_client_version(text: str) -> str | None:
    """The version in the answers of docker, podman, nvidia-ctk and nvidia-container-cli."""
    match = _VERSION.search(text)
    return match[1] if match else None


def probe(host: Host) -> dict[str, str | bool | None]:
    """Versions of what is here (None: not found) and what is missing behind it.

    ``docker_daemon`` is True when it answers, False when there is none, None when nobody can tell;
    ``docker_problem`` says why it is not True.
    """
    docker = _version(host, "docker")
    found: dict[str, str | bool | None] = {
        "docker": docker,
        "podman": _version(host, "podman"),
        "nvidia_container_toolkit": _version(host, "nvidia-ctk")
        or _version(host, "nvidia-container-cli"),
    }
    if docker is not None:
        alive, problem = _daemon(host)
        found["docker_daemon"] = alive
        if problem:
            found["docker_problem"] = problem
        found["docker_nvidia_runtime"] = "nvidia-container-runtime" in (
            host.read("/etc/docker/daemon.json") or ""
        )
    return found


def _version(host: Host, name: str) -> str | None:
    program = host.which(name) if host.live else name
    if program is None:
        return None
    return parse_client_version(host.answer(f"{name}-version", [program, "--version"]) or "")


def _daemon(host: Host) -> tuple[bool | None, str | None]:
    if not host.live:
        return None, None
    address = host.env.get("DOCKER_HOST", "")
    if address and not address.startswith("unix://"):
        return None, f"DOCKER_HOST is {printable(address)}, which was not asked"
    chosen = [address[len("unix://") :]] if address else _usual_sockets(host)
    there = [path for path in chosen if os.path.exists(path)]
    if not there:
        return False, f"there is no daemon: {chosen[-1]} does not exist"
    answers = [_ping(path) for path in there]
    return next((answer for answer in answers if answer[0]), answers[0])


def _usual_sockets(host: Host) -> list[str]:
    """The sockets of a rootless daemon and of Docker Desktop, then the system's."""
    own = host.env.get("XDG_RUNTIME_DIR", "")
    sockets = [f"{own}/docker.sock"] if os.path.isabs(own) else []
    if home := host.home():
        sockets += [f"{home}/.docker/desktop/docker.sock", f"{home}/.docker/run/docker.sock"]
    return [*sockets, "/var/run/docker.sock"]


def _ping(path: str) -> tuple[bool | None, str | None]:
    import socket

    if not hasattr(socket, "AF_UNIX"):
        return None, None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_CONNECT_LIMIT_S)
            connection.connect(path)
            connection.sendall(_PING)
            answer = connection.recv(64)
    except PermissionError:
        return None, f"this user may not ask the daemon at {path}"
    except (OSError, ValueError) as problem:
        return False, f"the daemon at {path} does not answer: {problem}"
    alive = answer.startswith(b"HTTP/") and b" 200 " in answer
    return alive, None if alive else f"the daemon at {path} does not answer as docker does"
