"""``dlsetup env kernel`` and ``dlsetup env serve``: environments and Jupyter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from provisioner import up
from provisioner.cli import options
from provisioner.cli.output import show_json

if TYPE_CHECKING:
    from provisioner.environments.record import Environment
    from provisioner.jupyter.kernel import Kernel
    from provisioner.jupyter.lab import Lab
    from provisioner.workflow import Asked


def as_kernel(asked: Asked) -> Asked:
    """Return a request whose environment can be a kernel; what asks for nothing stays so."""
    if not (asked.words or asked.profile):
        return asked
    return msgspec.structs.replace(asked, words=(*asked.words, "ipykernel"))


def kernel_of(environment: Environment) -> Kernel:
    """Offer an environment as a kernel. Raises what ``jupyter.kernel.offered`` raises."""
    from provisioner.jupyter.kernel import offered

    return offered(environment)[0]


@click.command("kernel", epilog="Example: dlsetup env kernel demo")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take the kernel away again.")
@options.as_json
def kernel(*, name: str, remove: bool, as_json: bool) -> None:
    """Offer environment NAME as a kernel in every Jupyter of this user.

    The kernel follows the environment through upgrades, and goes with it.
    """
    from provisioner.jupyter.kernel import offered, withdrawn

    if remove:
        was, left = withdrawn(name)
        if as_json:
            show_json("env kernel", {"kernel": None, "changed": was, "left": left})
            return
        click.echo(f"The kernel of {name} is gone." if was else f"{name} has no kernel.")
        if left:
            click.echo(f"These were put beside it and stay: {', '.join(left)}", err=True)
        return
    made, changed = offered(up.usable(name))
    if as_json:
        show_json("env kernel", {"kernel": made, "changed": changed})
        return
    click.echo(
        f"Jupyter offers the kernel {made.display_name}."
        if changed
        else f"Nothing changed: Jupyter already offers the kernel {made.display_name}."
    )


@click.command(
    "serve",
    epilog="Examples: dlsetup env serve lab; dlsetup env serve lab --status; "
    "dlsetup env serve lab --foreground --port 9000",
)
@click.argument("name")
@click.option("--port", type=click.IntRange(1024, 65535), metavar="N", help="Listen there.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    metavar="DIR",
    help="Show this folder (the home, if none is named).",
)
@click.option("--foreground", "way", flag_value="foreground", help="Serve until Ctrl-C.")
@click.option("--status", "way", flag_value="status", help="Say whether it runs; exit 1 if not.")
@click.option("--stop", "way", flag_value="stop", help="Stop the service and forget its token.")
@click.option("--token", "with_token", is_flag=True, help="Show the token too.")
@options.as_json
def serve(
    *,
    name: str,
    port: int | None,
    folder: str | None,
    way: str | None,
    with_token: bool,
    as_json: bool,
) -> None:
    """Serve JupyterLab of environment NAME, to this machine alone.

    It becomes a service of this user that starts again when it fails; nobody gets in without the
    token, and from afar an ssh tunnel leads to it.
    """
    if way == "stop":
        _stop(name, as_json=as_json)
    elif way == "status":
        _status(name, with_token=with_token, as_json=as_json)
    elif way == "foreground":
        _foreground(name, port, folder, with_token=with_token, as_json=as_json)
    else:
        from provisioner.jupyter.service import started

        lab, changed = started(up.usable(name), port, folder, with_token=with_token)
        _show(lab, changed=changed, as_json=as_json)


def _stop(name: str, *, as_json: bool) -> None:
    from provisioner.jupyter.service import stopped

    was = stopped(name)
    if as_json:
        show_json("env serve", {"service": None, "changed": was})
        return
    click.echo(f"The service of {name} is gone." if was else f"{name} has no service.")


def _status(name: str, *, with_token: bool, as_json: bool) -> None:
    from provisioner.jupyter.service import seen

    lab = seen(name, with_token=with_token)
    if lab is not None:
        _show(lab, changed=False, as_json=as_json)
    elif as_json:
        show_json("env serve", {"service": None, "changed": False})
    else:
        click.echo(f"{name} has no service. Start one: dlsetup env serve {name}")
    if lab is None or lab.state != "active":
        raise click.exceptions.Exit(1)


def _foreground(
    name: str, port: int | None, folder: str | None, *, with_token: bool, as_json: bool
) -> None:
    from provisioner.jupyter import lab, loopback, secret, service

    environment = up.usable(name)
    service.needs(environment)
    secret.made(name)
    found = loopback.free_port(port)
    shown = folder or str(Path.home())
    _show(lab.reached(name, found, shown, with_token=with_token), changed=False, as_json=as_json)
    lab.become(environment, found, shown)


def _show(lab: Lab, *, changed: bool, as_json: bool) -> None:
    if as_json:
        show_json("env serve", {"service": lab, "changed": changed})
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_jupyter import lab_blocks, lab_line

    show(lab_blocks(lab), first=[lab_line(lab, changed=changed)])
