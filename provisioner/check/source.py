"""The text of a file that somebody names: read whole, or not at all."""

from __future__ import annotations

from provisioner.check.kinds import kind_of
from provisioner.errors import UsageError
from provisioner.text_file import STANDARD_INPUT, UnreadableError, decoded, opened

_MOST = 512 * 1024
"""Bytes; what people write by hand is a hundredth of that."""


def text_of(name: str) -> str:
    """Return the text of a file, or of standard input for ``-``.

    Lists of requirements may be in any encoding that pip reads by its mark, all else is UTF-8.
    Raises UsageError ``bad-file-to-check`` for what cannot be read, is no file, no text or too
    large.
    """
    try:
        with opened(name) as stream:
            data = stream.read(_MOST + 1)
    except UnreadableError as error:
        raise _bad(name, str(error)) from error
    if len(data) > _MOST:
        raise _bad(name, f"it is larger than {_MOST // 1024} KiB: nobody wrote that by hand")
    marked = kind_of(name, "") in {None, "requirements"}
    try:
        text = decoded(data) if marked else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(name, "it is no text in UTF-8") from None
    if "\0" in text:
        raise _bad(name, "it is no text: it holds zero bytes")
    return text


def _bad(name: str, reason: str) -> UsageError:
    shown = "standard input" if name == STANDARD_INPUT else name
    return UsageError(
        "bad-file-to-check",
        f"{shown} cannot be checked.",
        context=(reason,),
        hint="Give a script, a Dockerfile, a compose file, an environment.yml, a requirements file,"
        " a pyproject.toml, a pixi.toml, a devcontainer.json or an Apptainer definition.",
    )
