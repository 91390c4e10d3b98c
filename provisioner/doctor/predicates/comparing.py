"""Comparisons that rows make: a fact, an operator and a version."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from provisioner.doctor.symptoms import Symptoms
from provisioner.version import order

_FORM = re.compile(r"([a-z][a-z0-9-]*)(>=|<=|==|<|>)(\d+(?:\.\d+)*)")
_SPOKEN = {">=": "at least", "<=": "at most", "==": "", "<": "below", ">": "above"}
_TITLES = {
    "capability": "the compute capability",
    "target": "the architecture that the compiler was asked for",
    "cuda-error": "an error of CUDA",
    "driver": "the driver",
    "python": "Python",
}
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_AFTER_NUMBERS = re.compile(r"(?!x$)[^0-9.].*")
_LAST = 10**6
"""No minor release has such a number."""
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_TARGET = re.compile(
    r"(?:value 'sm_|architecture '?(?:compute|sm)_|cuda arch \(?"
    r"|options: [^\n]*-arch=(?:compute|sm)_)"
    r"(\d{1,2})\.?(\d)(?!\d)"
)
_CODE = re.compile(
    r"(?<![a-z])(?:err(?:or)?|errno|failure|failed|status|returned|returns|result|code|ret|gives)"
    r"[:=('\" #-]{1,4}(\d{3})(?![\w.%/])"
)
"""How programs print a code: ``err: 999``, ``init failure: 999``, ``returned=802``."""
_MOST_CODES = 200


def is_comparison(text: str) -> bool:
    """Whether a row's word compares a fact with a version: ``capability<7.5``."""
    return _FORM.fullmatch(text) is not None


def in_words(text: str) -> str | None:
    """Return a comparison as a clause, ``torch is below 2.3``; None where it is none."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    name, sign, bound = match.groups()
    title = _TITLES.get(name, name)
    if (sign, bound) == (">", "0"):
        return f"{title} is named"
    return " ".join(filter(None, (title, "is", _SPOKEN[sign], bound)))


def compared(text: str, symptoms: Symptoms) -> str | None:
    """Return what fulfils a comparison, in words; None where nothing does or nobody knows.

    Facts are ``capability`` (of any GPU of NVIDIA's), ``target`` (the architecture that a compiler
    complains of), ``cuda-error`` (a code, by whatever prints it), ``python``, ``driver``, ``nvcc``,
    ``gcc``, ``glibc``, and packages by name.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    name, sign, bound = match.groups()
    wanted = order(bound)
    for told, version in _facts(name, symptoms):
        ends = _ends(version)
        if ends and all(_OPERATORS[sign](order(one), wanted) for one in ends):
            return told
    return None


def _ends(version: str) -> tuple[str, ...]:
    """The first and the last release that is meant: ``2.x`` may be any; none of what is none."""
    bare = version.removesuffix(".x")
    if not _VERSION.fullmatch(bare):
        return ()
    return (bare,) if bare == version else (bare, f"{bare}.{_LAST}")


def _facts(name: str, symptoms: Symptoms) -> Iterator[tuple[str, str]]:
    """What a name stands for: in words, and as a version."""
    if name in _SEVERAL:
        yield from _SEVERAL[name](symptoms)
    elif name in _PLAIN:
        title, value = _PLAIN[name](symptoms)
        if value:
            yield f"{title} is {value}.", value
    else:
        for package in symptoms.packages:
            if package.name == name:
                version = _AFTER_NUMBERS.sub("", package.version).rstrip(".")
                yield f"{package.name} is {package.version}.", version


def _capabilities(symptoms: Symptoms) -> Iterator[tuple[str, str]]:
    for gpu in symptoms.gpus:
        if gpu.vendor == "nvidia" and gpu.compute_capability:
            told = f"{gpu.name} has compute capability {gpu.compute_capability}."
            yield told, gpu.compute_capability


def _target(symptoms: Symptoms) -> Iterator[tuple[str, str]]:
    if match := _TARGET.search(symptoms.text):
        version = f"{match[1]}.{match[2]}"
        yield f"The compiler was asked for code for {version}.", version


def _cuda_errors(symptoms: Symptoms) -> Iterator[tuple[str, str]]:
    for match in islice(_CODE.finditer(symptoms.text), _MOST_CODES):
        yield f"CUDA's error {match[1]} is named.", match[1]


_SEVERAL: dict[str, Callable[[Symptoms], Iterator[tuple[str, str]]]] = {
    "capability": _capabilities,
    "target": _target,
    "cuda-error": _cuda_errors,
}
_PLAIN: dict[str, Callable[[Symptoms], tuple[str, str]]] = {
    "python": lambda symptoms: ("Python", symptoms.python),
    "driver": lambda symptoms: ("The driver", symptoms.driver),
    "nvcc": lambda symptoms: ("nvcc", symptoms.toolkit),
    "gcc": lambda symptoms: ("gcc", symptoms.gcc),
    "glibc": lambda symptoms: ("glibc", symptoms.glibc),
}
