from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioner import resources

CHECKOUT = Path(resources.__file__).resolve().parent.parent


def test_a_checkout_uses_the_folders_beside_the_package() -> None:
    assert resources.stacks() == CHECKOUT / "stacks"
    assert resources.templates() == CHECKOUT / "templates"


def test_the_environment_names_other_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSETUP_STACKS", "/somewhere/else")

    assert resources.stacks() == Path("/somewhere/else")


def test_an_empty_setting_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSETUP_STACKS", "")

    assert resources.stacks() == CHECKOUT / "stacks"


def test_an_installed_package_uses_its_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "provisioner" / "data" / "stacks"
    data.mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "provisioner")

    assert resources.stacks() == data


def test_finding_the_folders_loads_no_machinery_for_resources() -> None:
    code = (
        "import sys; from provisioner import resources; resources.stacks();"
        "print('importlib.resources' in sys.modules)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )

    assert shown.stdout == "False\n"
