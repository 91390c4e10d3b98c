"""Bundles taken apart, changed and put together again, as somebody with bad intent would."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

Files = dict[str, bytes]
Change = Callable[[Files], None]


def taken_apart(bundle: Path) -> Files:
    """Every file of a bundle by its name."""
    with tarfile.open(bundle) as tar:
        return {item.name: (tar.extractfile(item) or io.BytesIO()).read() for item in tar}


def put_together(bundle: Path, files: Files) -> None:
    """Write files as a bundle, in the order they are in."""
    with tarfile.open(bundle, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            tar.addfile(item, io.BytesIO(data))


def changed(bundle: Path, change: Change, *, sealed: bool = False) -> None:
    """Change the files of a bundle; ``sealed``: its manifest then says what they are."""
    files = taken_apart(bundle)
    change(files)
    if sealed:
        seal(files)
    put_together(bundle, files)


def seal(files: Files) -> None:
    """Let the manifest say of each file what it is now."""
    (name,) = (name for name in files if name.endswith("/manifest.json"))
    manifest = json.loads(files[name])
    top = name.partition("/")[0]
    for item in manifest["files"]:
        data = files.get(f"{top}/{item['path']}", b"")
        item["size"], item["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    files[name] = json.dumps(manifest).encode()


def with_special(bundle: Path, kind: bytes, name: str, leads_to: str = "") -> None:
    """Put something that is no plain file at the end of a bundle."""
    with tarfile.open(bundle, "a", format=tarfile.GNU_FORMAT) as tar:
        item = tarfile.TarInfo(name)
        item.type, item.linkname = kind, leads_to
        tar.addfile(item)
