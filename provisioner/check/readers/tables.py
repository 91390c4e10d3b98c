"""pyproject.toml and pixi.toml: dependencies by table, and the indexes that uv binds them to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner import toml
from provisioner.check.readers import installers, toml_lines
from provisioner.check.readers.installers import Origin
from provisioner.check.readers.joined import joined
from provisioner.check.readers.pixi import Workspace
from provisioner.check.said import Bound, Package, Part, Place, Python, Statement
from provisioner.request import canonical

_Table = Mapping[str, Any]


def read(text: str) -> tuple[Part, ...]:
    """Return a part for the project and one for each of its extras and groups."""
    try:
        document = toml.parse(text)
    except (ValueError, RecursionError) as error:
        return (Part(inside="environment", statements=(toml_lines.unread(text, error),)),)
    project, tool = _table(document, "project"), _table(document, "tool")
    sources = _Sources(_table(tool, "uv"), text)
    base: list[Statement] = [
        *_pythons(project, tool),
        *_required(project.get("dependencies"), sources),
        *_poetry(_table(_table(tool, "poetry"), "dependencies")),
    ]
    base += _constraints(_table(tool, "uv"), sources)
    lines = toml_lines.lines_of(text)
    own = _table(tool, "pixi")
    at: toml_lines.Keys = ("tool", "pixi")
    if not own and {"workspace", "dependencies", "pypi-dependencies", "feature"} & set(document):
        own, at = document, ()
    environments = list(Workspace(own, at, lines).parts(base)) if own else []
    base = list(joined(base))
    parts = environments or [Part(inside="environment", statements=tuple(base))]
    more = {**_table(project, "optional-dependencies"), **_table(document, "dependency-groups")}
    for name, listed in more.items():
        found = list(_required(listed, sources))
        if found:
            said = tuple(joined([*base, *found]))
            parts.append(Part(inside="environment", name=name, statements=said))
    return tuple(part for part in parts if part.statements)


class _Sources:
    """``[tool.uv.sources]`` and ``[[tool.uv.index]]``: which index a package is bound to."""

    def __init__(self, uv: _Table, text: str) -> None:
        self._lines = text.splitlines()
        listed = uv.get("index")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        self.addresses = {str(row.get("name")): str(row.get("url", "")) for row in rows}
        self.open = tuple(str(row.get("url", "")) for row in rows if not row.get("explicit"))
        self.bound: dict[str, Any] = {
            canonical(name): value for name, value in _table(uv, "sources").items()
        }

    def place(self, words: str) -> Place:
        """The first line that holds some words."""
        found = (number for number, line in enumerate(self._lines, start=1) if words in line)
        return Place(next(found, 1), words)

    def origin(self, name: str) -> Origin:
        """Where a package is looked for."""
        bound = self.bound.get(name)
        if bound is None:
            return Origin(indexes=tuple(map(installers.plain_address, self.open)))
        rows = bound if isinstance(bound, list) else [bound]
        named = [
            self.addresses[str(row["index"])]
            for row in rows
            if isinstance(row, dict) and str(row.get("index")) in self.addresses
        ]
        sure = len(rows) == len(named) == 1
        return Origin(
            indexes=tuple(map(installers.plain_address, named)), replaces_default=sure, known=sure
        )


def _table(document: _Table, name: str) -> _Table:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _pythons(project: _Table, tool: _Table) -> Iterator[Python]:
    told = project.get("requires-python")
    if isinstance(told, str):
        yield Python(specifier=told, at=Place(1, told))
    poetry = _table(_table(tool, "poetry"), "dependencies").get("python")
    specifier = _caret(poetry) if isinstance(poetry, str) else ""
    if specifier:
        yield Python(specifier=specifier, at=Place(1, str(poetry)))


def _required(listed: Any, sources: _Sources) -> Iterator[Package]:
    for text in listed if isinstance(listed, list) else ():
        if isinstance(text, str) and (found := installers.required(text, sources.place(text))):
            origin = sources.origin(found.name)
            again = installers.required(text, found.at, origin)
            if again is not None:
                yield again


def _constraints(uv: _Table, sources: _Sources) -> Iterator[Statement]:
    """What uv keeps everything within, asked for or not; an override is another matter."""
    for one in _required(uv.get("constraint-dependencies"), sources):
        if one.specifier and not one.marker:
            yield Bound(name=one.name, specifier=one.specifier, at=one.at)


def _poetry(table: _Table) -> Iterator[Package]:
    """Poetry's ``name = "^1.2"`` or ``name = {version = …, source = …}``."""
    for name, value in table.items():
        bare = isinstance(value, str)
        version = value if bare else value.get("version") if isinstance(value, dict) else None
        if name == "python" or not isinstance(version, str):
            continue
        specifier = _caret(version)
        if specifier is None:
            continue
        origin = Origin(known=bare or "source" not in value)
        package = installers.required(f"{name}{specifier}", Place(1, version), origin)
        if package is not None:
            yield package


def _caret(text: str) -> str | None:
    """Poetry's range in PEP 440: ``^1.2`` is below the next that may break; None for others."""
    version = text.strip()
    if version == "*":
        return ""
    if version[:1].isdigit():
        return f"=={version}"
    if not version.startswith("^"):
        return version if version[:1] in "<>=!~" and " " not in version else None
    parts = version[1:].split(".")
    if not all(part.isdigit() for part in parts):
        return None
    place = next((at for at, part in enumerate(parts) if int(part)), len(parts) - 1)
    above = [*parts[:place], str(int(parts[place]) + 1)]
    return f">={version[1:]},<{'.'.join(above)}"
