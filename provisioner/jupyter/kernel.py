"""An environment as a kernel that every Jupyter of this user offers.

A kernel is a folder with a ``kernel.json`` below the user's Jupyter data folder. Without that file
the folder is none, so it is written last and taken away first.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from provisioner import saved
from provisioner.environments.place import place
from provisioner.environments.record import Environment
from provisioner.errors import OutsideError, RefusedError
from provisioner.jupyter import entrance
from provisioner.jupyter.needed import holds, need
from provisioner.plan import Warning
from provisioner.whole_file import put

_FILE = "kernel.json"
_MARK = "dlsetup"


class Kernel(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel as Jupyter knows it."""

    name: str
    display_name: str
    path: str
    """Its folder."""


class _Own(msgspec.Struct):
    """The shape of what is read of an environment's own kernel."""

    argv: tuple[str, ...]
    metadata: dict[str, Any] = {}


def offered(environment: Environment) -> tuple[Kernel, bool]:
    """Offer an environment as a kernel; return it, and whether anything had to change.

    Raises RefusedError ``package-missing`` without ipykernel, ``place-taken`` where somebody
    else's kernel bears the name, OutsideError ``place-not-writable``.
    """
    need(environment, "ipykernel", "a Jupyter kernel")
    folder = _folder(environment.name)
    if _owner(folder, environment.name) == "others":
        raise RefusedError(
            "place-taken",
            f"{folder} is a kernel that dlsetup did not make for this environment.",
            hint="Move it away, or make the environment under another name.",
        )
    kernel = Kernel(name=folder.name, display_name=_display_name(environment), path=str(folder))
    data = _text(environment, kernel)
    if _content(folder) == data:
        return kernel, False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        put(folder / _FILE, data)
    except OSError as error:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise _not_writable(folder, error) from error
    return kernel, True


def withdrawn(name: str) -> tuple[bool, tuple[str, ...]]:
    """Take away the kernel of an environment, be that still there or not.

    Returns whether there was one, and the names of what others put beside it, which stay. A
    kernel that dlsetup did not make for it counts as none. Raises UsageError ``bad-name``,
    OutsideError ``place-not-writable``.
    """
    folder = _folder(name)
    if _owner(folder, name) != "ours":
        return False, ()
    try:
        (folder / _FILE).unlink()
        _sweep(folder)
        left = tuple(sorted(entry.name for entry in folder.iterdir()))
        if not left:
            folder.rmdir()
    except OSError as error:
        raise _not_writable(folder, error) from error
    return True, left


def seen(name: str) -> Kernel | None:
    """Return the kernel of an environment, where it has one. Raises UsageError ``bad-name``."""
    folder = _folder(name)
    if _owner(folder, name) != "ours":
        return None
    title = str(_read(folder).get("display_name", folder.name))
    return Kernel(name=folder.name, display_name=title, path=str(folder))


def followed(environment: Environment) -> tuple[Warning, ...]:
    """Let the kernel of an environment, where it has one, tell of its new generation.

    It leads there by itself; what it is called changes, and it may have lost what it needs.
    """
    folder = _folder(environment.name)
    if _owner(folder, environment.name) != "ours":
        return ()
    if holds(environment, "ipykernel"):
        try:
            offered(environment)
        except OutsideError as error:
            return (Warning(error.reference, error.message),)
        return ()
    told = (
        f"The kernel {folder.name} starts no more: {environment.name} holds no ipykernel now. Take "
        f"it away: dlsetup env kernel {environment.name} --remove"
    )
    return (Warning("package-missing", told),)


def _folder(name: str) -> Path:
    """The folder of an environment's kernel. Raises UsageError ``bad-name``."""
    return _data_folder() / "kernels" / f"dlsetup-{place(name).name}"


def _data_folder() -> Path:
    """The user's Jupyter data folder, as Jupyter itself finds it."""
    chosen = os.environ.get("JUPYTER_DATA_DIR", "")
    if os.path.isabs(chosen):
        return Path(chosen)
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Jupyter"
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if os.path.isabs(base) else home / ".local" / "share") / "jupyter"


def _display_name(environment: Environment) -> str:
    pins = [f"{pin.name} {pin.version}" for pin in environment.plan.pins]
    return f"{environment.name} ({', '.join([*pins, f'Python {environment.python}'])})"


def _text(environment: Environment, kernel: Kernel) -> bytes:
    own = _own_words(environment)
    program = ("python", *own["argv"][1:])
    document = own | {
        "argv": entrance.words("env", "run", environment.name, "--", *program),
        "display_name": kernel.display_name,
        "env": entrance.variables(),
        "metadata": own["metadata"] | {_MARK: {"environment": str(place(environment.name))}},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _own_words(environment: Environment) -> dict[str, Any]:
    """What the environment's own ipykernel says of itself: its command line, what it can do."""
    usual = {
        "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "language": "python",
        "metadata": {},
    }
    try:
        found = _read(Path(environment.path) / "share" / "jupyter" / "kernels" / "python3")
        msgspec.convert(found, _Own)
    except (OSError, ValueError, msgspec.MsgspecError):
        return usual
    return usual | found


def _read(folder: Path) -> dict[str, Any]:
    """What a kernel's file says. Raises OSError, and ValueError for what is no kernel."""
    try:
        # Where uv links what it installs, a kernel's file is a link.
        text = saved.kept(folder / _FILE, follow=True)
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _content(folder: Path) -> bytes | None:
    try:
        return saved.kept(folder / _FILE, follow=True)
    except (OSError, ValueError):
        return None


def _owner(folder: Path, name: str) -> Literal["nobody", "ours", "others"]:
    """Whose a kernel's folder is; ours is what was made for this very environment."""
    if not os.path.lexists(folder):
        return "nobody"
    if folder.is_symlink() or not folder.is_dir():
        return "others"
    if not os.path.lexists(folder / _FILE):
        return "others" if set(folder.iterdir()) - set(_drafts(folder)) else "nobody"
    try:
        ours = _read(folder)["metadata"][_MARK]["environment"] == str(place(name))
    except (OSError, ValueError, KeyError, TypeError):
        return "others"
    return "ours" if ours else "others"


def _drafts(folder: Path) -> list[Path]:
    return sorted(folder.glob(f".{_FILE}.*"))


def _sweep(folder: Path) -> None:
    """Remove what a killed run had not written to its end."""
    for draft in _drafts(folder):
        draft.unlink(missing_ok=True)


def _not_writable(folder: Path, error: OSError) -> OutsideError:
    return OutsideError(
        "place-not-writable",
        f"{folder} cannot be written.",
        context=(error.strerror or str(error),),
        hint="Make room or rights there, or name another Jupyter folder in JUPYTER_DATA_DIR.",
    )
