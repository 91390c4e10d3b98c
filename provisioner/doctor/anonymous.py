"""A report without its author: names, addresses, secrets, serial numbers and paths taken out."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_SHORTEST = 3
"""Letters of a name that may stand for itself in a sentence."""
_NO_NAMES = frozenset(
    [
        "root",
        "user",
        "users",
        "ubuntu",
        "debian",
        "fedora",
        "rocky",
        "centos",
        "arch",
        "suse",
        "opensuse",
        "admin",
        "nvidia",
        "amd",
        "cuda",
        "torch",
        "tensorflow",
        "jax",
        "docker",
        "podman",
        "conda",
        "python",
        "home",
        "localhost",
        "localdomain",
        "linux",
        "windows",
        "macos",
        "test",
        "runner",
        "ec2-user",
        "gpu",
        "cpu",
        "kernel",
        "driver",
        "module",
        "error",
        "warning",
    ]
)
"""Names of accounts and machines that say nothing of anybody, and are words of reports."""
_HEX = "[0-9a-fA-F]"
_LABELS = r"(?:[A-Za-z0-9][\w-]{0,62}\.){1,8}"
_INNER = "internal|intranet|intra|corp|lan|local|localdomain"
_SOURCE = r"(?:py|pyx|cc?|cpp|cxx|cuh?|hh?|hpp|so|txt|sh|log)\b"
"""What a number after a colon is a line of, and no port."""
_REMOTE = r"nfs4?|ceph|lustre|glusterfs|beegfs|fuse\.\w+"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", "<KEY>"),
        (r"(?i)(://)[^/\s@'\"]{1,200}@", r"\1<SECRET>@"),
        (
            r"(?i)([?&](?:[\w-]{0,40}(?:token|key|sig|signature|secret|password|credential)[\w-]{0,40})=)[^&\s'\"]+",
            r"\1<SECRET>",
        ),
        (r"(?i)\b(authorization\s*[:=]\s*)\S.*", r"\1<SECRET>"),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", r"\1 <SECRET>"),
        (
            (
                r"(?i)((?:token(?!iz)|secret(?!storage)|passw(?:or)?d|passwd|passphrase|api[_-]?key|access[_-]?key"
                r"|private[_-]?key|credentials?)[\w-]{0,40}[\"']?\s{0,4}[:=]\s{0,4})(\"[^\"]*\"|'[^']*'|\S+)"
            ),
            r"\1<SECRET>",
        ),
        (
            (
                r"\b(?:hf_|gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|nvapi-|npm_|pypi-|dckr_pat_|AIza)"
                r"[A-Za-z0-9_-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
            ),
            "<SECRET>",
        ),
        (
            (
                r"(?i)\b((?:serial(?: ?number)?|s/n|board (?:id|serial|part number)|asset tag"
                r"|service tag|chassis serial)[\"']?\s*[:=]\s*)[^\s,\"']+"
            ),
            r"\1<SERIAL>",
        ),
        (rf"\b((?:GPU|MIG)-)?{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}\b", r"\1<UUID>"),
        (rf"(?<![\w:])(?:{_HEX}{{2}}[:-]){{5}}{_HEX}{{2}}(?![\w:])", "<MAC>"),
        (rf"(?<![\w:])(?:{_HEX}{{1,4}}:){{4,7}}{_HEX}{{1,4}}(?![\w:])", "<IP>"),
        (
            rf"(?<![\w:.])(?:f[cdef]|[23]){_HEX}{{1,3}}(?::{_HEX}{{1,4}}){{0,6}}::(?:{_HEX}{{1,4}}(?::{_HEX}{{1,4}})*)?(?![\w:])",
            "<IP>",
        ),
        (
            r"(?i)(/home/|/Users/|\\Users\\|/mnt/[a-z]/Users/|/run/user/|/media/)[^/\\\s:'\",;]+",
            r"\1<USER>",
        ),
        (
            r"(?<![\w./@-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){0,8}(?=[\s:,;>)\]]|$)",
            "<USER>@<HOST>",
        ),
        (rf"/[\w.+-]{{1,64}}@{_LABELS}[A-Za-z]{{2,12}}(?=/|\s|$)", "/<USER>@<HOST>"),
        (rf"(?m)^(?=[\w.-]+:/\S*\s+(?:{_REMOTE})\s)[^:]+", "<HOST>"),
        (r"(?m)^//[^/\s]+(?=/)", "//<HOST>"),
        (rf"(?i)(?<![\w.-]){_LABELS}(?:{_INNER})(?![\w-])(?!\.\w)", "<HOST>"),
        (
            rf"(?i)(?<![\w./-]){_LABELS}(?!{_SOURCE})[a-z]{{2,12}}(?=:\d{{2,5}}(?!\w))",
            "<HOST>",
        ),
        (r"\b([A-Z][A-Z0-9_]*_(?:KEY|PASS|PASSPHRASE|PW|PAT)=)\S+", r"\1<SECRET>"),
        (r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b", "<HASH>"),
    )
)
_IP = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-\d)")
_DOMAIN = re.compile(r"<HOST>(?:\.[A-Za-z][\w-]*)+")
_LARGEST_PART = 255
_PACKAGE_BEFORE = re.compile(
    r"(?i)(?:[=<>~!]=|(?:nvidia|cuda|cudnn|cublas|cufft|nccl|torch|tensorrt|lib\w+|cu\d+)[\w.-]*[\s(=:]*v?"
    r"|version[\s:=]+|(?:installed|candidate):\s*(?:\d+:)?|[\w.]-)$"
)
"""What stands before a version of four parts."""
_IS_SECRET = re.compile(
    r"(?i)token|secret|passw|api_?key|access_?key|private_?key|credential|auth$|_(?:key|pass|pw|pat)$"
)
"""Variables whose values nobody else should read."""


class Anonymous:
    """Takes out what says who somebody is; ``names`` are words to look for, by what stands instead.

    Facts that findings rest on stay: versions, names of products, folders of the system.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        home: str = "",
        secrets: Iterable[str] = (),
        first: Callable[[str], str] = str,
    ) -> None:
        self._first = first
        self._home = home.rstrip("/") if len(home.rstrip("/")) > 1 and home != "/root" else ""
        told = {name: instead for name, instead in names.items() if _is_telling(name)}
        longest = sorted(told, key=len, reverse=True)
        words = "|".join(map(re.escape, longest))
        self._names = re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", re.IGNORECASE)
        self._instead = {name.lower(): instead for name, instead in told.items()}
        self._secrets = sorted(
            (one for one in secrets if len(one) > _SHORTEST), key=len, reverse=True
        )

    def text(self, text: str) -> str:
        """The text without them."""
        text = self._first(text)
        for secret in self._secrets:
            text = text.replace(secret, "<SECRET>")
        if self._home:
            text = re.sub(rf"{re.escape(self._home)}(?![\w.-])", "~", text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        text = _IP.sub(lambda match: _address(match, text), text)
        if self._instead:
            text = self._names.sub(lambda match: self._instead[match[0].lower()], text)
        return _DOMAIN.sub("<HOST>", text)

    def value(self, value: Any) -> Any:
        """A value of JSON with every text in it so, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(str(key)): one
                if key == "version" and _is_version(one)
                else self.value(one)
                for key, one in value.items()
            }
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return self.text("\n".join(value)).split("\n") if value else []
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value


def of_this_machine(env: Mapping[str, str], first: Callable[[str], str] = str) -> Anonymous:
    """What takes out the user, the machine and the secrets of this environment.

    ``first`` takes out what else is known to be secret.
    """
    names: dict[str, str] = {}
    for variable in ("USER", "LOGNAME", "SUDO_USER", "USERNAME"):
        names[env.get(variable, "")] = "<USER>"
    for name in _account():
        names[name] = "<USER>"
    home = env.get("HOME", "")
    names[os.path.basename(home.rstrip("/"))] = "<USER>"
    host = socket.gethostname()
    for name in (host, host.partition(".")[0], env.get("HOSTNAME", "")):
        names[name] = "<HOST>"
    hidden = [value for name, value in env.items() if _IS_SECRET.search(name)]
    return Anonymous(names, home, hidden, first)


def _account() -> list[str]:
    """The account's name and the person's, where the system tells them."""
    try:
        import pwd

        entry = pwd.getpwuid(os.getuid())
    except (ImportError, KeyError):
        return []
    return [entry.pw_name, entry.pw_gecos.partition(",")[0]]


def _is_telling(name: str) -> bool:
    return len(name) >= _SHORTEST and name.lower() not in _NO_NAMES and not name.isdigit()


def _is_version(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[\w.+~:-]+", value))


def _address(match: re.Match[str], text: str) -> str:
    """An address is taken out; a version of four parts, after its package's name, is none."""
    before = text[max(match.start() - 60, 0) : match.start()].rpartition("\n")[2]
    parts = [int(part) for part in match[0].split(".")]
    is_version = _PACKAGE_BEFORE.search(before)
    return match[0] if is_version or max(parts) > _LARGEST_PART else "<IP>"
