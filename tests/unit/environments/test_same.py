"""What lies in an environment is told package by package, where they share a folder too."""

from __future__ import annotations

from pathlib import Path

from provisioner.environments.same import lies


def made(place: Path) -> Path:
    site = place / "lib" / "python3.12" / "site-packages"
    for name in ("numpy/core/a.py", "numpy/__init__.py", "six.py", "__pycache__/six.pyc"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
    for name in ("nvidia/cudnn/lib", "nvidia/cublas/lib", "nvidia/__pycache__", "six-1.dist-info"):
        (site / name).mkdir(parents=True)
    (site / "six-1.dist-info" / "RECORD").touch()
    return site


def test_folders_that_packages_share_are_looked_into(tmp_path: Path) -> None:
    made(tmp_path)

    assert lies(tmp_path) == (
        "numpy",
        "nvidia",
        "nvidia/cublas",
        "nvidia/cudnn",
        "six-1.dist-info",
        "six.py",
    )


def test_where_nothing_is_nothing_lies(tmp_path: Path) -> None:
    assert lies(tmp_path) == ()
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    site.parent.mkdir(parents=True)
    site.touch()

    assert lies(tmp_path) == ()
