"""Where packages come from, told to uv: indexes, and which package may come from which.

A pin comes from the index that its evidence names and from no other: what else an index holds,
at whatever version, never stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from provisioner import toml
from provisioner.plan import Pin, Plan
from provisioner.request import parse_wish
from provisioner.settings import Address, Settings


class Index(msgspec.Struct, frozen=True):
    """An index as uv is told of it."""

    name: str
    address: Address
    explicit: bool = True
    """Only packages that name it come from it; otherwise it is asked first for everything."""
    default: bool = False


class Sources(msgspec.Struct, frozen=True):
    """The indexes, those asked first first, and the packages that are bound to one of them."""

    indexes: tuple[Index, ...] = ()
    bound: tuple[tuple[str, str], ...] = ()
    """Package and name of its index."""

    def index_of(self, url: str) -> str | None:
        """The address of the index that an address belongs to; None for one of none."""
        urls = [index.address.url.rstrip("/") for index in self.indexes]
        return max((known for known in urls if url.startswith(known)), key=len, default=None)

    def came_from(self, package: str, otherwise: str | None) -> str | None:
        """The index in which a package was found; None where more than one may have given it.

        ``otherwise`` is the index of what is bound to none, where nobody names a default.
        """
        urls = {index.name: index.address.url for index in self.indexes}
        bound = dict(self.bound).get(package)
        if bound is not None:
            return urls[bound]
        if any(not index.explicit and not index.default for index in self.indexes):
            return None
        return next((index.address.url for index in self.indexes if index.default), otherwise)

    def project(self, requirements: Sequence[str] = ()) -> str:
        """A ``pyproject.toml`` that asks for some requirements; it holds no secret."""
        table = {"name": "dlsetup-plan", "version": "0", "dependencies": list(requirements)}
        text = "[project]\n" + toml.lines(table)
        for index in self.indexes:
            text += f"\n[[tool.uv.index]]\nname = {toml.value(index.name)}\n"
            text += f"url = {toml.value(index.address.url)}\n"
            text += "default = true\n" if index.default else ""
            text += "explicit = true\n" if index.explicit and not index.default else ""
        asked = {parse_wish(text).name for text in requirements}
        bound = {name: {"index": index} for name, index in self.bound if name in asked}
        return text + (f"\n[tool.uv.sources]\n{toml.lines(bound)}" if bound else "")

    def variables(self) -> dict[str, str]:
        """Environment variables by which uv learns as whom it asks."""
        found = {}
        for index in self.indexes:
            if index.address.username is not None:
                stem = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", index.name.upper())
                found[f"{stem}_USERNAME"] = index.address.username
                found[f"{stem}_PASSWORD"] = index.address.password or ""
        return found


def sources_of(
    plan: Plan, settings: Settings, default_of_uv: Callable[[], str | None] = lambda: None
) -> Sources:
    """The sources of a plan's packages, at the user's mirrors.

    ``default_of_uv`` is asked where pins must be kept from an index that is asked first, and
    nobody says which the default one is.
    """
    indexes: dict[str, Index] = {}
    bound: dict[str, str] = {}
    for pin in _with_index(plan):
        where = settings.at(pin.index or "")
        if pin.index_holds_dependencies:
            indexes[f"holds-{pin.name}"] = Index(f"holds-{pin.name}", where, explicit=False)
        else:
            indexes[f"for-{pin.name}"] = Index(f"for-{pin.name}", where)
            bound[pin.name] = f"for-{pin.name}"
    chosen = {name: pin for pin in plan.pins if (name := _package(pin))}
    for private in settings.indexes:
        name = f"own-{private.name.lower()}"
        address = settings.at(private.address.with_secret)
        indexes[name] = Index(name, address, explicit=bool(private.packages))
        own = (package for package in private.packages if package not in chosen)
        bound |= dict.fromkeys(own, name)
    default = settings.of_default_index()
    if default is not None:
        indexes["default"] = Index("default", default, explicit=False, default=True)
    elif any(not index.explicit for index in indexes.values()) and (url := default_of_uv()):
        indexes["default"] = Index("default", settings.at(url))
    if "default" in indexes:
        bound |= {name: "default" for name, pin in chosen.items() if not pin.index}
    return Sources(tuple(indexes.values()), tuple(sorted(bound.items())))


def _package(pin: Pin) -> str | None:
    """The package that an installer is asked for by a pin."""
    asked = pin.requirement and not pin.channel
    return parse_wish(pin.requirement or "").name if asked else None


def _with_index(plan: Plan) -> Iterator[Pin]:
    for pin in plan.pins:
        if pin.index and pin.requirement and not pin.channel:
            yield pin
