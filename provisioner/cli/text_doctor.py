"""Findings of ``dlsetup doctor`` for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from provisioner.cli.check import width_of_output
from provisioner.cli.output import folded, printable
from provisioner.examination import Examined
from provisioner.report import Finding

if TYPE_CHECKING:
    from provisioner.doctor.explaining import Explained

COMMANDS = (
    "dlsetup ",
    "sudo ",
    "docker ",
    "pip ",
    "uv pip ",
    "/usr/bin/python3 ",
    "conda ",
    "export ",
    "unset ",
    "python ",
    "grep ",
    "nvidia-smi",
    "nvidia-ctk ",
    "podman ",
    "apptainer ",
    "uv ",
    "apt ",
    "apt-get ",
    "apt-mark ",
    "apt-key ",
    "dnf ",
    "zypper ",
    "pacman ",
    "dkms ",
    "akmods ",
    "modprobe ",
    "nvidia-modprobe ",
    "nvidia-uninstall",
    "update-initramfs ",
    "dracut ",
    "mkinitcpio ",
    "tegrastats",
    "grubby ",
    "mokutil ",
    "systemctl ",
    "dmesg ",
    "fuser ",
    "mkdir -",
    "mount -",
    "rm -",
    "wget ",
    "ldconfig",
    "rocminfo",
    "rocm-smi",
    "wsl --",
    "dpkg -",
    "rpm -",
    "df -",
    "cat /",
    "ls /",
    "deploy.",
)
"""What tells that a line holds something to copy."""
_BEFORE_COMMAND = re.compile(rf": (?={'|'.join(map(re.escape, COMMANDS))})")
_OR_THEN = re.compile(r", (?=(?:and|or|then)\b)")
"""Between a command and what is said after it."""
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


def show_bundled(path: str, found: Examined) -> None:
    """Print where a bundle was written, what it names, and what to do before it is sent."""
    names = ", ".join(finding.reference for finding in found.findings) or "nothing that is wrong"
    click.echo(f"Written: {printable(path)}\nfound: {names}")
    click.echo("Names, addresses, secrets and serial numbers were taken out; read it all the same")
    click.echo("before you send it. It is read again by: dlsetup doctor --report FILE")


def show_explained(found: Explained) -> None:
    """Print what a word means, how it is recognised, what to do, and what to check afterwards."""
    width = min(width_of_output(), 100)
    click.echo(f"{found.reference.name}\n\n{folded(found.reference.meaning, width)}")
    if found.recognised:
        click.echo("\nhow it is recognised:")
    for text in found.recognised:
        click.echo(folded(f"- {text}", width, first="  ", rest="    "))
    click.echo("\nwhat to do:")
    for number, text in enumerate(found.fixes, 1):
        click.echo(_fix(f"{number}. {text}", width, "  "))
    if found.checks:
        click.echo("\nwhat to check afterwards:")
    for text in found.checks:
        click.echo(_fix(text, width, "  ", "  "))


def _is_faint(finding: Finding) -> bool:
    return finding.severity == "note" and finding.confidence == "unsure"


def _lines(finding: Finding, width: int) -> Iterator[str]:
    sure = "" if finding.confidence == "certain" else f" ({finding.confidence})"
    yield f"{finding.severity}: {finding.reference}{sure}"
    yield folded(finding.message, width, first="  ", rest="  ")
    for line in finding.evidence[:_MOST_SEEN]:
        yield folded(f"seen: {line}", width, first="  ", rest="    ")
    from provisioner.doctor.remedies import CHECK

    checks = [text.removeprefix(CHECK) for text in finding.fix if text.startswith(CHECK)]
    fixes = [text for text in finding.fix if not text.startswith(CHECK)]
    if fixes:
        yield "  what to do:"
    for number, text in enumerate(fixes, 1):
        yield _fix(f"{number}. {text}", width, "    ")
    if checks:
        yield "  what to check afterwards:"
    for text in checks:
        yield _fix(text, width, "    ", "  ")


def _fix(text: str, width: int, margin: str, rest: str = "   ") -> str:
    """A line as it is, else in several; commands are never broken: they are copied from here."""
    line = f"{margin}{printable(text)}"
    if len(line) <= width:
        return line
    inner = margin + rest
    if match := _BEFORE_COMMAND.search(text):
        prose = folded(text[: match.end()].rstrip(), width, first=margin, rest=inner)
        command, *more = _OR_THEN.split(text[match.end() :], maxsplit=1)
        further = (_fix(one, width, inner, "") for one in more)
        return "\n".join((prose, f"{inner}{printable(command)}", *further))
    if any(word in text for word in COMMANDS):
        return line
    return folded(text, width, first=margin, rest=inner)
