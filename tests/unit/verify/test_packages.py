"""What is installed against what a lock lists."""

from __future__ import annotations

import pytest

from provisioner.lock import pylock
from provisioner.report import Check
from provisioner.verify.packages import (
    Installed,
    Package,
    files_check,
    python_check,
    versions_check,
)

LOCK = """
[[packages]]
name = "torch"
version = "2.14.1+cu126"

[[packages]]
name = "typing-extensions"
version = "4.15.0"

[[packages]]
name = "colorama"
version = "0.4.6"
marker = "sys_platform == 'win32'"

[[packages]]
name = "from-git"
vcs = { type = "git", url = "https://example.org/x.git", commit-id = "abc" }
"""


def installed(**versions: str) -> Installed:
    packages = tuple(
        Package(name=name, version=version, files=2, missing=(), changed=())
        for name, version in versions.items()
    )
    return Installed(python="3.12.4", packages=packages, markers={"sys_platform": "linux"})


RIGHT = {"torch": "2.14.1+cu126", "typing_extensions": "4.15", "From.Git": "0.1"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"torch": "2.14.1"}, "torch is 2.14.1; 2.14.1+cu126 is locked"),
        ({"torch": "2.14.1+cpu"}, "torch is 2.14.1+cpu; 2.14.1+cu126 is locked"),
        ({"colorama": "0.4.6"}, "colorama is not in the lock"),
        ({"typing_extensions": "odd"}, "typing-extensions is odd; 4.15.0 is locked"),
        (
            {f"x{n}": "1" for n in range(7)},
            "; ".join([*(f"x{n} is not in the lock" for n in range(5)), "and 2 more"]),
        ),
    ],
)
def test_versions_are_those_of_the_lock_and_nothing_else(
    change: dict[str, str], told: str | None
) -> None:
    check = versions_check(installed(**{**RIGHT, **change}), pylock.read(LOCK))

    if told is None:
        assert check == Check("versions", "pass", "3 packages, each as it is locked")
    else:
        assert check == Check("versions", "fail", told)


def test_the_python_is_of_the_planned_minor_release() -> None:
    assert python_check(installed(), "3.12").result == "pass"
    assert python_check(installed(), "3.1") == Check(
        "python", "fail", "it is 3.12.4; 3.1 was planned"
    )


def test_sizes_count_only_where_they_can_be_held_against_something() -> None:
    path = "/e/lib/python3.12/site-packages/torch/version.py"
    package = Package(name="torch", version="2", files=9, missing=(), changed=(path,))
    found = Installed(python="3.12.4", packages=(package,), markers={})

    assert files_check(found) == Check(
        "files", "fail", "torch: torch/version.py was changed since it was installed"
    )
