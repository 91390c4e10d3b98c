"""Why does it not work, and what to do? Symptoms, of a machine or of a pasted report → findings.

Words of programs (``stacks/doctor``) and predicates over facts give points to causes; what to do
comes from the resolver for the machine that is meant.
"""

from __future__ import annotations

from provisioner.doctor.diagnosis import diagnose
from provisioner.doctor.patient import Patient
from provisioner.doctor.reading import read
from provisioner.doctor.symptoms import Symptoms

__all__ = ["Patient", "Symptoms", "diagnose", "read"]
