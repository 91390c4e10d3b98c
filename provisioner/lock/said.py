"""What uv says when it fails, read modestly: which kind of failure, and its essential words.

uv writes ``error: what`` and then causes, each ``cause: why``, and hints.
"""

from __future__ import annotations

import re

from provisioner.errors import DlsetupError, OutsideError
from provisioner.settings import Settings

_URL = re.compile(r"https?://[^\s`()>]+")
_MOST_LINES, _MOST_COLUMNS = 4, 240
_NETWORK = re.compile(
    r"Failed to fetch|error sending request|Request failed|timed out", re.IGNORECASE
)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|os error 28|os error 122")


class RefusedByUvError(DlsetupError):
    """The requirements do not go together, or one of them cannot be had for the target.

    ``packages`` are the names that uv's words are about.
    """

    def __init__(self, lines: tuple[str, ...], packages: tuple[str, ...]) -> None:
        super().__init__(
            "installer-refuses",
            "uv finds no set of packages for this.",
            context=lines,
            hint="Ask for other versions, or leave one of these packages out.",
        )
        self.lines = lines
        self.packages = packages


class SilentIndexError(OutsideError):
    """An index does not answer; ``url`` is the address that was asked, without any secret."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            "index-unreachable",
            f"The package index {url} does not answer.",
            context=(reason,),
            hint="Look at the network and the proxy, or name a mirror of it in config.toml.",
        )
        self.url = url
        self.reason = reason


def error(text: str, settings: Settings) -> DlsetupError:
    """The error for what uv said before it ended; no secret of the settings is in it."""
    lines = _lines(settings.redacted(text))
    whole = "\n".join(lines)
    if at_disk := _at_disk(whole, lines):
        return at_disk
    if "network was disabled" in whole or "network connectivity is disabled" in whole.lower():
        return _not_in_cache(lines)
    if re.search(r"\b(401|403)\b", whole) and re.search(r"credentials|Forbidden|Unauth", whole):
        return _not_let_in(lines)
    if whole.startswith(("No solution found", "Failed to build", "Failed to download and build")):
        return RefusedByUvError(essential(lines), _packages(whole))
    url = _URL.search(whole)
    if url and _NETWORK.search(whole):
        causes = re.findall(r"^\s*cause: (.*)$", settings.redacted(text), re.MULTILINE)
        return SilentIndexError(url[0].rstrip("/"), causes[-1] if causes else lines[0])
    return OutsideError(
        "uv-failed",
        "uv could not do its work.",
        context=lines[:_MOST_LINES],
        hint="What it said stands above; mend that, and try again.",
    )


def _at_disk(whole: str, lines: tuple[str, ...]) -> OutsideError | None:
    if _FULL.search(whole):
        return OutsideError(
            "disk-full",
            "The disk is full where uv writes.",
            context=lines[-1:],
            hint="Make room there, or name another disk: in UV_CACHE_DIR for what uv fetches, in "
            "DLSETUP_HOME for environments.",
        )
    if re.search(r"Failed to initialize cache|Could not acquire lock", whole):
        return OutsideError(
            "place-not-writable",
            "uv's cache cannot be written.",
            context=lines[-1:],
            hint="Make rights there, or name a folder that can be written in UV_CACHE_DIR.",
        )
    return None


def essential(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The few sentences that say why: without uv's own conclusions, none longer than a screen."""
    whole = " ".join(lines[1:])
    kept: list[str] = []
    for sentence in re.split(r"(?:And because|And,? because|Because) ", whole):
        told = re.split(r",? we can conclude that|, it follows", sentence)[0]
        told = told.replace("dlsetup-plan depends on", "this plan needs").replace("===", "==")
        told = re.sub(r" \(e\.g\., [^)]*\)|\{[^}]*\}", "", told).strip(" .,")
        if told and told not in kept:
            kept.append(told if len(told) <= _MOST_COLUMNS else told[: _MOST_COLUMNS - 2] + " …")
    return tuple(kept[:_MOST_LINES]) or lines[:1]


def _lines(text: str) -> tuple[str, ...]:
    """What was said, one line a cause; warnings are left out."""
    found = []
    for raw in text.splitlines():
        line = raw.strip()
        if line and not line.startswith("warning:"):
            found.append(re.sub(r"^(?:error|cause|hint): ", "", line))
    return tuple(found) or ("uv gave no reason",)


def _packages(text: str) -> tuple[str, ...]:
    names = re.findall(r"(?<![\w.-])([A-Za-z0-9][\w.-]*?)(?:\[[\w,-]*\])?(?:[=<>!~]=?\d)", text)
    names += re.findall(r"(?:build|versions of|`)\s*`?([A-Za-z0-9][\w-]*)", text)
    folded = (re.sub(r"[-_.]+", "-", name).lower() for name in names)
    return tuple(dict.fromkeys(folded))


def _not_in_cache(lines: tuple[str, ...]) -> OutsideError:
    return OutsideError(
        "not-in-cache",
        "Without the network this cannot be locked: uv's cache lacks something.",
        context=essential(lines),
        hint="Lock it once with the network; what was fetched then is kept.",
    )


def _not_let_in(lines: tuple[str, ...]) -> OutsideError:
    url = next((found[0].rstrip("/") for line in lines if (found := _URL.search(line))), "")
    return OutsideError(
        "index-not-allowed",
        f"The package index {url} lets nobody in without a name and a password that it knows."
        if url
        else "A package index lets nobody in without a name and a password that it knows.",
        hint="Name the variables that hold them under [credentials] in config.toml, "
        "or put them into netrc.",
    )
