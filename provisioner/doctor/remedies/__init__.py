"""What to do about a cause on one machine: rows, filled in by the resolver and the machine."""

from __future__ import annotations

import re

from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies.conditions import CONDITIONS, families
from provisioner.doctor.remedies.places import placed
from provisioner.doctor.remedies.values import VALUES

CHECK = "check: "
"""What the line starts with that says what to look at afterwards."""
_PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)\}")
_LINKED = re.compile(r"(?:or|then|and) ")
_OF_THE_HOST = re.compile(r"\b(?:sudo |reboot|dkms )")
_QUOTED = re.compile(r"'([^'\s]*[<>=*|^\[][^'\s]*)'")
"""A word that a shell must not read: Windows' one knows double quotes alone."""


def fixes(reference: str, patient: Patient, held: frozenset[str]) -> tuple[str, ...]:
    """Return what to do, in order, and at the end what to check afterwards.

    ``held`` are the signs and predicates that hold. Empty where the rows know nothing for this
    machine: what to check afterwards never stands alone.
    """
    patient = placed(reference, patient)
    rows = [row for row in patient.catalog.remedies if row.reference == reference]
    # A condition may cost a plan: those of other causes are not asked.
    asked = {name for row in rows for name in (*row.when, *row.unless)} & set(CONDITIONS)
    known = held | families(patient)
    known |= {name for name in asked if CONDITIONS[name](patient, known)}
    rows = [
        row for row in rows if known.issuperset(row.when) and not known.intersection(row.unless)
    ]
    inside = "in-container" in held
    done = _said([row.fix for row in rows if not row.check], patient, inside=inside)
    if not done:
        return ()
    # The first line leans on nothing before it: "or keep the driver" becomes "keep the driver".
    done[0] = _LINKED.sub("", done[0], count=1) if _LINKED.match(done[0]) else done[0]
    on_host = inside and any("host" in text for text in done)
    checks = _said([row.fix for row in rows if row.check], patient, inside=inside and not on_host)
    checks = list(map(_on_host, checks)) if on_host else checks
    return (*done, *(CHECK + text for text in checks))


def _said(texts: list[str], patient: Patient, *, inside: bool) -> list[str]:
    """The texts that have an answer; inside a container one is root, and sudo is not there.

    What follows on a word of the host is done on the host.
    """
    filled = [text for text in (_filled(text, patient) for text in texts) if text]
    outside = next((at for at, text in enumerate(filled) if "host" in text), len(filled))
    if inside:
        filled[:outside] = [text.replace("sudo ", "") for text in filled[:outside]]
        filled[outside:] = [_on_host(text) for text in filled[outside:]]
    return list(dict.fromkeys(filled))


def _on_host(text: str) -> str:
    """What only a host's root does, said to be done there."""
    if "host" in text or not _OF_THE_HOST.search(text):
        return text
    link = _LINKED.match(text)
    start = link[0] if link else ""
    return f"{start}on the host: {text.removeprefix(start)}"


def _filled(text: str, patient: Patient) -> str | None:
    """A row's words with its placeholders filled; None where one of them has no answer."""
    values = {name: VALUES[name](patient) for name in _PLACEHOLDER.findall(text)}
    if any(value is None for value in values.values()):
        return None
    filled = _PLACEHOLDER.sub(lambda match: values[match[1]] or "", text)
    return _QUOTED.sub(r'"\1"', filled) if patient.machine.os.id == "windows" else filled
