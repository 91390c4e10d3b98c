"""The conductor of ``render --check``: existing files, the machine that is meant → findings."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner import check, workflow
from provisioner.check import Checked
from provisioner.check.source import text_of
from provisioner.describe import Options
from provisioner.plan import Warning


def checked(
    names: Sequence[str], options: Options, typed: Sequence[str], python: str | None = None
) -> tuple[tuple[Checked, ...], tuple[Warning, ...]]:
    """Say what of some files does not fit the machine that is meant, and what was assumed of it.

    ``typed`` are the machine options in the words of the command line, ``python`` is the
    interpreter where a file names none. Raises UsageError ``bad-file-to-check`` or
    ``bad-python``, or as ``machine_of`` does.
    """
    wanted = workflow.python_of(python)
    texts = [(name, text_of(name)) for name in names]
    documents = check.side_by_side([check.read(name, text, text_of) for name, text in texts])
    machine, warnings = workflow.machine_of(options)
    rows = workflow.catalog()
    found = tuple(
        check.check(
            document,
            machine,
            rows,
            routes_of=workflow.routes_of,
            options=typed,
            python=wanted,
        )
        for document in documents
    )
    return found, workflow.about_environments(warnings)
