"""How much is to be fetched, and how much room that takes on every file system it touches.

What a package takes is read from the directory of its wheel, where it lies: a few kilobytes of
each. Nothing is guessed: what nobody says makes a number one that is said to be the least.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from provisioner.errors import OutsideError
from provisioner.lock import Lock, Uv, pylock
from provisioner.lock.fetching import Weight
from provisioner.lock.sources import Sources
from provisioner.sizes import human

_BLOCK_BYTES = 4096
"""What a file takes at least, and in multiples of which."""
_DIRECTORY_BYTES = 4_000_000
"""What reading the directory of one wheel may cost."""
OWN_BYTES = 1_000_000
"""What dlsetup itself puts beside: settings for uv, certificates, plan, lock and record."""
CACHE, HOME, TEMPORARY = "uv's cache", "the environment", "temporary files"
_MOVED_BY = {CACHE: "UV_CACHE_DIR", HOME: "DLSETUP_HOME", TEMPORARY: "TMPDIR"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One file system, and what is to be put on it."""

    path: str
    holds: tuple[str, ...]
    """What of it lies there: CACHE, HOME, TEMPORARY."""
    needed_bytes: int
    free_bytes: int

    @property
    def is_enough(self) -> bool:
        """Whether it fits, as far as is known."""
        return self.needed_bytes <= self.free_bytes


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What making an environment takes."""

    packages: int
    fetched: int | None
    """How many of them uv's cache lacks; None where uv does not say."""
    download_bytes: int
    download_at_least: bool
    """Some of it is not known: the number is the least that is needed."""
    disk_at_least: bool
    """The same of what the places hold."""
    places: tuple[Place, ...]
    weights: Mapping[str, Weight]
    """Of the packages that are to be fetched, as far as known."""

    @property
    def disk_bytes(self) -> int:
        """What all of it takes on disk, wherever that is."""
        return sum(place.needed_bytes for place in self.places)

    def check(self) -> None:
        """Raise OutsideError ``disk-full`` where something cannot fit."""
        lacking = [place for place in self.places if not place.is_enough]
        if not lacking:
            return
        least = "at least " if self.disk_at_least else ""
        moved = dict.fromkeys(f"{_MOVED_BY[what]} ({what})" for p in lacking for what in p.holds)
        raise OutsideError(
            "disk-full",
            "There is too little room: nothing was begun.",
            context=tuple(
                f"{place.path}  needed {least}{human(place.needed_bytes)}, free "
                f"{human(place.free_bytes)}: {' and '.join(place.holds)}"
                for place in lacking
            ),
            hint=f"Make room there; Or name a folder on another disk in {' or '.join(moved)}.",
        )


def need_of(lock: Lock, sources: Sources, uv: Uv, home: Path) -> Need:
    """Weigh what an environment in the folder ``home`` takes, beyond what is there already.

    Raises OutsideError as ``Uv.cache`` does; an index that does not answer only makes the numbers
    the least that is needed.
    """
    packages = {str(item["name"]): item for item in pylock.read(lock.text).packages}
    lacking = uv.lacking(lock.text, lock.target, sources)
    fetched = [name for name in packages if name in (lacking or ())]
    cache = uv.cache()
    shared = shares(cache, home)
    wanted = fetched if shared else list(packages)
    weights = dict(_weighed({name: packages[name] for name in wanted}, offline=uv.offline))
    new = [weights[name] for name in fetched if name in weights]
    held = 0 if shared else sum(weight.unpacked for weight in weights.values())
    compiled = sum(weight.modules for weight in weights.values())
    return Need(
        packages=len(packages),
        fetched=None if lacking is None else len(fetched),
        download_bytes=sum(weight.packed for weight in new),
        download_at_least=lacking is None or any(name not in weights for name in fetched),
        # What is compiled of packages that are only linked from the cache is not looked up.
        disk_at_least=lacking is None
        or len(wanted) < len(packages)
        or not all(_known(weights.get(name)) for name in wanted),
        places=places_of(
            (CACHE, cache, sum(weight.unpacked for weight in new)),
            (HOME, home, held + compiled + OWN_BYTES),
            (TEMPORARY, Path(tempfile.gettempdir()), OWN_BYTES),
        ),
        weights={name: weights[name] for name in fetched if name in weights},
    )


def _known(weight: Weight | None) -> bool:
    return weight is not None and weight.unpacked > 0


def _weighed(
    packages: Mapping[str, Mapping[str, Any]], *, offline: bool
) -> Iterator[tuple[str, Weight]]:
    """What packages weigh, as far as the lock or their wheels say."""
    from provisioner.download import Web
    from provisioner.upkeep.side_by_side import side_by_side

    web = Web()
    silent = False
    asked = {name: _files(item) for name, item in packages.items()}
    for name, files in asked.items():
        if size := max((file.get("size") or 0 for file in files), default=0):
            yield name, Weight(size)
    wheels = [(name, file["url"]) for name, files in asked.items() for file in files[:1]]
    near = [item for item in wheels if not offline or item[1].startswith("file:")]
    for (name, _), outcome in side_by_side(near, lambda item: _directory(web, item[1])):
        if isinstance(outcome, Weight):
            yield name, outcome
        silent = silent or _is_silent(outcome)
        if silent:
            return


def _is_silent(outcome: Weight | OutsideError) -> bool:
    return isinstance(outcome, OutsideError) and outcome.reference == "index-unreachable"


def _files(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The wheels of a package, of which one is installed: what is to be built has no such size."""
    return [file for file in package.get("wheels", ()) if file.get("url")]


def _directory(web: Any, url: str) -> Weight:
    """What a wheel weighs, as its directory states it."""
    import zipfile
    from urllib.parse import unquote, urlsplit

    from provisioner.upkeep.remote_file import RemoteFile

    try:
        if url.startswith("file:"):
            path = Path(unquote(urlsplit(url).path))
            size = path.stat().st_size
            with zipfile.ZipFile(path) as archive:
                return _weight(size, archive.infolist())
        remote = RemoteFile(web, url, limit=_DIRECTORY_BYTES)
        with zipfile.ZipFile(remote) as archive:
            return _weight(remote.size, archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise OutsideError("bad-wheel", f"{url} is damaged.", context=(str(error),)) from None


def _weight(size: int, members: Iterable[Any]) -> Weight:
    taken = {info.filename: -(-info.file_size // _BLOCK_BYTES) * _BLOCK_BYTES for info in members}
    modules = sum(count for name, count in taken.items() if name.endswith(".py"))
    return Weight(size, sum(taken.values()), modules)


def places_of(*parts: tuple[str, Path, int]) -> tuple[Place, ...]:
    """The file systems of some folders, each once, with all that goes there.

    A part is CACHE, HOME or TEMPORARY, its folder, and how many bytes go into it.
    """
    found: dict[int, Place] = {}
    for what, folder, needed in parts:
        path = _existing(folder)
        device = path.stat().st_dev
        before = found.get(device)
        found[device] = Place(
            path=before.path if before else str(folder),
            holds=(*before.holds, what) if before else (what,),
            needed_bytes=(before.needed_bytes if before else 0) + needed,
            free_bytes=shutil.disk_usage(path).free,
        )
    return tuple(found.values())


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def shares(cache: Path, home: Path) -> bool:
    """Whether uv can put files of its cache into an environment without a second copy.

    A hard link needs one mount, which can be several on one file system.
    """
    if os.environ.get("UV_LINK_MODE") == "copy":
        return False
    mounts = [(path.stat().st_dev, _mount(path)) for path in (_existing(cache), _existing(home))]
    return mounts[0] == mounts[1]


def _mount(path: Path) -> str:
    """Where the mount begins that a path lies on; empty where the system does not tell."""
    try:
        table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    real = os.path.realpath(path)
    points = (_plain(line.split()[4]) for line in table.splitlines())
    above = (point for point in points if os.path.commonpath((point, real)) == point)
    return max(above, key=len, default="")


def _plain(point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)
