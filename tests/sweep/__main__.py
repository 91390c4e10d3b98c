"""Ask everything, count what was judged and print every difference.

``python -m tests.sweep`` asks all; ``python -m tests.sweep 40`` every fortieth question.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import islice

from tests.sweep.judging import judged
from tests.sweep.machines import questions


def main(step: int) -> int:
    """Tell the counts and the differences; the exit code says whether there are any."""
    started = time.monotonic()
    kinds: Counter[str] = Counter()
    differences = 0
    for asked in islice(questions(), 0, None, step):
        verdict = judged(asked)
        kinds[verdict.kind] += 1
        if verdict.wrong:
            differences += 1
            _tell(f"{' '.join(asked.args)} | {'; '.join(verdict.wrong)}")
    for kind, count in kinds.most_common():
        _tell(f"{count:7} {kind}")
    seconds = time.monotonic() - started
    _tell(f"{sum(kinds.values()):7} questions, {differences} differences, {seconds:.0f} s")
    return 1 if differences else 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 1))
