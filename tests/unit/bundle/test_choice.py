"""Of the wheels that a lock lists, the one that fits best is carried."""

from __future__ import annotations

import pytest

from provisioner.bundle.choice import File, Installed, chosen
from provisioner.errors import RefusedError
from provisioner.lock import pylock, record
from provisioner.lock.record import Record

LOCK = """\
lock-version = "1.0"

[tool.dlsetup]
plan = "0"
requested = []
python = "{python}"
platform = "{platform}"
accelerator = "cpu"
machine = {{ os = "debian-12", arch = "x86_64" }}

[[packages]]
name = "a"
version = "1"
"""
HASHES = 'hashes = { sha256 = "00" }'
OLD, NEW, ABI3 = "a-1-cp312-cp312-{}", "a-1-cp313-cp313-{}", "a-1-cp310-abi3-{}"
M17 = "manylinux_2_17_x86_64.manylinux2014_x86_64"
M28, M39 = "manylinux_2_28_x86_64", "manylinux_2_39_x86_64"
PURE = "a-1-py3-none-any"


def carried(
    *stems: str, python: str = "3.12", platform: str = "x86_64-manylinux_2_36", more: str = ""
) -> File | Installed:
    text = LOCK.format(python=python, platform=platform)
    if stems:
        files = [f'{{ url = "http://h/{stem}.whl", {HASHES} }}' for stem in stems]
        text += f"wheels = [{', '.join(files)}]\n"
    about: Record = record.read(text + more, "pylock.toml")
    (found,) = chosen(pylock.read(text + more), about)
    return found


@pytest.mark.parametrize(
    ("stems", "best"),
    [
        ((OLD.format(M17), NEW.format(M17), PURE), OLD.format(M17)),
        ((OLD.format(M17), OLD.format(M28), OLD.format(M39)), OLD.format(M28)),
        ((PURE, ABI3.format(M28)), ABI3.format(M28)),
        ((PURE, NEW.format(M28)), PURE),
        ((OLD.format("musllinux_1_2_x86_64"), OLD.format("linux_x86_64")), None),
        (("a-1-py2.py3-none-any", OLD.format("win_amd64")), "a-1-py2.py3-none-any"),
        (("a-1-2-py3-none-any", "a-1-10-py3-none-any"), "a-1-10-py3-none-any"),
        (("a-1-py3-none-any", "nonsense"), "a-1-py3-none-any"),
    ],
    ids=range(8),
)
def test_the_best_tag_wins_and_of_equals_the_later_build(
    stems: tuple[str, ...], best: str | None
) -> None:
    found = carried(*stems)

    assert isinstance(found, File)
    assert found.name == f"{best or stems[-1]}.whl"


@pytest.mark.parametrize(
    ("python", "platform", "stem"),
    [
        ("3.7", "x86_64-manylinux_2_17", "a-1-cp37-cp37m-manylinux1_x86_64"),
        ("3.7", "x86_64-manylinux_2_17", "a-1-cp37-cp37m-manylinux2010_x86_64"),
        ("3.8", "aarch64-manylinux_2_17", "a-1-cp38-cp38-manylinux2014_aarch64"),
    ],
)
def test_old_names_of_tags_are_known(python: str, platform: str, stem: str) -> None:
    found = carried(stem, python=python, platform=platform)

    assert isinstance(found, File)
    assert found.name == f"{stem}.whl"


@pytest.mark.parametrize(
    "stem",
    [NEW.format(M28), OLD.format(M39), OLD.format("manylinux_2_28_aarch64"), "a-1-cp27-none-any"],
)
def test_a_package_of_which_nothing_fits_is_refused_by_name(stem: str) -> None:
    with pytest.raises(RefusedError, match=r"^a cannot be carried in a bundle\.$") as caught:
        carried(stem)

    assert caught.value.reference == "bundle-cannot-carry"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f'sdist = {{ url = "http://h/a-1.tar.gz", {HASHES} }}', "a-1.tar.gz"),
        (f'archive = {{ path = "/x/a-1.zip", {HASHES} }}', "a-1.zip"),
        ('directory = { path = "/x/a" }', "directory"),
        ('vcs = { type = "git", url = "http://h/a.git", commit-id = "0" }', "vcs"),
    ],
    ids=["sdist", "archive", "directory", "vcs"],
)
def test_what_was_built_here_is_packed_as_it_is_installed(source: str, told: str) -> None:
    assert carried(more=source + "\n") == Installed(package="a", source=told)


def test_a_wheel_that_was_named_by_its_place_is_carried_itself() -> None:
    found = carried(more=f'archive = {{ path = "/x/{PURE}.whl", {HASHES} }}\n')

    assert isinstance(found, File)
    assert (found.name, found.url) == (f"{PURE}.whl", f"file:///x/{PURE}.whl")


def test_what_is_installed_in_place_cannot_travel() -> None:
    with pytest.raises(RefusedError) as caught:
        carried(more='directory = { path = "/x/a", editable = true }\n')

    assert caught.value.context == ("it is installed from a folder of this machine, in place",)
