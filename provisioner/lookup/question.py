"""The words of a question.

``gpu``, ``cuda``, ``driver`` and ``profile`` are its grammar; everything else is asked of a
framework.
"""

from __future__ import annotations

import re

import msgspec

from provisioner.catalog.find import gpu_by_word
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.version import is_dotted, numbers

KINDS = ("gpu", "cuda", "driver", "profile")
_PLURAL = {"profiles": "profile"}
"""A list that people ask for by its plural."""
_RANGE = re.compile(r"(cuda|driver)\s*([=<>!~].*)", re.IGNORECASE)
_OPERATORS = "=<>!~"
_ARCHITECTURE = re.compile(r"(sm_|gfx)[0-9a-f]+", re.IGNORECASE)
_VARIANT = re.compile(r"cu(\d{1,2})(\d)", re.IGNORECASE)
_SHOWN = 60
_EXAMPLES = (
    "dlsetup catalog show torch",
    "dlsetup catalog show torch==2.9",
    'dlsetup catalog show gpu "RTX 3090"',
    "dlsetup catalog show cuda 12.8",
    "dlsetup catalog show driver 535",
    "dlsetup catalog show profiles",
)


class Question(msgspec.Struct, frozen=True):
    """What is asked about: ``kind`` is gpu, cuda, driver, profile or framework."""

    kind: str
    about: str
    """A GPU, a version, a range of versions, a profile or a requirement; empty: the list."""
    typed: str
    """All that was typed."""


def question(catalog: Catalog, words: tuple[str, ...]) -> Question:
    """Read the words as they were typed.

    Raises UsageError ``nothing-asked``, ``ambiguous-word``, or ``bad-usage`` for several
    questions at once.
    """
    said = [word.strip() for word in words if word.strip()]
    if not said:
        raise UsageError(
            "nothing-asked",
            "Nothing was asked for.",
            context=_EXAMPLES,
            hint="Name a framework, or say gpu, cuda, driver or profile and which one.",
        )
    first, *rest = said
    typed, about = " ".join(said), " ".join(rest)
    kind = _PLURAL.get(first.lower(), first.lower())
    if kind in KINDS:
        if not about and kind == "gpu":
            raise UsageError(
                "nothing-asked",
                "No GPU was named.",
                hint='Name one: dlsetup catalog show gpu "RTX 3090"',
            )
        return Question(kind, about, typed)
    if match := _RANGE.fullmatch(typed):
        return Question(match[1].lower(), match[2], typed)
    _refuse_numbers(catalog, typed)
    return Question("framework", _requirement(first, rest), typed)


def _requirement(first: str, rest: list[str]) -> str:
    """``torch 2.9`` and ``torch >=2.9`` are what they look like."""
    if not rest:
        return first
    if rest[0][0] in _OPERATORS or first[-1] in _OPERATORS:
        return first + "".join(rest)
    if len(rest) == 1 and is_dotted(rest[0]) and not any(map(str.isdigit, first)):
        return f"{first}=={rest[0]}"
    raise UsageError(
        "bad-usage",
        f"These are several questions: {shown(' '.join((first, *rest)))}.",
        context=_EXAMPLES,
        hint="Ask one at a time; say gpu before the name of a GPU.",
    )


def _refuse_numbers(catalog: Catalog, text: str) -> None:
    """A number or an architecture alone: the catalog may know it as several things."""
    if not is_dotted(text) and not _ARCHITECTURE.fullmatch(text) and not _VARIANT.fullmatch(text):
        return
    meant = tuple(_meanings(catalog, text))
    raise UsageError(
        "ambiguous-word",
        f"{shown(text)} alone does not say what is asked about.",
        context=tuple(f"{command}: {what}" for command, what in meant),
        hint=f"Say which: dlsetup catalog show {meant[0][0]}"
        if meant
        else "Say gpu, cuda, driver or the name of a framework before it.",
    )


def _meanings(catalog: Catalog, text: str) -> list[tuple[str, str]]:
    found = []
    cuda = ".".join(match.groups()) if (match := _VARIANT.fullmatch(text)) else text
    if any(f"{row.version}.".startswith(f"{cuda}.") for row in catalog.cuda):
        found.append((f"cuda {cuda}", "a release of CUDA"))
    if any(row.compute_capability == text for row in catalog.architectures):
        found.append((f"gpu {text}", "a compute capability"))
    elif _ARCHITECTURE.fullmatch(text):
        found.append((f"gpu {text}", "a GPU architecture"))
    if any(text.partition(".")[0] == row.branch for row in catalog.drivers):
        found.append((f"driver {text}", "a driver"))
    return found


def names_a_gpu(catalog: Catalog, text: str) -> bool:
    """Whether a text that is no framework means a GPU, or several."""
    try:
        gpu_by_word(catalog, text[:_SHOWN])
    except UsageError as error:
        return error.reference == "ambiguous-gpu"
    return True


def near(word: str, names: list[str]) -> list[str]:
    """Up to three names that look like a word."""
    from difflib import get_close_matches

    by_folded = {name.lower(): name for name in names}
    found = get_close_matches(word.lower()[:_SHOWN], by_folded, n=3, cutoff=0.7)
    return [by_folded[name] for name in found]


def neighbours(version: str, known: list[str]) -> list[str]:
    """The versions just below and just above one; nothing for what is no version."""
    if not is_dotted(version) or len(version) > _SHOWN:
        return []
    below = [name for name in known if numbers(name) < numbers(version)]
    above = [name for name in known if numbers(name) > numbers(version)]
    return [*below[-1:], *above[:1]]


def shown(text: str) -> str:
    """A text as an error may quote it."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
