"""The unit file of an environment's JupyterLab: text that systemd reads, and our marks in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from provisioner.environments.place import place
from provisioner.jupyter import entrance

_MARK = re.compile(r'^X-Dlsetup-(Environment|Port|Folder)="(.*)"$', re.MULTILINE)
_TEXT = """\
# Written by dlsetup; changed and taken away with: dlsetup env serve {name}
[Unit]
Description=JupyterLab of the dlsetup environment {name}
StartLimitIntervalSec=120
StartLimitBurst=5
X-Dlsetup-Environment={environment}
X-Dlsetup-Port={port}
X-Dlsetup-Folder={folder}

[Service]
ExecStart=/usr/bin/env {command}
{variables}Restart=on-failure
RestartSec=5
UMask=0077

[Install]
WantedBy=default.target
"""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment's unit file says of it."""

    name: str
    """The environment."""
    environment: str
    """Its folder, which tells it from one of the same name elsewhere."""
    port: int
    folder: str
    """What JupyterLab shows at first."""


def service(name: str) -> str:
    """Return the name of an environment's unit. Raises UsageError ``bad-name``."""
    return f"dlsetup-{place(name).name}.service"


def path_of(name: str) -> Path:
    """Return where the unit file of an environment lies, or would."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~")) / ".config"
    return home / "systemd" / "user" / service(name)


def text(unit: Unit) -> str:
    """Return the unit file: it starts ``dlsetup env serve --foreground``, and holds no secret."""
    words = entrance.words(
        *("env", "serve", unit.name, "--foreground"),
        *("--port", str(unit.port), "--folder", unit.folder),
    )
    variables = (f"{key}={value}" for key, value in entrance.variables().items())
    return _TEXT.format(
        name=unit.name,
        environment=quoted(unit.environment),
        port=quoted(str(unit.port)),
        folder=quoted(unit.folder),
        command=" ".join(quoted(word).replace("$", "$$") for word in words),
        variables="".join(f"Environment={quoted(word)}\n" for word in variables),
    )


def read(name: str) -> Unit | None:
    """Return what the unit file of an environment says; None where it is not one of ours."""
    path = path_of(name)
    try:
        found = {} if path.is_symlink() else dict(_MARK.findall(path.read_text(encoding="utf-8")))
        marks = {key.lower(): plain(value) for key, value in found.items()}
        return msgspec.convert({"name": name, **marks}, Unit, strict=False)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "%": "%%"}


def quoted(word: str) -> str:
    """A word that systemd reads back as it is: no line, no specifier and no other word begins."""
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in word) + '"'


def plain(quoted: str) -> str:
    """What ``quoted`` was given."""
    back = {written: letter for letter, written in _ESCAPES.items()}
    return re.sub(r"\\.|%%", lambda found: back.get(found[0], found[0]), quoted)
