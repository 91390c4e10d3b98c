"""Host: one machine as the probes see it, its files below a root and its programs.

On the live machine (root ``/``) files are the real ones and programs really run. Below any other
root the files are a captured machine's, and the output of a program is what the capture holds in
``captured/<key>.txt`` (and its exit status in ``captured/<key>.exit``): nothing is run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from provisioner import process
from provisioner.detect.remembered import FactCache
from provisioner.errors import OutsideError

_READ_LIMIT_BYTES = 1024 * 1024
_NAME_LIMIT = 200


class Host:
    """The files, the environment and the programs of one machine; everything here is read-only.

    ``time_limit_s`` is how long one program may take.
    """

    def __init__(
        self,
        root: str,
        env: Mapping[str, str],
        cache: FactCache,
        *,
        time_limit_s: float = 10.0,
    ) -> None:
        self.live = root == "/"
        self.root = os.path.realpath(root)
        self.env = env
        self.cache = cache
        self.time_limit_s = time_limit_s
        self.unanswered: list[str] = []
        """Programs that were asked for a remembered answer and did not end in time."""

    def path(self, path: str) -> str:
        """Where the machine's absolute ``path`` lies on this one.

        Empty, a name that no file has, when a link in a captured machine leads out of it.
        """
        if self.live:
            return path
        below = self.root + path
        return below if os.path.realpath(below).startswith(self.root + os.sep) else ""

    def read(self, path: str, limit: int = _READ_LIMIT_BYTES) -> str | None:
        """The first ``limit`` bytes of a text file, or None; what is not UTF-8 is replaced."""
        content = self.read_bytes(path, limit)
        return None if content is None else content.decode("utf-8", "replace")

    def read_bytes(self, path: str, limit: int = _READ_LIMIT_BYTES) -> bytes | None:
        """The first ``limit`` bytes of a file, or None where it cannot be read."""
        try:
            # Not blocking: a named pipe in the place of a file must not stop the probe.
            handle = os.open(self.path(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (OSError, ValueError):
            return None
        try:
            with open(handle, "rb") as file:
                return file.read(limit)
        except OSError:
            return None

    def line(self, path: str) -> str | None:
        """A file of one line, without its blanks; None where it is missing or empty."""
        return (self.read(path, 4096) or "").strip() or None

    def entries(self, path: str, prefix: str = "") -> list[str]:
        """The sorted names in a folder that begin with ``prefix``; empty where there is none."""
        try:
            names = os.listdir(self.path(path))
        except OSError:
            return []
        return sorted(name for name in names if name.startswith(prefix))

    def exists(self, path: str) -> bool:
        """Whether something bears this name, a dangling link included."""
        return os.path.lexists(self.path(path))

    def link(self, path: str) -> str | None:
        """Where a symbolic link points, as it is written; None if it is no link."""
        try:
            return os.readlink(self.path(path))
        except OSError:
            return None

    def which(self, name: str, *more_folders: str) -> str | None:
        """The program ``name`` on this machine's PATH, then in ``more_folders``."""
        if not self.live:
            return None
        for folder in (*self.search_path(), *more_folders):
            candidate = os.path.join(folder, name)
            if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
                return candidate
        return None

    def search_path(self) -> list[str]:
        """The absolute folders of PATH, each once, in order."""
        folders = self.env.get("PATH", os.defpath).split(os.pathsep)
        return list(dict.fromkeys(folder for folder in folders if os.path.isabs(folder)))

    def home(self) -> str | None:
        """The home folder of the user who asks, None for a captured machine."""
        return self.env.get("HOME") if self.live else None

    def output(
        self, key: str, argv: Sequence[str], env: Mapping[str, str] | None = None
    ) -> process.Completed | None:
        """Run a program now, or read ``captured/<key>.txt``; None where the capture has none.

        Raises OutsideError as ``process.run`` does.
        """
        if self.live:
            return process.run(argv, timeout=self.time_limit_s, env=env or self.env)
        text = self.read(f"/captured/{key}.txt")
        if text is None:
            return None
        status = self.line(f"/captured/{key}.exit") or "0"
        return process.Completed(int(status) if status.isdigit() else 1, text, "")

    def answer(self, key: str, argv: Sequence[str]) -> str | None:
        """What a program prints on standard output, or None where it fails.

        The answer is remembered as long as the program's file stays the same: only for
        questions whose answer cannot change otherwise, such as ``--version``.
        """
        if not self.live:
            told = self.output(key, argv)
            return told.stdout if told is not None and told.returncode == 0 else None
        known = self.cache.program_answer(argv)
        if known is not None:
            return known.text
        try:
            told = process.run(argv, timeout=self.time_limit_s, env=self.env)
        except process.ProgramTimedOutError:
            self.unanswered.append(argv[0])
            return None
        except OutsideError:
            return None
        text = told.stdout if told.returncode == 0 else None
        self.cache.remember_answer(argv, text)
        return text


def printable(text: str) -> str:
    """``text`` as one short printable line: names come from hardware and files, not from us."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _NAME_LIMIT])
    return " ".join(plain.replace("\N{REPLACEMENT CHARACTER}", " ").split())[:_NAME_LIMIT]
