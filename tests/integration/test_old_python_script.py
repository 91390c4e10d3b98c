"""The script of TensorFlow 1, whose Python uv has no more: the machine's own has to serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.render import render
from tests.golden.made_catalog import catalog
from tests.golden.plans import tf1_cpu
from tests.integration.images import interpreter
from tests.integration.roots import Root, bookworm

pytestmark = [pytest.mark.root, pytest.mark.network]

PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_without_that_python_it_stops_and_with_it_tensorflow_computes(
    tmp_path: Path, with_python: Root
) -> None:
    text = render((tf1_cpu(),), "script", catalog())[0].text
    without = Root(tmp_path / "without", with_python.upper, bookworm())
    without.put("/install.sh", text)
    stopped = without.run("bash", "/install.sh", PATH=PATH)
    root = Root(tmp_path / "with", without.upper, interpreter(), with_python.upper, bookworm())
    first = root.run("bash", "/install.sh", PATH=PATH)
    made = root.manifest()
    again = root.run("bash", "/install.sh", network=False)

    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "uv has no Python 3.7 to fetch, and there is none on PATH" in stopped.stderr
    assert first.returncode == 0, first.stdout + first.stderr
    assert "tensorflow 1.15.5 computes on the CPU" in first.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert root.manifest() == made
