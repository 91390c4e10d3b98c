"""The conductor of doctor: a machine, an environment or a pasted report → findings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from provisioner import workflow
from provisioner.describe import Options
from provisioner.detect.host import Host
from provisioner.detect.remembered import FactCache, cache_folder
from provisioner.doctor.live import look
from provisioner.doctor.pasted import bad_report, pasted
from provisioner.doctor.symptoms import Symptoms
from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.plan import ANYTHING, Request, Warning
from provisioner.report import Finding

if TYPE_CHECKING:
    from provisioner.doctor.explaining import Explained
    from provisioner.doctor.live.room import Room

_OF_THE_DRIVER = frozenset(("gpu-not-initialising", "nvml-failed", "probe-failed"))
"""Warnings of detection that point at a cause."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and what was looked at to find it."""

    findings: tuple[Finding, ...]
    looked_at: tuple[str, ...]
    warnings: tuple[Warning, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether anything is an error."""
        return any(finding.severity == "error" for finding in self.findings)


def of_report(name: str, options: Options, wanted: Request = ANYTHING) -> Examined:
    """Say what a pasted report tells; ``options`` and ``wanted`` name what it does not.

    Raises UsageError ``bad-report`` for a file that cannot be read, or as ``machine_of`` does.
    """
    from provisioner.doctor import Patient, diagnose, read
    from provisioner.doctor.bundle import is_bundle

    rows = workflow.catalog()
    text, left_out = pasted(name)
    if is_bundle(text):
        return _of_bundle(name, text)
    symptoms = read(text, rows)
    symptoms = msgspec.structs.replace(symptoms, python=wanted.python or symptoms.python)
    if left_out:
        symptoms = msgspec.structs.replace(symptoms, left_out_bytes=left_out)
    machine, warnings = _machine(options)
    meant = Patient(_with(symptoms, machine), rows, machine, from_afar=True, wanted=wanted)
    found = diagnose(meant)
    return Examined(
        findings=found,
        looked_at=tuple(_looked_at(symptoms)),
        warnings=(*warnings, *_left_out(symptoms)),
    )


def of_machine(name: str | None, options: Options, wanted: Request = ANYTHING) -> Examined:
    """Say what is broken on this machine, and in an environment of ``up`` where one is named.

    What to do about it is planned as ``wanted`` says.

    A name with a slash in it is the folder of any environment. Raises UsageError
    ``unknown-environment``, ``python-not-found``, or ``not-this-machine`` for
    options that describe another machine; OutsideError ``environment-damaged``.
    """
    return _looked(name, options, wanted).examined


class _Sight(NamedTuple):
    """One look at this machine: what was found, and all that it was found in."""

    examined: Examined
    machine: Machine
    symptoms: Symptoms
    host: Host
    room: Room


def _looked(name: str | None, options: Options, wanted: Request = ANYTHING) -> _Sight:
    rows = workflow.catalog()
    if options.machine_file or options.from_afar or options.driver:
        raise UsageError(
            "not-this-machine",
            "A machine that is only described cannot be examined.",
            hint="Leave the machine options out, or give what it printed: --report FILE",
        )
    machine, warnings = workflow.this_machine()
    host = Host("/", os.environ, FactCache(cache_folder(os.environ)))
    from provisioner.doctor.live import room as rooms

    room = rooms.of(name, os.environ, frozenset(rows.frameworks))
    for_cpu = options.gpus == ("none",) or room.for_cpu
    lines = (*room.lines(machine, os.environ, for_cpu=for_cpu), *_told(warnings, machine))
    seen = look(host, machine, rows, more=lines, packages=room.packages())
    symptoms = msgspec.structs.replace(
        seen.symptoms,
        python=room.python,
        cpu_wanted=seen.symptoms.cpu_wanted or for_cpu,
    )
    findings = _findings(symptoms, machine, wanted)
    if room.inside is not None and findings:
        from provisioner.doctor.live.addressing import addressed

        findings = addressed(findings, room, machine.tools.get("uv"))
    known = {finding.reference for finding in findings}
    known |= {line for finding in findings for line in finding.evidence}
    examined = Examined(
        findings=findings,
        looked_at=(*seen.looked_at, *room.looked_at),
        warnings=tuple(
            one
            for one in (*warnings, *seen.warnings)
            if known.isdisjoint((one.reference, one.message))
        ),
    )
    return _Sight(examined, machine, symptoms, host, room)


def _told(warnings: tuple[Warning, ...], machine: Machine) -> tuple[str, ...]:
    """What detection heard of the driver of a GPU, and could not put right."""
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus):
        return ()
    return tuple(one.message for one in warnings if one.reference in _OF_THE_DRIVER)


def bundled(name: str | None, options: Options) -> tuple[Examined, str]:
    """Look as ``of_machine`` does; return also one text of it all that says nothing of its author.

    Raises as ``of_machine`` does.
    """
    from provisioner import __version__, settings
    from provisioner.doctor import anonymous
    from provisioner.doctor.bundle import Bundle, packed
    from provisioner.doctor.live import inventory

    sight = _looked(name, options)
    inside = sight.room.inside
    bundle = Bundle(
        made_by=f"dlsetup {__version__}",
        machine=sight.machine,
        findings=sight.examined.findings,
        looked_at=sight.examined.looked_at,
        warnings=sight.examined.warnings,
        environment=msgspec.to_builtins(inside) if inside else {},
        seen={title: tuple(lines) for title, lines in inventory.see(sight.host).items()},
        symptoms=sight.symptoms,
    )
    hidden = anonymous.of_this_machine(os.environ, settings.current().redacted)
    return sight.examined, packed(bundle, hidden).decode()


def _of_bundle(name: str, text: str) -> Examined:
    """What a bundle's machine was found to have, judged again by today's rows."""
    from provisioner.doctor.bundle import opened

    try:
        bundle = opened(text, workflow.catalog())
    except ValueError as error:
        raise bad_report(name, f"it was cut off or changed: {error}") from error
    return Examined(
        findings=_findings(bundle.symptoms, bundle.machine),
        looked_at=bundle.looked_at,
        warnings=bundle.warnings,
    )


def explained(word: str, options: Options, wanted: Request = ANYTHING) -> Explained:
    """Say what a word of a finding means, and what to do on this machine or a described one.

    Raises UsageError ``unknown-reference``, or as ``machine_of`` does.
    """
    from provisioner.doctor import Patient
    from provisioner.doctor.explaining import explain

    told = _machine(options)[0]
    machine = told or workflow.this_machine()[0]
    symptoms = _with(Symptoms(text="", python=wanted.python or ""), machine)
    far = told is not None
    patient = Patient(symptoms, workflow.catalog(), machine, from_afar=far, wanted=wanted)
    return explain(word, patient)


def _findings(
    symptoms: Symptoms, machine: Machine, wanted: Request = ANYTHING
) -> tuple[Finding, ...]:
    """What is wrong; where no probe said a word, and no framework is there, no rule is read."""
    rows = workflow.catalog()
    judged = any(one.name in rows.frameworks for one in symptoms.packages)
    if not symptoms.text.strip() and not judged:
        return ()
    from provisioner.doctor import Patient, diagnose

    return diagnose(Patient(symptoms, rows, machine, wanted=wanted))


def _machine(options: Options) -> tuple[Machine | None, tuple[Warning, ...]]:
    """The machine that was named; None where none was: the report is of another one than this."""
    if not (options.machine_file or options.from_afar or options.driver):
        return None, ()
    return workflow.machine_of(options)


def _with(symptoms: Symptoms, machine: Machine | None) -> Symptoms:
    """Symptoms, and what a machine that was named adds to them."""
    if machine is None:
        return symptoms
    driver = machine.driver.version if machine.driver else None
    return msgspec.structs.replace(
        symptoms,
        gpus=machine.gpus or symptoms.gpus,
        driver=driver or symptoms.driver,
        os_id=machine.os.id,
        os_version=machine.os.version,
        wsl=machine.os.wsl,
        container=symptoms.container or machine.os.container is not None,
        arch=machine.arch,
    )


def _looked_at(symptoms: Symptoms) -> list[str]:
    """What a report was understood to say, in words."""
    told = [f"{len(symptoms.text.splitlines())} lines"]
    gpus = ", ".join(gpu.name for gpu in symptoms.gpus)
    facts = (
        ("system", f"{symptoms.os_id} {symptoms.os_version}".strip()),
        ("GPU", gpus),
        ("driver", symptoms.driver),
        ("kernel module", symptoms.module),
        ("Python", symptoms.python),
        ("nvcc", symptoms.toolkit),
        ("packages", ", ".join(f"{one.name} {one.version}" for one in symptoms.packages[:6])),
    )
    return told + [f"{name}: {value}" for name, value in facts if value]


def _left_out(symptoms: Symptoms) -> tuple[Warning, ...]:
    if not symptoms.left_out_bytes:
        return ()
    size = symptoms.left_out_bytes // 1_000_000
    text = f"The report is long: {size or 1} MB in its middle were not read."
    return (Warning("report-cut", text),)
