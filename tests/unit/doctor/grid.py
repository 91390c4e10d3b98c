"""Every cause on every kind of machine: what doctor would tell there, and the commands in it."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import msgspec

from provisioner.doctor import Patient
from provisioner.doctor.judge import facts_of
from provisioner.doctor.remedies import fixes
from provisioner.doctor.symptoms import Installed
from tests.unit.doctor.machines import CONTAINERS, DESCRIBED, patient

PLACES = [(name, False) for name in DESCRIBED] + [(name, True) for name in sorted(CONTAINERS)]
SCENES: dict[str, tuple[Installed, ...]] = {
    "bare": (),
    "for the CPU": (Installed("torch", "2.6.0", "cpu"),),
    "too new": (Installed("torch", "2.9.0", "cu130"),),
    "too old": (Installed("torch", "1.9.0", "cu102"),),
    "tensorflow": (Installed("tensorflow", "2.10.0", ""),),
}
"""What is installed, by a name for it."""
_OF_BUILDS = {
    "gpu-too-new",
    "gpu-too-old",
    "driver-too-old",
    "cpu-only-wheel",
    "python-too-new",
    "cudnn-missing",
    "cudnn-wrong-version",
    "extension-abi",
    "glibc-too-old",
}


class Told(NamedTuple):
    """The lines of one cause on one machine."""

    place: str
    container: bool
    scene: str
    reference: str
    lines: tuple[str, ...]


def references() -> tuple[str, ...]:
    """Every cause that there are fixes for."""
    rows = patient("ada-noble").catalog.remedies
    return tuple(dict.fromkeys(row.reference for row in rows))


@cache
def grid() -> tuple[Told, ...]:
    """All of it; what is installed differs only where builds are spoken of."""
    found = []
    for place, container in PLACES:
        for scene, packages in SCENES.items():
            for reference in references():
                if packages and (container or reference not in _OF_BUILDS):
                    continue
                lines = told(reference, place, container=container, packages=packages)
                found.append(Told(place, container, scene, reference, lines))
    return tuple(found)


def told(
    reference: str, place: str, *, container: bool, packages: tuple[Installed, ...]
) -> tuple[str, ...]:
    """The lines of one cause."""
    one = _patient(place, container, packages)
    held = frozenset(facts_of(one.symptoms, one.catalog))
    return fixes(reference, one, held)


@cache
def _patient(place: str, container: bool, packages: tuple[Installed, ...]) -> Patient:
    """One for all causes: its plans are made once."""
    bare = patient(place, container=container)
    symptoms = msgspec.structs.replace(bare.symptoms, packages=packages)
    return Patient(symptoms, bare.catalog)


_PROGRAMS = (
    "apptainer apt apt-cache apt-get apt-mark cat conda df dkms dlsetup dnf docker dpkg export grep"
    " kubectl ldconfig ldd ls lspci mkdir mokutil nvcc nvidia-ctk nvidia-smi"
    " pacman pip podman printf python rm rocm-smi rocminfo rpm sudo sysctl systemctl uname"
    " unset update-initramfs uv wget zypper LD_DEBUG=libs"
)
_ALONE = {"nvidia-smi", "rocminfo"}
_START = re.compile(rf"(?<![\w./'\"-])(?:{'|'.join(map(re.escape, _PROGRAMS.split()))}) ")
_END = re.compile(
    r", (?:then|and|or|again|which|where|those|these|but)\b|, [A-Z]|: (?=[a-z])"
    r"| (?:names?|says?|lists?|shows|prints|brings|removes|points|runs|takes|still|is|knows)(?= |$)"
    r"| (?:on the host|inside the container|there|alone|and nvidia-smi)\b"
    r"| \((?=[a-z])|; (?:these|remove|name)\b|…|, up to"
)


def commands(text: str) -> list[str]:
    """The shell commands in a line of prose, whole: up to where the prose goes on."""
    found, at = [], 0
    while match := _START.search(text, at):
        opened = text[: match.start()].endswith("(")
        end = _end(text, match.start(), opened=opened)
        found.append(text[match.start() : end].strip())
        at = max(end, match.end())
    return [one for one in found if " " in one or one in _ALONE]


def _end(text: str, start: int, *, opened: bool) -> int:
    """Where a command ends: outside of quotes, at words of prose or its closing bracket."""
    quote, depth = "", 0
    for at in range(start, len(text)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "(" and text[at - 1] == "$":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif (letter == ")" and opened) or _END.match(text, at):
            return at
    return len(text)
