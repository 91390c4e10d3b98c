"""The one door to the web: pages that are asked for again politely, and parts of files.

Pages are kept on disk and revalidated with the server each time (ETag, Last-Modified); parts of
files are not kept. Everything that goes over the wire is counted on the bill.
"""

from __future__ import annotations

import os
import re
import ssl
import threading
from typing import TYPE_CHECKING

import msgspec

from provisioner.errors import OutsideError

if TYPE_CHECKING:
    from pathlib import Path

    import requests

CONNECTIONS = 8
"""How many requests run at once: what an index serves without being troubled."""
WHOLE_FILE_BYTES = 8 * 1024 * 1024
"""A server that cannot serve parts may send a whole file up to this size."""
_TIMEOUT_S = (10, 60)
_RETRIES, _BACKOFF_S = 4, 0.5
_TRY_AGAIN = (429, 500, 502, 503, 504)
_NOT_THERE = (404, 410)
_PARTIAL, _OK = 206, 200
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class NotThereError(OutsideError):
    """The server answers, and has nothing under this address."""


class Bill(msgspec.Struct):
    """What was asked of servers so far."""

    requests: int = 0
    bytes: int = 0


class Part(msgspec.Struct, frozen=True):
    """Some bytes of a file: where they start, and how long the whole file is."""

    start: int
    data: bytes
    size: int


class Web:
    """Requests with retries, the system's certificates and a bill; safe to use from threads.

    ``folder`` keeps pages between runs; None, or a place that cannot be written, keeps nothing.
    Every method raises OutsideError ``index-unreachable`` when the server does not answer, and
    NotThereError when it has no such file.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.bill = Bill()
        self._lock = threading.Lock()
        self._parts = self._prepared(_plain_session())
        self._pages = self._prepared(_keeping_session(folder)) if folder else self._parts

    def page(self, url: str, accept: str) -> tuple[str, str]:
        """The text of a page and its content type."""
        response = self._ask(self._pages, url, {"Accept": accept})
        return response.text, response.headers.get("Content-Type", "")

    def whole(self, url: str) -> bytes:
        """A whole file."""
        response = self._ask(self._parts, url, {"Accept-Encoding": "identity"})
        return response.content

    def part(self, url: str, first: int, last: int | None) -> Part:
        """The bytes from ``first`` to ``last`` (both included); with ``first`` negative, the end.

        A server that cannot serve parts sends the whole file, if it is small.
        """
        wanted = f"bytes={first}-{'' if last is None else last}" if first >= 0 else f"bytes={first}"
        # What is compressed on the way has other offsets.
        headers = {"Range": wanted, "Accept-Encoding": "identity"}
        response = self._ask(self._parts, url, headers, stream=True)
        try:
            return self._part_of(response)
        finally:
            response.close()

    def _part_of(self, response: requests.Response) -> Part:
        import requests

        try:
            if response.status_code == _PARTIAL:
                match = _RANGE.match(response.headers.get("Content-Range", ""))
                if match:
                    data = response.content
                    self._pay(0, len(data))
                    return Part(int(match[1]), data, int(match[2]))
            size = int(response.headers.get("Content-Length") or WHOLE_FILE_BYTES + 1)
            if response.status_code == _OK and size <= WHOLE_FILE_BYTES:
                data = response.content
                self._pay(0, len(data))
                return Part(0, data, len(data))
        except (requests.RequestException, ValueError) as error:
            raise _unreachable(type(error).__name__) from None
        raise OutsideError(
            "no-partial-files",
            "The package index does not serve parts of files.",
            context=(f"HTTP {response.status_code}",),
            hint="Name an index that does in PIP_INDEX_URL: wheels are too large to read whole.",
        )

    def _ask(
        self, session: requests.Session, url: str, headers: dict[str, str], *, stream: bool = False
    ) -> requests.Response:
        import requests

        try:
            response = session.get(url, headers=headers, timeout=_TIMEOUT_S, stream=stream)
        except (requests.RequestException, OSError) as error:
            raise _unreachable(type(error).__name__) from None
        self._pay(
            1, 0 if stream or getattr(response, "from_cache", False) else len(response.content)
        )
        if response.status_code in _NOT_THERE:
            response.close()
            raise NotThereError(
                "not-on-index",
                "The package index has no such file.",
                context=(f"HTTP {response.status_code}",),
            )
        if not response.ok:
            response.close()
            raise _unreachable(f"HTTP {response.status_code}")
        return response

    def _pay(self, requests_: int, bytes_: int) -> None:
        with self._lock:
            self.bill.requests += requests_
            self.bill.bytes += bytes_

    def _prepared(self, session: requests.Session) -> requests.Session:
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        retry = Retry(total=_RETRIES, backoff_factor=_BACKOFF_S, status_forcelist=_TRY_AGAIN)
        adapter = HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=retry)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # The operating system's own certificates, which a mirror's may be among.
        paths = ssl.get_default_verify_paths()
        session.verify = os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.capath or True
        return session


def _plain_session() -> requests.Session:
    import requests

    return requests.Session()


def _keeping_session(folder: Path) -> requests.Session:
    """A session that keeps pages, and asks the server each time whether they are still true."""
    import sqlite3

    from requests_cache import CachedSession

    try:
        folder.mkdir(parents=True, exist_ok=True)
        session: requests.Session = CachedSession(
            str(folder / "pages.sqlite"),
            backend="sqlite",
            expire_after=0,
            always_revalidate=True,
            match_headers=["Accept"],
        )
    except (OSError, sqlite3.Error):
        return _plain_session()
    return session


def _unreachable(reason: str) -> OutsideError:
    return OutsideError(
        "index-unreachable",
        "The package index does not answer.",
        context=(reason,),
        hint="Try again, or name another index in PIP_INDEX_URL.",
    )
