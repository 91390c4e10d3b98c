"""A sample of the sweep; ``python -m tests.sweep`` asks everything."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from tests.sweep.judging import judged
from tests.sweep.machines import CAPABILITIES, TEGRA, questions


@pytest.mark.parametrize("start", range(4))
def test_every_answer_of_a_sample_is_the_best_by_the_facts(start: int) -> None:
    kinds: Counter[str] = Counter()
    for asked in islice(questions(), 67 * start, None, 601):
        verdict = judged(asked)
        kinds[verdict.kind] += 1
        assert verdict.wrong == (), asked.args
    assert kinds["answered"] > kinds["refused"] > 0


def test_the_sweep_covers_every_capability_and_mixed_boxes() -> None:
    wanted = "3.0 3.5 3.7 5.0 5.2 6.0 6.1 7.0 7.5 8.0 8.6 8.9 9.0 10.0 10.3 12.0 12.1"
    assert {*wanted.split(), *TEGRA.values()} == set(CAPABILITIES.values())
    assert sum(1 for _ in questions()) > 30_000
