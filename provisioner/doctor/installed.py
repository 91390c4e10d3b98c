"""Packages that do not fit their machine: what ``render --check`` asks, of what is there."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground
from provisioner.check.remedy import Output, Remedy
from provisioner.check.said import Package, Part, Place, Python
from provisioner.doctor.patient import Patient
from provisioner.doctor.symptoms import Installed
from provisioner.errors import DlsetupError
from provisioner.version import is_dotted

RULES = ("builds", "pairs", "time_rot")
"""The rules that are asked, of ``provisioner.check.rules``."""
CALLED = {
    "python-unsupported": "python-too-new",
    "no-build-for-platform": "python-too-new",
    "cudnn-too-new": "cudnn-wrong-version",
    "gpu-unsupported": "gpu-too-old",
    "gfx-not-in-build": "rocm-gfx",
    "cuda-libraries-too-old": "gpu-too-new",
}
"""What a rule calls otherwise."""
_OF_CAPS = {"numpy": "numpy2-abi", "protobuf": "protobuf"}
"""The cause where a cap on one of these is missing."""
_CAP = "cap-missing"


def flaws(patient: Patient) -> Iterator[tuple[str, Flaw]]:
    """Yield what is wrong with the packages that are named, each under the name of its cause."""
    exact = [one for one in patient.symptoms.packages if is_dotted(one.version)]
    known = [one for one in exact if one.name in patient.catalog.frameworks]
    if not known:
        return
    remedy = Remedy(
        patient.catalog,
        Output("requirements", None, "requirements"),
        patient.options,
        patient.machine,
    )
    part = Part(inside="environment", statements=tuple(_statements(patient, exact)))
    ground = Ground(part, patient.machine, patient.catalog, remedy)
    for rule in RULES:
        try:
            found = tuple(import_module(f"provisioner.check.rules.{rule}").flaws(ground))
        except (DlsetupError, ValueError):
            continue
        for flaw in found:
            if flaw.severity == "error" and (name := _cause(flaw, exact)):
                yield name, flaw


def _statements(patient: Patient, exact: list[Installed]) -> Iterator[Package | Python]:
    if patient.symptoms.python:
        yield Python(specifier=f"=={patient.symptoms.python}.*", at=Place(0, ""))
    for one in exact:
        conda = one.manager == "conda"
        local = f"+{one.local}" if one.local and not conda else ""
        yield Package(
            name=one.name,
            at=Place(0, one.quote),
            specifier=f"=={one.version}{local}",
            manager="conda" if conda else "pip",
            build=one.local if conda else "",
            sources_known=False,
        )


def _cause(flaw: Flaw, exact: list[Installed]) -> str | None:
    if flaw.reference != _CAP:
        return CALLED.get(flaw.reference, flaw.reference)
    named = {one.name for one in exact}
    for text in flaw.fix:
        for name, cause in _OF_CAPS.items():
            # Without the package in sight nobody knows which release is there.
            if text.startswith((f"add {name}", name)) and name in named:
                return cause
    return None
