"""What the probes of a machine name in their lines: packages, folders, toolkits."""

from __future__ import annotations

import re
import shlex

from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies.toolkits import build_cuda
from provisioner.version import minor

_FULL = re.compile(
    r"(?:No space left on device|little room for the system): (?P<place>/.*?) (?:\(|has no inodes)"
)
_ON_HOLD = re.compile(r"on hold for apt: ([^,]+(?:, (?!while )[^,]+)*)")
_FOR_NEWER_GLIBC = re.compile(r"(\S+) \S+ was built for glibc ")
_TWICE = re.compile(r"(\S+) lies twice in .*: (\S+), which is imported")
_FOR_NUMPY_1 = re.compile(r"compiled for NumPy 1, and numpy \S+ is here: (.+?) \(/")


def full_place(patient: Patient) -> str | None:
    """The folder whose file system is full."""
    return next((shlex.quote(one["place"]) for one in _found(_FULL, patient)), None)


def held(patient: Patient) -> str | None:
    """The packages that apt holds."""
    told = next(iter(_found(_ON_HOLD, patient)), None)
    return shlex.join(told[1].split(", ")) if told else None


def wheels_for_glibc(patient: Patient) -> str | None:
    """The packages whose wheels want a newer glibc, but for frameworks: those are planned."""
    names = [name for name in _of_glibc(patient) if name.lower() not in patient.catalog.frameworks]
    return shlex.join(names) if names else None


def framework_fits_glibc(patient: Patient) -> bool:
    """Whether the probes named the packages that do not, and no framework is among them."""
    return bool(_of_glibc(patient)) and not any(
        name.lower() in patient.catalog.frameworks for name in _of_glibc(patient)
    )


def _of_glibc(patient: Patient) -> list[str]:
    return list(dict.fromkeys(one[1] for one in _found(_FOR_NEWER_GLIBC, patient)))


def twice(patient: Patient) -> str | None:
    """The package of which one folder tells twice, as it is taken away: once for each."""
    return next((shlex.quote(one[1]) for one in _found(_TWICE, patient)), None)


def twice_anew(patient: Patient) -> str | None:
    """What installs the release of it that is imported; a framework's build is the plan's."""
    told = next(iter(_found(_TWICE, patient)), None)
    if told is None or told[1] in patient.catalog.frameworks:
        return None
    return shlex.join(["pip", "install", f"{told[1]}=={told[2].partition('+')[0]}"])


def compiled_for_numpy_1(patient: Patient) -> str | None:
    """The packages that were compiled for NumPy 1, to be upgraded."""
    told = next(iter(_found(_FOR_NUMPY_1, patient)), None)
    return shlex.join(one.split()[0] for one in told[1].split(", ")) if told else None


def toolkit_home(patient: Patient) -> str | None:
    """The folder of a toolkit that is on the machine: of the framework's CUDA, where that is known.

    Of the same minor release before one of the same major, which torch takes too.
    """
    kits = patient.seen.toolkits if patient.seen and patient.symptoms.examined else ()
    cuda = build_cuda(patient)
    if cuda is None:
        return shlex.quote(kits[0].path) if kits else None
    major = cuda.partition(".")[0]
    fitting = [kit for kit in kits if kit.version.partition(".")[0] == major]
    fitting.sort(key=lambda kit: minor(kit.version) != cuda)
    return shlex.quote(fitting[0].path) if fitting else None


def _found(pattern: re.Pattern[str], patient: Patient) -> list[re.Match[str]]:
    lines = patient.symptoms.lines if patient.symptoms.examined else ()
    return [match for line in lines if (match := pattern.match(line.strip()))]
