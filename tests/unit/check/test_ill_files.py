from __future__ import annotations

import pytest

from tests.unit.check import ill_containers, ill_files, ill_pythons, ill_systems, ill_toolkits
from tests.unit.check.checking import checked, machine, told
from tests.unit.check.ill_files import Case

ALL = (
    *ill_files.ALL,
    *ill_systems.ALL,
    *ill_toolkits.ALL,
    *ill_containers.ALL,
    *ill_pythons.ALL,
)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in ALL])
def test_what_does_not_fit_is_found_on_its_line_and_nothing_else(case: Case) -> None:
    on = machine(case.gpu, driver=case.driver, os=case.os)

    assert told(checked(case.name, case.text, on)) == case.found


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 40
    assert len({case.id for case in ALL}) == len(ALL)
