"""The one door to the web: pages that are asked for again politely, files and parts of files.

Pages are kept on disk and revalidated with the server each time (ETag, Last-Modified); files and
parts of them are not kept. Everything that goes over the wire is counted on the bill.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from provisioner import settings
from provisioner.errors import OutsideError

if TYPE_CHECKING:
    from pathlib import Path

    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import BaseHTTPResponse

CONNECTIONS = 8
"""How many requests run at once: what an index serves without being troubled."""
WHOLE_FILE_BYTES = 8 * 1024 * 1024
"""A server that cannot serve parts may send a whole file up to this size."""
_TIMEOUT_S = (10, 60)
_SHORT_TIMEOUT_S = (4, 5)
"""For a question whose answer may also be that nobody is there."""
_RETRIES, _BACKOFF_S = 4, 0.5
_LONGEST_WAIT_S = 30
"""A server may ask for hours; nobody waits for that."""
_BROKEN = 500
_TRY_AGAIN = (429, 500, 502, 503, 504)
_NOT_THERE = (404, 410)
_NOT_ALLOWED = (401, 403)
_PARTIAL, _OK = 206, 200
_CHUNK = 1024 * 1024
_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)")

T = TypeVar("T")


class NotThereError(OutsideError):
    """The server answers, and has nothing under this address."""


class BrokenOffError(OutsideError):
    """The server began to answer, and did not come to the end."""


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
    Every method raises OutsideError ``index-unreachable`` when the server does not answer,
    ``index-not-allowed`` when it lets us not in, and NotThereError when it has no such file.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.bill = Bill()
        self._lock = threading.Lock()
        self._settings = settings.current()
        self._bundle = self._certificates()
        self._parts = self._prepared(_plain_session())
        self._pages = self._prepared(_keeping_session(folder)) if folder else self._parts
        self._once = _trusting(_plain_session())

    def page(self, url: str, accept: str) -> tuple[str, str]:
        """The text of a page, which is UTF-8, and its content type."""
        import sqlite3

        def asked() -> requests.Response:
            return self._ask(self._pages, url, {"Accept": accept})

        try:
            response = _patiently(asked)
        except sqlite3.Error:  # the disk is full, or somebody damaged what was kept
            self._pages = self._parts
            response = _patiently(asked)
        text = response.content.decode(errors="replace")
        return text, response.headers.get("Content-Type", "")

    def whole(self, url: str) -> bytes:
        """A whole file."""
        headers = {"Accept-Encoding": "identity"}
        return _patiently(lambda: self._ask(self._parts, url, headers)).content

    def into(self, url: str, stream: IO[bytes], heard: Callable[[int], None]) -> None:
        """Write a whole file of any size into an empty stream; ``heard`` is told what is there.

        What broke off goes on from there, where the server serves parts. Raises OSError besides
        where the stream cannot be written.
        """
        _patiently(lambda: self._rest(url, stream, heard))

    def _rest(self, url: str, stream: IO[bytes], heard: Callable[[int], None]) -> None:
        """What is not in the stream yet; all of it where the server begins anew."""
        there = stream.tell()
        headers = {"Accept-Encoding": "identity"}
        headers |= {"Range": f"bytes={there}-"} if there else {}
        response = self._ask(self._parts, url, headers, stream=True)
        try:
            match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if response.status_code != _PARTIAL or not match or int(match[1]) != there:
                stream.seek(0)
                stream.truncate()
                if response.status_code == _PARTIAL:
                    raise _unreachable("it sent another part", BrokenOffError)
            for chunk in self._chunks(response):
                stream.write(chunk)
                heard(stream.tell())
        finally:
            self._pay(0, response.raw.tell())
            response.close()

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        """The body in pieces, and as much of it as was announced."""
        from urllib3.exceptions import HTTPError

        chunks = response.raw.stream(_CHUNK, decode_content=False)
        told, seen = response.headers.get("Content-Length", ""), 0
        while True:
            try:
                chunk = next(chunks, b"")
            except (HTTPError, OSError) as error:
                raise _unreachable(type(error).__name__, BrokenOffError) from None
            if not chunk:
                break
            seen += len(chunk)
            yield chunk
        if told.isdecimal() and seen != int(told):
            raise _unreachable("the answer broke off", BrokenOffError)

    def part(self, url: str, first: int, last: int | None) -> Part:
        """The bytes from ``first`` to ``last`` (both included); with ``first`` negative, the end.

        A server that cannot serve parts sends the whole file, if it is small.
        """
        wanted = f"bytes={first}-{'' if last is None else last}" if first >= 0 else f"bytes={first}"
        # What is compressed on the way has other offsets.
        headers = {"Range": wanted, "Accept-Encoding": "identity"}

        def asked() -> Part:
            response = self._ask(self._parts, url, headers, stream=True)
            try:
                return self._part_of(response, first, last)
            finally:
                response.close()

        return _patiently(asked)

    def _part_of(self, response: requests.Response, first: int, last: int | None) -> Part:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == _PARTIAL and match:
            start, end, size = int(match[1]), int(match[2]) + 1, int(match[3])
            asked_end = size if last is None else min(last + 1, size)
            if (start, end) == (first if first >= 0 else max(0, size + first), asked_end):
                return Part(start, self._body(response, end - start), size)
        told = response.headers.get("Content-Length", "")
        if response.status_code == _OK and told.isdecimal() and int(told) <= WHOLE_FILE_BYTES:
            return Part(0, self._body(response, int(told)), int(told))
        raise OutsideError(
            "no-partial-files",
            "The package index does not serve parts of files.",
            context=(f"HTTP {response.status_code}",),
            hint="Name an index that does in PIP_INDEX_URL: wheels are too large to read whole.",
        )

    def _body(self, response: requests.Response, size: int) -> bytes:
        """So many bytes, and no more of them than were announced."""
        from urllib3.exceptions import HTTPError

        data = b""
        try:
            data = response.raw.read(size, decode_content=False)
        except (HTTPError, OSError) as error:
            raise _unreachable(type(error).__name__, BrokenOffError) from None
        finally:
            self._pay(0, response.raw.tell())
        if len(data) != size:
            raise _unreachable("the answer broke off", BrokenOffError)
        return data

    def _ask(
        self, session: requests.Session, url: str, headers: dict[str, str], *, stream: bool = False
    ) -> requests.Response:
        import requests

        where = self._settings.at(url)
        way = self._way_to(where.url)
        try:
            response = session.get(where.with_secret, headers=headers, stream=stream, **way)
        except requests.exceptions.ChunkedEncodingError as error:
            raise _unreachable(type(error).__name__, BrokenOffError) from None
        except (requests.RequestException, OSError, ValueError) as error:
            raise _unreachable(type(error).__name__) from None
        if response.status_code in _NOT_THERE:
            response.close()
            raise NotThereError(
                "not-on-index",
                "The package index has no such file.",
                context=(f"HTTP {response.status_code}",),
            )
        if response.status_code in _NOT_ALLOWED:
            response.close()
            raise _not_let_in(where.url, f"HTTP {response.status_code}")
        if not response.ok:
            response.close()
            raise _unreachable(f"HTTP {response.status_code}")
        return response

    def silent(self, url: str) -> str | None:
        """Why an address does not answer, in words; None where it does, whatever it says.

        It is asked once, with the patience of ``_SHORT_TIMEOUT_S``.
        """
        import requests

        where = self._settings.at(url)
        way = {**self._way_to(where.url), "timeout": _SHORT_TIMEOUT_S}
        try:
            with self._once.get(where.with_secret, stream=True, **way) as response:
                status = response.status_code
                return f"HTTP {status}" if status in _TRY_AGAIN or status >= _BROKEN else None
        except requests.exceptions.SSLError:
            return "its certificate is not one that is trusted here: name its CA as ca-file"
        except requests.exceptions.ProxyError:
            return "the proxy does not answer"
        except requests.exceptions.Timeout:
            return "no answer came in time"
        except (requests.RequestException, OSError, ValueError):
            return "no connection"

    def _certificates(self) -> str | None:
        """A file with the user's certificates and the usual ones, which goes when we do."""
        import weakref

        from provisioner.scratch import Scratch

        found = self._settings.certificates()
        if found is None:
            return None
        place = Scratch()
        weakref.finalize(self, place.close)
        (place.path / "ca.pem").write_bytes(found)
        return str(place.path / "ca.pem")

    def _way_to(self, url: str) -> dict[str, Any]:
        """Patience, certificates and proxy for one request."""
        from requests.utils import should_bypass_proxies

        way: dict[str, Any] = {"timeout": _TIMEOUT_S}
        if self._bundle is not None:
            way["verify"] = self._bundle
        proxies = self._settings.proxies
        if proxies and not should_bypass_proxies(url, no_proxy=None):
            proxy = proxies["HTTPS_PROXY"]
            way["proxies"] = {"http": proxy, "https": proxy}
        return way

    def _pay(self, requests_: int, bytes_: int) -> None:
        with self._lock:
            self.bill.requests += requests_
            self.bill.bytes += bytes_

    def _prepared(self, session: requests.Session) -> requests.Session:
        adapter = _billed(self._pay)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return _trusting(session)


def _trusting(session: requests.Session) -> requests.Session:
    """A session with the operating system's own certificates, which a mirror's may be among."""
    paths = ssl.get_default_verify_paths()
    session.verify = os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.capath or True
    return session


def _billed(pay: Callable[[int, int], None]) -> HTTPAdapter:
    """What sends requests: it tries again where a server is busy, and every try is paid."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    class Billed(HTTPAdapter):
        def send(self, *words: Any, **more: Any) -> requests.Response:
            """Send one request; a redirect is another one."""
            try:
                response = super().send(*words, **more)
            except requests.exceptions.RetryError:
                pay(1 + _RETRIES, 0)
                raise
            tried = response.raw.retries
            pay(1 + (len(tried.history) if tried else 0), 0)
            if not more.get("stream"):
                try:
                    len(response.content)  # reads it, so that it can be counted
                finally:
                    pay(0, response.raw.tell())
            return response

    class Patient(Retry):
        def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
            """How long the server asks to be left alone, within reason."""
            asked = super().get_retry_after(response)
            return asked if asked is None else min(asked, _LONGEST_WAIT_S)

    retry = Patient(total=_RETRIES, backoff_factor=_BACKOFF_S, status_forcelist=_TRY_AGAIN)
    return Billed(pool_maxsize=CONNECTIONS, max_retries=retry)


def _patiently(work: Callable[[], T]) -> T:
    """Do it again where an answer broke off: only what comes before it is tried again by itself."""
    for _ in range(_RETRIES):
        with contextlib.suppress(BrokenOffError):
            return work()
    return work()


def _plain_session() -> requests.Session:
    import requests

    return requests.Session()


def _keeping_session(folder: Path) -> requests.Session:
    """A session that keeps pages, and asks the server each time whether they are still true."""
    import sqlite3

    from requests_cache import CachedSession

    try:
        # Addresses are kept with the pages, and some hold a password.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _unreachable(reason: str, kind: type[OutsideError] = OutsideError) -> OutsideError:
    return kind(
        "index-unreachable",
        "The package index does not answer.",
        context=(reason,),
        hint="Try again, or name another index in PIP_INDEX_URL.",
    )


def _not_let_in(url: str, reason: str) -> OutsideError:
    from urllib.parse import urlsplit

    # Of the address only the host: what follows may sign it.
    parts = urlsplit(url)
    return OutsideError(
        "index-not-allowed",
        f"The package index {parts.scheme}://{parts.netloc} lets nobody in without a name and a "
        "password that it knows.",
        context=(reason,),
        hint="Name the variables that hold them under [credentials] in config.toml, "
        "or put them into netrc.",
    )
