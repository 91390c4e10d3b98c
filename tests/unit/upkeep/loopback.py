"""A package index on loopback that counts what it sends, and that can be told to misbehave."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import json
import re
import ssl
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import quote, unquote

import msgspec

_JSON = "application/vnd.pypi.simple.v1+json"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SLOW_S = 30.0
"""How long an answer that never comes is waited for, unless the server ends before."""


class Sent(NamedTuple):
    """One answer, as the server counts it."""

    path: str
    status: int
    size: int
    """Bytes of its body on the wire."""


class Hosted(msgspec.Struct, kw_only=True):
    """A file of a project; ``padding`` zero bytes stand before its data and are never held."""

    name: str
    data: bytes
    padding: int = 0
    sha256: str
    yanked: bool = False
    requires_python: str | None = None
    released: str | None = "2026-11-19"
    url: str | None = None

    @property
    def size(self) -> int:
        return self.padding + len(self.data)

    @property
    def unpacked(self) -> int:
        """Bytes of its members, where it is a wheel: counted by unpacking them."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            return sum(len(archive.read(name)) for name in archive.namelist())

    def span(self, first: int, end: int) -> bytes:
        zeros = max(0, min(end, self.padding) - first)
        return bytes(zeros) + self.data[max(0, first - self.padding) : max(0, end - self.padding)]


class Loopback:
    """The index's content, and what it was asked for."""

    def __init__(self) -> None:
        self.projects: dict[str, list[Hosted]] = {}
        self.form = "json"
        self.behaviour: dict[str, list[str]] = {}
        """By the last part of a path, what the next answers are instead; the last one stays.

        ``404``, ``500``, ``503``, ``fine``, ``cut``, ``whole``, ``wrong-span``, ``never``,
        ``garbage``, ``list``, ``to:ADDRESS``, ``compressed``, ``later`` (in a day).
        """
        self.gate = threading.Event()
        self.gate.set()
        """While it is not set, wheels wait."""
        self.lets_in: str | None = None
        """``name:password`` of the only one who is answered; None: everybody."""
        self.sent: list[Sent] = []
        self.address = ""
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def add(  # noqa: PLR0913 - what an index can say of a file
        self,
        project: str,
        name: str,
        data: bytes,
        *,
        size: int | None = None,
        sha256: str | None = None,
        yanked: bool = False,
        requires_python: str | None = None,
        released: str | None = "2026-11-19",
        url: str | None = None,
    ) -> Hosted:
        # A padded file is never read whole, so that its hash only has to be its own.
        told = name.encode() + data if size else data
        file = Hosted(
            name=name,
            data=data,
            padding=size - len(data) if size else 0,
            sha256=sha256 or hashlib.sha256(told).hexdigest(),
            yanked=yanked,
            requires_python=requires_python,
            released=released,
            url=url,
        )
        self.projects.setdefault(project, []).append(file)
        return file

    def next_answer(self, path: str) -> str:
        with self.lock:
            waiting = self.behaviour.get(path.rstrip("/").rpartition("/")[2], ["fine"])
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def file(self, name: str) -> Hosted | None:
        listed = (file for files in self.projects.values() for file in files)
        return next((file for file in listed if file.name == name), None)

    def page(self, project: str, accept: str) -> tuple[str, bytes]:
        files = self.projects[project]
        if self.form == "json" and _JSON in accept:
            listed = [
                {
                    "filename": file.name,
                    "url": file.url or f"../../files/{quote(file.name)}",
                    "hashes": {"sha256": file.sha256},
                    "requires-python": file.requires_python,
                    "yanked": "broken" if file.yanked else False,
                    "size": file.size,
                    "upload-time": f"{file.released}T08:00:00.000000Z" if file.released else None,
                }
                for file in files
            ]
            page = {"meta": {"api-version": "1.1"}, "name": project, "files": listed}
            return _JSON, json.dumps(page).encode()
        links = []
        for file in files:
            url = file.url or f"/files/{quote(file.name)}"
            more = ' data-yanked=""' if file.yanked else ""
            if file.requires_python:
                more += f' data-requires-python="{html.escape(file.requires_python)}"'
            links.append(f'<a href="{url}#sha256={file.sha256}"{more}>{html.escape(file.name)}</a>')
        text = "<!DOCTYPE html><html><body>\n" + "<br>\n".join(links) + "\n</body></html>"
        return "text/html", text.encode()

    @property
    def requests(self) -> int:
        return len(self.sent)

    @property
    def bytes(self) -> int:
        return sum(item.size for item in self.sent)

    @property
    def wheels(self) -> set[str]:
        """The wheels that anything was asked of."""
        return {unquote(s.path.rpartition("/")[2]) for s in self.sent if s.path.endswith(".whl")}

    def forget(self) -> None:
        with self.lock:
            self.sent.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for an acknowledgement

    def __init__(self, index: Loopback, *words: object) -> None:
        self.index = index
        super().__init__(*words)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self.path = re.sub(r"^https?://[^/]*", "", self.path)  # a proxy is asked so
        if (who := self.index.lets_in) is not None:
            known = "Basic " + base64.b64encode(who.encode()).decode()
            if self.headers.get("Authorization") != known:
                self._answer(401, b"who are you?", {"WWW-Authenticate": "Basic"})
                return
        how = self.index.next_answer(self.path)
        if how == "never":
            self.close_connection = True
            self.index.ended.wait(_SLOW_S)
        elif how.startswith("to:"):
            self._answer(302, b"", {"Location": how.removeprefix("to:")})
        elif how == "later":
            self._answer(503, b"", {"Retry-After": "86400"})
        elif how.isdigit():
            self._answer(int(how), b"no")
        elif self.path.startswith("/files/"):
            self._file(how)
        else:
            self._page(how)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _page(self, how: str) -> None:
        project = self.path.strip("/").rpartition("/")[2]
        if project not in self.index.projects:
            self._answer(404, b"no such project")
            return
        kind, body = self.index.page(project, self.headers.get("Accept", ""))
        if how == "garbage":
            body = b'{"files": [' + b"\x00\xff<<" * 9
        if how == "list":
            body = b'{"files": ["torch", {"filename": 3, "url": null}]}'
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(304, b"", {"ETag": tag})
            return
        more = {"Content-Type": kind, "ETag": tag}
        if how == "compressed":
            body, more["Content-Encoding"] = gzip.compress(body), "gzip"
        self._answer(200, body, more)

    def _file(self, how: str) -> None:
        self.index.gate.wait(_SLOW_S)
        file = self.index.file(unquote(self.path.rpartition("/")[2]))
        if file is None:
            self._answer(404, b"no such file")
            return
        first, end, wanted = 0, file.size, _RANGE.fullmatch(self.headers.get("Range", ""))
        if how == "whole" or wanted is None:
            self._answer(200, file.span(0, file.size), cut=how == "cut")
            return
        if not wanted[1]:
            first = max(0, file.size - int(wanted[2]))
        else:
            first, end = int(wanted[1]), min(file.size, int(wanted[2] or file.size - 1) + 1)
        body = file.span(first, end)
        if how == "wrong-span":
            first, body = 0, file.span(0, end - first)
        where = {"Content-Range": f"bytes {first}-{first + len(body) - 1}/{file.size}"}
        self._answer(206, body, where, cut=how == "cut")

    def _answer(
        self, status: int, body: bytes, more: dict[str, str] | None = None, *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in (more or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        if self.command != "HEAD":
            body = body[: len(body) // 2] if cut else body
            # Before the first byte leaves: a client may hang up, and go on elsewhere, at once.
            with self.index.lock:
                self.index.sent.append(Sent(self.path, status, len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body)
        if cut:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, index: Loopback) -> None:
        super().__init__(("127.0.0.1", 0), lambda *words: _Handler(index, *words))

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests want."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """An index that answers until the context ends; over HTTPS where there is a certificate."""
    index = Loopback()
    server = _Server(index)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    index.address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/simple/"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield index
    finally:
        index.ended.set()
        index.gate.set()
        server.shutdown()
        server.server_close()
