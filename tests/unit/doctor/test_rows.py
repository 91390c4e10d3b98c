"""Rows that doctor judges by: each can hold, each name in one is known, nothing is left over."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

from provisioner import workflow
from provisioner.catalog.load import Catalog
from provisioner.catalog.symptom_rows import Inference, Remedy, Sign
from provisioner.doctor import installed, judge, read, signs, soundness
from provisioner.doctor.predicates import PREDICATES
from provisioner.doctor.predicates.comparing import is_comparison
from provisioner.doctor.remedies import conditions
from provisioner.doctor.remedies.values import VALUES

PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)\}")
BY_CODE = {
    *(name for one in (judge, soundness) for name in vars(one).values() if isinstance(name, str)),
    *re.findall(r'"([a-z-]+)" in held', inspect.getsource(conditions)),
    *(f"{engine}-named" for engine in ("docker", "podman", "apptainer")),
}
"""Signs that code asks for by name."""


@pytest.fixture(name="rows", scope="module")
def shipped_rows() -> Catalog:
    return workflow.catalog()


def judging(rows: Catalog) -> tuple[Inference | Remedy, ...]:
    return (*rows.inferences, *rows.remedies)


def asked(rows: Catalog) -> set[str]:
    return {name for row in judging(rows) for name in (*row.when, *row.unless)}


def flaws() -> set[str]:
    """What the rules about packages call what they find."""
    sources = (
        inspect.getsource(import_module(f"provisioner.check.rules.{rule}"))
        for rule in installed.RULES
    )
    told = {name for source in sources for name in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)}
    return told | installed.CALLED.keys()


def names(rows: Catalog) -> set[str]:
    return {sign.name for sign in rows.signs}


def said(words: str) -> str:
    """What a program may print that these words of a sign mean."""
    return words.replace("*", " so to say ").replace("#", "7").replace("|", "")


def test_every_name_in_an_inference_can_hold(rows: Catalog) -> None:
    known = names(rows) | PREDICATES.keys() | flaws()
    for row in rows.inferences:
        for name in (*row.when, *row.unless):
            assert name in known or is_comparison(name), (row.reference, name)


def test_every_name_in_a_remedy_can_hold(rows: Catalog) -> None:
    families = {"debian-family", "red-hat-family", "suse-family", "ubuntu"}
    known = names(rows) | PREDICATES.keys() | conditions.CONDITIONS.keys() | families
    for row in rows.remedies:
        for name in (*row.when, *row.unless):
            assert name in known or is_comparison(name), (row.reference, name)


def test_no_row_wants_and_forbids_the_same(rows: Catalog) -> None:
    for row in judging(rows):
        assert not set(row.when) & set(row.unless), (row.reference, row.when, row.unless)


def test_every_predicate_condition_and_placeholder_is_asked_for(rows: Catalog) -> None:
    filled = {name for row in rows.remedies for name in PLACEHOLDER.findall(row.fix)}
    of_conditions = set(re.findall(r'"([a-z0-9_]+)"', inspect.getsource(conditions)))

    assert filled <= VALUES.keys()
    assert VALUES.keys() - filled <= of_conditions
    assert conditions.CONDITIONS.keys() | PREDICATES.keys() <= asked(rows)


def test_every_sign_is_there_once_and_means_something(rows: Catalog) -> None:
    listed = [sign.name for sign in rows.signs]
    used = asked(rows) | BY_CODE

    assert len(listed) == len(set(listed))
    assert [sign.name for sign in rows.signs if not sign.means and sign.name not in used] == []


def test_every_cause_that_rows_speak_of_has_an_explanation(rows: Catalog) -> None:
    known = {row.name for row in rows.references}
    told = {name for sign in rows.signs for name in sign.means}
    told |= {row.reference for row in judging(rows)} | {row.reference for row in rows.wordings}

    assert told <= known


def test_the_words_of_every_sign_are_found_where_they_are_said(rows: Catalog) -> None:
    lost = [
        (sign.name, words)
        for sign in rows.signs
        for words in sign.words
        if not any(
            _is_seen(sign, read(f"{said(words)}{more}", rows).text, words) for more in ("", " ok")
        )
    ]
    assert lost == []


def _is_seen(sign: Sign, text: str, words: str) -> bool:
    return signs.place(words, signs.without(sign.innocent, text)) is not None


def test_no_word_of_a_sign_stands_there_twice(rows: Catalog) -> None:
    """``error 35`` beside ``error 35|`` would be seen in "error 350"."""
    for sign in rows.signs:
        bare = [words.rstrip("|*") for words in sign.words]
        assert sorted(bare) == sorted(set(bare)), sign.name


def test_innocent_phrases_are_written_as_they_are_read(rows: Catalog) -> None:
    """They are looked for as they are: ``*`` would be a star."""
    for sign in rows.signs:
        for phrase in sign.innocent:
            assert "*" not in phrase, (sign.name, phrase)
            assert phrase in read(f"x {phrase} x", rows).text, (sign.name, phrase)


def test_translations_are_written_as_reports_are_folded(rows: Catalog) -> None:
    for row in rows.translations:
        for words in row.words:
            assert read(words, rows).text == row.english, words
