"""``dlsetup completion``."""

from __future__ import annotations

import click


@click.command("completion", epilog='Example: eval "$(dlsetup completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, *, shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        group = ctx.find_root().command
        click.echo(found(group, {}, "dlsetup", "_DLSETUP_COMPLETE").source())
