"""The program that proves an environment or an image: made for one plan, and short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from provisioner.errors import BadDataError
from provisioner.plan import Plan
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

Command = tuple[str, ...]

_MODULES = {
    "verify_torch": "torch",
    "verify_torch_device": "torch",
    "verify_tensorflow": "tensorflow",
    "verify_jax": "jax",
}
"""Actions that make a framework compute, and the module each loads."""
_SHORT = {
    "verify_torch": ("torch",),
    "verify_tensorflow": ("tensorflow as tf",),
    "verify_jax": ("jax", "numpy"),
}
"""Those that have a form made for the plan, and what it imports. The others run as they stand in
verify/."""
_LISTED_DEVICES = (2, 1)
"""The first TensorFlow that lists devices as later ones do."""
_LINE = 68
"""Of a dictionary that stands in one line."""
_ROW = 90
"""Of a line of a dictionary that stands in several."""
_BESIDE = "beside_gpu"
"""The variable in the program of an image that says whether a GPU must be there."""
_HEARS = "sys.argv[1:] = "
"""How a program that stands as it is gets its words."""
_METADATA = (3, 8)
"""The first Python that reads the versions of what is installed."""


def program(python: str, commands: tuple[Command, ...]) -> str:
    """Return the program that does verifying actions in one go, for an interpreter ``X.Y``.

    Raises BadDataError ``bad-plan`` for a module that is no name.
    """
    modules = _modules(commands)
    loaded = [_filled("imports", modules=modules)] if modules else []
    imports = (*modules, *_imports(commands))
    needed = (f"import {', '.join(imports)}",) if imports else ()
    parts = (*_versions(python, commands), *loaded, *_doing(python, commands))
    return "\n".join((*_of_python(parts), *needed, *parts)).strip("\n")


def in_image(plan: Plan, compiler: str = "") -> tuple[str, ...]:
    """Return the lines of the program that proves an image, for its Python from 3.6 on.

    An image is built where no GPU need be: what computes on one does so where the program hears
    the word ``gpu``, and one of those that were planned is enough. ``compiler`` is what nvcc calls
    in the image, where wheels bring nvcc.
    """
    commands = tuple(_for_image(plan, compiler))
    nvcc = tuple(command for command in commands if command[0] == "verify_nvcc")
    frameworks = tuple(command for command in commands if command[0] in _MODULES)
    loaded = dict.fromkeys(_modules(commands), "")
    loaded |= {_MODULES[action]: words[0].split("+")[0] for action, *words in frameworks}
    cuda = next((pin.cuda for pin in plan.pins if pin.name == "torch" and pin.cuda), "")
    waits = frameworks and plan.accelerator != "cpu"
    parts = (
        *_versions(plan.python, commands),
        _filled("loading", modules=loaded, accelerator=plan.accelerator, cuda=cuda),
        *_doing(plan.python, nvcc),
        *(("if not beside_gpu:\n    sys.exit()",) if waits else ()),
        *(f"import {one}" for one in _imports(frameworks)),
        *_doing(plan.python, frameworks),
    )
    own = ("import sys", *_of_python(parts), f'{_BESIDE} = "gpu" in sys.argv', *parts)
    return tuple(line for line in "\n".join(own).splitlines() if line)


def _for_image(plan: Plan, compiler: str) -> Iterator[Command]:
    """The plan's verifying actions as an image asks them: of one GPU, and of its own compiler."""
    for action, *words in (command for step in plan.steps for command in step.run):
        if action == "verify_nvcc":
            version, _, _, *targets = words
            yield action, version, compiler, _BESIDE, *targets
        elif action == "verify_torch_device":
            yield action, *words[:3]
        elif action in _MODULES and words[1] == "cuda":
            yield action, *words[:2], "1", *words[3:]
        else:
            yield action, *words


def _versions(python: str, commands: Iterable[Command]) -> Iterator[str]:
    for action, *pins in commands:
        if action == "verify_versions" and _numbers(python) >= _METADATA:
            yield _filled("versions", pins=_pins(pins))
        elif action == "verify_versions":
            yield _as_it_stands(action, pins)


def _imports(commands: Iterable[Command]) -> tuple[str, ...]:
    short = (_SHORT[command[0]] for command in commands if _is_short(command))
    return tuple(one for names in short for one in names)


def _doing(python: str, commands: Iterable[Command]) -> Iterator[str]:
    """What makes frameworks compute, then what came along; last what ends as it likes."""
    others = []
    for command in commands:
        action, *words = command
        if _is_short(command):
            yield _filled(action.removeprefix("verify_"), **_asked(words))
        elif action == "verify_companions" and _numbers(python) >= _METADATA:
            yield _filled("companions", names=_listed(words))
        elif action in _MODULES or action in {"verify_nvcc", "verify_companions"}:
            others.append(_as_it_stands(action, words))
    yield from others


def _is_short(command: Command) -> bool:
    """Whether an action has a form of its own here: on NVIDIA's GPUs and the CPU, and not old."""
    action, *words = command
    old = action == "verify_tensorflow" and _numbers(words[0]) < _LISTED_DEVICES
    return action in _SHORT and words[1] in {"cuda", "cpu"} and not old


def _of_python(parts: Iterable[str]) -> tuple[str, ...]:
    """What parts need of Python's own library, but for those that see to it themselves."""
    text = "\n".join(part for part in parts if _HEARS not in part)
    modules = [
        name for name in ("importlib", "importlib.util") if re.search(rf"\b{name}\.\w+\(", text)
    ]
    named = [name for name in ("files", "version") if f" {name}(" in text]
    lines = [f"import {name}" for name in modules[-1:]]
    if named:
        lines.append(f"from importlib.metadata import {', '.join(named)}")
    return tuple(lines)


def _filled(name: str, **values: object) -> str:
    return fill(f"shell/proof/{name}.py.j2", **values).strip("\n")


def _as_it_stands(action: str, words: list[str]) -> str:
    text = fill(f"shell/verify/{action.removeprefix('verify_')}.py.j2").strip("\n")
    return f"\nimport sys\n\n{_HEARS}{_listed(words)}\n{text}"


def _listed(words: list[str]) -> str:
    told = (f"str(int({_BESIDE}))" if word is _BESIDE else literal(word) for word in words)
    return f"[{', '.join(told)}]"


def _asked(words: list[str]) -> dict[str, object]:
    version, accelerator, *planned = words
    gpus, cuda = (*planned, "0", "")[:2] if planned else ("0", "")
    return {
        "version": version,
        "gpus": int(gpus) if accelerator == "cuda" else 0,
        "cuda": ".".join(cuda.split(".")[:2]) if accelerator == "cuda" else "",
        "on_gpus": accelerator == "cuda",
    }


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
    return line if len(line) <= _LINE else "{\n" + "".join(_rows(pairs)) + "}"


def _rows(pairs: Iterable[str]) -> Iterator[str]:
    """Lines of pairs, as many to each as fit."""
    line = ""
    for pair in pairs:
        if line and len(line) + len(pair) > _ROW:
            yield f"    {line}\n"
            line = ""
        line += f" {pair}," if line else f"{pair},"
    yield f"    {line}\n"


def _modules(commands: Iterable[Command]) -> tuple[str, ...]:
    """The modules that must load beside the frameworks."""
    found = [name for action, *words in commands if action == "verify_imports" for name in words]
    for name in found:
        if not all(part.isidentifier() for part in name.split(".")):
            raise BadDataError(
                "bad-plan",
                f"{name[:60]!r} is no module that could be loaded.",
                hint="Make the plan again: dlsetup resolve --json",
            )
    return tuple(found)
