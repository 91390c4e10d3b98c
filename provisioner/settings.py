"""The user's one configuration file: where packages come from, and how to get there.

``~/.config/dlsetup/config.toml`` (XDG), or the file that ``DLSETUP_CONFIG`` names. What the
environment says (``UV_DEFAULT_INDEX``, ``HTTPS_PROXY`` …) goes before it. Nothing that this module
hands out for showing holds a password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from provisioner import resources, toml
from provisioner.errors import UsageError
from provisioner.request import folded

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USER_INFO = re.compile(r"(?<=://)[^/\s\"'`<>]+@")
_SHORTEST_SECRET = 6
"""Shorter ones stand in any text by chance; nothing is kept secret by them either."""
_INDEXES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


class Address(msgspec.Struct, frozen=True):
    """An address on the web; who is asked for there is known, and never shown."""

    url: str
    """Without user and password."""
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return self.url

    @property
    def with_secret(self) -> str:
        """The address with user and password in it: for a request, never for a text."""
        if self.username is None:
            return self.url
        parts = urlsplit(self.url)
        secret = "" if self.password is None else ":" + quote(self.password, safe="")
        place = f"{quote(self.username, safe='')}{secret}@{parts.netloc}"
        return urlunsplit(parts._replace(netloc=place))


class PrivateIndex(msgspec.Struct, frozen=True):
    """An index of the user's own, asked besides the default one."""

    name: str
    address: Address
    packages: tuple[str, ...] = ()
    """Only these of the request come from it; empty: it is asked first for everything that
    dlsetup did not choose itself."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration file says; the default value says nothing."""

    default_index: Address | None = None
    mirrors: tuple[tuple[str, Address], ...] = ()
    """Beginning of an address and what stands for it, the longest beginning first."""
    indexes: tuple[PrivateIndex, ...] = ()
    proxy: Address | None = None
    ca_file: str | None = None
    credentials: tuple[tuple[str, Address], ...] = ()
    """Beginning of an address and who is asked for there, the longest beginning first."""

    def at(self, url: str) -> Address:
        """Where an address is really asked for: at its mirror, and as whom.

        Who is asked for at an index of the environment is asked for at all of its host, as uv does.
        """
        found = self._mirror_of(url) or _address(url)
        if found.username is not None:
            return found
        for beginning, known in self.credentials:
            if (rest := _after(found.url, beginning)) is not None:
                return Address(beginning + rest, known.username, known.password)
        for index in _of_environment():
            if _origin(index.url) == _origin(found.url):
                return Address(found.url, index.username, index.password)
        return found

    def _mirror_of(self, url: str) -> Address | None:
        for beginning, mirror in self.mirrors:
            if (rest := _after(url, beginning)) is not None:
                return Address(mirror.url + rest, mirror.username, mirror.password)
        return None

    def of_default_index(self) -> Address | None:
        """The default index as the environment or this file names it; None: the tool's own."""
        for setting in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
            text = os.environ.get(setting, "").strip()
            if found := re.fullmatch(r"(?:[\w.-]+=)?(https?://\S+)", text):
                return self.at(found[1])
        folder = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
        if self.default_index is None or folder:  # which is uv's own business
            return None
        return self.at(self.default_index.with_secret)

    @property
    def proxies(self) -> dict[str, str]:
        """Variables that name the proxy, where the environment does not."""
        if self.proxy is None or any(
            os.environ.get(name) or os.environ.get(name.lower()) for name in _PROXIES
        ):
            return {}
        return dict.fromkeys(_PROXIES, self.proxy.with_secret)

    def certificates(self) -> bytes | None:
        """Those of ``ca_file`` and those trusted before it, in PEM form; None without the former.

        Raises OSError.
        """
        if self.ca_file is None:
            return None
        import ssl

        usual = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
        before = Path(usual).read_bytes() if usual and os.path.isfile(usual) else b""
        return before.rstrip(b"\n") + b"\n" + Path(self.ca_file).read_bytes()

    def redacted(self, text: str) -> str:
        """A text without any user or password of an address, and without those of this file."""
        text = _USER_INFO.sub("****@", text)
        for secret in self._secrets():
            text = text.replace(secret, "****")
        return text

    def holds_secret(self, text: str) -> bool:
        """Whether something in the text would be taken out by ``redacted``."""
        return self.redacted(text) != text

    def _secrets(self) -> Iterator[str]:
        addresses = [self.default_index, self.proxy, *(item.address for item in self.indexes)]
        addresses += [item for _, item in (*self.mirrors, *self.credentials)]
        addresses += _of_environment()
        for address in addresses:
            password = address.password if address else None
            if password and len(password) >= _SHORTEST_SECRET:
                yield from {password, quote(password, safe="")}


def current() -> Settings:
    """The user's settings. Raises UsageError ``bad-config`` naming the file and the key."""
    named = os.environ.get("DLSETUP_CONFIG")
    place = Path(named) if named else resources.config()
    return _read(place, must_exist=bool(named)) if place else Settings()


def _of_environment() -> Iterator[Address]:
    """The indexes that uv's and pip's variables name together with who is asked for there."""
    for setting in _INDEXES:
        for word in os.environ.get(setting, "").split():
            match = re.fullmatch(r"(?:([\w.-]+)=)?(https?://.+)", word)
            if match is None:
                continue
            found = _address(match[2])
            stem = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", (match[1] or "").upper())
            name, password = (os.environ.get(f"{stem}_{of}") for of in ("USERNAME", "PASSWORD"))
            if match[1] and (name or password):
                found = Address(found.url, name or found.username or "", password or found.password)
            if found.username is not None:
                yield found


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _read(place: Path, *, must_exist: bool) -> Settings:
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not must_exist:
            return Settings()
        raise _bad(place, "there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(place, getattr(error, "strerror", None) or "it is no text") from None
    try:
        return _Reader(toml.parse(text)).settings()
    except ValueError as error:
        raise _bad(place, str(error)) from None


def _bad(place: Path, reason: str) -> UsageError:
    return UsageError(
        "bad-config",
        f"{place} is not a configuration of dlsetup.",
        context=(reason,),
        hint="Correct the file, or name another in DLSETUP_CONFIG; "
        "its keys: default-index, mirrors, index, credentials, proxy, ca-file",
    )


class _Reader:
    """One document, key by key. Every ValueError names the key and never the value."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def settings(self) -> Settings:
        known = {"default-index", "mirrors", "index", "credentials", "proxy", "ca-file"}
        _only(self.document, known, "")
        default, proxy = self.document.get("default-index"), self.document.get("proxy")
        return Settings(
            default_index=None if default is None else _url(default, "default-index"),
            mirrors=self._mirrors(),
            indexes=self._indexes(),
            proxy=None if proxy is None else _url(proxy, "proxy"),
            ca_file=self._ca_file(),
            credentials=self._credentials(),
        )

    def _mirrors(self) -> tuple[tuple[str, Address], ...]:
        table = _table(self.document.get("mirrors", {}), "mirrors")
        found = (
            (_url(of, "mirrors: a key").url, _url(by, f"mirrors.{_shown(of)}"))
            for of, by in table.items()
        )
        return _longest_first(found)

    def _indexes(self) -> tuple[PrivateIndex, ...]:
        tables = self.document.get("index", [])
        if not isinstance(tables, list):
            raise _wrong("index: must be tables, each written [[index]]")
        found = tuple(_index(table, number) for number, table in enumerate(tables, start=1))
        if len({item.name.lower() for item in found}) < len(found):
            raise _wrong("index: two have the same name")
        return found

    def _credentials(self) -> tuple[tuple[str, Address], ...]:
        table = _table(self.document.get("credentials", {}), "credentials")
        return _longest_first(
            (_url(of, "credentials: a key").url, _who(who, f"credentials.{_shown(of)}"))
            for of, who in table.items()
        )

    def _ca_file(self) -> str | None:
        text = self.document.get("ca-file")
        if text is None:
            return None
        path = os.path.expanduser(_text(text, "ca-file"))
        import ssl

        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:  # ssl.SSLError is one
            missing = isinstance(error, FileNotFoundError)
            told = "there is no such file" if missing else "it holds no certificate in PEM form"
            msg = f"ca-file: {told}"
            raise ValueError(msg) from None
        return os.path.abspath(path)


def _index(table: object, number: int) -> PrivateIndex:
    place = f"index {number}"
    table = _table(table, place)
    _only(table, {"name", "url", "packages"}, f"{place}: ")
    name = _text(table.get("name"), f"{place}: name")
    if not _NAME.fullmatch(name):
        raise _wrong(f"{place}: name: letters, digits, dots, hyphens and underscores only")
    packages = table.get("packages", [])
    if not isinstance(packages, list) or not all(
        isinstance(item, str) and _NAME.fullmatch(item) for item in packages
    ):
        raise _wrong(f"{place}: packages: must be a list of names of packages")
    address = _url(table.get("url"), f"{place}: url")
    return PrivateIndex(name, address, tuple(map(folded, packages)))


def _who(who: object, place: str) -> Address:
    """User and password, from the variables of the environment that are named."""
    table = _table(who, place)
    _only(table, {"username", "password"}, f"{place}: ")
    found = []
    for word in ("username", "password"):
        variable = table.get(word)
        if variable is not None and not _VARIABLE.fullmatch(_text(variable, f"{place}: {word}")):
            raise _wrong(f"{place}: {word}: must be the name of a variable of the environment")
        found.append(os.environ.get(variable) if variable else None)
    return Address("", found[0] or "", found[1])


def _longest_first(pairs: Iterator[tuple[str, Address]]) -> tuple[tuple[str, Address], ...]:
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0])))


def _after(url: str, beginning: str) -> str | None:
    """What follows a beginning that ends where a part of the address does."""
    rest = url.removeprefix(beginning)
    return rest if rest != url and (not rest or rest[0] in "/?#") else None


def _url(text: object, place: str) -> Address:
    address = _address(_text(text, place))
    parts = urlsplit(address.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not address.url.isprintable():
        raise _wrong(f"{place}: must be an http or https address")
    return Address(address.url.rstrip("/"), address.username, address.password)


def _address(url: str) -> Address:
    try:
        parts = urlsplit(url)
        _ = parts.port  # it may be no number
    except ValueError:
        return Address("")
    user, at, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=host))
    if not at:
        return Address(bare)
    name, colon, password = user.partition(":")
    return Address(bare, unquote(name), unquote(password) if colon else None)


def _wrong(text: str) -> ValueError:
    """The one kind of error for a setting that cannot be; ``text`` names its key."""
    return ValueError(text)


def _only(table: Mapping[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise _wrong(f"{place}unknown key {_shown(unknown[0])}")


def _table(thing: object, place: str) -> Mapping[str, Any]:
    if not isinstance(thing, dict):
        raise _wrong(f"{place}: must be a table")
    return thing


def _text(thing: object, place: str) -> str:
    if not isinstance(thing, str) or not thing or not thing.isprintable():
        raise _wrong(f"{place}: must be a text")
    return thing


def _shown(key: str) -> str:
    return repr(_USER_INFO.sub("****@", key)[:80])
