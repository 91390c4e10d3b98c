"""A password in what is asked for is refused by every verb that reads requirements."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

WORD = "six @ http://hugo:hunter22@127.0.0.1:1/six-1-py3-none-any.whl"
REFUSED = """\
error: secret-in-requirement

The address of six holds a name or a password, which would be written down with it.

hint: Leave them out of the address
      Give them under [credentials] in config.toml, or in netrc
"""


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "DLSETUP_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.mark.parametrize("way", ["words", "requirements", "pyproject", "conda", "project"])
@pytest.mark.parametrize("verb", [("resolve",), ("lock",), ("render", "script"), ("up", "s3")])
def test_it_is_refused_and_nowhere_repeated(
    verb: tuple[str, ...], way: str, tmp_path: Path
) -> None:
    files = {
        "requirements": ("requirements.txt", WORD),
        "pyproject": ("pyproject.toml", f"[project]\ndependencies = ['{WORD}']"),
        "conda": ("environment.yml", f"dependencies:\n  - pip:\n    - {WORD}"),
        "project": ("dlsetup.toml", f"requirements = ['{WORD}']"),
    }
    words = [*verb, WORD] if way == "words" else list(verb)
    if way in files:
        name, text = files[way]
        (tmp_path / name).write_text(text)
        words += [] if way == "project" else ["-r", name]
    told = CliRunner().invoke(main, words)
    asked = CliRunner().invoke(main, [*words, "--json"])

    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.endswith(REFUSED)
    assert (asked.exit_code, "hunter22" in asked.output) == (2, False)
    assert '"secret-in-requirement"' in asked.stdout
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name not in {name for name, _ in files.values()}:
            assert b"hunter22" not in path.read_bytes()


@pytest.mark.parametrize(
    ("option", "between"), [("--index-url", "="), ("--index-url", " "), ("-i", ""), ("-i", " ")]
)
def test_an_option_in_a_file_is_named_without_its_value(
    option: str, between: str, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text(f"{option}{between}http://hugo:hunter22@h/")
    ran = CliRunner().invoke(main, ["resolve", "-r", "requirements.txt"])

    assert ran.exit_code == 2
    assert "hunter22" not in ran.output
    assert f"the option '{option}' is not understood" in ran.output
