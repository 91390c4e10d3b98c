"""``dlsetup lock``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings, write_file
from provisioner.errors import RefusedError, UsageError
from provisioner.progress import Steps
from provisioner.sizes import human

if TYPE_CHECKING:
    from provisioner.locking import Locked
    from provisioner.workflow import Asked

_FILE = re.compile(r"pylock(\.[^./]+)?\.toml")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@click.command(
    "lock",
    epilog="Examples: dlsetup lock torch; dlsetup lock tf1 --gpu none --name old; "
    "dlsetup lock --check pylock.toml",
)
@click.argument("words", nargs=-1, metavar="REQ... | --check [FILE]")
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    help="Write there: a folder, or a file called pylock.toml or pylock.NAME.toml; - prints it.",
)
@click.option("--name", metavar="NAME", help="Write pylock.NAME.toml.")
@click.option("--check", is_flag=True, help="Say whether a lock fits the machine, and why not.")
@options.machine
@options.as_json
def command(
    *,
    words: tuple[str, ...],
    output: str | None,
    name: str | None,
    check: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Write every package of a plan, with hashes, to pylock.toml (PEP 751).

    The lock is for the machine that the options name, and can be made on any other. What is
    chosen is what resolve chooses; uv chooses the rest. Install it with: uv pip sync pylock.toml
    """
    if check:
        if output or name:
            raise UsageError("bad-usage", "--check reads a lock and writes nothing.")
        _check(words, options.asked((), typed, must_ask=False), as_json=as_json)
        return
    place = _place(output, name)
    asked = options.asked(words, typed)
    from provisioner.locking import locked

    found = locked(asked, offline=typed["offline"], tell=Steps(_told))
    if place is not None:
        write_file(place, found.lock.text)
    elif not as_json:
        click.echo(found.lock.text, nl=False)
    if as_json:
        data = {
            "plan": found.plan,
            "path": None if place is None else str(place),
            "packages": found.lock.packages,
        }
        show_json("lock", data, found.plan.warnings)
        return
    click.echo(_summary(found, place), err=place is None)
    show_warnings(found.plan.warnings)


def _told(line: str) -> None:
    click.echo(line, err=True)


def _place(output: str | None, name: str | None) -> Path | None:
    """Where the lock goes; None is standard output. Raises UsageError ``bad-lock-name``."""
    if name is not None and not _NAME.fullmatch(name):
        raise _bad_name(f"{name[:40]!r} cannot stand in pylock.NAME.toml.")
    file = f"pylock.{name}.toml" if name else "pylock.toml"
    if output == "-":
        return None
    if output is None:
        return Path(file)
    if output.endswith(os.sep) or os.path.isdir(output):
        return Path(output) / file
    if name is not None or not _FILE.fullmatch(os.path.basename(output)):
        raise _bad_name(f"{os.path.basename(output)[:60]!r} is not a name that installers read.")
    return Path(output)


def _bad_name(message: str) -> UsageError:
    return UsageError(
        "bad-lock-name",
        message,
        hint="Name a folder with -o and the lock with --name, or a file called pylock.toml or "
        "pylock.NAME.toml, NAME without a dot.",
    )


def _summary(found: Locked, place: Path | None) -> str:
    """What was locked, for people."""
    lock, plan = found.lock, found.plan
    where = f"{plan.machine.os_name} {plan.machine.arch}"
    pins = ", ".join(_pin(pin.name, pin.version, pin.variant) for pin in plan.pins)
    number = len(lock.packages)
    count = f"{number} packages with their hashes" if number != 1 else "1 package with its hash"
    lines = [f"{place or 'locked'}: {count}, for Python {lock.target.python} on {where}"]
    lines += [f"  chosen    {pins}"] if pins else []
    if lock.download_bytes is not None:
        lines.append(f"  download  {human(lock.download_bytes)} at most")
    given_up = [item for item in plan.refused if item.reference in _FROM_OUTSIDE]
    lines += [f"  not       {item.candidate}: {item.reason}" for item in given_up]
    if place is not None:
        lines.append(f"  install   uv pip sync {place}")
    return "\n".join(lines)


_FROM_OUTSIDE = {"installer-refuses", "index-unreachable"}


def _pin(name: str, version: str, variant: str) -> str:
    return f"{name} {version}" + ("" if variant == "default" else f"+{variant}")


def _check(words: tuple[str, ...], asked: Asked, *, as_json: bool) -> None:
    from provisioner.lock_check import checked

    if len(words) > 1:
        raise UsageError("bad-usage", "--check looks at one lock.", hint="Name one file.")
    found = checked(Path(words[0] if words else "pylock.toml"), asked)
    if found.against:
        raise RefusedError(
            "lock-does-not-fit",
            f"{found.path} does not fit this machine.",
            context=(*found.against, *(f"changed   {line}" for line in found.changed)),
            hint="Lock again for this machine: dlsetup lock REQ",
            data={
                "path": found.path,
                "fits": False,
                "against": found.against,
                "changed": found.changed,
                "warnings": found.warnings,
            },
        )
    if as_json:
        data = {"path": found.path, "fits": True, "plan": found.plan, "changed": found.changed}
        show_json("lock", data, found.warnings)
        return
    click.echo(f"{found.path} fits this machine.")
    show_warnings(found.warnings)
