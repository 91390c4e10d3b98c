"""Compose files: a part for each service, with its image and whether it is given a GPU."""

from __future__ import annotations

import re

from provisioner.check.readers import broken_yaml, commands, outline, shell
from provisioner.check.said import GivenGpu, Image, Part, Place, Statement

_GPU = {"gpu", "nvidia", "cdi"}


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
    )


def _gives_gpu(entry: outline.Entry) -> bool:
    """A reservation of GPUs, ``gpus:``, NVIDIA's runtime, a device of CDI or of the driver."""
    match entry.path[2:]:
        case ("gpus", *_):
            return True
        case ("runtime",):
            return entry.text == "nvidia"
        case ("devices", *_):
            return "nvidia" in entry.text
        case ("deploy", "resources", "reservations", "devices", *_):
            words = re.findall(r"[\w./=-]+", entry.text)
            return any(word in _GPU or word.startswith("nvidia.com/") for word in words)
        case _:
            return False
