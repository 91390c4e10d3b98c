from __future__ import annotations

from pathlib import Path

import pytest

from provisioner import settings
from provisioner.errors import UsageError
from provisioner.settings import Address, PrivateIndex, Settings

WHOLE = """\
default-index = "https://joe:open%2Fsesame@mirror.example/simple/"
proxy = "http://proxy.example:3128"

[mirrors]
"https://product.example/whl" = "https://mirror.example/product"
"https://product.example/whl/cu126" = "https://near.example/cu126/"

[[index]]
name = "own"
url = "https://own.example/simple"
packages = ["Our_Package"]

[credentials]
"https://own.example" = { username = "WHO", password = "OPEN" }
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    found = tmp_path / "config.toml"
    monkeypatch.setenv("DLSETUP_CONFIG", str(found))
    return found


def read(place: Path, text: str) -> Settings:
    place.write_text(text, encoding="utf-8")
    return settings.current()


def test_every_key_is_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "ann")
    monkeypatch.setenv("OPEN", "a password")

    found = read(place, WHOLE)

    assert found.of_default_index() == Address(
        "https://mirror.example/simple", "joe", "open/sesame"
    )
    assert found.at("https://product.example/whl/cu126/torch/").url == (
        "https://near.example/cu126/torch/"
    )
    assert found.at("https://product.example/whl/cpu").url == "https://mirror.example/product/cpu"
    assert found.at("https://product.example/whl2").url == "https://product.example/whl2"
    assert found.indexes == (
        PrivateIndex("own", Address("https://own.example/simple"), ("our-package",)),
    )
    who = found.at("https://own.example/simple")
    assert (who.username, who.password) == ("ann", "a password")
    assert who.with_secret.partition("@")[0] == "https://ann:a%20password"
    assert found.proxies["HTTPS_PROXY"] == "http://proxy.example:3128"


def test_without_a_file_nothing_is_said(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DLSETUP_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert settings.current() == Settings()

    (tmp_path / "dlsetup").mkdir()
    (tmp_path / "dlsetup" / "config.toml").write_text('default-index = "http://h/s"\n')
    assert settings.current().default_index == Address("http://h/s")
    assert not place.exists()


def test_the_environment_goes_before_the_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("https_proxy", "http://other.example")
    found = read(place, WHOLE)

    assert found.of_default_index() == Address("https://pip.example/simple")
    assert found.proxies == {}
    monkeypatch.setenv("UV_DEFAULT_INDEX", "named=https://uv.example/simple")
    assert found.of_default_index() == Address("https://uv.example/simple")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "file:///wheels")
    assert found.of_default_index() is None


def test_nothing_that_is_shown_holds_a_secret(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN", "a password")
    found = read(place, WHOLE)

    assert "sesame" not in repr(found)
    assert "a password" not in repr(found)
    text = "at https://x:y@h/p: open/sesame, open%2Fsesame, a password, a%20password"
    assert found.redacted(text) == "at https://****@h/p: ****, ****, ****, ****"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = [", None),
        ("nosuch = 1", "unknown key 'nosuch'"),
        ("proxy = 3", "proxy: must be a text"),
        ('proxy = "socks5://joe:opensesame@h"', "proxy: must be an http or https address"),
        ('default-index = "opensesame"', "default-index: must be an http or https address"),
        ('default-index = "http://h:port/opensesame"', "default-index: must be an http or https"),
        ("mirrors = 3", "mirrors: must be a table"),
        ('[mirrors]\n"http://joe:opensesame@h" = 3', "mirrors.'http://****@h': must be a text"),
        ('[mirrors]\nh = "http://h"', "mirrors: a key: must be an http or https address"),
        ("index = 3", "index: must be tables, each written [[index]]"),
        ('[[index]]\nname = "a"', "index 1: url: must be a text"),
        ('[[index]]\nurl = "http://h"', "index 1: name: must be a text"),
        ('[[index]]\nname = "a b"\nurl = "http://h"', "index 1: name: letters, digits"),
        ('[[index]]\nname = "a"\nurl = "http://h"\nuser = 3', "index 1: unknown key 'user'"),
        ('[[index]]\nname = "a"\nurl = "http://h"\npackages = "b"', "index 1: packages: must be"),
        (2 * '[[index]]\nname = "a"\nurl = "http://h"\n', "index: two have the same name"),
        ('[credentials]\n"http://h" = "opensesame"', "credentials.'http://h': must be a table"),
        (
            '[credentials]\n"http://h" = { password = "open-sesame" }',
            "credentials.'http://h': password: must be the name of a variable of the environment",
        ),
        ('ca-file = "/nonexistent"', "ca-file: there is no such file"),
        ('ca-file = "/dev/null"', "ca-file: it holds no certificate in PEM form"),
    ],
)
def test_what_is_wrong_is_told_by_its_key_and_never_by_its_value(
    place: Path, text: str, reason: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        read(place, text)

    assert caught.value.reference == "bad-config"
    assert caught.value.message == f"{place} is not a configuration of dlsetup."
    told = "".join(caught.value.context)
    assert reason is None or told.startswith(reason)
    assert "sesame" not in told


def test_a_file_that_is_named_must_be_there(place: Path) -> None:
    with pytest.raises(UsageError, match="is not a configuration"):
        settings.current()

    place.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not a configuration"):
        settings.current()


@pytest.mark.parametrize(
    ("variables", "who"),
    [
        ({"UV_DEFAULT_INDEX": "https://joe:a%2Fb@own.example/simple"}, ("joe", "a/b")),
        ({"UV_INDEX": "https://x.example x=https://joe:a@own.example:443/simple"}, ("joe", "a")),
        ({"UV_INDEX": "o-n=https://own.example/simple", "UV_INDEX_O_N_USERNAME": "t"}, ("t", None)),
        (
            {"UV_INDEX": "on=https://own.example/s", "UV_INDEX_ON_PASSWORD": "password"},
            ("", "password"),
        ),
        ({"PIP_EXTRA_INDEX_URL": "https://joe:a@own.example/simple"}, ("joe", "a")),
        ({"UV_INDEX": "https://joe:a@own.example:8443/simple"}, (None, None)),
        ({"UV_INDEX": "http://joe:a@own.example/simple"}, (None, None)),
        ({"UV_INDEX": "https://joe:a@more.own.example/simple"}, (None, None)),
        ({"UV_INDEX": "https://joe:a@own.example:port/simple"}, (None, None)),
    ],
)
def test_who_is_asked_for_at_an_index_of_the_environment_is_asked_for_at_its_host_alone(
    variables: dict[str, str],
    who: tuple[str | None, str | None],
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    known = read(place, "")
    found = known.at("https://own.example/files/x.whl")

    assert (found.url, found.username, found.password) == ("https://own.example/files/x.whl", *who)
    assert "password" not in known.redacted("a password of the environment") or who[1] != "password"
