"""The program in a script that proves an environment: made for one plan, and short."""

from __future__ import annotations

import re

from provisioner.errors import BadDataError
from provisioner.render.quoting import literal
from provisioner.render.templates import fill

ACTIONS = (
    "verify_versions",
    "verify_imports",
    "verify_torch",
    "verify_torch_device",
    "verify_tensorflow",
    "verify_jax",
    "verify_nvcc",
    "verify_companions",
    "verification_passed",
)
"""The actions that one program does together."""

_SHORT = {
    "verify_torch": ("torch", "import torch"),
    "verify_tensorflow": ("tensorflow", "import tensorflow as tf"),
}
"""Those that have a form made for the plan, and what it imports. The others run as they stand in
verify/."""
_LISTED_DEVICES = (2, 1)
"""The first TensorFlow that lists devices as later ones do."""
_LINE = 68
"""Of a dictionary that stands in one line."""
_METADATA = (3, 8)
"""The first Python that reads the versions of what is installed."""


def program(python: str, commands: tuple[tuple[str, ...], ...]) -> str:
    """Return the program that does verifying actions in one go, for an interpreter ``X.Y``.

    Raises BadDataError ``bad-plan`` for a module that is no name.
    """
    old = _numbers(python) < _METADATA
    imports: dict[str, None] = {}
    parts: list[str] = []
    last: list[str] = []
    companions = ""
    for action, *arguments in commands:
        if action == "verify_versions" and not old:
            parts.append(_filled("versions", pins=_pins(arguments)))
        elif action == "verify_imports":
            imports |= {f"import {name}": None for name in _modules(arguments)}
            parts.append(_filled("imports", modules=arguments))
        elif action in _SHORT and _is_short(action, arguments[0]):
            name, line = _SHORT[action]
            imports[line] = None
            parts.append(_filled(name, **_asked(arguments)))
        elif action == "verify_companions" and not old:
            companions = _filled("companions", names=_listed(arguments))
            last.append(companions)
        elif action != "verification_passed":
            last.append(_as_it_stands(action.removeprefix("verify_"), arguments))
    text = "\n".join(part.strip("\n") for part in parts)
    # What runs as it stands imports for itself, also under a Python that lacks a module.
    blocks = (_of_python(f"{text}\n{companions}"), "\n".join(imports), text, *last)
    return "\n\n".join(block.strip("\n") for block in blocks if block)


def _of_python(text: str) -> str:
    """What a text needs of Python's own library."""
    modules = [name for name in ("importlib", "importlib.util") if f" {name}." in text]
    named = [name for name in ("files", "version") if f" {name}(" in text]
    lines = [f"import {name}" for name in modules[-1:]]
    if named:
        lines.append(f"from importlib.metadata import {', '.join(named)}")
    return "\n".join(lines)


def _filled(name: str, **values: object) -> str:
    return fill(f"shell/proof/{name}.py.j2", **values)


def _as_it_stands(name: str, arguments: list[str]) -> str:
    return f"import sys\n\nsys.argv[1:] = {_listed(arguments)}\n" + fill(
        f"shell/verify/{name}.py.j2"
    )


def _listed(words: list[str]) -> str:
    return f"[{', '.join(literal(word) for word in words)}]"


def _asked(arguments: list[str]) -> dict[str, object]:
    version, accelerator, *planned = arguments
    gpus, cuda = (*planned, "0", "")[:2] if planned else ("0", "")
    return {
        "version": version,
        "gpus": int(gpus) if accelerator == "cuda" else 0,
        "cuda": ".".join(cuda.split(".")[:2]) if accelerator == "cuda" else "",
        "on_gpus": accelerator == "cuda",
    }


def _is_short(action: str, version: str) -> bool:
    return action != "verify_tensorflow" or _numbers(version) >= _LISTED_DEVICES


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _pins(arguments: list[str]) -> str:
    """A dictionary of Python, over several lines where one would be too long."""
    pairs: list[str] = []
    for pin in arguments:
        name, _, wanted = pin.partition("==")
        # As packages' own metadata writes it: nv22.02 is nv22.2 there.
        plain = re.sub(r"(?<=\D)0+(?=\d)", "", wanted)
        pairs.append(f"{literal(name)}: {literal(plain)}")
    line = f"{{{', '.join(pairs)}}}"
    return line if len(line) <= _LINE else "{\n" + "".join(f"    {one},\n" for one in pairs) + "}"


def _modules(arguments: list[str]) -> tuple[str, ...]:
    for name in arguments:
        if not all(part.isidentifier() for part in name.split(".")):
            raise BadDataError(
                "bad-plan",
                f"{name[:60]!r} is no module that could be loaded.",
                hint="Make the plan again: dlsetup resolve --json",
            )
    return tuple(arguments)
