"""What goes along with an environment, when it changes or goes: its kernel, and its service."""

from __future__ import annotations

from provisioner.environments.record import Environment
from provisioner.jupyter import foreground, kernel, secret, service
from provisioner.jupyter.kernel import Kernel
from provisioner.jupyter.lab import Lab
from provisioner.plan import Warning


def seen(name: str) -> tuple[Kernel | None, Lab | None, tuple[Lab, ...]]:
    """Return the kernel and the service of an environment, and what runs in the foreground."""
    return kernel.seen(name), service.seen(name), foreground.seen(name)


def followed(environment: Environment) -> tuple[Warning, ...]:
    """Tell what an environment's kernel and service make of its new generation.

    Both lead there by themselves; nothing that runs is ended.
    """
    return (*kernel.followed(environment), *service.followed(environment))


def taken_away(name: str) -> None:
    """Take away the kernel and the service of an environment that is about to go.

    Raises RefusedError ``environment-in-use`` before anything, while one is served in the
    foreground, OutsideError ``place-not-writable`` and ``systemctl-failed``.
    """
    foreground.none_left(name)
    service.stopped(name)
    secret.forgotten(name)  # of one in the foreground too
    kernel.withdrawn(name)
