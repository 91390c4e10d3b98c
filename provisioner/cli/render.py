"""``dlsetup render``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from provisioner import workflow
from provisioner.cli import file_set, options
from provisioner.cli.output import show_json, show_warnings
from provisioner.errors import UsageError
from provisioner.plan import Plan


@click.command(
    "render",
    epilog="Examples: dlsetup render script torch -o install.sh; dlsetup render dockerfile tf1 "
    "--gpu 'GTX 1080 Ti' -o Dockerfile; dlsetup render conda plan.json",
)
@click.argument("words", nargs=-1, metavar="FORMAT (PLAN.json | REQ...) [+ ...] | --check FILE...")
@click.option("--list", "list_formats", is_flag=True, help="Name the formats.")
@click.option("-o", "--output", metavar="FILE", help="Write there instead of standard output.")
@click.option(
    "--lock",
    "lock_file",
    metavar="FILE",
    help="Install what this lock of the same plan lists, hashed, and nothing else (dockerfile).",
)
@click.option(
    "--check",
    "checks",
    is_flag=True,
    help="Say what of existing files does not fit the machine; - is standard input.",
)
@options.machine
@options.as_json
def command(
    *,
    words: tuple[str, ...],
    list_formats: bool,
    checks: bool,
    output: str | None,
    lock_file: str | None,
    as_json: bool,
    **typed: Any,
) -> None:
    """Print a plan in a format; 'render --list' names them.

    The plan is a saved 'resolve --json', or is made on the spot for REQ and the machine options.
    A + between requests makes several environments of them, where the format can hold several.

    With --check it looks at FILE instead: a script, a Dockerfile, a compose file, an
    environment.yml, a requirements file, a pyproject.toml, a pixi.toml, a devcontainer.json
    or an Apptainer definition.
    It exits with 1 where something would not work. Nothing of a file is run.
    """
    if list_formats:
        _list(as_json=as_json)
        return
    if checks:
        from provisioner.cli.check import run

        click.get_current_context().exit(run(words, typed, as_json=as_json))
    if not words:
        raise UsageError(
            "nothing-asked", "No format was named.", hint="Name one: dlsetup render --list"
        )
    name, *rest = words
    plans = tuple(_plan(name, part, typed, several="+" in rest) for part in _parts(rest))
    files = workflow.rendered(name, plans, _lock(lock_file, plans))
    warnings = workflow.warnings_of(name, plans)
    if as_json:
        told = [{"path": file.path, "text": file.text} for file in files]
        if output and output != "-":
            _write(output, files)
        show_json("render", {"files": told}, warnings)
        return
    if output and output != "-":
        _write(output, files)
    else:
        for file in files:
            named = f"==> {file.path} <==\n" if len(files) > 1 else ""
            sys.stdout.write(named + file.text)
    show_warnings(warnings)


def _lock(path: str | None, plans: tuple[Plan, ...]) -> str:
    """The text of the plan's lock, where one is named."""
    if path is None:
        return ""
    from provisioner.lock_check import text_for

    return text_for(plans[0], Path(path))


def _parts(words: list[str]) -> Iterator[tuple[str, ...]]:
    """The words of each environment: what stands between signs of plus."""
    first = 0
    for place, word in enumerate([*words, "+"]):
        if word == "+":
            yield tuple(words[first:place])
            first = place + 1


def _plan(name: str, rest: tuple[str, ...], typed: dict[str, Any], *, several: bool) -> Plan:
    if several and not rest:
        raise UsageError(
            "bad-usage",
            "A + parts two environments, and one of them is empty.",
            hint="Write a request on either side: dlsetup render compose tf1 + tf2",
        )
    if not any(word.endswith(".json") for word in rest):
        return workflow.plan_for(options.asked(rest, typed), format_name=name)
    given = sorted(option for option, value in typed.items() if value and option != "offline")
    if beside := [*given, *rest[1:]]:
        raise UsageError(
            "bad-usage",
            "A saved plan stands alone: it says already what is asked for, and for which machine.",
            context=(f"given beside it: {', '.join(beside)}",),
            hint="Name the plan alone, or resolve again with everything that is wanted.",
        )
    return workflow.read_plan(Path(rest[0]))


def _write(output: str, files: tuple[Any, ...]) -> None:
    file_set.write(output, files)
    click.echo(f"wrote {output}", err=True)


def _list(*, as_json: bool) -> None:
    found = workflow.formats()
    if as_json:
        show_json("render", {"formats": [{"name": name, "title": title} for name, title in found]})
        return
    width = max(len(name) for name, _ in found)
    for name, title in found:
        click.echo(f"{name:<{width}}  {title}")
