from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner import toml

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PLAIN = st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(TEXTS, PLAIN, max_size=3)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_back(table: dict[str, object]) -> None:
    assert toml.parse(toml.lines(table)) == table


def test_a_moment_is_written_as_toml_has_it() -> None:
    moment = dt.datetime(2026, 11, 19, 8, tzinfo=dt.timezone.utc)

    assert toml.value(moment) == "2026-11-19T08:00:00Z"
    assert toml.parse(toml.lines({"at": moment})) == {"at": moment}


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="TOML has no NoneType"):
        toml.value([None])
