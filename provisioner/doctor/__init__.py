"""Why does it not work, and what to do? Symptoms, of a machine or of a pasted report → findings.

Words of programs (``stacks/doctor``) and predicates over facts give points to causes; what to do
comes from the resolver for the machine that is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provisioner.doctor.diagnosis import diagnose
    from provisioner.doctor.patient import Patient
    from provisioner.doctor.reading import read
    from provisioner.doctor.symptoms import Symptoms

__all__ = ["Patient", "Symptoms", "diagnose", "read"]

_PLACES = {"Patient": "patient", "Symptoms": "symptoms", "diagnose": "diagnosis", "read": "reading"}


def __getattr__(name: str) -> Any:
    """Load what is asked for: on a machine where nothing is wrong, nothing has to be judged."""
    from importlib import import_module

    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
