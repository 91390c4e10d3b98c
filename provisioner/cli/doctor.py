"""``dlsetup doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings, write_file
from provisioner.errors import UsageError
from provisioner.plan import Request

_STANDARD_OUTPUT = "-"


@click.command(
    "doctor",
    epilog="Examples: dlsetup doctor; dlsetup doctor demo; dlsetup doctor --report error.txt; "
    "nvidia-smi 2>&1 | dlsetup doctor --report -; dlsetup doctor --explain driver-too-old",
)
@click.argument("name", required=False)
@click.option(
    "--report", metavar="FILE", help="Read what programs printed, from a file or - instead."
)
@click.option(
    "--bundle",
    metavar="FILE",
    help="Write all of it to one file for a bug report, without names, addresses and secrets;"
    " - prints it.",
)
@click.option("--explain", metavar="REFERENCE", help="What a word of a finding means.")
@click.option("--quiet", is_flag=True, help="Print errors alone: doctor --quiet && python train.py")
@options.machine
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    name: str | None,
    report: str | None,
    bundle: str | None,
    explain: str | None,
    quiet: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Say what is broken on this machine, or in environment NAME, and how to mend it.

    It exits with 1 where something is an error. Nothing is changed, and nothing asks for root.
    """
    if explain is not None:
        _explain(explain, typed, as_json=as_json)
        return
    found = _examined(name, report, bundle, typed, as_json=as_json)
    if as_json:
        about: dict[str, Any] = {"findings": found.findings, "looked_at": found.looked_at}
        show_json("doctor", about | ({"path": bundle} if bundle else {}), found.warnings)
    elif bundle == _STANDARD_OUTPUT:
        pass  # it was printed, and nothing else belongs there
    elif bundle:
        from provisioner.cli.text_doctor import show_bundled

        show_bundled(bundle, found)
    elif found.is_broken or not quiet:
        from provisioner.cli.text_doctor import show_examined

        show_examined(found, quiet=quiet)
        show_warnings(() if quiet else found.warnings)
    ctx.exit(1 if found.is_broken else 0)


def _examined(
    name: str | None,
    report: str | None,
    bundle: str | None,
    typed: dict[str, Any],
    *,
    as_json: bool,
) -> Any:
    from provisioner import examination

    if name is not None and report is not None:
        raise click.UsageError("Say NAME or --report, not both.")
    if bundle is not None and report is not None:
        raise click.UsageError("Say --bundle or --report, not both.")
    if bundle == _STANDARD_OUTPUT and as_json:
        raise click.UsageError("Say --json, or --bundle -, which prints JSON as well, not both.")
    asked = _asked(typed)
    if bundle is not None:
        found, text = examination.bundled(name, asked.options)
        if bundle == _STANDARD_OUTPUT:
            click.echo(text, nl=False)
        else:
            write_file(Path(bundle), text, private=True, option="--bundle")
        return found
    if report is not None:
        return examination.of_report(report, asked.options, _wanted(asked))
    return examination.of_machine(name, asked.options, _wanted(asked))


_OF_A_REQUEST = {"files": "--requirement", "profile": "--profile"}
"""Options that name what to install: no finding and no fix depends on them."""


def _asked(typed: dict[str, Any]) -> workflow.Asked:
    """What was typed of a machine, and of how fixes are to be planned.

    Raises UsageError ``bad-usage`` for options that would say nothing here.
    """
    given = [option for name, option in _OF_A_REQUEST.items() if typed[name]]
    if given:
        raise UsageError(
            "bad-usage",
            f"{given[0]} names what to install, and doctor looks for what is broken.",
            hint="Leave it out. A plan is asked for with: dlsetup resolve",
        )
    return options.asked((), typed, must_ask=False)


def _wanted(asked: workflow.Asked) -> Request:
    """How fixes are to be planned. Raises UsageError ``bad-python``."""
    return Request(
        requirements=(),
        python=workflow.python_of(asked.python),
        via=asked.via,
        keep_driver=asked.keep_driver,
        pre=asked.pre,
    )


def _explain(word: str, typed: dict[str, Any], *, as_json: bool) -> None:
    from provisioner import examination

    workflow.explained(word)  # a wrong word is told before anything is looked at
    asked = _asked(typed)
    found = examination.explained(word, asked.options, _wanted(asked))
    if as_json:
        about = {
            name: getattr(found, name) for name in ("reference", "recognised", "fixes", "checks")
        }
        show_json("doctor", about)
        return
    from provisioner.cli.text_doctor import show_explained

    show_explained(found)


for _parameter in command.params:
    if isinstance(_parameter, click.Option) and _parameter.name in _OF_A_REQUEST:
        _parameter.hidden = True  # it is refused with a sentence, and no help offers it
