from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.catalog.sheets import REFERENCES, order

CATALOG = Catalog(resources.stacks())
PACKAGE = Path(__file__).parents[3] / "provisioner"
FIRST = {"Warning", "ProgramTimedOutError", "plan.Warning"}
SECOND = {"Refused"}
KEBAB = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def _literals(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    places: list[ast.expr] = [word.value for word in call.keywords if word.arg == "reference"]
    if name.endswith("Error") or name in FIRST:
        places += call.args[:1]
    if name in SECOND:
        places += call.args[1:2]
    for place in places:
        for node in ast.walk(place):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _used() -> set[str]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= {text for text in _literals(node) if KEBAB.match(text) and "-" in text}
    return found | {row.reference for row in CATALOG.conflicts}


def test_every_reference_that_the_program_can_print_is_documented() -> None:
    documented = {row.name for row in CATALOG.references}

    assert _used() - documented == set()


def test_references_are_kebab_case_sorted_and_say_what_to_do() -> None:
    names = [row.name for row in CATALOG.references]

    # As every sheet is sorted: numbers in names by their value, "tf1" before "tf-native".
    assert list(CATALOG.references) == sorted(CATALOG.references, key=order(REFERENCES))
    assert len(names) == len(set(names))
    for row in CATALOG.references:
        assert KEBAB.match(row.name)
        assert row.meaning.endswith(".")
        assert row.fix
