"""``dlsetup render``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings, write_file
from provisioner.errors import UsageError
from provisioner.plan import Plan


@click.command(
    "render",
    epilog="Examples: dlsetup render script torch -o install.sh; dlsetup render dockerfile tf1 "
    "--gpu 'GTX 1080 Ti' -o Dockerfile; dlsetup render conda plan.json",
)
@click.argument("words", nargs=-1, metavar="FORMAT (PLAN.json | REQ...)")
@click.option("--list", "list_formats", is_flag=True, help="Name the formats.")
@click.option("-o", "--output", metavar="FILE", help="Write there instead of standard output.")
@options.machine
@options.as_json
def command(
    *,
    words: tuple[str, ...],
    list_formats: bool,
    output: str | None,
    as_json: bool,
    **typed: Any,
) -> None:
    """Print a plan in a format: script, conda, dockerfile.

    The plan is a saved 'resolve --json', or is made on the spot for REQ and the machine options.
    """
    if list_formats:
        _list(as_json=as_json)
        return
    if not words:
        raise UsageError(
            "nothing-asked", "No format was named.", hint="Name one: dlsetup render --list"
        )
    name, *rest = words
    plan = _plan(name, tuple(rest), typed)
    files = workflow.rendered(name, plan)
    if as_json:
        told = [{"path": file.path, "text": file.text} for file in files]
        if output and output != "-":
            _write(output, files)
        show_json("render", {"files": told}, plan.warnings)
        return
    if output and output != "-":
        _write(output, files)
    else:
        for file in files:
            sys.stdout.write(file.text)
    show_warnings(plan.warnings)


def _plan(name: str, rest: tuple[str, ...], typed: dict[str, Any]) -> Plan:
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
    place = Path(output)
    if len(files) > 1 or output.endswith("/"):
        for file in files:
            write_file(place / file.path, file.text, executable=file.executable)
    else:
        write_file(place, files[0].text, executable=files[0].executable)
    click.echo(f"wrote {output}", err=True)


def _list(*, as_json: bool) -> None:
    found = workflow.formats()
    if as_json:
        show_json("render", {"formats": [{"name": name, "title": title} for name, title in found]})
        return
    width = max(len(name) for name, _ in found)
    for name, title in found:
        click.echo(f"{name:<{width}}  {title}")
