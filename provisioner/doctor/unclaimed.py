"""What a text names without saying that it is so: conditions, what was ruled out, rows of "no"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_UNCLAIMED = (
    # A document: "If you see `no kernel image`, install a newer wheel."
    re.compile(
        r"\b(?:if|when|should|in case) (?:you|your|pip|it|docker|the \w+)\b(?: \w+){0,2}?"
        r" (?:see|sees|get|gets|encounter|hit|receive|run into|face|faces|says?|reports?|complains?"
        r"|prints?|shows?)\b[^\n]*"
    ),
    re.compile(r"\bnote: if\b[^\n]*"),
    re.compile(r"\b(?:(?:i|we) (?:have |already )?)?ruled out\b(?! by)[^\n]*?(?=\. |\n|$)"),
    # Counts of none: "0 broken packages".
    re.compile(r"(?<![\w.])0 (?:broken|held) [a-z]+"),
    # A list of changes: "- fixed: crash with NumPy 2".
    re.compile(r"(?m)^ ?[-*] (?:fix(?:ed|es)?|dropped)\b[^\n]*"),
    # nvidia-smi -q lists what could be: "Double Bit ECC : N/A", "Reset Required : No".
    re.compile(
        r"(?m)^ ?[a-z][^:\n|]{2,40} : "
        r"(?:no|none|n/a|0|0 mib|not active|disabled|success|completed)$"
    ),
)
_SENTENCES = (
    # A document.
    re.compile(r"\bthis error (?:code )?indicates\b"),
    # What somebody else has, or what was looked at and is not it.
    re.compile(
        r"\b(?:(?:is|was|that'?s) not (?:my|the|our) (?:case|problem|cause|issue|error)"
        r"|(?:somebody|someone) else(?:'s)? (?:has|had|gets|got|reported))\b"
    ),
)
"""Words by which the whole sentence, at most the line, is meant."""
_SENTENCE_END = re.compile(r"\n|\. ")
_HEADINGS = re.compile(
    r"(?m)^ ?(?:ecc errors|retired pages|remapped rows|clocks (?:event|throttle) reasons"
    r"|double bit ecc|gpu reset status|gsp firmware version : [\d.]+)$"
)
_LISTING = "==nvsmi log=="


def claimed(text: str) -> str:
    """A folded text in which what nobody says to be so is blank; lines stay lines."""
    for form in _UNCLAIMED:
        text = form.sub(_blank, text)
    for words in _SENTENCES:
        text = "".join(_without_sentences(words, text))
    return _HEADINGS.sub(_blank, text) if _LISTING in text else text


def _without_sentences(words: re.Pattern[str], text: str) -> Iterator[str]:
    done = 0
    for match in words.finditer(text):
        if match.start() < done:
            continue
        start = max(text.rfind(stop, done, match.start()) for stop in ("\n", ". ")) + 1
        start = max(start, done)
        end = _SENTENCE_END.search(text, match.end())
        yield text[done:start]
        done = end.start() if end else len(text)
        yield " " * (done - start)
    yield text[done:]


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
