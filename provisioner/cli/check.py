"""``dlsetup render --check``: what of existing files does not fit a machine."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import click

from provisioner import checking
from provisioner.check import Checked
from provisioner.check.written import is_code
from provisioner.cli import options
from provisioner.cli.output import folded, printable, show_json, show_warnings, width_of
from provisioner.errors import UsageError
from provisioner.report import Finding

_WIDTH = 80
"""Columns of what is printed where there is no terminal."""


def run(names: tuple[str, ...], typed: dict[str, Any], *, as_json: bool) -> int:
    """Check files and print what was found; return the exit code. Raises UsageError."""
    if not names:
        raise UsageError(
            "nothing-asked",
            "No file was named.",
            hint="Name one: dlsetup render --check Dockerfile; - is standard input",
        )
    asked = options.asked((), typed, must_ask=False)
    checked, warnings = checking.checked(names, asked.options, _typed(typed), asked.python)
    findings = [finding for file in checked for finding in file.findings]
    if as_json:
        files = [
            {"path": file.name, "kind": file.kind, "statements": file.statements}
            for file in checked
        ]
        show_json("render", {"findings": findings, "files": files}, warnings)
    else:
        _show(checked)
        show_warnings(warnings)
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def _typed(typed: dict[str, Any]) -> tuple[str, ...]:
    """The machine options as they were typed, to stand behind a command that is proposed."""
    words = [word for gpu in typed["gpus"] for word in ("--gpu", gpu)]
    named = (("machine_file", "--machine"), ("machine_class", "--class"))
    for key, option in (*named, *((name, f"--{name}") for name in ("driver", "os", "arch"))):
        if typed[key]:
            words += [option, typed[key]]
    return tuple(words)


def _show(checked: Sequence[Checked]) -> None:
    width = min(width_of_output(), 100)
    for number, file in enumerate(checked):
        if number:
            click.echo()
        click.echo(folded(_heading(file), width, rest="  "))
        for finding in file.findings:
            click.echo()
            for line in _lines(file, finding, width):
                click.echo(line)
    if any(file.findings for file in checked):
        click.echo("\nWhat a word means: dlsetup doctor --explain WORD")


def width_of_output() -> int:
    """The columns there are; 80 where nobody looks at a terminal."""
    import sys

    return width_of(sys.stdout) or _WIDTH


def _heading(file: Checked) -> str:
    name = "standard input" if file.name == "-" else file.name
    if file.kind is None or not (file.statements or file.findings):
        kind = f" ({file.kind})" if file.kind else ""
        return f"{name}{kind}: nothing in it that dlsetup knows"
    if not file.findings:
        return f"{name} ({file.kind}): nothing found that does not fit"
    counts = [
        _counted(sum(one.severity == severity for one in file.findings), severity)
        for severity in ("error", "warning", "note")
    ]
    return f"{name} ({file.kind}): " + ", ".join(filter(None, counts))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""


def _lines(file: Checked, finding: Finding, width: int) -> list[str]:
    """A finding for people: what, where, why, and what to do; commands are never broken."""
    seen = [line for text in finding.evidence if (line := _seen(file, text))]
    sure = "" if finding.confidence == "certain" else f" ({finding.confidence})"
    lines = [f"{finding.severity}: {finding.reference}{sure}"]
    lines += [folded(text, width, first="  ", rest="    ") for text in seen]
    lines.append(folded(finding.message, width, first="  ", rest="  "))
    if finding.fix:
        lines.append("  fix:")
    lines += [_fix(text, width) for text in finding.fix]
    return lines


def _seen(file: Checked, text: str) -> str | None:
    """A line that a finding is about, with its file where that is another one."""
    if text.startswith(f"{file.name}:"):
        return f"line {text[len(file.name) + 1 :]}"
    name = next((one for one in file.followed if text.startswith(f"{one}:")), None)
    return f"{name}, line {text[len(name) + 1 :]}" if name else None


def _fix(text: str, width: int) -> str:
    lock = text.startswith("dlsetup ") and shlex.split(text)[1:2] == ["lock"]
    if is_code(text) and not lock:
        return f"    {printable(text)}"
    return folded(text, width, first="    ", rest="      ")
