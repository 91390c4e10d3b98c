"""What a file holds never reaches a terminal as a command."""

from __future__ import annotations

import pytest

from provisioner.cli.display import Block, show, show_lines
from provisioner.cli.output import show_error, show_warnings
from provisioner.errors import UsageError
from provisioner.plan import Warning

BAD = "\x1b[31mred\x9b1m\r\x07\u202eend"
GOOD = "[31mred1mend"


def test_cells_titles_and_sentences_hold_no_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([Block(BAD, ((BAD, "é\tü"), (BAD, BAD)))], first=[BAD])

    assert capsys.readouterr().out == (f"{GOOD}\n\n{GOOD}\n  {GOOD}  é\tü\n  {GOOD}  {GOOD}\n")


def test_answers_warnings_and_errors_hold_none_either(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines([BAD, BAD])
    show_warnings([Warning("assumed-arch", BAD)])
    show_error(
        UsageError("bad-usage", BAD, context=(BAD,), hint=f"{BAD}; {BAD}"), "", as_json=False
    )
    told = capsys.readouterr()

    assert told.out == f"{GOOD}\n  {GOOD}\n"
    assert told.err == (
        f"warning: {GOOD}\nerror: bad-usage\n\n{GOOD}\n\n  {GOOD}\n\nhint: {GOOD}\n      {GOOD}\n"
    )
