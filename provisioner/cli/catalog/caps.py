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
    from provisioner.upkeep.rot.keeping import Keeper
    from provisioner.upkeep.rot.run import Proof, Ran

_GIGABYTE = 10**9
_WORKS = "works"


@click.command(
    "caps", epilog="Examples: dlsetup catalog caps torch; dlsetup catalog caps tensorflow==2.4.4"
)
@click.argument("what", nargs=-1, metavar="[NAME[==VERSION]]...")
@click.option("--anew", is_flag=True, help="Install again what was tried before.")
@click.option("--write", is_flag=True, help="Write the caps and the record into the sheets.")
@click.option("--check", is_flag=True, help="Search nothing: prove the caps that there are.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    *,
    what: tuple[str, ...],
    anew: bool,
    write: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Find which newer dependencies break old releases, by installing them.

    The newest patch of each minor release of torch, tensorflow and jax (or of what is named) is
    installed with the newest Python here that has a wheel of it: it must import, multiply and talk
    to numpy. Where it does not, older dependencies are tried until it does. This takes an hour and
    up to 25 GB of disk; a stopped run goes on where it was. With --check it exits with 1 when a
    release does not work with its caps, or works without one of them.
    """
    from provisioner.upkeep.rot.keeping import Keeper

    keeper = Keeper()
    if check:
        ctx.exit(_checked(keeper, what, anew=anew, as_json=as_json))

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


def _checked(keeper: Keeper, what: tuple[str, ...], *, anew: bool, as_json: bool) -> int:
    """Prove the caps, and give the exit code."""
    proofs = []
    with progress() as told:
        for proof in keeper.proved(what, told, anew=anew):
            proofs.append(proof)
            if not as_json:
                click.echo(_proof(proof))
    failed = sum(not proof.holds for proof in proofs)
    if as_json:
        show_json("catalog caps", {"proofs": proofs})
    else:
        click.echo(f"{counted(len(proofs), 'release')}: {len(proofs) - failed} as the caps say.")
    return 1 if failed else 0


def _proof(proof: Proof) -> str:
    called = f"{proof.framework} {proof.version} on Python {proof.python}"
    caps = f" with {', '.join(proof.requirements)}" if proof.requirements else ""
    if proof.outcome != _WORKS:
        return f"{called} does not work{caps}: {proof.outcome}"
    needless = f", also without {' or '.join(proof.needless)}" if proof.needless else ""
    return f"{called} works{caps}{needless}"


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
