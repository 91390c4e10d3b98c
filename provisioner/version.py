"""Versions that never lose a zero: compared as numbers, printed as they were written.

``580.95.05``, ``24.04`` and ``sm_90a`` are texts first; ``packaging`` would print the first two
as 580.95.5 and 24.4 and read the last as a pre-release.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ARCHITECTURE = re.compile(r"^(?:sm|compute)_(\d+)(\d)([af]?)$")
_PRE_RELEASE = re.compile(r"(\d+(?:\.\d+)*)\.?(dev|a|b|rc)(\d+)")
_STAGES = ("dev", "a", "b", "rc")
"""What comes before a release, earliest first."""
_GLIBC = re.compile(r"manylinux_(\d{1,4})_(\d{1,4})_")
_OLD_NAMES = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
"""The glibc of each, as PEP 600 says."""
_FAR = 10**9
"""More than any number of a stage: nightly builds bear their day."""


@lru_cache(maxsize=4096)
def numbers(text: str) -> tuple[int, ...]:
    """Return the dotted numbers of a version, for comparing: ``580.95.05`` → (580, 95, 5).

    Raises ValueError when ``text`` is not dotted numbers.
    """
    return tuple(int(part) for part in text.split("."))


def at_least(version: str, floor: str) -> bool:
    """Whether a version reaches a floor: ``535`` is below ``535.54`` and equals ``535.0``."""
    left, right = numbers(version), numbers(floor)
    width = max(len(left), len(right))
    return left + (0,) * (width - len(left)) >= right + (0,) * (width - len(right))


def is_dotted(text: str) -> bool:
    """Whether ``text`` is dotted numbers at all."""
    return bool(re.fullmatch(r"\d+(\.\d+)*", text))


def minor(version: str) -> str:
    """Return major and minor of a dotted version as written: ``12.6.77`` → ``12.6``."""
    return ".".join(version.split(".")[:2])


def capability_of(architecture: str) -> tuple[str, str]:
    """Split an architecture into capability and suffix: ``sm_90a`` → (``9.0``, ``a``).

    Raises ValueError when ``architecture`` is no ``sm_`` or ``compute_`` name.
    """
    match = _ARCHITECTURE.match(architecture)
    if not match:
        msg = f"{architecture!r} is not an architecture such as sm_86"
        raise ValueError(msg)
    return f"{match[1]}.{match[2]}", match[3]


def architecture_of(capability: str, kind: str = "sm") -> str:
    """Name a capability as an architecture: ``8.6`` → ``sm_86``."""
    return f"{kind}_{capability.replace('.', '')}"


@lru_cache(maxsize=8192)
def order(version: str) -> tuple[tuple[int, ...], int, str]:
    """Return a key that orders the releases of one package, oldest first.

    Release numbers first (trailing zeros do not count), then what comes before or after the
    release itself, then the local part: ``2.15.0rc1`` < ``2.15.0`` < ``2.15.0.post1``,
    ``1.15.5`` < ``1.15.5+nv23.03``.
    """
    public, _, local = version.partition("+")
    release, _, post = public.partition(".post")
    place = int(post or 0)
    if match := _PRE_RELEASE.fullmatch(release):
        release, stage, number = match.groups()
        place = (_STAGES.index(stage) - len(_STAGES)) * _FAR + int(number)
    parts = numbers(release)
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts, place, local


def is_pre_release(version: str) -> bool:
    """Whether a version comes before its release: ``2.15.0rc1``, ``2.15.0.dev20261001``."""
    return _PRE_RELEASE.fullmatch(public(version)) is not None


def public(version: str) -> str:
    """Return a version without its local part: ``1.15.5+nv23.03`` → ``1.15.5``."""
    return version.partition("+")[0]


def glibc_of(wheel: str) -> str | None:
    """Return the oldest glibc that a wheel's file name admits, None where it does not say."""
    tags = wheel.removesuffix(".whl").rpartition("-")[2].split(".")
    found = [f"{match[1]}.{match[2]}" for tag in tags if (match := _GLIBC.match(tag))]
    found += [_OLD_NAMES[name] for tag in tags if (name := tag.partition("_")[0]) in _OLD_NAMES]
    return min(found, key=numbers, default=None)
