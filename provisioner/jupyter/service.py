"""An environment's JupyterLab as a service of this user: started, looked at, stopped."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner.environments.interpreter import inside
from provisioner.environments.place import not_writable, place
from provisioner.environments.record import Environment
from provisioner.errors import OutsideError, RefusedError
from provisioner.jupyter import lab, loopback, secret, systemd, unit
from provisioner.jupyter.lab import Lab
from provisioner.jupyter.needed import need
from provisioner.jupyter.unit import Unit
from provisioner.plan import Warning
from provisioner.whole_file import put

PATIENCE_S = 120.0
"""How long a JupyterLab may take to its first answer, from a cold disk."""
_POLL_S = 0.3
_DIED = {"activating", "deactivating", "failed", "inactive"}
"""What systemd calls a service that was started and is no more: it waits to start it again."""


def needs(environment: Environment) -> None:
    """Refuse an environment without JupyterLab. Raises RefusedError ``package-missing``."""
    need(environment, "jupyterlab", "serving notebooks")


def started(
    environment: Environment, port: int | None, folder: str | None, *, with_token: bool = False
) -> tuple[Lab, bool]:
    """Have systemd serve an environment's JupyterLab, now and whenever this user's services run.

    Without a port the one of before stays, or else the first free one is taken; without a folder
    the one of before, or else the home. Returns how to reach it, and whether anything changed,
    once it was seen to let in who has the token and nobody else; what fails before that leaves
    things as they were. Raises RefusedError ``package-missing``, ``no-user-services``,
    ``place-taken`` or ``port-taken``, OutsideError ``service-not-started``, ``systemctl-failed``
    or ``place-not-writable``.
    """
    needs(environment)
    name = environment.name
    systemd.need(f"Serve it from this terminal: dlsetup env serve {name} --foreground")
    before = _own(name)
    wanted = _wanted(environment, before, port, folder)
    changed = not _is_so(wanted)
    if changed:
        with _undone(name):
            secret.made(name)
            _write(wanted)
            systemd.call("daemon-reload")
            systemd.call("enable", unit.service(name))
            systemd.call("restart", unit.service(name))
            _wait(wanted)
    return _told(wanted, with_token=with_token), changed


def seen(name: str, *, with_token: bool = False) -> Lab | None:
    """Return an environment's service, running or not; None where there is none of ours.

    Raises UsageError ``bad-name``.
    """
    found = _ours(name)
    return None if found is None else _told(found, with_token=with_token)


def stopped(name: str) -> bool:
    """Stop and forget the service of an environment, and its token; whether there was one.

    Raises UsageError ``bad-name``, OutsideError ``systemctl-failed`` and ``place-not-writable``.
    """
    if _ours(name) is None:
        return False
    service = unit.service(name)
    if systemd.runs():
        systemd.call("disable", "--now", service)
    _take_away(name)
    if systemd.runs():
        systemd.call("daemon-reload")
    return True


def followed(environment: Environment) -> tuple[Warning, ...]:
    """Tell where a running service shows another generation than the current one."""
    if _ours(environment.name) is None:
        return ()
    service = unit.service(environment.name)
    running = systemd.program(service)
    if running is None or running == str(inside(Path(environment.path))):
        return ()
    told = (
        f"JupyterLab of {environment.name} runs on with {running}. When its notebooks may end: "
        f"systemctl --user restart {service}"
    )
    return (Warning("service-not-restarted", told),)


def _ours(name: str) -> Unit | None:
    found = unit.read(name)
    return found if found is not None and found.environment == str(place(name)) else None


def _own(name: str) -> Unit | None:
    """The unit of before. Raises RefusedError ``place-taken`` for somebody else's."""
    found, path = _ours(name), unit.path_of(name)
    if found is None and os.path.lexists(path):
        raise RefusedError(
            "place-taken",
            f"{path} is a service that dlsetup did not make for this environment.",
            hint="Move it away, or make the environment under another name.",
        )
    return found


def _wanted(
    environment: Environment, before: Unit | None, port: int | None, folder: str | None
) -> Unit:
    name = environment.name
    kept = before.port if before and port in {None, before.port} else None
    # What runs can only have the port of its unit.
    if kept is None or not (_runs(name) or loopback.is_free(kept)):
        kept = loopback.free_port(port)
    return Unit(
        name=name,
        environment=str(place(name)),
        port=kept,
        folder=folder or (before.folder if before else os.path.expanduser("~")),
    )


def _runs(name: str) -> bool:
    return systemd.state(unit.service(name)) == "active"


def _answers(name: str, port: int) -> bool:
    """Whether the service runs, and is what answers there."""
    if not _runs(name) or not secret.file_of(name).is_file():
        return False
    return lab.is_locked(port, secret.read(name)) is True


def _is_so(wanted: Unit) -> bool:
    try:
        same = unit.path_of(wanted.name).read_text(encoding="utf-8") == unit.text(wanted)
    except OSError:
        return False
    return same and _answers(wanted.name, wanted.port)


def _write(wanted: Unit) -> None:
    path = unit.path_of(wanted.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, unit.text(wanted).encode())
    except OSError as error:
        raise not_writable(path, error) from error


@contextlib.contextmanager
def _undone(name: str) -> Iterator[None]:
    """Whatever goes wrong inside, Ctrl-C too, brings back the unit of before, or none."""
    path = unit.path_of(name)
    before = path.read_bytes() if path.exists() else None
    try:
        yield
    except BaseException:
        with contextlib.suppress(OutsideError):
            if before is None:
                stopped(name)
                secret.forgotten(name)
            else:
                put(path, before)
                systemd.call("daemon-reload")
                systemd.call("restart", unit.service(name))
        raise


def _take_away(name: str) -> None:
    path = unit.path_of(name)
    try:
        # What 'systemctl disable' removes, where it cannot be asked.
        (path.parent / "default.target.wants" / path.name).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        secret.forgotten(name)
    except OSError as error:
        raise not_writable(path, error) from error


def _wait(wanted: Unit) -> None:
    """Wait for the first answer. Raises OutsideError ``service-not-started``."""
    service, token = unit.service(wanted.name), secret.read(wanted.name)
    end = time.monotonic() + PATIENCE_S
    while (locked := lab.is_locked(wanted.port, token)) is None:
        state = systemd.state(service)
        if state in _DIED or time.monotonic() > end:
            raise _not_started(service, f"the service is {state}, and nothing answers")
        time.sleep(_POLL_S)
    if not locked:
        raise _not_started(service, "what answers there does not ask for the token")


def _not_started(service: str, reason: str) -> OutsideError:
    return OutsideError(
        "service-not-started",
        "JupyterLab did not come up as a service, and was taken back.",
        context=(reason,),
        hint=f"Look at what it said: journalctl --user --unit {service}",
    )


def _told(found: Unit, *, with_token: bool) -> Lab:
    there = lab.reached(found.name, found.port, found.folder, with_token=with_token)
    return msgspec.structs.replace(
        there,
        unit=str(unit.path_of(found.name)),
        state=systemd.state(unit.service(found.name)),
    )
