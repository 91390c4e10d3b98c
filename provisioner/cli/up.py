"""``dlsetup up``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

from provisioner import process, up
from provisioner.cli import options
from provisioner.cli.jupyter import as_kernel, kernel_of
from provisioner.cli.output import folded, show_json, show_warnings, width_of
from provisioner.errors import DlsetupError, UsageError

if TYPE_CHECKING:
    from provisioner.cli.progress import Steps
    from provisioner.plan import Warning
    from provisioner.runlog import Log
    from provisioner.workflow import Asked

STOPPED = 130
"""The exit code of what somebody ended, as a shell has it."""


@click.command(
    "up",
    epilog="Examples: dlsetup up demo torch torchvision; dlsetup up old 'tensorflow==1.15.*' "
    "--gpu none",
)
@click.argument("name")
@click.argument("words", nargs=-1, metavar="REQ...")
@options.machine
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing of it.")
@click.option("--yes", is_flag=True, help="Ask nothing, also before steps that need root.")
@click.option("--kernel", is_flag=True, help="Offer it in Jupyter too: env kernel.")
@options.as_json
def command(
    *,
    name: str,
    words: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    kernel: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Make environment NAME on this machine, and prove that it works.

    First it says what it is about to do, and on a terminal asks whether to go on. The environment
    appears whole or not at all, and a second call with the same answer changes nothing. Root is
    needed only where a driver has to be installed: what is done then is shown and asked for.
    """
    asked = options.asked(words, typed)
    if kernel:
        asked = as_kernel(asked)
    if dry_run:
        _dry(name, asked, offline=typed["offline"], as_json=as_json)
        return
    with listening(name, ("up", name, *asked.words)) as (shown, tell, log):
        agree = _Agreeing(shown, log, yes=yes, quiet=as_json)
        made = up.up(name, asked, offline=typed["offline"], tell=tell, agree=agree)
    offered = kernel_of(made.environment) if kernel else None
    if as_json:
        data = {"environment": made.environment, "changed": made.changed}
        data |= {"kernel": offered} if offered else {}
        show_json("up", data, made.warnings)
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_environments import closing_lines, environment_blocks

    lines = closing_lines(made.environment, changed=made.changed)
    show(environment_blocks(made.environment), first=lines)
    if offered:
        click.echo(f"\nJupyter offers the kernel {offered.display_name}.")
    if made.changed:
        show_took(log)
    show_warnings([warning for warning in made.warnings if warning not in agree.warned])


class _Agreeing:
    """Shows what is about to be done, and goes on when nobody is there to say no."""

    def __init__(self, shown: Steps, log: Log, *, yes: bool, quiet: bool) -> None:
        self._shown = shown
        self._log = log
        self._yes = yes
        self._asks = not (yes or quiet) and sys.stdin.isatty() and sys.stderr.isatty()
        self._quiet = quiet
        self.warned: tuple[Warning, ...] = ()
        """What was said already, before the question."""

    def __call__(self, intent: up.Intent) -> None:
        """Raises click.exceptions.Exit where the answer is no, or nobody gives root."""
        self._shown.hush()
        if not self._quiet:
            _show(intent, sys.stderr)
            self.warned = intent.plan.warnings
            show_warnings(self.warned)
            click.echo(err=True)
        with self._log.waiting():
            self._ask(intent)

    def _ask(self, intent: up.Intent) -> None:
        fits = intent.need is None or all(place.is_enough for place in intent.need.places)
        if intent.system is not None and fits:
            from provisioner.cli.text_system import agree

            with _left_alone():
                agree(intent.system, yes=self._yes, asks=self._asks, quiet=self._quiet)
        elif self._asks and fits:
            confirmed("Go on?")


def confirmed(question: str) -> None:
    """Ask before anything is begun; raises click.exceptions.Exit unless the answer is yes."""
    with _left_alone():
        if not click.confirm(question, default=True, err=True):
            click.echo("Nothing was done.", err=True)
            raise click.exceptions.Exit(1)


@contextmanager
def _left_alone() -> Iterator[None]:
    """Say so where somebody ends it at a question, and nothing is begun yet."""
    try:
        yield
    except click.Abort:
        click.echo("\nNothing was done.", err=True)
        raise click.exceptions.Exit(STOPPED) from None


@contextmanager
def listening(name: str, words: tuple[str, ...]) -> Iterator[tuple[Steps, Any, Log]]:
    """Show and write down what a command does; say what is left where somebody ends it."""
    from provisioner.cli.progress import steps
    from provisioner.progress import Several
    from provisioner.runlog import Log

    log = Log(name, words)
    try:
        # Whoever ends this, what is half made is taken away again.
        with process.stop.heard(), steps() as shown:
            yield shown, Several(shown, log), log
    except (KeyboardInterrupt, click.Abort):
        log.end("stopped")
        click.echo("\n" + folded(_stopped(name), width_of(sys.stderr)), err=True)
        raise
    except DlsetupError as error:
        _name_log(log, error)
        raise
    finally:
        log.end("done")


def show_took(log: Log) -> None:
    """Say how long it took, and where all that was said meanwhile is written down."""
    minutes, seconds = divmod(max(1, round(log.took_s)), 60)
    took = f"took {minutes} min {seconds} s" if minutes else f"took {seconds} s"
    told = f"{took}; log {log.path}" if log.path else took
    click.echo(folded(told, width_of(sys.stderr)), err=True)


def _name_log(log: Log, error: DlsetupError) -> None:
    log.end(f"failed: {error.reference}: {error.message}")
    if log.path is not None and not isinstance(error, UsageError):
        error.context = (*error.context, f"log  {log.path}")


def _stopped(name: str) -> str:
    """What a person wants to know who pressed Ctrl-C."""
    from provisioner.environments import store

    try:
        left = f"{store.found(name).name} is as it was"
    except DlsetupError:
        left = f"there is no environment {name}"
    return f"Stopped: {left}. What was fetched whole is kept: the same command goes on from there."


def _dry(name: str, asked: Asked, *, offline: bool, as_json: bool) -> None:
    from provisioner.cli.progress import steps

    with steps() as shown:
        intent = up.intended(name, asked, offline=offline, tell=shown)
    plan, need = intent.plan, intent.need
    if as_json:
        changes = need is not None or intent.system is not None
        data: dict[str, object] = {"plan": plan, "changed": False, "would_change": changes}
        data |= {"system": intent.system}
        if need is not None:
            data |= {
                "packages": need.packages,
                "download_bytes": need.download_bytes,
                "download_at_least": need.download_at_least,
                "disk": need.places,
                "disk_at_least": need.disk_at_least,
            }
        show_json("up", data, plan.warnings)
        return
    _show(intent, sys.stdout)
    if intent.system is not None:
        from provisioner.cli.text_system import show_part

        show_part(intent.system)
    show_warnings(plan.warnings)


def _show(intent: up.Intent, stream: TextIO) -> None:
    from provisioner.cli.text_environments import INDENT, intent_lines

    width = width_of(stream)
    for line in intent_lines(intent):
        click.echo(folded(line, width, rest=INDENT), file=stream)
