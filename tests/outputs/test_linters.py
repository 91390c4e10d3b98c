"""Linters without a warning over everything that is rendered."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.outputs import readers, syntax
from tests.outputs.kinds import kind_of
from tests.outputs.questions import outputs

BIN = Path(sys.executable).parent
PATHS_PER_CALL = 40
"""A linter that is started once for many files is done in a fraction of the time."""

SCHEMAS = Path(__file__).parent / "schemas"
LINTED = {
    *("shell", "dockerfile", "apptainer", "yaml", "compose", "cloud-config", "devcontainer"),
    *("toml", "json", "jsonc", "requirements"),
}

Written = Mapping[str, Sequence[Path]]

pytestmark = pytest.mark.linter


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Every different text of every output as a file, by kind."""
    folder = tmp_path_factory.mktemp("outputs")
    known: set[tuple[str, str]] = set()
    found: dict[str, list[Path]] = {}
    for number, (_, format_name, files) in enumerate(outputs()):
        for file in files:
            kind = kind_of(file.path)
            if (kind, file.text) in known:
                continue
            known.add((kind, file.text))
            path = folder / f"{number:04}-{format_name}" / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
            found.setdefault(kind, []).append(path)
    return found


def said(paths: Sequence[Path], *command: str) -> str:
    """What a linter says of the files, in as few calls as will do."""
    assert paths
    text = ""
    for start in range(0, len(paths), PATHS_PER_CALL):
        some = map(str, paths[start : start + PATHS_PER_CALL])
        done = subprocess.run([*command, *some], capture_output=True, text=True, check=False)
        text += done.stdout + done.stderr
        text += "" if done.returncode == 0 else f"{command[0]}: {done.returncode}\n"
    return text


def test_there_is_a_linter_for_every_kind_and_much_to_lint(written: Written) -> None:
    assert {*written} - LINTED == set(), "no linter for these kinds"
    assert sum(map(len, written.values())) > 500
    assert all(len(paths) >= 10 for paths in written.values())


def test_shellcheck_has_nothing_to_say(written: Written) -> None:
    assert said(written["shell"], str(BIN / "shellcheck"), "--shell=bash") == ""


def test_bash_reads_every_script(written: Written) -> None:
    for path in written["shell"]:
        assert said([path], "bash", "-n") == ""


def test_shellcheck_has_nothing_to_say_about_what_a_new_machine_runs(
    written: Written, tmp_path: Path
) -> None:
    """Its script is the one that stands by itself, to the letter; the rest is looked at here."""
    scripts = {path.read_text() for path in written["shell"]}
    others: set[str] = set()
    for path in written["cloud-config"]:
        for one in loaded(path)["write_files"]:
            if one["path"].endswith("install.sh"):
                assert one["content"] in scripts, path
            elif one["path"].endswith(".sh"):
                others.add(one["content"])
    found = [tmp_path / f"{number}.sh" for number in range(len(others))]
    for path, text in zip(found, sorted(others), strict=True):
        path.write_text(text)

    assert said(found, str(BIN / "shellcheck"), "--shell=bash") == ""


def test_hadolint_has_nothing_to_say(written: Written) -> None:
    assert said(written["dockerfile"], str(BIN / "hadolint"), "--no-color") == ""


def test_shellcheck_has_nothing_to_say_about_a_definition_of_apptainer(
    written: Written, tmp_path: Path
) -> None:
    """Apptainer runs every section but its labels with sh."""
    found: list[Path] = []
    for path in written.get("apptainer", ()):
        _, sections = readers.definition(path.read_text())
        for name in {*sections} - {"labels"}:
            found.append(tmp_path / f"{path.parent.name}.{name}")
            found[-1].write_text(sections[name])

    assert said(found, str(BIN / "shellcheck"), "--shell=sh") == ""


@pytest.mark.parametrize("kind", ["yaml", "compose"])
def test_yamllint_has_nothing_to_say(written: Written, kind: str) -> None:
    assert said(written[kind], str(BIN / "yamllint"), "--strict") == ""


def test_yamllint_has_nothing_to_say_but_for_the_mark_of_a_cloud_config(written: Written) -> None:
    """The first line has to be #cloud-config, without the blank that yamllint wants."""
    rules = "{extends: .yamllint, rules: {comments: {require-starting-space: false}}}"

    assert said(written["cloud-config"], str(BIN / "yamllint"), "--strict", "-d", rules) == ""


def test_compose_files_are_what_the_compose_specification_says(written: Written) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]

    assert said(written["compose"], *command, "--quiet") == ""


@pytest.mark.parametrize("kind", ["devcontainer", "cloud-config"])
def test_files_are_what_our_part_of_their_schema_says(written: Written, kind: str) -> None:
    schema = SCHEMAS / f"{kind}.json"
    files = ["--force-filetype", "yaml", "--schemafile", str(schema)]

    assert said(written[kind], str(BIN / "check-jsonschema"), *files, "--quiet") == ""


def test_cloud_configs_are_what_cloud_inits_own_schema_says(
    written: Written, tmp_path: Path
) -> None:
    """Where Debian's archive answers; else ours, above, says the same of the few keys we use."""
    if not fetched("cloud-init", tmp_path):
        pytest.skip("no package archive has cloud-init here")
    (schema,) = tmp_path.rglob("schema-cloud-config-v1.json")
    files = ["--force-filetype", "yaml", "--schemafile", str(schema)]

    assert said(written["cloud-config"], str(BIN / "check-jsonschema"), *files, "--quiet") == ""


def fetched(package: str, folder: Path) -> bool:
    """Unpack a package of Debian's archive below a folder, where there is one."""
    if not shutil.which("apt-get"):
        return False
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
    got = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    debs = [*folder.glob("*.deb")]
    if got.returncode or not debs:
        return False
    unpacked = subprocess.run(["dpkg", "-x", debs[0], folder], capture_output=True, check=False)
    return unpacked.returncode == 0


@pytest.mark.parametrize("kind", ["toml", "json", "jsonc", "requirements"])
def test_documents_are_read_by_their_readers(written: Written, kind: str, tmp_path: Path) -> None:
    for path in written.get(kind, ()):
        assert syntax.TREES[kind](path.read_text(), tmp_path), path


def loaded(path: Path) -> Any:
    return syntax.TREES["yaml"](path.read_text(), path)
