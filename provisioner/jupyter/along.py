"""What goes along when an environment changes or goes: its kernel, and its service."""

from __future__ import annotations

from provisioner.environments.record import Environment
from provisioner.jupyter import kernel, service
from provisioner.plan import Warning


def followed(environment: Environment) -> tuple[Warning, ...]:
    """Tell what an environment's kernel and service make of its new generation.

    Both lead there by themselves; nothing that runs is ended.
    """
    return (*kernel.followed(environment), *service.followed(environment))


def taken_away(name: str) -> None:
    """Take away the kernel and the service of an environment that is about to go.

    Raises OutsideError ``place-not-writable`` and ``service-not-started``.
    """
    service.stopped(name)
    kernel.withdrawn(name)
