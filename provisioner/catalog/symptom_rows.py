"""The rows that ``doctor`` judges by: what points at a cause, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.catalog.rows import Row


class Sign(Row, frozen=True, kw_only=True):
    """Words of programs or people, and the causes that they point at.

    Points run to 100: 90 and more settle a cause alone, 50 suggest it, 20 only go with it. They
    were weighed on real reports, ``tests/cases``; ``evidence`` says who prints the words.
    """

    name: str
    words: tuple[str, ...]
    """Any of them: lower case, ``*`` for anything on the line, ``#`` for a number, ``|`` for the
    end of a word."""
    means: Mapping[str, int]
    """Points by reference."""
    innocent: tuple[str, ...] = ()
    """Phrases with such words in them that mean nothing: they are passed over."""
    mild: bool = False
    """It harms only who needs what is amiss: a warning, if nothing else says more of its cause."""


class Translation(Row, frozen=True, kw_only=True):
    """What programs say in other languages, and what the same programs say in English."""

    english: str
    words: tuple[str, ...]
    """In lower case."""


class Wording(Row, frozen=True, kw_only=True):
    """The words of real reports of one cause, counted: how people and programs put things there.

    Counted by ``python -m tests.cases.weigh``, never typed; alone they settle nothing.
    """

    reference: str
    reports: int
    """Reports of this cause."""
    words: Mapping[str, int]
    """How many of those have a word, or two words in a row; words of one report alone are left
    out."""


class Inference(Row, frozen=True, kw_only=True):
    """What follows where several things hold at once."""

    reference: str
    when: tuple[str, ...]
    """Signs, predicates and references with points, all of which hold."""
    unless: tuple[str, ...] = ()
    """None of these holds."""
    points: int
    """Below 0 where it speaks against the cause."""


class Remedy(Row, frozen=True, kw_only=True):
    """What to do about a cause, on the machines that it is for."""

    reference: str
    fix: str
    """In words, with ``{placeholders}`` that the resolver and the machine fill: a row whose
    placeholder has no answer is left out."""
    check: bool = False
    """It says what to look at once the others are done."""
    when: tuple[str, ...] = ()
    """Signs, predicates and conditions of ``doctor/remedies/conditions.py`` that all hold."""
    unless: tuple[str, ...] = ()
    """None of these holds."""
