"""The words of an install action, taken apart again: options before ``--``, requests after."""

from __future__ import annotations

import msgspec

from provisioner.plan import Plan
from provisioner.render.facts import action


class Asked(msgspec.Struct, frozen=True):
    """What an installer is told: values of its options by name, and what to install."""

    options: tuple[tuple[str, str], ...] = ()
    requests: tuple[str, ...] = ()

    def values(self, option: str) -> tuple[str, ...]:
        """Return the values that an option is given, in order."""
        return tuple(value for name, value in self.options if name == option)


def asked_of(plan: Plan, action_name: str) -> Asked:
    """Return what the plan's steps ask of an install action; nothing when they do not use it."""
    return asked(action(plan, action_name) or ())


def asked(arguments: tuple[str, ...]) -> Asked:
    """Return what the arguments of an install action ask."""
    end = arguments.index("--") if "--" in arguments else 0
    pairs = zip(arguments[:end:2], arguments[1:end:2], strict=False)
    return Asked(tuple(pairs), arguments[end + 1 :])


def sources(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Return the packages that come from an index of their own, each with that index."""
    pairs = (value.partition("=") for value in asked.values("--source"))
    return tuple((package, index) for package, _, index in pairs)


def indexes(asked: Asked) -> tuple[str, ...]:
    """Return every index that is named, each once."""
    bound = (index for _, index in sources(asked))
    return tuple(dict.fromkeys((*bound, *asked.values("--index"))))
