"""Text as people's editors save it: which encoding it is in, its first bytes say."""

from __future__ import annotations

import codecs

_MARKS = (
    # The mark of UTF-16 begins that of UTF-32: the longer ones first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(data: bytes) -> str:
    """Return text in UTF-8, or in what its byte order mark says: PowerShell writes UTF-16.

    Lines end as they do on Linux. Raises UnicodeDecodeError.
    """
    found = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8-sig")
    return data.decode(found).replace("\r\n", "\n")
