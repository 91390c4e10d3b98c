"""What was tried, kept as it happens: a run that is killed goes on where it was.

One small file a release and interpreter, a line an attempt. What other programs than today's
said does not count. It is kept until it is asked for anew: the index moves on.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from provisioner.upkeep.rot import blame, probe
from provisioner.upkeep.rot.environment import Outcome

_RULES = (probe, blame)


class _Kept(msgspec.Struct, frozen=True):
    requirements: tuple[str, ...]
    outcome: Outcome


class Attempts:
    """The attempts of one release on one interpreter, made once each."""

    def __init__(self, path: Path, attempt: Callable[[Sequence[str]], Outcome]) -> None:
        self._path = path
        self._attempt = attempt
        self._known = {kept.requirements: kept.outcome for kept in _read(path)}
        self.made = 0
        """How many were made now, not remembered."""

    def __call__(self, requirements: Sequence[str]) -> Outcome:
        """What comes of installing requirements. Raises OutsideError as an environment does."""
        asked = tuple(requirements)
        if asked not in self._known:
            self._known[asked] = self._attempt(asked)
            self.made += 1
            # On a line of its own, also behind one that a kill cut off.
            line = b"\n" + msgspec.json.encode(_Kept(asked, self._known[asked])) + b"\n"
            # A folder that cannot be written keeps nothing, and is no error.
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab") as file:
                    file.write(line)
        return self._known[asked]

    def forget(self) -> None:
        """Make them all anew."""
        self._known = {}
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _read(path: Path) -> list[_Kept]:
    """The attempts in a file; a line that was cut off by a kill is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError):
            found.append(msgspec.json.decode(line, type=_Kept))
    return found


def rules() -> str:
    """What today's attempts depend on, as a folder's name: the code that makes them."""
    files = (*(Path(module.__file__ or "") for module in _RULES), *probe.sources())
    code = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(code).hexdigest()[:16]
