"""What is installed in an environment, by its lock."""

from __future__ import annotations

from pathlib import Path

from provisioner.environments import generations
from provisioner.environments.record import Environment
from provisioner.errors import DlsetupError, OutsideError
from provisioner.lock import pylock
from provisioner.request import parse_wish


def versions(lock: Path) -> dict[str, str]:
    """Return the version of each package of a lock by its name; nothing of one that is lost."""
    try:
        return listed(generations.lock_text(lock.parent))
    except (ValueError, OutsideError):
        return {}


def listed(text: str) -> dict[str, str]:
    """Return the version of each package of a lock's text. Raises OutsideError as its reader."""
    return {package.name: package.version for package in pylock.read(text).locked}


def holds(environment: Environment) -> tuple[str, ...]:
    """Return its frameworks with their versions; of one without any, all that was asked for."""
    pins = tuple(f"{pin.name} {pin.version}" for pin in environment.plan.pins)
    return pins or _asked_for(environment)


def besides(environment: Environment) -> tuple[str, ...]:
    """Return what was asked for besides its frameworks, with the versions that are installed."""
    return _asked_for(environment) if environment.plan.pins else ()


def _asked_for(environment: Environment) -> tuple[str, ...]:
    asked = environment.plan.request.companions
    found = versions(Path(environment.lock)) if asked else {}
    return tuple(dict.fromkeys(_with_version(text, found) for text in asked))


def _with_version(text: str, found: dict[str, str]) -> str:
    """A wish by name and version; where the lock has none, in the words that were typed."""
    try:
        name = parse_wish(text).name
    except DlsetupError:
        return text
    return f"{name} {found[name]}" if found.get(name) else text
