"""The user's own shell, inside an environment.

What a user's settings do to PATH comes before what stands here, where the shell lets us: else
the ``python`` of a pyenv or a conda in them would be found before the environment's.
"""

from __future__ import annotations

import os
from pathlib import Path

from provisioner import resources
from provisioner.environments.record import Environment

_PLAIN = "/bin/sh"
_NO_SHELLS = {"nologin", "false", "true"}
_FISH = 'set -gx PATH "$VIRTUAL_ENV/bin" $PATH'


def words_for(environment: Environment) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the words that start the shell, and the variables that it needs besides.

    Nothing in the words is anybody's text but the path of the shell.
    """
    shell = _shell()
    enter = resources.templates() / "shell" / "enter"
    hint = {"VIRTUAL_ENV_PROMPT": environment.name}
    match os.path.basename(shell):
        case "bash":
            return (shell, "--rcfile", str(enter / "bash.sh"), "-i"), hint
        case "zsh":
            users = os.environ.get("ZDOTDIR") or os.path.expanduser("~")
            return (shell, "-i"), hint | {
                "ZDOTDIR": str(enter / "zsh"),
                "DLSETUP_ZDOTDIR": users,
            }
        case "fish":
            return (shell, "--init-command", _FISH, "-i"), hint
        case _:
            return (shell, "-i"), hint | {"PS1": f"({environment.name}) $ "}


def _shell() -> str:
    """The user's shell, or a plain one where that is none."""
    named = os.environ.get("SHELL", "")
    runs = os.path.isabs(named) and Path(named).is_file() and os.access(named, os.X_OK)
    return named if runs and os.path.basename(named) not in _NO_SHELLS else _PLAIN
