"""Real frameworks of two ages stand side by side; prove_up does more of it, at full size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.prove_up import Place, Seen, beside


@pytest.mark.network
def test_tensorflow_1_and_jax_leave_each_other_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Seen()
    (tmp_path / "tmp").mkdir()

    beside(Place(tmp_path), seen, ["jax", "tf1"])

    assert seen.wrong == 0, capsys.readouterr().out
