"""The package index that this machine's installer is set up with, and what its pages list.

The address is never written down: it is asked from the tools, so that a mirror is used where one
is set up. Only http(s) addresses count: a folder of wheels is no publisher.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin

import msgspec

from provisioner import process, settings
from provisioner.download import NotThereError
from provisioner.errors import OutsideError

if TYPE_CHECKING:
    from typing_extensions import override

    from provisioner.download import Web
else:

    def override(method: object) -> object:
        """Mark a method for the type checker only."""
        return method


_ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
_TIMEOUT_S = 60
_WEB = re.compile(r"(?:[\w.-]+=)?(https?://\S+)")
"""An address as the settings hold it; uv lets a name stand before it."""
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"
_JSON = "application/vnd.pypi.simple"
_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip", ".egg", ".tar.bz2", ".exe")
"""How the names of files end that an index has ever held."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class IndexFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a project, as a simple index lists it; None where the index does not say."""

    name: str
    url: str
    sha256: str | None = None
    yanked: bool = False
    requires_python: str | None = None
    size: int | None = None
    released: str | None = None
    """The day of the upload, ``2026-10-28``."""


class _Listed(msgspec.Struct, rename="kebab"):
    """A file as the index's JSON has it."""

    filename: str
    url: str
    hashes: dict[str, str] | None = None
    yanked: bool | str = False
    requires_python: str | None = None
    size: int | None = None
    upload_time: str | None = None


class _Listing(msgspec.Struct):
    files: list[_Listed]


def address() -> str:
    """The index's address, which may hold a password.

    The environment names it, else dlsetup's configuration file, else pip's settings, else the
    tools' own default. Raises OutsideError ``index-unknown`` when no tool can say.
    """
    if named := settings.current().of_default_index():
        return named.with_secret
    for answer in (
        _as_pip_says("-m", "pip", "config", "get", "global.index-url"),
        _as_uv_says(),
        _as_pip_says("-c", _ASK_PIP),
    ):
        if answer and (found := _WEB.fullmatch(answer)):
            return found[1]
    raise OutsideError(
        "index-unknown",
        "No tool on this machine says which package index it uses.",
        hint="Name it in PIP_INDEX_URL; it must be an http or https address.",
    )


def _as_pip_says(*question: str) -> str | None:
    for python in (sys.executable, "python3"):
        try:
            answer = process.run([python, *question], timeout=_TIMEOUT_S)
        except OutsideError:
            continue
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    return None


def _as_uv_says() -> str | None:
    """uv names its default index in its help."""
    from provisioner.lock import Uv

    try:
        return Uv(settings.Settings()).default_index()
    except OutsideError:
        return None


class PackageIndex:
    """A simple index (PEP 503, PEP 691). Every method can raise OutsideError."""

    def __init__(self, base: str, web: Web) -> None:
        self.base = base.rstrip("/") + "/"
        self.web = web

    def files(self, project: str) -> list[IndexFile]:
        """Every file of a project. Raises NotThereError when the index has no such project."""
        page = urljoin(self.base, f"{project}/")
        try:
            text, content_type = self.web.page(page, _ACCEPT)
        except NotThereError as error:
            told = f"The package index has no project called {project}."
            raise NotThereError(error.reference, told, context=error.context) from None
        try:
            found = _listed(page, text, content_type)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise OutsideError(
                "index-unreadable",
                f"The package index's page of {project} cannot be read.",
                context=(type(error).__name__,),
                hint="Try again, or name another index in PIP_INDEX_URL.",
            ) from None
        if not any(file.name.endswith(_DISTRIBUTIONS) for file in found):
            # A login page or a note of maintenance is no news.
            raise OutsideError(
                "index-unreadable",
                f"The package index's page of {project} lists no file.",
                hint="Try again, or name another index in PIP_INDEX_URL.",
            )
        return found


def _listed(page: str, text: str, content_type: str) -> list[IndexFile]:
    if content_type.startswith(_JSON):
        return list(_from_json(page, text))
    links = _Links(page)
    links.feed(text)
    return links.found


def _from_json(page: str, text: str) -> Iterator[IndexFile]:
    for file in msgspec.json.decode(text, type=_Listing).files:
        yield IndexFile(
            name=file.filename,
            url=urljoin(page, file.url),
            sha256=(file.hashes or {}).get("sha256"),
            yanked=bool(file.yanked),
            requires_python=file.requires_python,
            size=file.size,
            released=_day(file.upload_time),
        )


def _day(text: str | None) -> str | None:
    match = _DAY.match(text or "")
    return match[0] if match else None


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
                name=unquote(url.rpartition("/")[2]),
                url=url,
                sha256=digest[1] if digest else None,
                yanked="data-yanked" in values,
                requires_python=values.get("data-requires-python"),
                released=_day(values.get("data-upload-time")),
            )
        )
