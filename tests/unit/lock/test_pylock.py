from __future__ import annotations

import pytest

from provisioner import toml
from provisioner.errors import OutsideError
from provisioner.lock import fit, pylock

FROM_UV = """\
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.12"

[[packages]]
name = "torch"
version = "2.14.1+cu126"
index = "http://joe:word@h/simple"
wheels = [
  { url = "http://joe:word@h/b.whl", size = 3, hashes = { sha256 = "bb" } },
  { url = "http://h/a.whl", upload-time = 2026-11-19T08:00:00Z, size = 5, \
hashes = { sha256 = "aa" } },
]
sdist = { url = "http://h/torch.tar.gz", size = 9, hashes = { sha256 = "cc" } }

[[packages]]
name = "gast"
version = "0.2.2"
marker = "python_version < '4'"
sdist = { url = "http://h/gast.tar.gz", size = 2, hashes = { sha256 = "dd" } }
"""
WRITTEN = """\
lock-version = "1.0"
requires-python = "==3.12.*"
created-by = "dlsetup"

[[packages]]
name = "gast"
version = "0.2.2"
marker = "python_version < '4'"
sdist = { url = "http://h/gast.tar.gz", size = 2, hashes = { sha256 = "dd" } }

[[packages]]
name = "torch"
version = "2.14.1+cu126"
index = "http://h/simple"
wheels = [{ url = "http://h/a.whl", upload-time = 2026-11-19T08:00:00Z, size = 5, \
hashes = { sha256 = "aa" } }, { url = "http://h/b.whl", size = 3, hashes = { sha256 = "bb" } }]

[tool.dlsetup]
plan = "0123"
"""


def test_a_lock_is_written_in_one_form_without_who_asked_and_without_what_is_not_needed() -> None:
    text = pylock.read(FROM_UV).text("3.12", {"tool.dlsetup": {"plan": "0123"}})

    assert text == WRITTEN
    assert toml.parse(text)["packages"][1]["wheels"][0]["hashes"] == {"sha256": "aa"}


def test_a_package_is_told_its_index_where_uv_left_it_out() -> None:
    found = pylock.read(FROM_UV).found_in({"gast": "http://d/simple", "torch": "http://x"}.get)
    unknown = pylock.read(FROM_UV).found_in(lambda _: None)

    assert list(found.packages[0]) == ["name", "version", "marker", "index", "sdist"]
    assert [item["index"] for item in found.packages] == ["http://d/simple", "http://h/simple"]
    assert unknown == pylock.read(FROM_UV)


def test_a_lock_tells_what_is_built_and_what_is_fetched() -> None:
    document = pylock.read(FROM_UV)

    assert document.from_source == ("gast",)
    assert document.download_bytes == 7
    assert [item.hashes for item in document.locked] == [("sha256:dd",), ("sha256:aa", "sha256:bb")]


def test_the_size_is_not_known_where_an_index_does_not_say() -> None:
    assert pylock.read(FROM_UV.replace("size = 2, ", "")).download_bytes is None


def test_a_file_without_a_hash_is_refused() -> None:
    text = FROM_UV.replace(', hashes = { sha256 = "dd" }', "")

    with pytest.raises(OutsideError) as caught:
        _ = pylock.read(text).locked

    assert caught.value.reference == "no-hash"


@pytest.mark.parametrize("text", ["x = [", "packages = 3", "packages = [3]", "[[packages]]\nx = 1"])
def test_what_is_no_lock_is_told(text: str) -> None:
    with pytest.raises(OutsideError) as caught:
        pylock.read(text)

    assert caught.value.reference == "uv-failed"


@pytest.mark.parametrize(
    ("wheels", "needed"),
    [
        (["a-1-cp312-cp312-manylinux_2_28_x86_64.whl"], "2.28"),
        (["a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"], "2.17"),
        (["a-1-cp37-cp37m-manylinux1_x86_64.whl"], "2.5"),
        (["a-1-cp312-cp312-manylinux_2_34_x86_64.whl", "a-1-py3-none-any.whl"], None),
        (
            [
                "a-1-cp312-cp312-manylinux_2_34_x86_64.whl",
                "a-1-cp312-cp312-manylinux_2_28_x86_64.whl",
            ],
            "2.28",
        ),
        (["a-1-py3-none-any.whl"], None),
        (["a-1-cp312-cp312-musllinux_1_2_x86_64.whl"], None),
    ],
)
def test_the_glibc_that_a_lock_needs_is_that_of_its_most_forgiving_wheels(
    wheels: list[str], needed: str | None
) -> None:
    package = {"name": "a", "wheels": [{"url": f"http://h/{name}"} for name in wheels]}

    found = fit.needs_glibc(pylock.Document((package,)))

    assert found == (None if needed is None else (needed, "a"))


@pytest.mark.parametrize(
    ("libc", "reached"), [("glibc 2.28", True), ("glibc 2.27", False), ("musl 1.2.5", False)]
)
def test_a_c_library_reaches_a_glibc_or_not(libc: str, reached: bool) -> None:
    assert fit.reaches(libc, "2.28") is reached
