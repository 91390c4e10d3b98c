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

_SHORT = {"verify_torch": "torch", "verify_tensorflow": "tensorflow"}
"""Those that have a form made for the plan. The others run as they stand in verify/."""
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
    parts: list[str] = []
    last: list[str] = []
    for action, *arguments in commands:
        if action == "verify_versions" and not old:
            parts.append(_filled("versions", pins=_pins(arguments)))
        elif action == "verify_imports":
            parts.append(_filled("imports", modules=_modules(arguments)))
        elif action in _SHORT and _is_short(action, arguments[0]):
            parts.append(_filled(_SHORT[action], **_asked(arguments)))
        elif action != "verification_passed":
            last.append(_as_it_stands(action.removeprefix("verify_"), arguments))
    text = "\n".join(part.strip("\n") + "\n" for part in (*parts, *last)).strip("\n")
    return f"{_head(text)}\n\n{text}".strip("\n")


def _head(text: str) -> str:
    """What the parts of a program import for all of them."""
    lines = ["import importlib.util"] if "importlib.util." in text else []
    if "sys." in text and "import sys" not in text:
        lines.append("import sys")
    if " version(" in text:
        lines.append("from importlib.metadata import version")
    return "\n".join(lines)


def _filled(name: str, **values: object) -> str:
    return fill(f"shell/proof/{name}.py.j2", **values)


def _as_it_stands(name: str, arguments: list[str]) -> str:
    given = ", ".join(literal(word) for word in arguments)
    return f"import sys\n\nsys.argv[1:] = [{given}]\n" + fill(f"shell/verify/{name}.py.j2")


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
