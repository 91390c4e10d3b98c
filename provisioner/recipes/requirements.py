"""What an installer is asked for: the pins, the caps that keep them alive, the companions."""

from __future__ import annotations

from provisioner.errors import UsageError
from provisioner.plan import Plan


def requirements(plan: Plan) -> tuple[str, ...]:
    """Return everything pip or uv is asked for: pins, caps, companions, each once.

    Raises UsageError ``bad-requirement`` as ``companions`` does.
    """
    pinned = [pin.requirement for pin in plan.pins if pin.requirement and not pin.channel]
    caps = [cap.requirement for cap in plan.constraints]
    return tuple(dict.fromkeys((*pinned, *caps, *companions(plan))))


def companions(plan: Plan) -> tuple[str, ...]:
    """Return the companions as they stand.

    Raises UsageError ``bad-requirement`` for one that starts like an option or holds characters
    that do not print: an installer or a file's syntax would read those as something else.
    """
    for text in plan.request.companions:
        if text.startswith("-") or not text.isprintable() or not text or text != text.strip():
            raise UsageError(
                "bad-requirement",
                f"{text[:80]!r} is not a requirement.",
                hint="Write a name with an optional version range, such as 'numpy<2'.",
            )
    return plan.request.companions


def described(plan: Plan) -> str:
    """Return what a plan holds in words, ``torch 2.14.1, torchvision 0.29.1``.

    A plan without pins holds its companions.
    """
    pins = [f"{pin.name} {pin.version}" for pin in plan.pins]
    return ", ".join(pins or plan.request.companions)
