"""``dlsetup env kernel`` and ``dlsetup env serve``: environments and Jupyter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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


@click.command(
    "kernel", short_help="Offer it in Jupyter.", epilog="Example: dlsetup env kernel demo"
)
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


_F = TypeVar("_F", bound=Callable[..., Any])
_WAY = "provisioner.serve.way"


def _keep(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    """Keep which of the ways was named, and refuse another beside it."""
    if given and ctx.meta.setdefault(_WAY, param.name) != param.name:
        raise click.UsageError("Say one of --foreground, --status and --stop.")


def _way(name: str, told: str) -> Callable[[_F], _F]:
    return click.option(name, is_flag=True, expose_value=False, callback=_keep, help=told)


@click.command(
    "serve",
    short_help="Serve its JupyterLab.",
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
@_way("--foreground", "Serve until Ctrl-C.")
@_way("--status", "Say whether it runs; exit 1 if not.")
@_way("--stop", "Stop the service and forget its token.")
@click.option("--token", "with_token", is_flag=True, help="Show the token too.")
@options.as_json
@click.pass_context
def serve(
    ctx: click.Context,
    *,
    name: str,
    port: int | None,
    folder: str | None,
    with_token: bool,
    as_json: bool,
) -> None:
    """Serve JupyterLab of environment NAME, to this machine alone.

    It becomes a service of this user that starts again when it fails; nobody gets in without the
    token, and from afar an ssh tunnel leads to it.
    """
    way = ctx.meta.get(_WAY)
    placed = port is not None or folder is not None
    if placed and way in {"status", "stop"}:
        raise click.UsageError(
            "--port and --folder say how to serve it: neither --status nor --stop takes them."
        )
    if with_token and way == "stop":
        raise click.UsageError("--stop forgets the token, and shows none: leave out --token.")
    if way is None and with_token and not placed and _is_served(name):
        way = "status"
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


def _is_served(name: str) -> bool:
    from provisioner.jupyter import foreground, service

    own = service.seen(name)
    return (own is not None and own.state == "active") or bool(foreground.seen(name))


def _stop(name: str, *, as_json: bool) -> None:
    from provisioner.jupyter import foreground
    from provisioner.jupyter.service import stopped

    was = stopped(name)
    others = foreground.seen(name)
    if as_json:
        show_json("env serve", {"service": None, "changed": was})
        return
    click.echo(f"The service of {name} is gone." if was else f"{name} has no service.")
    if others:
        from provisioner.cli.text_jupyter import foreground_line

        click.echo("\n".join(map(foreground_line, others)), err=True)


def _status(name: str, *, with_token: bool, as_json: bool) -> None:
    from provisioner.jupyter import foreground, service

    lab = service.seen(name, with_token=with_token)
    others = foreground.seen(name, with_token=with_token)
    if as_json:
        data = {"service": lab, "changed": False, "foreground": others}
        show_json("env serve", data)
    for one in () if as_json else (*([lab] if lab else []), *others):
        _show(one, changed=False, as_json=False)
    if not (lab or others or as_json):
        click.echo(f"{name} has no service. Start one: dlsetup env serve {name}")
    if not others and (lab is None or lab.state != "active"):
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
