"""Fixes name the pip of the environment that was examined."""

from __future__ import annotations

import pytest

from provisioner.doctor.live.addressing import addressed
from provisioner.doctor.live.environment import Inside, Package
from provisioner.doctor.live.room import Room
from provisioner.report import Finding

FIXES = (
    "remove it: pip uninstall --yes torch && pip install torch==2.9.1+cu126 --index-url https://x",
    "check: pip check",
    "pipx install it, or uv pip install it, or python3 -m pip install it; pip cache purge",
)


def fixed(*, pip: bool, active: bool, uv: str | None, prefix: str = "/srv/env") -> tuple[str, ...]:
    packages = (Package("pip", "25", "/p"),) if pip else ()
    inside = Inside(python="3.12.1", machine="x86_64", prefix=prefix, packages=packages)
    finding = Finding(reference="protobuf", severity="error", message="", fix=FIXES)
    return addressed((finding,), Room(inside=inside, is_active=active), uv)[0].fix


def test_the_pip_of_an_active_environment_is_meant_by_its_name() -> None:
    assert fixed(pip=True, active=True, uv="0.9") == FIXES


def test_an_environment_without_pip_is_named_to_uv() -> None:
    assert fixed(pip=False, active=True, uv="0.9") == (
        (
            "remove it: uv pip uninstall --python /srv/env --yes torch && "
            "uv pip install --python /srv/env torch==2.9.1+cu126 --index-url https://x"
        ),
        "check: uv pip check --python /srv/env",
        FIXES[2],
    )
    assert fixed(pip=False, active=True, uv=None) == FIXES


@pytest.mark.parametrize("uv", [None, "0.9"])
def test_an_environment_that_is_not_active_is_named_by_its_python(uv: str | None) -> None:
    assert fixed(pip=True, active=False, uv=uv, prefix=r"/a \g<1>/env")[1] == (
        r"check: '/a \g<1>/env/bin/python' -m pip check"
    )
