"""The commands of .ci that bring the catalog up to date and propose the change."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.distribution import ROOT

BIN = Path(sys.executable).parent
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]


def news_text(told: Mapping[str, Any]) -> str:
    spec = importlib.util.spec_from_file_location("news", ROOT / ".ci/news.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text: str = module.text(told)
    return text


def item(sheet: str, row: str, *facts: str, source: str, change: str = "added") -> dict[str, Any]:
    return {"sheet": sheet, "change": change, "row": row, "facts": facts, "source": source}


def told(*items: dict[str, Any], warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    lost = [{"reference": "bad-wheel", "message": message} for message in warnings]
    return {"data": {"news": list(items)}, "warnings": lost}


NEW = item("frameworks/torch.jsonl", "torch 9.1", "CUDA 13.2", source="torch-9.1-x.whl")


def test_the_text_has_one_line_for_each_news_with_its_source() -> None:
    other = item("nvidia/cuda.jsonl", "14.0", "toolkits a -> b", source="a page", change="changed")

    assert (
        news_text(told(NEW, other, warnings=("torch-9.0-x.whl: is damaged",)))
        == """\
2 news, measured by `.ci/upkeep`.

`stacks/frameworks/torch.jsonl`:

- `+ torch 9.1: CUDA 13.2 [torch-9.1-x.whl]`

`stacks/nvidia/cuda.jsonl`:

- `~ 14.0: toolkits a -> b [a page]`

Could not be read, and stays as it was:

- `torch-9.0-x.whl: is damaged`
"""
    )


def test_without_news_there_is_no_text() -> None:
    assert not news_text(told(warnings=("torch: does not answer",)))


def test_what_upstream_wrote_cannot_leave_its_code_span() -> None:
    hostile = item("frameworks/a.jsonl", "a` @everybody\n# <img src=x>\x1b[2J", source="`$(id)`")

    line = news_text(told(hostile)).splitlines()[-1]

    assert line == "- `+ a' @everybody # <img src=x> [2J ['$(id)']`"


def test_a_text_that_is_too_long_for_a_pull_request_ends_with_how_much_is_left_out() -> None:
    many = [item("frameworks/a.jsonl", f"a {n}", "x" * 100, source="s") for n in range(1000)]

    text = news_text(told(*many))

    assert len(text) < 65_536
    shown = sum(line.startswith("- ") for line in text.splitlines())
    assert text.endswith(f"And {1000 - shown} more lines: see the changed sheets.\n")


# The pull request


TITLE = "Bring the catalog up to date"
GH = """\
#!/bin/sh
echo "$*" >>"$ASKED"
case $* in "pr list"*) echo "$NUMBER" ;; esac
"""


class Repository:
    """A clone with .ci/propose and a sheet, its origin, and a gh that writes down its words."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.clone = folder / "origin.git", folder / "clone"
        self.patch, self.text = folder / "stacks.patch", folder / "text.md"
        self.asked = folder / "asked"
        self.number = ""
        (self.clone / "stacks").mkdir(parents=True)
        (self.clone / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/propose", self.clone / ".ci/propose")
        (self.clone / "stacks/sheet.jsonl").write_text("one\n", encoding="utf-8")
        (self.clone / "README").write_text("here\n", encoding="utf-8")
        self.text.write_text("2 news\n", encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "first")
        self.git("clone", "--quiet", "--bare", ".", str(self.origin))
        self.git("remote", "add", "origin", str(self.origin))
        gh = folder / "bin/gh"
        gh.parent.mkdir()
        gh.write_text(
            '#!/bin/sh\necho "$*" >>"$ASKED"\ncase $* in "pr list"*) echo "$NUMBER";; esac\n'
        )
        gh.chmod(0o755)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            [*GIT, *words], check=True, capture_output=True, text=True, cwd=self.clone
        )
        return done.stdout

    def changed(self, **files: str) -> None:
        """Make the patch of some changed files, and take them back."""
        for name, text in files.items():
            self.clone.joinpath(*name.split("__")).write_text(text, encoding="utf-8")
        self.git("add", ".")
        self.patch.write_text(self.git("diff", "--cached", "--binary"), encoding="utf-8")
        self.git("reset", "--quiet", "--hard")

    def propose(self) -> subprocess.CompletedProcess[str]:
        path = f"{self.asked.parent}/bin:{os.environ['PATH']}"
        return subprocess.run(
            [".ci/propose", "upkeep/daily", str(self.patch), str(self.text)],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.clone,
            env={"PATH": path, "ASKED": str(self.asked), "NUMBER": self.number, "HOME": path},
        )

    def pushed(self) -> list[str]:
        return self.git("ls-remote", "--heads", "origin").split()[1::2]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_news_become_a_branch_and_a_pull_request_whose_tests_are_started(
    repository: Repository,
) -> None:
    repository.changed(stacks__sheet="two\n", stacks__new="three\n")

    done = repository.propose()

    assert done.returncode == 0, done.stderr
    assert repository.pushed() == ["refs/heads/main", "refs/heads/upkeep/daily"]
    repository.git("fetch", "--quiet", "origin")
    assert repository.git("diff", "--name-only", "main~", "origin/upkeep/daily").split() == [
        "stacks/new",
        "stacks/sheet",
    ]
    assert repository.asked.read_text(encoding="utf-8").splitlines() == [
        "auth setup-git",
        "pr list --head upkeep/daily --state open --json number --jq .[0].number // empty",
        f"pr create --head upkeep/daily --title {TITLE} --body-file {repository.text}",
        "workflow run ci.yml --ref upkeep/daily",
    ]


def test_a_pull_request_that_is_open_is_renewed(repository: Repository) -> None:
    repository.changed(stacks__sheet="two\n")
    repository.number = "17"

    assert repository.propose().returncode == 0
    asked = repository.asked.read_text(encoding="utf-8")
    assert f"pr edit 17 --body-file {repository.text}\n" in asked
    assert "pr create" not in asked


@pytest.mark.parametrize("name", ["README", ".ci__propose", ".github"])
def test_a_patch_that_touches_more_than_the_sheets_is_refused(
    repository: Repository, name: str
) -> None:
    repository.changed(**{name: "changed\n", "stacks__sheet": "two\n"})

    done = repository.propose()

    assert done.returncode == 1
    path = name.replace("__", "/")
    assert done.stderr == f"the patch touches more than stacks/:\n{path}\n"
    assert repository.pushed() == ["refs/heads/main"]
    assert not repository.asked.exists()


def test_a_file_that_is_moved_into_the_sheets_is_missed_where_it_was(
    repository: Repository,
) -> None:
    repository.git("mv", "README", "stacks/README")
    repository.patch.write_text(repository.git("diff", "--cached", "-M"), encoding="utf-8")
    repository.git("reset", "--quiet", "--hard")

    done = repository.propose()

    assert (done.returncode, repository.pushed()) == (1, ["refs/heads/main"])
    assert done.stderr == "the patch touches more than stacks/:\nREADME\n"


# The one local command


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with .ci/upkeep, whose dlsetup and tests do what the environment says."""
    folder = tmp_path / "checkout"
    for below in (".ci", ".venv/bin", "stacks"):
        (folder / below).mkdir(parents=True)
    for name in ("upkeep", "news.py"):
        shutil.copy(ROOT / ".ci" / name, folder / ".ci" / name)
    (folder / "provisioner").symlink_to(ROOT / "provisioner")
    # Not a link to the interpreter: what it finds beside itself is part of it.
    python = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
    dlsetup = '#!/bin/sh\necho "dlsetup $*" >&2\ncase $* in *check*) exit $CHECK ;; esac\n'
    dlsetup += 'echo news >stacks/sheet\n[ -z "$STRAY" ] || echo >"$STRAY"\n'
    dlsetup += 'printf "%s" "$TOLD"\nexit $REFRESH\n'
    tests = '#!/bin/sh\necho "test $*"\nexit $TESTS\n'
    for name, text in ((".venv/bin/python", python), ("dlsetup", dlsetup), (".ci/test", tests)):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    subprocess.run([*GIT, "init", "--quiet"], check=True, cwd=folder)
    return folder


def upkeep(folder: Path, *words: str, **said: str) -> subprocess.CompletedProcess[str]:
    usual = {"TOLD": json.dumps(told(NEW)), "REFRESH": "0", "CHECK": "0", "TESTS": "0", "STRAY": ""}
    return subprocess.run(
        [".ci/upkeep", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **usual, **said},
    )


def test_upkeep_refreshes_audits_tests_and_prints_nothing_but_the_text(checkout: Path) -> None:
    done = upkeep(checkout, "cuda", "gpus")

    assert done.returncode == 0, done.stderr
    assert done.stdout == news_text(told(NEW))
    assert done.stderr.splitlines() == [
        "dlsetup catalog refresh --write --json cuda gpus",
        "dlsetup catalog check",
        "test -q tests/data",
    ]


def test_a_refresh_that_fails_says_why(checkout: Path) -> None:
    done = upkeep(checkout, REFRESH="3", TOLD='{"errors": ["no answer"]}')

    assert (done.returncode, done.stdout) == (3, "")
    assert '{"errors": ["no answer"]}' in done.stderr


@pytest.mark.parametrize("what", ["CHECK", "TESTS"])
def test_rows_that_an_audit_or_a_test_refuses_are_not_proposed(checkout: Path, what: str) -> None:
    done = upkeep(checkout, **{what: "1"})

    assert (done.returncode, done.stdout) == (1, "")


def test_a_change_beside_the_sheets_is_refused(checkout: Path) -> None:
    done = upkeep(checkout, STRAY="stray")

    assert (done.returncode, done.stdout) == (1, "")
    assert "more than stacks/ has changed:" in done.stderr
    assert "?? stray" in done.stderr
