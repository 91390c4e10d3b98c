"""File names and Requires-Python → releases by platform (PEP 425, 427, 440, 600, 703)."""

from __future__ import annotations

import pytest

from provisioner.upkeep.package_index import IndexFile
from provisioner.upkeep.releases import Release, releases
from provisioner.version import glibc_of

KNOWN = ("2.7", "3.5", "3.6", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def of(*names: str, requires_python: str | None = None, yanked: bool = False) -> list[Release]:
    files = [
        IndexFile(
            name=name,
            url=f"https://index.test/{name}",
            yanked=yanked,
            requires_python=requires_python,
        )
        for name in names
    ]
    return list(releases("torch", files, KNOWN))


@pytest.mark.parametrize(
    ("tags", "requires_python", "platform", "pythons", "glibc"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", None, "linux-x86_64", ("3.11",), "2.28"),
        ("cp313-cp313t-manylinux_2_28_aarch64", None, "linux-aarch64", ("3.13t",), "2.28"),
        ("cp27-cp27mu-manylinux1_x86_64", None, "linux-x86_64", ("2.7",), "2.5"),
        ("cp35-cp35m-manylinux2010_x86_64", None, "linux-x86_64", ("3.5",), "2.12"),
        (
            "cp39-cp39-manylinux2014_x86_64.manylinux_2_17_x86_64",
            None,
            "linux-x86_64",
            ("3.9",),
            "2.17",
        ),
        ("cp36-none-macosx_10_7_x86_64", None, "macos-x86_64", ("3.6",), None),
        ("cp311-none-macosx_11_0_arm64", None, "macos-aarch64", ("3.11",), None),
        ("cp310-cp310-win_amd64", None, "windows-x86_64", ("3.10",), None),
        ("cp313-cp313-win_arm64", None, "windows-aarch64", ("3.13",), None),
        # abi3 serves every later Python of the major release, but no free-threaded one.
        (
            "cp311-abi3-manylinux_2_28_x86_64",
            ">=3.9,<3.14",
            "linux-x86_64",
            ("3.11", "3.12", "3.13"),
            "2.28",
        ),
        ("py3-none-any", ">=3.12", "any", ("3.12", "3.13", "3.14"), None),
        ("py2.py3-none-any", "", "any", KNOWN, None),
        ("py310-none-win_amd64", None, "windows-x86_64", KNOWN[5:], None),
        # A patch release that is asked for is admitted by some patch release.
        ("py3-none-any", ">=3.13.2", "any", ("3.13", "3.14"), None),
        ("py3-none-any", "!=3.8.*,>3.6.99,<3.11", "any", ("3.9", "3.10"), None),
        # What installers cannot read does not count for them either.
        ("cp311-cp311-win_amd64", ">=3.8.*", "windows-x86_64", ("3.11",), None),
        ("cp39-cp39-linux_x86_64", None, "linux-x86_64", ("3.9",), None),
    ],
)
def test_a_name_says_which_platform_pythons_and_glibc(
    tags: str,
    requires_python: str | None,
    platform: str,
    pythons: tuple[str, ...],
    glibc: str | None,
) -> None:
    (found,) = of(f"torch-2.15.0-{tags}.whl", requires_python=requires_python)

    assert (found.platform, found.pythons, found.glibc) == (platform, pythons, glibc)


def test_a_universal_wheel_is_for_both_machines() -> None:
    found = of("torch-0.1.70-cp39-none-macosx_10_9_universal2.whl")

    assert [release.platform for release in found] == ["macos-aarch64", "macos-x86_64"]


@pytest.mark.parametrize(
    "name",
    [
        "torch-2.15.0rc1-cp311-cp311-win_amd64.whl",
        "torch-2.15.0.dev20261101-cp311-cp311-win_amd64.whl",
        "torch-2.15.0+cu130-cp311-cp311-win_amd64.whl",
        "torch-2.15.0.tar.gz",
        "torch-2.15.0-cp311-cp311-musllinux_1_2_x86_64.whl",
        "torch-2.15.0-cp311-cp311-win32.whl",
        "torch-2.15.0-cp311-cp311-manylinux_2_28_ppc64le.whl",
        "torch-2.15.0-win_amd64.whl",
        "torch-٢.15.0-cp311-cp311-win_amd64.whl",
        "torch-2.15.0-cp311-cp311-manylinux_\x1b[2J_x86_64.whl",
        "../../torch-2.15.0-cp311-cp311-win_amd64.whl",
        "torch\n-2.15.0-cp311-cp311-win_amd64.whl",
        ".whl",
        "",
    ],
)
def test_what_is_no_stable_wheel_for_a_known_platform_is_passed_over(name: str) -> None:
    assert of(name) == []


def test_a_release_of_which_all_was_taken_back_is_told_as_that() -> None:
    (found,) = of("torch-2.15.0-cp311-cp311-win_amd64.whl", yanked=True)

    assert (found.yanked, found.pythons) == (True, ("3.11",))


def test_files_that_were_taken_back_do_not_count_beside_others() -> None:
    names = ("torch-2.15.0-cp310-cp310-win_amd64.whl", "torch-2.15.0-cp311-cp311-win_amd64.whl")
    files = [IndexFile(name=name, url="", yanked="cp310" in name) for name in names]

    (found,) = releases("torch", files, KNOWN)

    assert (found.yanked, found.pythons) == (False, ("3.11",))


def test_post_releases_and_build_numbers_are_stable() -> None:
    found = of(
        "torch-0.3.0.post4-cp27-cp27mu-manylinux1_x86_64.whl",
        "torch-1.13.1-2-cp39-cp39-win_amd64.whl",
    )

    assert [release.version for release in found] == ["0.3.0.post4", "1.13.1"]


def test_releases_are_told_oldest_first_with_all_their_pythons() -> None:
    found = of(
        "torch-2.10.0-cp314-cp314t-win_amd64.whl",
        "torch-2.10.0-cp314-cp314-win_amd64.whl",
        "torch-2.10.0-cp310-cp310-win_amd64.whl",
        "torch-2.9.1-cp310-cp310-win_amd64.whl",
    )

    assert [(release.version, release.pythons) for release in found] == [
        ("2.9.1", ("3.10",)),
        ("2.10.0", ("3.10", "3.14", "3.14t")),
    ]
    # The oldest plain Python's stays the first, whatever is added.
    assert found[1].samples[0].name == "torch-2.10.0-cp310-cp310-win_amd64.whl"


def test_glibc_is_the_one_with_which_every_python_has_a_wheel() -> None:
    (found,) = of(
        "torch-2.15.0-cp310-cp310-manylinux_2_17_x86_64.whl",
        "torch-2.15.0-cp310-cp310-manylinux_2_28_x86_64.whl",
        "torch-2.15.0-cp311-cp311-manylinux_2_27_x86_64.whl",
    )

    assert found.glibc == "2.27"


def test_the_easiest_glibc_of_a_name_counts() -> None:
    assert glibc_of("a-1-py3-none-manylinux_2_5_x86_64.manylinux_2_28_x86_64.whl") == "2.5"
    assert glibc_of("a-1-py3-none-any.whl") is None


def test_the_day_is_that_of_the_first_upload() -> None:
    days = ("2026-11-02", "2026-10-28", None)
    files = [
        IndexFile(name=f"torch-2.15.0-cp3{n}-cp3{n}-win_amd64.whl", url="", released=day)
        for n, day in zip((10, 11, 12), days, strict=True)
    ]

    (found,) = releases("torch", files, KNOWN)

    assert found.released == "2026-10-28"


def test_a_name_is_the_projects_in_any_spelling() -> None:
    name = "Jax_CUDA13.plugin-0.12.0-cp312-cp312-manylinux_2_27_x86_64.whl"
    file = IndexFile(name=name, url="")

    assert len(list(releases("jax-cuda13-plugin", [file], KNOWN))) == 1
    assert list(releases("jax", [file], KNOWN)) == []


@pytest.mark.parametrize(
    ("wheel", "version"),
    [
        ("torch-1.13.0-cp39-cp39-manylinux1_x86_64.whl", "2.5"),
        ("tensorflow_gpu-1.15.5-cp36-cp36m-manylinux2010_x86_64.whl", "2.12"),
        ("tensorflow-2.9.0-cp37-cp37m-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "2.17"),
        ("torch-1.8.0-cp38-cp38-manylinux2014_aarch64.whl", "2.17"),
        ("torch-2.14.1-cp314-cp314-manylinux_2_28_x86_64.whl", "2.28"),
        ("something-1.0-py3-none-any.whl", None),
    ],
)
def test_a_wheels_name_says_its_oldest_glibc(wheel: str, version: str | None) -> None:
    assert glibc_of(wheel) == version
