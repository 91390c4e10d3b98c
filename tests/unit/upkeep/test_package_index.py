"""What an index lists, in both forms it can have, and pages that are none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from provisioner import process
from provisioner.download import NotThereError, Web
from provisioner.errors import OutsideError
from provisioner.upkeep.package_index import IndexFile, PackageIndex, address
from tests.unit.upkeep.loopback import Loopback

NAME = "torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl"
OTHER = "torch-2.15.0+cu130-cp311-cp311-win_amd64.whl"


def listed(index: Loopback) -> list[IndexFile]:
    return PackageIndex(index.address, Web()).files("torch")


@pytest.mark.parametrize("form", ["json", "html"])
def test_both_forms_of_a_page_say_the_same(index: Loopback, form: str) -> None:
    index.form = form
    one = index.add("torch", NAME, b"wheel", requires_python=">=3.10,<4")
    other = index.add("torch", OTHER, b"other", yanked=True)
    files = index.address.replace("simple/", "files/")

    first, second = listed(index)

    assert (first.name, first.url, first.sha256) == (NAME, files + NAME, one.sha256)
    assert (first.yanked, first.requires_python) == (False, ">=3.10,<4")
    assert (second.name, second.sha256, second.yanked) == (OTHER, other.sha256, True)
    assert second.url == files + OTHER.replace("+", "%2B")
    # Days and sizes stand in the newer form alone.
    assert (first.released, first.size) == (("2026-11-19", 5) if form == "json" else (None, None))


def test_an_address_without_its_slash_and_with_a_password_is_the_same(index: Loopback) -> None:
    index.add("torch", NAME, b"wheel")
    base = index.address.rstrip("/").replace("127.0.0.1", "me:secret@127.0.0.1")

    (file,) = PackageIndex(base, Web()).files("torch")

    assert file.name == NAME


def test_a_project_that_is_not_there(index: Loopback) -> None:
    with pytest.raises(NotThereError):
        listed(index)


@pytest.mark.parametrize("how", ["garbage", "list"])
def test_a_page_of_another_form_is_an_error(index: Loopback, how: str) -> None:
    index.add("torch", NAME, b"wheel")
    index.behaviour["torch"] = [how]

    with pytest.raises(OutsideError) as caught:
        listed(index)

    assert caught.value.reference == "index-unreadable"


@pytest.mark.parametrize(
    "file",
    [
        {"url": "x"},
        {"filename": NAME},
        {"filename": 3, "url": "x"},
        {"filename": NAME, "url": "http://[x"},
        {"filename": NAME, "url": "x", "hashes": ["sha256"]},
        {"filename": NAME, "url": "x", "requires-python": 3},
        {"filename": NAME, "url": "x", "upload-time": {}},
        "torch",
        None,
    ],
)
def test_a_file_that_is_told_in_another_form_is_an_error(
    file: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = json.dumps({"files": [file]}), "application/vnd.pypi.simple.v1+json"
    monkeypatch.setattr(Web, "page", lambda *_: page)

    with pytest.raises(OutsideError) as caught:
        PackageIndex("https://index.test", Web()).files("torch")

    assert caught.value.reference == "index-unreadable"
    assert "index.test" not in "".join(caught.value.context)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"files": ' + "[" * 200_000, id="deep"),
        pytest.param('{"files": [], "more": ' + "[" * 200_000, id="deep-elsewhere"),
    ],
)
def test_a_page_that_is_too_deep_is_an_error(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = text, "application/vnd.pypi.simple.v1+json"
    monkeypatch.setattr(Web, "page", lambda *_: page)

    with pytest.raises(OutsideError):
        PackageIndex("https://index.test", Web()).files("torch")


def test_what_may_be_left_unsaid_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"files": [{"filename": NAME, "url": "../x", "hashes": None, "yanked": ""}]})
    monkeypatch.setattr(Web, "page", lambda *_: (text, "application/vnd.pypi.simple.v1+json"))

    files = PackageIndex("https://index.test/simple", Web()).files("torch")

    assert files == [IndexFile(name=NAME, url="https://index.test/simple/x")]


@pytest.mark.parametrize(
    "text",
    [
        "<a><a href><!-- <a href=x><<<a/href='' <a name=torch>&#0;</a <?xml",
        '<html><a href="/login">Please log in to the hotel\'s network</a></html>',
        "Under maintenance",
        "",
    ],
)
def test_a_page_that_lists_no_file_is_no_news(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Web, "page", lambda *_: (text, "text/html"))

    with pytest.raises(OutsideError) as caught:
        PackageIndex("https://index.test", Web()).files("torch")

    assert caught.value.reference == "index-unreadable"
    assert caught.value.message == "The package index's page of torch lists no file."


SETTINGS = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"PIP_INDEX_URL": "https://pip.test/simple"}, "https://pip.test/simple"),
        (
            {"UV_INDEX_URL": "https://uv.test", "PIP_INDEX_URL": "https://pip.test"},
            "https://uv.test",
        ),
        ({"UV_DEFAULT_INDEX": "mine=https://uv.test/simple"}, "https://uv.test/simple"),
        (
            {"UV_DEFAULT_INDEX": "file:///srv/wheels", "PIP_INDEX_URL": " http://pip.test "},
            "http://pip.test",
        ),
    ],
)
def test_the_environment_names_the_index(
    settings: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert address() == expected


def test_without_a_setting_the_tools_are_asked_and_a_folder_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, "/srv/wheels")
    said = {"-m": "file:///srv/wheels\n", "-c": "https://default.test/simple\n"}

    def run(argv: list[str], **_: object) -> process.Completed:
        if argv[0] == sys.executable and argv[1] in said:
            return process.Completed(0, said[argv[1]], "")
        raise OutsideError("program-not-found", f"{argv[0]} was not found.")

    monkeypatch.setattr(process, "run", run)

    assert address() == "https://default.test/simple"


def test_where_no_tool_can_say_that_is_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)

    def run(argv: list[str], **_: object) -> process.Completed:
        raise OutsideError("program-not-found", f"{argv[0]} was not found.")

    monkeypatch.setattr(process, "run", run)

    with pytest.raises(OutsideError) as caught:
        address()
    assert caught.value.reference == "index-unknown"


def test_the_configuration_names_the_index_where_the_environment_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config.toml").write_text('default-index = "https://me:word@h.example/simple/"\n')
    monkeypatch.setenv("DLSETUP_CONFIG", str(tmp_path / "config.toml"))

    assert address() == "https://me:word@h.example/simple"

    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    assert address() == "https://other.example/simple"
