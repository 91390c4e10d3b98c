"""A wheel made again from what is installed: what was built here travels as it was proved.

It holds what the installer's own record lists, less what the installer added. The same
environment gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path, PurePosixPath

from provisioner.errors import OutsideError
from provisioner.request import folded

_COMMANDS = {"console_scripts", "gui_scripts"}
"""Entry points that an installer makes programs of."""
_BY_INSTALLER = {
    *("INSTALLER", "REQUESTED", "RECORD", "direct_url.json"),
    *("uv_cache.json", "uv_build.json"),
}
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The beginning of time in zip files."""
_SHEBANG = b"#!python\n"
"""What installers replace by the interpreter of the environment."""


def repacked(environment: Path, package: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel that installs a package as it is installed there.

    Raises OutsideError ``environment-damaged`` where it is not there, or was changed since.
    """
    for about in sorted(environment.glob("lib/*/site-packages/*.dist-info")):
        if folded(about.stem.partition("-")[0]) == folded(package):
            try:
                return _Installed(environment, about).wheel()
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise _damaged(package, str(error)) from error
    raise _damaged(package, "it is not installed any more")


class _Installed:
    """One package in an environment."""

    def __init__(self, environment: Path, about: Path) -> None:
        self.environment = environment.resolve()
        self.about = about
        self.site = about.parent.resolve()
        self.stem = about.name.removesuffix(".dist-info")

    def wheel(self) -> tuple[str, bytes]:
        """Its name and its bytes. Raises OSError, ValueError."""
        files = dict(sorted(self._files()))
        record = f"{self.about.name}/RECORD"
        lines = [f"{path},{_digest(data)},{len(data)}" for path, data in files.items()]
        files[record] = ("\n".join([*lines, f"{record},,"]) + "\n").encode()
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for path, data in files.items():
                member = zipfile.ZipInfo(path, _EPOCH)
                member.external_attr = 0o644 << 16
                archive.writestr(member, data, zipfile.ZIP_DEFLATED)
        return f"{self.stem}-{self._tag()}.whl", made.getvalue()

    def _files(self) -> Iterator[tuple[str, bytes]]:
        entries = self._entry_points()
        text = (self.about / "RECORD").read_text(encoding="utf-8")
        for path, digest, _ in csv.reader(text.splitlines()):
            place = (self.site / path).resolve()
            if self._is_added(path) or (place.parent.name == "bin" and place.name in entries):
                continue
            data = place.read_bytes()
            if digest and digest != _digest(data):
                raise ValueError(f"{path} was changed after it was installed")
            yield self._inside(place, data)

    def _inside(self, place: Path, data: bytes) -> tuple[str, bytes]:
        """Where a file lies in a wheel, and what it holds there."""
        if place.is_relative_to(self.site):
            return place.relative_to(self.site).as_posix(), data
        below = place.relative_to(self.environment)  # ValueError for what lies elsewhere
        kind, *rest = below.parts
        if kind == "bin":
            own = f"#!{self.environment}/bin/python".encode()
            first, _, others = data.partition(b"\n")
            data = _SHEBANG + others if first.startswith(own) else data
            return f"{self.stem}.data/scripts/{'/'.join(rest)}", data
        return f"{self.stem}.data/data/{below.as_posix()}", data

    def _is_added(self, path: str) -> bool:
        place = PurePosixPath(path)
        added = place.parent.name == self.about.name and place.name in _BY_INSTALLER
        return added or place.suffix == ".pyc"

    def _entry_points(self) -> set[str]:
        """The commands that an installer writes by itself."""
        points = PathDistribution(self.about).entry_points
        return {point.name for point in points if point.group in _COMMANDS}

    def _tag(self) -> str:
        """The tags of its file's name, each part with all that the wheel said of itself."""
        text = (self.about / "WHEEL").read_text(encoding="utf-8")
        said = [line.partition(":") for line in text.splitlines()]
        tags = [value.strip().split("-") for key, _, value in said if key == "Tag"]
        if not tags:
            raise ValueError("WHEEL names no tag")
        return "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))


def _digest(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


def _damaged(package: str, reason: str) -> OutsideError:
    return OutsideError(
        "environment-damaged",
        f"{package} cannot be packed again from the environment.",
        context=(reason,),
        hint="Make the environment anew: dlsetup env remove NAME, then dlsetup up NAME REQ",
    )
