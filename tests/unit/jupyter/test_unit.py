"""The unit file of a service: one text, whatever the names in it; and never somebody else's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from provisioner.jupyter import entrance, unit
from provisioner.jupyter.unit import Unit

TEXT = """\
# Written by dlsetup; changed and taken away with: dlsetup env serve lab
[Unit]
Description=JupyterLab of the dlsetup environment lab
StartLimitIntervalSec=120
StartLimitBurst=5
X-Dlsetup-Environment="/data/envs/lab"
X-Dlsetup-Port="8890"
X-Dlsetup-Folder="/home/a b/%%h\\n[Service]\\nExecStart=/bin/evil"

[Service]
ExecStart=/usr/bin/env "/opt/dlsetup/dlsetup" "env" "serve" "lab" "--foreground" "--port" "8890" \
"--folder" "/home/a b/%%h\\n[Service]\\nExecStart=/bin/evil"
Environment="DLSETUP_HOME=/data/$x \\"y\\""
Restart=on-failure
RestartSec=5
UMask=0077

[Install]
WantedBy=default.target
"""


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Unit:
    monkeypatch.setattr(entrance, "words", lambda *more: ("/opt/dlsetup/dlsetup", *more))
    monkeypatch.setattr(entrance, "variables", lambda: {"DLSETUP_HOME": '/data/$x "y"'})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = "/home/a b/%h\n[Service]\nExecStart=/bin/evil"
    return Unit(name="lab", environment="/data/envs/lab", port=8890, folder=folder)


def test_no_name_in_it_becomes_a_line_or_a_specifier(wanted: Unit) -> None:
    assert unit.text(wanted) == TEXT


def test_what_is_written_is_read_back(wanted: Unit) -> None:
    path = unit.path_of("lab")
    path.parent.mkdir(parents=True)
    path.write_text(unit.text(wanted))

    assert unit.read("lab") == wanted


@given(folder=some.text(some.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_folder_is_read_back(folder: str) -> None:
    written = unit.quoted(folder)

    assert "\n" not in written
    assert unit.plain(written[1:-1]) == folder


@pytest.mark.parametrize("text", ["", "[Service]\nExecStart=/bin/mine\n", 'X-Dlsetup-Port="x"\n'])
def test_what_bears_no_marks_is_not_ours(text: str, wanted: Unit) -> None:
    path = unit.path_of(wanted.name)
    path.parent.mkdir(parents=True)
    path.write_text(text)

    assert unit.read("lab") is None


def test_a_link_is_not_ours(wanted: Unit, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(unit.text(wanted))
    path = unit.path_of("lab")
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "mine")

    assert unit.read("lab") is None


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_it(wanted: Unit, tmp_path: Path) -> None:
    path = tmp_path / unit.service("lab")
    path.write_text(unit.text(wanted))
    words = ["systemd-analyze", "verify", "--user", str(path)]
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
