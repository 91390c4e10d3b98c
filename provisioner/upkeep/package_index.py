"""The package index that this machine's installer is set up with: its files, and parts of them.

The address is never written down: it is asked from the tools, so that a mirror is used where one
is set up.
"""

from __future__ import annotations

import io
import os
import re
import ssl
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import msgspec

from provisioner import process
from provisioner.errors import OutsideError

if TYPE_CHECKING:
    import requests
    from typing_extensions import override
else:

    def override(method: object) -> object:
        """Mark a method for the type checker only."""
        return method


_SETTINGS = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
_TIMEOUT_S = 60
_BLOCK_BYTES = 256 * 1024


class IndexFile(msgspec.Struct, frozen=True):
    """One file of a project, as a simple index lists it."""

    name: str
    url: str
    sha256: str | None
    yanked: bool


def address() -> str:
    """The index's address: the environment, then pip's settings, then the tools' own default.

    Raises OutsideError ``index-unknown`` when no tool can say.
    """
    for setting in _SETTINGS:
        if os.environ.get(setting):
            return os.environ[setting]
    found = _as_pip_says("-m", "pip", "config", "get", "global.index-url")
    found = found or _as_uv_says() or _as_pip_says("-c", _ASK_PIP)
    if found:
        return found
    raise OutsideError(
        "index-unknown",
        "No tool on this machine says which package index it uses.",
        hint="Name it in PIP_INDEX_URL.",
    )


def _as_pip_says(*question: str) -> str | None:
    for python in (sys.executable, "python3"):
        answer = process.run([python, *question], timeout=_TIMEOUT_S)
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    return None


def _as_uv_says() -> str | None:
    """uv names its default index in its help."""
    beside = os.path.join(os.path.dirname(sys.executable), "uv")
    for uv in (beside, "uv"):
        try:
            answer = process.run([uv, "pip", "compile", "--help"], timeout=_TIMEOUT_S)
        except OutsideError:
            continue
        if found := re.search(r"by default: <?(https?://[^\s>\]]+)", answer.stdout):
            return found[1]
    return None


class PackageIndex:
    """A simple index (PEP 503) and ranges of its files. Every method can raise OutsideError."""

    def __init__(self, base: str) -> None:
        import requests

        self.base = base.rstrip("/") + "/"
        self._session = requests.Session()
        # The operating system's own certificates, which a mirror's may be among.
        paths = ssl.get_default_verify_paths()
        self._session.verify = os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.capath

    def files(self, project: str) -> list[IndexFile]:
        """Every file of a project."""
        page = urljoin(self.base, f"{project}/")
        links = _Links(page)
        links.feed(self._get(page, {"Accept": "text/html"}).text)
        return links.found

    def size(self, url: str) -> int:
        """A file's size in bytes."""
        return int(self._get(url, {"Range": "bytes=0-0"}).headers["Content-Range"].split("/")[1])

    @contextmanager
    def wheel(self, url: str) -> Iterator[zipfile.ZipFile]:
        """A wheel opened where it lies: only what is read of it is fetched."""
        with zipfile.ZipFile(io.BufferedReader(_Remote(self, url), _BLOCK_BYTES)) as archive:
            yield archive

    def part(self, url: str, start: int, end: int) -> bytes:
        """The bytes of a file from ``start`` up to, not including, ``end``."""
        return self._get(url, {"Range": f"bytes={start}-{end - 1}"}).content

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        import requests

        try:
            response = self._session.get(url, headers=headers, timeout=_TIMEOUT_S)
            response.raise_for_status()
        except requests.RequestException as error:
            raise OutsideError(
                "index-unreachable",
                "The package index does not answer.",
                context=(type(error).__name__,),
                hint="Try again, or name another index in PIP_INDEX_URL.",
            ) from None
        return response


class _Links(HTMLParser):
    """The files that a project's page links to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[IndexFile] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag != "a" or not values.get("href"):
            return
        url, fragment = urldefrag(urljoin(self.page, values["href"] or ""))
        digest = re.search(r"sha256=([0-9a-f]{64})", fragment)
        self.found.append(
            IndexFile(
                name=url.rpartition("/")[2],
                url=url,
                sha256=digest[1] if digest else None,
                yanked="data-yanked" in values,
            )
        )


class _Remote(io.RawIOBase):
    """A file on a server, read by ranges."""

    def __init__(self, index: PackageIndex, url: str) -> None:
        self._index, self._url = index, url
        self._size = index.size(url)
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = start + offset
        return self._at

    @override
    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = self._index.part(self._url, self._at, end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
