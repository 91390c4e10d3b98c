"""``pylock.toml`` (PEP 751): uv's text read, and written anew in one form.

What is written holds what an installer needs: name, version, marker, index, files with address,
size and hashes. A source file is left out where there is a wheel, so that nothing is built by
accident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from provisioner import toml
from provisioner.errors import OutsideError

_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")
_FILE_KEYS = ("name", "url", "path", "upload-time", "size", "hashes")
_PACKAGE_KEYS = ("name", "version", "marker", "requires-python", "index")
_SOURCES = ("vcs", "directory", "archive")
"""What stands for files where a requirement names an address."""


class LockedPackage(msgspec.Struct, frozen=True):
    """One package that will be installed, and the only files that may be."""

    name: str
    version: str
    hashes: tuple[str, ...]
    """``sha256:…``, one for each file that would do."""


class Document(msgspec.Struct, frozen=True):
    """The packages of one lock, in the order of their names."""

    packages: tuple[Mapping[str, Any], ...]

    @property
    def locked(self) -> tuple[LockedPackage, ...]:
        """Names, versions and hashes. Raises OutsideError ``no-hash``."""
        return tuple(_locked(package) for package in self.packages)

    @property
    def from_source(self) -> tuple[str, ...]:
        """Packages without a wheel: they are built where they are installed."""
        return tuple(str(package["name"]) for package in self.packages if not package.get("wheels"))

    @property
    def download_bytes(self) -> int | None:
        """What an installer fetches at most; None where an index does not say."""
        sizes = [
            max((file.get("size") or 0 for file in _files(package)), default=0)
            for package in self.packages
        ]
        return sum(sizes) if all(sizes) else None

    def found_in(self, index_of: Callable[[str], str | None]) -> Document:
        """The same packages, each with its index where that is known.

        uv leaves the default one out, and would then fetch anew what its cache holds already.
        """
        found = (_found_in(package, index_of(package["name"])) for package in self.packages)
        return Document(tuple(found))

    def text(self, python: str, record: Mapping[str, object]) -> str:
        """The file's whole text, with what it was made for under ``[tool.dlsetup]``."""
        head = {
            "lock-version": "1.0",
            "requires-python": f"=={python}.*",
            "created-by": "dlsetup",
        }
        parts = [toml.lines(head)]
        parts += [f"[[packages]]\n{toml.lines(package)}" for package in self.packages]
        for name, table in record.items():
            parts.append(f"[{name}]\n{toml.lines(_as_table(table))}")
        return "\n".join(parts)


def read(text: str) -> Document:
    """Read what uv wrote. Raises OutsideError ``uv-failed`` for what is no lock."""
    try:
        packages = toml.parse(text).get("packages", [])
        kept = tuple(sorted(map(_kept, packages), key=lambda item: (item["name"], str(item))))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutsideError(
            "uv-failed",
            "uv wrote something that is no pylock.toml.",
            context=(f"{type(error).__name__}: {error}",),
            hint="Try a newer uv.",
        ) from None
    return Document(kept)


def _kept(package: Mapping[str, Any]) -> dict[str, Any]:
    """A package with the keys that are wanted, in their order."""
    found = _clean({key: package[key] for key in _PACKAGE_KEYS if key in package})
    found |= {key: _clean(package[key]) for key in _SOURCES if key in package}
    wheels = sorted((_file(file) for file in package.get("wheels", ())), key=str)
    if wheels:
        found["wheels"] = wheels
    elif "sdist" in package:
        found["sdist"] = _file(package["sdist"])
    return found


def _found_in(package: Mapping[str, Any], index: str | None) -> Mapping[str, Any]:
    if index is None or "index" in package or any(key in package for key in _SOURCES):
        return package
    return _in_order({**package, "index": index})


def _in_order(package: Mapping[str, Any]) -> dict[str, Any]:
    return {key: package[key] for key in (*_PACKAGE_KEYS, *package) if key in package}


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    return _clean({key: file[key] for key in _FILE_KEYS if key in file})


def _clean(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table whose addresses hold nobody's name or password."""
    return {
        key: _USER_INFO.sub("", value) if key in {"url", "index"} else value
        for key, value in table.items()
    }


def _files(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    named = [package[key] for key in ("sdist", "archive") if key in package]
    return [*package.get("wheels", ()), *named]


def _locked(package: Mapping[str, Any]) -> LockedPackage:
    hashes = [
        f"{kind}:{digest}"
        for file in _files(package)
        for kind, digest in sorted(file.get("hashes", {}).items())
    ]
    if not hashes and not any(key in package for key in ("vcs", "directory")):
        raise OutsideError(
            "no-hash",
            f"The package index gives no hash for {package['name']}.",
            hint="Use an index that does: without one nobody can tell whether a file was changed.",
        )
    return LockedPackage(package["name"], str(package.get("version", "")), tuple(hashes))


def _as_table(table: object) -> Mapping[str, object]:
    plain = msgspec.to_builtins(table)
    return plain if isinstance(plain, Mapping) else {"value": plain}
