"""Compose files: a part for each service, with its image and whether it is given a GPU."""

from __future__ import annotations

import re

from provisioner.check.readers import broken_yaml, commands, outline, shell
from provisioner.check.said import GivenGpu, Image, Part, Place, Statement

_GPU = re.compile(r"(?<![\w-])(gpu|nvidia|cdi|nvidia-gpu|nvidia\.com/\S*)(?![\w-])", re.IGNORECASE)
_LEFT_TO_RUNTIME = "NVIDIA_VISIBLE_DEVICES"
"""What NVIDIA's runtime reads: who sets it counts on that being Docker's default one."""


def read(text: str) -> tuple[Part, ...]:
    """Return the services of a compose file."""
    services: dict[str, list[outline.Entry]] = {}
    for entry in outline.entries(text):
        if entry.below("services", "*"):
            services.setdefault(entry.path[1], []).append(entry)
    parts = (_service(name, entries) for name, entries in services.items())
    broken = tuple(broken_yaml.unread(text, "docker compose"))
    whole = (Part(inside="image", statements=broken),) if broken else ()
    return (*whole, *(part for part in parts if part.statements))


def _service(name: str, entries: list[outline.Entry]) -> Part:
    said: list[Statement] = []
    for entry in entries:
        if entry.path[2:] == ("image",) and entry.text:
            image = shell.substituted(entry.text, {})
            said.append(Image(name=image, at=Place(entry.line, entry.text)))
        elif entry.path[2:] in {("command",), ("command", "|"), ("entrypoint",)}:
            said += commands.statements(shell.commands(entry.text, first=entry.line))
    # What stands elsewhere, by an anchor or another service, is not followed.
    reserved = [entry for entry in entries if _gives_gpu(entry)]
    said += [GivenGpu(at=Place(one.line, one.text or one.path[-1])) for one in reserved[:1]]
    elsewhere = any(entry.path[2:3] in {("<<",), ("extends",)} for entry in entries)
    given = bool(reserved)
    return Part(
        inside="image",
        name=name,
        statements=tuple(said),
        uses_gpu=None if elsewhere and not given else given,
        may_use_gpu=any(_may_give_gpu(entry) for entry in entries),
    )


def _may_give_gpu(entry: outline.Entry) -> bool:
    """A setting for NVIDIA's runtime, or every device of the host."""
    match entry.path[2:]:
        case ("environment", *keys):
            return any(_LEFT_TO_RUNTIME in word for word in (*keys, entry.text))
        case ("privileged",):
            return entry.text == "true"
        case _:
            return False


def _gives_gpu(entry: outline.Entry) -> bool:
    """A reservation of GPUs, ``gpus:``, NVIDIA's runtime, a device of CDI or of the driver."""
    text = shell.substituted(entry.text, {})
    match entry.path[2:]:
        case ("gpus", *_):
            return True
        case ("runtime",):
            return text == "nvidia"
        case ("devices", *_):
            return "nvidia" in text
        case ("deploy", *keys):
            reserved = "reservations" in keys or "reservations" in text
            return reserved and bool(_GPU.search(text))
        case _:
            return False
