"""Plan → every package with its hashes, chosen by uv, as a ``pylock.toml`` (PEP 751)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.errors import OutsideError
from provisioner.lock import pylock, record
from provisioner.lock.pylock import LockedPackage
from provisioner.lock.record import Record
from provisioner.lock.sources import sources_of
from provisioner.lock.target import target_of
from provisioner.lock.uv import Target, Uv
from provisioner.plan import Plan

__all__ = ["Lock", "LockedPackage", "Record", "Target", "Uv", "lock", "sources_of"]


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """The lock of one plan."""

    text: str
    """The whole ``pylock.toml``, ending in a line break."""
    packages: tuple[LockedPackage, ...]
    """Every package that will be installed, by name."""
    plan: str
    """The digest of the plan it was made for, as the text has it under ``[tool.dlsetup]``."""
    target: Target
    from_source: tuple[str, ...] = ()
    """Packages that come as source only, and are built where they are installed."""
    download_bytes: int | None = None
    """What an installer fetches at most; None where an index does not say."""


def lock(plan: Plan, requirements: Sequence[str], catalog: Catalog, uv: Uv) -> Lock:
    """Choose every package of a plan for its machine and its Python, from any machine.

    ``requirements`` is everything that is asked of the installer: pins, caps, companions. The
    same plan and the same indexes give the same bytes. Raises RefusedByUvError when they cannot
    go together, RefusedError ``no-lock-for-platform``, and OutsideError as ``Uv`` does.
    """
    target = target_of(plan, catalog, uv.platforms())
    wanted = [_exactly(text, plan) for text in requirements]
    sources = sources_of(plan, uv.settings, uv.default_index)
    document = pylock.read(uv.compile(wanted, sources, target))
    otherwise = uv.only_index()
    document = document.found_in(lambda name: sources.came_from(name, otherwise))
    about = record.record_of(plan, target)
    text = document.text(target.python, record.tables(about))
    if uv.settings.holds_secret(text):
        raise OutsideError(
            "secret-in-lock",
            "The package index writes a secret into the addresses of its files.",
            hint="Give the name and the password under [credentials], or in netrc, not in the "
            "address of the index.",
        )
    return Lock(
        text=text,
        packages=document.locked,
        plan=about.plan,
        target=target,
        from_source=document.from_source,
        download_bytes=document.download_bytes,
    )


def _exactly(text: str, plan: Plan) -> str:
    """A requirement that admits the very build of its pin: ``==2.14.1`` is ``2.14.1+cu126`` too."""
    is_pin = any(text == pin.requirement for pin in plan.pins) and "*" not in text
    return text.replace("==", "===", 1) if is_pin else text
