"""The house stands as CONTRIBUTING.md draws it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
OURS = ["provisioner", "stacks", "templates", "tests", ".ci", ".github"]
SOURCES = sorted(path for path in (ROOT / "provisioner").rglob("*.py") if "data" not in path.parts)

# Written so that this file does not match itself.
REGISTRY_HOSTS = re.compile(
    r"p[y]pi\.org|python[h]osted\.org|deb\.de[b]ian\.org|archive\.u[b]untu\.com|registry\.n[p]mjs"
)


def files_of_the_project() -> list[Path]:
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    below = [path for name in OURS for path in (ROOT / name).rglob("*")]
    return [path for path in top + below if path.is_file() and "__pycache__" not in path.parts]


def test_imports_only_point_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert lint_imports(cache_dir=None) == 0


WRITTEN = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / ".ci").rglob("*.py"))]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_grows_past_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handlers"}

    assert [path for path in SOURCES if path.stem in drawers] == []


def test_no_file_names_the_host_of_a_registry() -> None:
    texts = {
        path: path.read_text(encoding="utf-8", errors="replace") for path in files_of_the_project()
    }

    assert [path for path, text in texts.items() if REGISTRY_HOSTS.search(text)] == []


def test_the_command_starts_without_what_only_some_answers_need() -> None:
    heavy = [
        "jinja2",
        "rich",
        "requests",
        "archspec",
        "distro",
        "pynvml",
        "subprocess",
        "packaging",
    ]
    loaded = "import sys, provisioner.cli.main; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {loaded}"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert sorted(set(heavy) & set(done.stdout.split())) == []
