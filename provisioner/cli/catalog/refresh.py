"""``dlsetup catalog refresh``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from provisioner.cli import options
from provisioner.cli.catalog.text_news import lines
from provisioner.cli.output import show_json, show_warnings
from provisioner.cli.progress import progress
from provisioner.plan import Warning

if TYPE_CHECKING:
    from provisioner.upkeep.comparing import Refreshed

_MEGABYTE = 1_000_000


@click.command(
    "refresh",
    epilog="Examples: dlsetup catalog refresh; dlsetup catalog refresh torch jaxlib --write",
)
@click.argument("what", nargs=-1, metavar="[WHAT]...")
@click.option("--write", is_flag=True, help="Write the news; without it they are only shown.")
@click.option(
    "--anew",
    is_flag=True,
    help="Make the rows anew that the catalog has; what was read of their wheels is kept.",
)
@click.option(
    "--overlay",
    is_flag=True,
    help="Write into your own overlay, also where the sheets could be written.",
)
@options.as_json
def command(
    *, what: tuple[str, ...], write: bool, anew: bool, overlay: bool, as_json: bool
) -> None:
    """Bring the matrix up to date with what is published, and show the news.

    WHAT is frameworks, cudnn, cuda, gpus, tools, or projects such as torch; without it it is
    frameworks, cudnn and tools. News are measured from the wheels on the package index that pip or
    uv is set up with; cuda runs the compilers that it fetches, gpus asks Debian's mirror. With
    --write they go into your overlay (or the sheets of a checkout), and every verb knows them from
    then on. No row is ever taken away. What was read is kept: a stopped run goes on where it was.
    """
    from provisioner.upkeep.keeping import Keeper

    keeper = Keeper(overlay=overlay)
    with progress() as told:
        found = keeper.refreshed(what, anew=anew, told=told)
    written = keeper.write(found) if write and found.news else None
    warnings = [
        Warning(item.reference, f"{item.subject}: {item.message}") for item in found.troubles
    ]
    if as_json:
        data = {
            "news": found.news,
            "written": written,
            "bill": {
                "requests": found.bill.requests,
                "bytes": found.bill.bytes,
                "wheels": found.wheels_read,
            },
        }
        show_json("catalog refresh", data, warnings)
        return
    for line in lines(found.news):
        click.echo(line)
    show_warnings(warnings)
    for line in _closing(found, written, write=write):
        click.echo(line)


def counted(number: int, what: str) -> str:
    """``1 wheel``, ``2 wheels``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _closing(found: Refreshed, written: str | None, *, write: bool) -> Sequence[str]:
    bill = found.bill
    megabytes = f"{bill.bytes / _MEGABYTE:.1f} MB"
    wheels, requests = counted(found.wheels_read, "wheel"), counted(bill.requests, "request")
    cost = f"{wheels} read with {requests}, {megabytes}."
    if not found.news:
        return (f"No news. {cost}",)
    count = f"{len(found.news)} news. {cost}"
    if written:
        return (count, f"Written: {written}")
    return (count, "" if write else "Nothing was written: say --write to keep them.")
