from __future__ import annotations

import pytest

from provisioner import workflow
from provisioner.errors import RefusedError
from provisioner.lock import Target, Uv
from provisioner.lock.target import target_of
from provisioner.machine import Machine, OperatingSystem
from provisioner.plan import DriverPlan, Plan, Request
from provisioner.settings import Settings

KNOWN = (
    "x86_64-pc-windows-msvc",
    "aarch64-apple-darwin",
    "x86_64-unknown-linux-musl",
    "x86_64-manylinux2014",
    "x86_64-manylinux_2_17",
    "x86_64-manylinux_2_28",
    "x86_64-manylinux_2_35",
    "aarch64-manylinux_2_39",
)


def target(os: OperatingSystem, arch: str = "x86_64") -> Target:
    plan = Plan(
        machine=Machine(os=os, arch=arch),
        request=Request(requirements=()),
        via="pip",
        python="3.12",
        accelerator="cpu",
        cuda=None,
        cudnn=None,
        driver=DriverPlan(action="none"),
        pins=(),
    )
    return target_of(plan, workflow.catalog(), KNOWN)


@pytest.mark.parametrize(
    ("libc", "platform"),
    [
        ("glibc 2.35", "x86_64-manylinux_2_35"),
        ("glibc 2.41", "x86_64-manylinux_2_35"),
        ("glibc 2.31", "x86_64-manylinux_2_28"),
        ("glibc 2.17", "x86_64-manylinux_2_17"),
        ("musl 1.2.5", "x86_64-unknown-linux-musl"),
    ],
)
def test_linux_is_the_newest_c_library_that_is_reached(libc: str, platform: str) -> None:
    os = OperatingSystem(id="some", version="1", libc=libc)

    assert target(os) == Target("3.12", platform)


def test_a_system_from_afar_has_the_c_library_of_its_row() -> None:
    os = OperatingSystem(id="ubuntu", version="24.04")

    assert target(os, "aarch64").platform == "aarch64-manylinux_2_39"


def test_windows_and_macos_have_platforms_of_their_own() -> None:
    windows = OperatingSystem(id="windows", version="11")
    macos = OperatingSystem(id="macos", version="15")

    assert target(windows) == Target("3.12", "x86_64-pc-windows-msvc")
    assert target(macos, "aarch64") == Target("3.12", "aarch64-apple-darwin", "15")


@pytest.mark.parametrize(
    ("os", "arch"),
    [
        (OperatingSystem(id="some", version="1", libc="glibc 2.5"), "x86_64"),
        (OperatingSystem(id="some", version="1"), "x86_64"),
        (OperatingSystem(id="some", version="1", libc="glibc 2.39"), "riscv64"),
        (OperatingSystem(id="windows", version="11"), "aarch64"),
    ],
)
def test_what_cannot_be_chosen_for_is_refused(os: OperatingSystem, arch: str) -> None:
    with pytest.raises(RefusedError) as caught:
        target(os, arch)

    assert caught.value.reference == "no-lock-for-platform"


@pytest.mark.parametrize("columns", ["", "40", "80", "400"])
def test_uv_itself_names_the_platforms_and_the_default_index(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    uv = Uv(Settings())

    assert {"x86_64-manylinux_2_28", "aarch64-apple-darwin"} <= set(uv.platforms())
    assert (uv.default_index() or "").startswith("https://")
