"""A file on a server, read where it lies: only what is looked at is fetched."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from provisioner.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import override

    from provisioner.download import Part, Web
else:

    def override(method: object) -> object:
        """Mark a method for the type checker only."""
        return method


_TAIL_BYTES = 64 * 1024
"""The end of a wheel: its directory, and often its METADATA."""
_BLOCK_BYTES = 16 * 1024
_PIECE_BYTES = 8 * 1024 * 1024
"""What is asked for at once of something that is read through and not kept."""


class RemoteFile(io.RawIOBase):
    """A seekable file of which spans are fetched once and then kept.

    ``limit`` is the number of bytes that may be fetched; one more raises OutsideError
    ``too-much-to-read``. ``sha256`` is held against the file where all of it was sent.
    """

    def __init__(self, web: Web, url: str, *, limit: int, sha256: str | None = None) -> None:
        self._web, self._url, self.limit, self._sha256 = web, url, limit, sha256
        self._spans: list[tuple[int, bytes]] = []
        self._at = 0
        self.fetched = 0
        tail = web.part(url, -_TAIL_BYTES, None)
        self.size = tail.size
        self._keep(tail)
        if sha256 and tail.start == 0 and len(tail.data) == tail.size:
            _hold_against(sha256, tail.data)

    def verify(self) -> None:
        """Fetch all of it, and hold it against its hash: for what is going to be run.

        Raises OutsideError ``hash-differs``, also where the index lists none.
        """
        if self.size > self.limit:
            raise _too_much(self.size, self.limit)
        whole = self._web.part(self._url, 0, self.size - 1)
        _hold_against(self._sha256 or "", whole.data)
        self.fetched += len(whole.data)
        self._spans = [(0, whole.data)]

    def prefetch(self, start: int, end: int) -> None:
        """Fetch what is missing of a span (``end`` not included) in one request."""
        end = min(end, self.size)
        if count := self.missing(start, end):
            if self.fetched + count > self.limit:
                raise _too_much(self.fetched + count, self.limit)
            self._keep(self._web.part(self._url, end - count, end - 1))

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """A span (``end`` not included), of which what is fetched for it is not kept."""
        end = min(end, self.size)
        while start < end:
            data = self._held(start)[: end - start]
            if not data:
                stop = min(start + _PIECE_BYTES, end)
                if self.fetched + stop - start > self.limit:
                    raise _too_much(self.fetched + stop - start, self.limit)
                part = self._web.part(self._url, start, stop - 1)
                if part.start != start:  # the whole file, which is small
                    self._keep(part)
                    continue
                self.fetched += len(part.data)
                data = part.data
            yield data
            start += len(data)

    def missing(self, start: int, end: int) -> int:
        """How many bytes of a span (``end`` not included) are still to be fetched."""
        end = min(end, self.size)
        while start < end and (held := self._held(start)):
            start += len(held)
        return max(0, end - start)

    def _keep(self, part: Part) -> None:
        self.fetched += len(part.data)
        self._spans.append((part.start, part.data))

    def _held(self, at: int) -> bytes:
        """What is held from an offset on, in one piece; empty where nothing is."""
        for start, data in self._spans:
            if start <= at < start + len(data):
                return data[at - start :]
        return b""

    @override
    def readable(self) -> bool:
        """Yes."""
        return True

    @override
    def seekable(self) -> bool:
        """Yes."""
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset; before the start is the start."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    @override
    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer as far as one span reaches."""
        if self._at >= self.size or not len(buffer):
            return 0
        data = self._held(self._at)
        if not data:
            self.prefetch(self._at, self._at + max(len(buffer), _BLOCK_BYTES))
            data = self._held(self._at)
        piece = data[: len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _hold_against(sha256: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OutsideError(
            "hash-differs",
            "The file is not the one that the package index lists: its hash differs.",
            hint="Try again later; if it stays so, tell those who run the index.",
        )


def _too_much(count: int, limit: int) -> OutsideError:
    return OutsideError(
        "too-much-to-read",
        "Reading this file would take more bytes than it is worth.",
        context=(f"{count} bytes, the limit is {limit}",),
    )
