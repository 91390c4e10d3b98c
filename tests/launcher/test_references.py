"""The launcher speaks the vocabulary of the rest."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.launcher.checkout import ROOT

LAUNCHER = (ROOT / "dlsetup").read_text(encoding="utf-8")
REFERENCES = sorted(set(re.findall(r"\bfail(?:_logged)? ([a-z]+(?:-[a-z]+)+)", LAUNCHER)))


def test_the_launcher_has_errors_of_its_own() -> None:
    assert {"disk-full", "place-not-writable", "python-not-found"} <= set(REFERENCES)


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_error_of_the_launcher_is_explained(reference: str) -> None:
    asked = [sys.executable, "-m", "provisioner", "doctor", "--explain", reference]

    done = subprocess.run(asked, check=False, capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert reference in done.stdout
