"""The Vagrantfile's own checks, on a script that is made up here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

VAGRANTFILE = (Path(__file__).parents[2] / "Vagrantfile").read_text()
VERIFIED = "[5/5] Verification …\n[5/5] Verification … done\n"


@pytest.mark.parametrize(
    ("said", "ends", "code"),
    [
        pytest.param("[1/5] uv … already done\n" + VERIFIED, 0, 0, id="nothing-to-do"),
        pytest.param("[1/5] uv …\n[1/5] uv … done\n" + VERIFIED, 0, 1, id="did-something"),
        pytest.param("[1/5] uv … already done\n", 10, 1, id="failed"),
    ],
)
def test_the_second_run_must_find_nothing_to_do(
    said: str, ends: int, code: int, tmp_path: Path
) -> None:
    check = re.search(r"SECOND_RUN = <<~'SH'\n(.*?)^SH$", VAGRANTFILE, re.DOTALL | re.MULTILINE)
    assert check is not None
    (tmp_path / "install.sh").write_text(f"cat <<'TEXT'\n{said}TEXT\nexit {ends}\n")
    done = subprocess.run(
        ["bash", "-c", check[1]], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == code, done.stdout + done.stderr


def test_the_folder_that_the_first_command_writes_to_is_made_before() -> None:
    made, written = VAGRANTFILE.index("mkdir -p out"), VAGRANTFILE.index("-o out/install.sh")

    assert made < written
