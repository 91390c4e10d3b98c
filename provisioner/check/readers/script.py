"""Shell scripts: one part, on the machine itself."""

from __future__ import annotations

from provisioner.check.readers import commands, python_calls, shell
from provisioner.check.said import Part, Statement


def read(text: str) -> tuple[Part, ...]:
    """Return what a script installs on the machine that it runs on."""
    found = shell.commands(text)
    exported = {
        name: value
        for command in found
        if command.words[0] == "export"
        for name, equals, value in (word.partition("=") for word in command.words[1:])
        if equals
    }
    said: list[Statement] = [*python_calls.opaque_text(text, 1)]
    said += python_calls.opaque_settings(exported, 1)
    said += commands.statements(found, exported)
    return (Part(inside="machine", statements=tuple(said)),) if said else ()
