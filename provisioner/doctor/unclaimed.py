"""What a text names without saying that it is so: conditions, what was ruled out, rows of "no"."""

from __future__ import annotations

import re

_UNCLAIMED = (
    # A document: "If you see `no kernel image`, install a newer wheel."
    re.compile(
        r"\b(?:if|when|should|in case) (?:you|your|pip|it|docker|the \w+)\b(?: \w+){0,2}?"
        r" (?:see|sees|get|gets|encounter|hit|receive|run into|face|faces|says?|reports?|complains?"
        r"|prints?|shows?)\b[^\n]*"
    ),
    re.compile(r"\bnote: if\b[^\n]*"),
    re.compile(r"[^\n]*\bthis error (?:code )?indicates\b[^\n]*"),
    # What somebody else has, or what was looked at and is not it.
    re.compile(
        r"[^\n.]*\b(?:(?:is|was|that'?s) not (?:my|the|our) (?:case|problem|cause|issue|error)"
        r"|(?:somebody|someone) else(?:'s)? (?:has|had|gets|got|reported))\b[^\n.]*"
    ),
    re.compile(r"\b(?:(?:i|we) (?:have |already )?)?ruled out\b(?! by)[^\n]*?(?=\. |\n|$)"),
    # A list of changes: "- fixed: crash with NumPy 2".
    re.compile(r"(?m)^ ?[-*] (?:fix(?:ed|es)?|dropped)\b[^\n]*"),
    # nvidia-smi -q lists what could be: "Double Bit ECC : N/A", "Reset Required : No".
    re.compile(
        r"(?m)^ ?[a-z][^:\n|]{2,40} : "
        r"(?:no|none|n/a|0|0 mib|not active|disabled|success|completed)$"
    ),
)
_HEADINGS = re.compile(
    r"(?m)^ ?(?:ecc errors|retired pages|remapped rows|clocks (?:event|throttle) reasons"
    r"|double bit ecc|gpu reset status|gsp firmware version : [\d.]+)$"
)
_LISTING = "==nvsmi log=="


def claimed(text: str) -> str:
    """A folded text in which what nobody says to be so is blank; lines stay lines."""
    for form in _UNCLAIMED:
        text = form.sub(_blank, text)
    return _HEADINGS.sub(_blank, text) if _LISTING in text else text


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
