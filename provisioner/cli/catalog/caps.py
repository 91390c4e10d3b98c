"""``dlsetup catalog caps``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from provisioner.cli import options
from provisioner.cli.catalog.refresh import counted
from provisioner.cli.output import show_json
from provisioner.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provisioner.catalog.upkeep_rows import Rot
    from provisioner.upkeep.rot.run import Ran

_GIGABYTE = 10**9
_WORKS = "works"


@click.command(
    "caps", epilog="Examples: dlsetup catalog caps torch; dlsetup catalog caps tensorflow==2.4.4"
)
@click.argument("what", nargs=-1, metavar="[NAME[==VERSION]]...")
@click.option("--anew", is_flag=True, help="Install again what was tried before.")
@click.option("--write", is_flag=True, help="Write the caps and the record into the sheets.")
@options.as_json
def command(*, what: tuple[str, ...], anew: bool, write: bool, as_json: bool) -> None:
    """Find which newer dependencies break old releases, by installing them.

    The newest patch of each minor release of torch, tensorflow and jax (or of what is named) is
    installed with the newest Python here that has a wheel of it: it must import, multiply and talk
    to numpy. Where it does not, older dependencies are tried until it does. This takes hours and
    up to 25 GB of disk; a stopped run goes on where it was.
    """
    from provisioner.upkeep.rot.keeping import Keeper

    keeper = Keeper()

    def shown(row: Rot) -> None:
        if not as_json:
            for line in _lines(row):
                click.echo(line)

    with progress() as told:
        ran = keeper.ran(what, told, shown, anew=anew)
    news = keeper.news(ran.rows)
    written = keeper.write(ran.rows) if write else None
    if as_json:
        data = {
            "releases": ran.rows,
            "news": news,
            "written": written,
            "attempts": ran.attempts,
            "peak_bytes": ran.peak_bytes,
        }
        show_json("catalog caps", data)
        return
    click.echo(_closing(ran))
    for item in news:
        click.echo(f"  {item}")
    if written:
        click.echo(f"Written: {written}")
    elif news:
        click.echo("Nothing was written: say --write to keep them.")


def _lines(row: Rot) -> Iterator[str]:
    """A release as it is, and how it comes back."""
    called = f"{row.framework} {row.version} on Python {row.python}"
    if row.plain == _WORKS:
        yield f"{called} works"
    elif row.capped == _WORKS:
        yield f"{called} works with {', '.join(cap.requirement for cap in row.caps)}"
        yield f"  without: {row.plain}"
    else:
        yield f"{called} does not work, and nothing helps"
        yield f"  {row.plain}"


def _closing(ran: Ran) -> str:
    plain = sum(row.plain == _WORKS for row in ran.rows)
    capped = sum(row.capped == _WORKS for row in ran.rows)
    return (
        f"{counted(len(ran.rows), 'release')}: {plain} work as they install, {capped} with caps. "
        f"{counted(ran.attempts, 'install')}, {ran.peak_bytes / _GIGABYTE:.1f} GB at most."
    )
