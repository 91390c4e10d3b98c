"""Whether a report is of something that works: it tells of what does, and of nothing that fails."""

from __future__ import annotations

import re
from typing import NamedTuple

from provisioner.catalog.load import Catalog
from provisioner.doctor import signs
from provisioner.doctor.symptoms import Symptoms

WORKS, FAILS, MENDED = "something-works", "something-fails", "it-was-mended"
GPULESS = "no-gpu-there"
"""The signs of it."""
_IDLE = frozenset({"cpu-variant", "tensorflow-on-windows"})
"""Predicates of what leaves a GPU idle, which fails in silence."""
_IN_PASSING = re.compile(
    r"(?m)^[^\n]{0,60}?(?:\bi (?:tensorflow|external)/|\bnccl info\b|^ ?\[?info\b"
    r"|level=info|level=warning msg=\"could not (?:locate|find)\b"
    r"|^i\d{4} |warning\b[^\n]{0,200}\bdeprecated\b"
    r"|\b(?:future|deprecation|pendingdeprecation)warning\b|^n: |^ ?\[notice\])[^\n]*$"
)
"""What programs say by the way: lines of the level of information, and of things to come."""
_COMMAND = re.compile(
    r"(?m)^ ?(?:\([\w.-]{1,60}\) ?)?"
    r"(?:[$%]|[\w.-]{1,60}@[\w.:~/-]{1,200}[$%#]|\[[\w.-]{1,60}@[^\]\n]{1,200}\][$#]"
    r"|>>>|in \[\d+\]:|ps [a-z]:\\[^>\n]{0,200}>)"
    r" (?:(?! -> | => | # )[^\n])*"
)
"""What was typed: it names what is looked for, and answers nothing."""
_DENIED = re.compile(
    r"\b(?:no|nothing(?: is| was| has)?|(?<![\d.])0|zero)"
    r" (?:broken|failed|missing|slow|crash(?:es|ed)?|conflicts?)\b"
    r"|\b(?:errors?|failures?|warnings?|crashes|conflicts?|missing|nans?(?: count)?"
    r"|failed(?: [a-z]+){0,2}) ?[:= ] ?(?:0|none)\b(?!\.\d)"
)
"""What is said not to be: "No broken requirements found.", "errors: none"."""
_NO_CUDA = re.compile(
    r"(?m)^ ?(?:[^\n:]{0,60}\bcuda available: false|is debug build: false|false|\[\]"
    r"|[^\n:]*: (?:no cuda|could not collect)|[^\n]{0,60}/physical_device:cpu:0[^\n]*"
    r"|cuda used to build pytorch: none"
    r"|[^\n]{0,200}failed call to cuinit:[^\n]*|[^\n]{0,200}gpu will not be used[^\n]*)$"
    r"|\bcuda\.is_available\(\)[ :=>-]*false\b|\b(?:cpu[- ])?only\b|\bno (?:\w+ )?gpus?\b"
)
"""What frameworks and people say where there is no GPU of NVIDIA's, and none is missed."""


class Soundness(NamedTuple):
    """What a report says of whether things work."""

    all_is_well: bool
    """Something works and nothing fails, or nothing fails after it was mended."""
    told_to_fail: bool
    """Something is said to fail, or a GPU is left idle; probes tell of nothing else."""


def soundness(symptoms: Symptoms, catalog: Catalog, held: frozenset[str]) -> Soundness:
    """Return whether all is well, and whether anything is said to fail."""
    if not symptoms.reported or _is_idle(symptoms, held):
        return Soundness(all_is_well=False, told_to_fail=True)
    text = _answers(symptoms, catalog)
    fails = _says(FAILS, text, catalog)
    mended = _last(MENDED, text, catalog)
    if mended is not None:
        return Soundness(not _says(FAILS, text[mended:], catalog), fails)
    return Soundness(not fails and _says(WORKS, symptoms.text, catalog), fails)


def _is_idle(symptoms: Symptoms, held: frozenset[str]) -> bool:
    return bool(_IDLE & held and (symptoms.gpus or symptoms.driver))


def _answers(symptoms: Symptoms, catalog: Catalog) -> str:
    """The text without what was typed, said by the way or denied, and what lacks a GPU in peace."""
    text = _DENIED.sub(" ", _COMMAND.sub(" ", _IN_PASSING.sub(" ", symptoms.text)))
    if not (symptoms.gpus or symptoms.driver) and _says(GPULESS, text, catalog):
        text = _NO_CUDA.sub(" ", text)
    return text


def _says(name: str, text: str, catalog: Catalog) -> bool:
    row = next(row for row in catalog.signs if row.name == name)
    text = signs.without(row.innocent, text)
    return any(signs.place(words, text) is not None for words in row.words)


def _last(name: str, text: str, catalog: Catalog) -> int | None:
    """Where the line after the last one of a sign starts."""
    row = next(row for row in catalog.signs if row.name == name)
    text = signs.without(row.innocent, text)
    at = -1
    while any((found := signs.place(words, text[at + 1 :])) is not None for words in row.words):
        end = text.find("\n", at + 1 + (found or 0))
        at = len(text) if end < 0 else end
    return None if at < 0 else at
