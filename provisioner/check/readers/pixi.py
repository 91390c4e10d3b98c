"""pixi.toml, and what pixi reads of pyproject.toml: a part for each environment.

An environment is the workspace's own tables with those of its features; what is said for one
platform stands in the place of what is said for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from provisioner.check.readers import installers
from provisioner.check.readers.installers import Origin
from provisioner.check.readers.joined import joined
from provisioner.check.readers.toml_lines import Keys
from provisioner.check.said import Package, Part, Place, Python, SolverCuda, Statement
from provisioner.request import canonical
from provisioner.version import at_least, is_dotted

_Table = Mapping[str, Any]
_CONDA = ("dependencies", "host-dependencies", "build-dependencies")
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "linux-64": ("linux-x86_64",),
    "linux-aarch64": ("linux-aarch64",),
    "linux": ("linux-x86_64", "linux-aarch64"),
    "win-64": ("windows-x86_64",),
    "win-arm64": ("windows-aarch64",),
    "win": ("windows-x86_64", "windows-aarch64"),
    "osx-64": ("macos-x86_64",),
    "osx-arm64": ("macos-aarch64",),
    "osx": ("macos-x86_64", "macos-aarch64"),
    "unix": ("linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-aarch64"),
}
"""What pixi calls them, and what the catalog does."""
_EVERYWHERE = tuple(
    dict.fromkeys(name for key in ("linux", "win", "osx") for name in _PLATFORMS[key])
)


class Workspace:
    """One workspace; ``at`` are the keys that lead to it, ``lines`` those of its file."""

    def __init__(self, table: _Table, at: Keys, lines: Mapping[Keys, tuple[int, str]]) -> None:
        self.table = table
        self.at = at
        self.lines = lines
        settings = _sub(table, "workspace") or _sub(table, "project")
        self.settings = settings
        self.channels = _channels(settings.get("channels"))

    def parts(self, base: Sequence[Statement] = ()) -> Iterator[Part]:
        """Yield the environments, and each feature that is in none; ``base`` stands in all."""
        for name, (features, with_default) in self._environments().items():
            tables = [((*self.at,), self.table)] if with_default else []
            tables += [
                ((*self.at, "feature", one), _sub(_sub(self.table, "feature"), one))
                for one in features
            ]
            said = [*(base if with_default else ())]
            channels = tuple(
                dict.fromkeys(
                    channel for _, table in tables for channel in _channels(table.get("channels"))
                )
            )
            for keys, table in tables:
                said += self._feature(keys, table, (*channels, *self.channels))
            cuda = self._cuda([table for _, table in tables])
            if any(isinstance(one, Package) for one in said):
                said.append(SolverCuda(cuda=cuda, at=self._cuda_place(tables)))
                yield Part(inside="environment", name=name, statements=tuple(joined(said)))

    def _environments(self) -> dict[str, tuple[list[str], bool]]:
        """The features of each environment, and whether the workspace's own tables are in it."""
        features = _sub(self.table, "feature")
        found: dict[str, tuple[list[str], bool]] = {"": ([], True)}
        for name, value in _sub(self.table, "environments").items():
            told = value.get("features", []) if isinstance(value, dict) else value
            names = [str(one) for one in told if one in features] if isinstance(told, list) else []
            without = isinstance(value, dict) and value.get("no-default-feature") is True
            found["" if name == "default" else name] = (names, not without)
        used = {one for names, _ in found.values() for one in names}
        found |= {name: ([name], True) for name in features if name not in used | set(found)}
        return found

    def _feature(self, keys: Keys, table: _Table, channels: tuple[str, ...]) -> Iterator[Statement]:
        targets = {
            name: _sub(_sub(table, "target"), name)
            for name in _sub(table, "target")
            if name in _PLATFORMS
        }
        for name, one in targets.items():
            for said in self._tables((*keys, "target", name), one, table, channels):
                yield _only_on(said, _PLATFORMS[name])
        for said in self._tables(keys, table, table, channels):
            elsewhere = {
                platform
                for name, one in targets.items()
                if _named(one, said)
                for platform in _PLATFORMS[name]
            }
            left = tuple(one for one in _EVERYWHERE if one not in elsewhere)
            yield _only_on(said, left) if elsewhere else said

    def _tables(
        self, keys: Keys, table: _Table, feature: _Table, channels: tuple[str, ...]
    ) -> Iterator[Statement]:
        for kind in _CONDA:
            for name, value in _sub(table, kind).items():
                place = self._place((*keys, kind, name))
                yield from _conda(name, value, place, channels)
        options = {**_sub(self.settings, "pypi-options"), **_sub(self.table, "pypi-options")}
        options |= _sub(feature, "pypi-options")
        for name, value in _sub(table, "pypi-dependencies").items():
            yield from _wheel(name, value, options, self._place((*keys, "pypi-dependencies", name)))

    def _place(self, keys: Keys) -> Place:
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.lines:
                return Place(*self.lines[keys[:end]])
        return Place(1, keys[-1])

    def _cuda(self, tables: Sequence[_Table]) -> str | None:
        """The CUDA that the driver is said to speak, beside the platform or in its own table."""
        told = [_sub(table, "system-requirements").get("cuda") for table in tables]
        listed = self.settings.get("platforms")
        rows = listed if isinstance(listed, list) else ()
        told += [one.get("cuda") for one in rows if isinstance(one, dict)]
        found = [text for one in told if one is not None and is_dotted(text := str(one))]
        newest = next(iter(found), None)
        for text in found:
            newest = text if newest is None or at_least(text, newest) else newest
        return newest

    def _cuda_place(self, tables: Sequence[tuple[Keys, _Table]]) -> Place:
        for keys, table in tables:
            if "cuda" in _sub(table, "system-requirements"):
                return self._place((*keys, "system-requirements", "cuda"))
        return self._place((*self.at, "workspace"))


def _conda(
    name: str, value: Any, place: Place, channels: tuple[str, ...]
) -> Iterator[Package | Python]:
    """``name = "1.2.*"``, or a table with version, build and channel."""
    told = value if isinstance(value, dict) else {"version": value}
    version, build = told.get("version", "*"), told.get("build", "")
    if not isinstance(version, str) or {"path", "git", "url"} & set(told):
        return
    text = version.replace(" ", "")
    # A bare version is that one and no other.
    sign = "==" if text[:1].isdigit() and not text.endswith("*") else ""
    sign = "=" if text[:1].isdigit() and not sign else sign
    own = told.get("channel")
    for one in installers.conda_spec(
        f"{name}{sign}{'' if text == '*' else text}",
        place,
        (str(own),) if own else channels,
    ):
        with_build = isinstance(one, Package) and isinstance(build, str) and build
        yield msgspec.structs.replace(one, build=build) if with_build else one


def _wheel(name: str, value: Any, options: _Table, place: Place) -> Iterator[Package]:
    told = value if isinstance(value, dict) else {"version": value}
    version, extras = told.get("version", "*"), told.get("extras")
    if not isinstance(version, str) or {"path", "git", "url"} & set(told):
        return
    default, own, more = (
        options.get("index-url"),
        told.get("index"),
        options.get("extra-index-urls"),
    )
    indexes = [own] if own else [default, *(more if isinstance(more, list) else ())]
    origin = Origin(
        indexes=tuple(installers.plain_address(str(one)) for one in indexes if one),
        replaces_default=bool(own or default),
        known="find-links" not in options,
    )
    asked = f"[{','.join(map(str, extras))}]" if isinstance(extras, list) else ""
    marker = f" ; {told['env-markers']}" if isinstance(told.get("env-markers"), str) else ""
    sign = "==" if version[:1].isdigit() else ""
    text = f"{name}{asked}{'' if version == '*' else sign + version}{marker}"
    package = installers.required(text, place, origin)
    if package is not None:
        yield package


def _channels(listed: Any) -> tuple[str, ...]:
    rows = listed if isinstance(listed, list) else ()
    return tuple(str(row.get("channel", "")) if isinstance(row, dict) else str(row) for row in rows)


def _named(table: _Table, said: Statement) -> bool:
    """Whether a table for one platform says the same thing anew."""
    kinds = _CONDA if isinstance(said, Python) or _is_conda(said) else ("pypi-dependencies",)
    mine = "python" if isinstance(said, Python) else getattr(said, "name", "")
    return any(canonical(name) == mine for kind in kinds for name in _sub(table, kind))


def _is_conda(said: Statement) -> bool:
    return isinstance(said, Package) and said.manager == "conda"


def _only_on(said: Statement, platforms: tuple[str, ...]) -> Statement:
    if isinstance(said, Package | Python):
        return msgspec.structs.replace(said, platforms=platforms)
    return said


def _sub(table: _Table, name: str) -> _Table:
    found = table.get(name)
    return found if isinstance(found, dict) else {}
