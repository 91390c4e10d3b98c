"""Findings of ``dlsetup doctor`` for people."""

from __future__ import annotations

from collections.abc import Iterator

import click

from provisioner.cli.check import width_of_output
from provisioner.cli.output import folded, printable
from provisioner.examination import Examined
from provisioner.report import Finding

_MOST_SEEN = 4
"""Lines of evidence that are shown of one finding."""


def show_examined(found: Examined, *, quiet: bool = False) -> None:
    """Print what was found, the likeliest first; with ``quiet`` the errors alone."""
    width = min(width_of_output(), 100)
    findings = [one for one in found.findings if not _is_faint(one) or found.findings[0] == one]
    findings = [one for one in findings if not quiet or one.severity == "error"]
    for number, finding in enumerate(findings):
        if number:
            click.echo()
        for line in _lines(finding, width):
            click.echo(line)
    if quiet:
        return
    if not findings:
        click.echo("Nothing was found that is wrong.")
    faint = [one.reference for one in found.findings if one not in findings]
    if faint:
        click.echo(f"\nalso possible, and less likely: {', '.join(faint)}")
    click.echo()
    click.echo(folded(f"looked at: {'; '.join(found.looked_at)}", width, rest="  "))
    if findings:
        click.echo("What a word means: dlsetup doctor --explain WORD")


def _is_faint(finding: Finding) -> bool:
    return finding.severity == "note" and finding.confidence == "unsure"


def _lines(finding: Finding, width: int) -> Iterator[str]:
    sure = "" if finding.confidence == "certain" else f" ({finding.confidence})"
    yield f"{finding.severity}: {finding.reference}{sure}"
    yield folded(finding.message, width, first="  ", rest="  ")
    for line in finding.evidence[:_MOST_SEEN]:
        yield folded(f"seen: {line}", width, first="  ", rest="    ")
    if finding.fix:
        yield "  what to do:"
    for number, text in enumerate(finding.fix, 1):
        yield _fix(f"{number}. {text}", width)


def _fix(text: str, width: int) -> str:
    """Commands are never broken over lines: they are copied from here."""
    if "dlsetup " in text or "sudo " in text or "docker " in text:
        return f"    {printable(text)}"
    return folded(text, width, first="    ", rest="       ")
