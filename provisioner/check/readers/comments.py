"""Comments of shell and YAML: a ``#`` that begins a word outside quotes, and what follows it."""

from __future__ import annotations


def without_comments(text: str) -> str:
    """Return a text without its comments; ``$#`` and ``a#b`` are none."""
    if "#" not in text:
        return text
    kept: list[str] = []
    quote, at = "", 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quote != "'":
            kept.append(letter)
            at += 1
            letter = text[at : at + 1]
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (at == 0 or text[at - 1].isspace()):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        kept.append(letter)
        at += 1
    return "".join(kept)
