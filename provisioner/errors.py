"""The error tree: every failure a person can meet has a reference, a cause and a way out.

``DlsetupError``
    ├── ``UsageError``      exit 2: what was typed cannot be understood or is ambiguous
    ├── ``RefusedError``    exit 1: understood, and the answer is no
    ├── ``OutsideError``    exit 3: network, disk or another program failed
    ├── ``BadDataError``    exit 3: a sheet of the catalog is damaged
    └── ``StoppedError``    exit 130: whoever asked wants no answer any more

``reference`` is a stable kebab-case word; all of them are documented in
``stacks/references.toml`` and printed by ``dlsetup doctor --explain REFERENCE``.
"""

from __future__ import annotations

from collections.abc import Mapping


class DlsetupError(Exception):
    """What happened, why, and what to do about it.

    ``message`` is one sentence, ``context`` the facts it rests on (one line each), ``hint``
    what to do next, ``data`` what ``--json`` carries beside the error.
    """

    exit_code = 1

    def __init__(
        self,
        reference: str,
        message: str,
        *,
        context: tuple[str, ...] = (),
        hint: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.context = context
        self.hint = hint
        self.data = dict(data or {})


class UsageError(DlsetupError):
    """What was typed cannot be understood, or could mean several things."""

    exit_code = 2


class RefusedError(DlsetupError):
    """The question was understood and the honest answer is no."""

    exit_code = 1


class OutsideError(DlsetupError):
    """The network, the disk or another program failed."""

    exit_code = 3


class BadDataError(DlsetupError):
    """A sheet of the catalog cannot be read; the message names the file and the row."""

    exit_code = 3


class StoppedError(DlsetupError):
    """Ctrl-C, or a signal that ends a program kindly."""

    exit_code = 130
