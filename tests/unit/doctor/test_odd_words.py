"""Odd words of reports: versions that are none, digits of other scripts, names inside of words."""

from __future__ import annotations

import re

import pytest

from provisioner import workflow
from provisioner.doctor import Patient, Symptoms, diagnose, read
from provisioner.doctor.predicates import compared


def told(text: str) -> Symptoms:
    return read(text, workflow.catalog())


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("GPU: RTX 4090\ncudatoolkit=11.x", [("cudatoolkit", "11.x")]),
        ("GPU: RTX 4090\ncudatoolkit=11.3abc", [("cudatoolkit", "11.3")]),
        ("GPU: RTX 4090\ntorch 2.x", [("torch", "2.x")]),
        ("tensorflow==2.15.0rc1", [("tensorflow", "2.15.0rc1")]),
        ("torch==2.9.0a0+git1234", [("torch", "2.9.0a0")]),
        ("\u6211\u7528torch==2.1.0\uff0c", [("torch", "2.1.0")]),
    ],
    ids=["any minor", "letters", "any minor of torch", "candidate", "source", "no blank before"],
)
def test_odd_versions_of_packages_are_read_and_judged(
    text: str, packages: list[tuple[str, str]]
) -> None:
    symptoms = told(f"{text}\nerror: no kernel image is available")

    assert [(one.name, one.version) for one in symptoms.packages] == packages
    assert diagnose(Patient(symptoms, workflow.catalog()))


@pytest.mark.parametrize("holds", [True, False])
def test_a_release_of_any_minor_is_compared_as_far_as_it_is_said(holds: bool) -> None:
    symptoms = told("tensorflow 1.x")
    asked = ("tensorflow<2", "tensorflow>=1") if holds else ("tensorflow<1.15", "tensorflow>1.4")
    for comparison in asked:
        assert bool(compared(comparison, symptoms)) is holds


@pytest.mark.parametrize("digits", ["\uff10", "\u0660", "\u06f0", "\u0966"])
def test_digits_of_other_scripts_are_digits(digits: str) -> None:
    text = "driver version: 535.104.05, cuda version: 12.2"
    theirs = re.sub("[0-9]", lambda one: chr(ord(digits) + int(one[0])), text)

    assert (told(theirs).driver, told(theirs).driver_cuda) == ("535.104.05", "12.2")


def test_every_system_of_the_catalog_is_known_by_its_name() -> None:
    for row in workflow.catalog().systems:
        assert told(f"os: {row.name}").os_id == row.id, row.name


@pytest.mark.parametrize("word", ["misuse", "salma", "almanac", "search"])
def test_a_word_that_holds_the_name_of_a_system_is_none(word: str) -> None:
    assert told(f"the {word} failed").os_id == ""
