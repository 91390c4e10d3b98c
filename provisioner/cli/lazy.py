"""Groups of commands that are imported when they are called."""

from __future__ import annotations

import importlib
from typing import ClassVar

import click


class LazyGroup(click.Group):
    """A group whose commands each live in a module of their own, as ``command``."""

    package: ClassVar[str]
    """Where the modules lie."""
    verbs: ClassVar[dict[str, str]]
    """The commands in the order in which they are listed, each with its one line of help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of ``verbs``."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import the command's module and return it; None for an unknown one."""
        if cmd_name not in self.verbs:
            return None
        module = importlib.import_module(f"{self.package}.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))
