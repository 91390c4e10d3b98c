"""Every plan in every format: what comes is files, or a refusal that is documented."""

from __future__ import annotations

import pytest

from provisioner.errors import DlsetupError
from provisioner.plan import Plan
from provisioner.render import FORMATS
from tests.outputs import readers
from tests.outputs.kinds import kind_of
from tests.outputs.questions import SPREAD, files_of, outputs, plan_for, questions

ROUTES = {row.carries: row.name for row in FORMATS.values()}
"""One format for each set of routes that plans are looked for along."""


def test_every_answer_is_a_plan_or_a_refusal_and_most_are_plans() -> None:
    """Whatever is neither is raised by ``plan_for`` or ``files_for``, and fails here."""
    answers = [plan_for(question) for question in questions()]
    held = {name for _, name, files in outputs() if [kind_of(file.path) for file in files]}

    assert len(answers) > 150
    assert sum(isinstance(answer, Plan) for answer in answers) > 120
    assert {answer.exit_code for answer in answers if isinstance(answer, DlsetupError)} <= {1, 2}
    assert held == {*FORMATS}


@pytest.mark.parametrize("format_name", ROUTES.values())
def test_a_plan_made_for_a_format_is_one_that_it_carries(format_name: str) -> None:
    carried = 0
    for question in SPREAD:
        plan = plan_for(question, format_name)
        if isinstance(plan, Plan):
            assert plan.via in FORMATS[format_name].carries, question
            carried += bool(files_of(plan, format_name))
        else:
            assert plan.exit_code in {1, 2}, question
    assert carried >= readers.LEAST.get(format_name, 10)
