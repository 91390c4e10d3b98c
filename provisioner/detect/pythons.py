"""Pythons that really run: each candidate is started once and asked who it is.

Candidates are the pythons on PATH, in ``/usr/bin``, and in the homes that installers of Pythons
keep. A pyenv shim is no Python (most answer "command not found"), and a virtual environment is its
base interpreter in disguise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.detect.python_homes import python_homes
from provisioner.detect.remembered import file_stamp
from provisioner.machine import Interpreter

_NAME = re.compile(r"python(?:[23](?:\.\d{1,2}t?)?)?")
_QUESTION = (
    "import sys; print(sys.version.split()[0] + ('t' if 't' in getattr(sys, 'abiflags', '')"
    " else '')); print(getattr(sys, 'implementation', None) and sys.implementation.name"
    " or 'cpython'); print(sys.executable)"
)
_VERSION = re.compile(r"\d+\.\d+\.\d+[0-9a-z+]*")
_SHIM_MARK = re.compile(rb"""pyenv["']? exec\b""")


def parse_python_answer(text: str) -> Interpreter | None:
    """The interpreter in its own answer: version, implementation and path, a line each.

    Only CPython counts: the frameworks publish for nothing else. A free-threaded build bears a
    ``t`` after its version, as in wheel tags.
    """
    # What a start-up file prints comes before the answer.
    version, kind, path = ["", "", "", *text.strip().splitlines()][-3:]
    if kind != "cpython" or not os.path.isabs(path) or not _VERSION.fullmatch(version):
        return None
    return Interpreter(version=version, path=path)


def probe(host: Host) -> tuple[Interpreter, ...]:
    """The interpreters, newest first; the same file under several names counts once."""
    if not host.live:
        return ()
    asked: set[tuple[int, ...]] = set()
    found: dict[tuple[int, ...], Interpreter] = {}
    for candidate in _candidates(host):
        file = file_stamp(candidate)
        if file is None or file in asked or _is_shim(candidate):
            continue
        asked.add(file)
        interpreter = _ask(host, candidate)
        true_file = file_stamp(interpreter.path) if interpreter else None
        if interpreter is not None and true_file is not None:
            found.setdefault(true_file, interpreter)
    return tuple(sorted(found.values(), key=_newest_first))


def _ask(host: Host, candidate: str) -> Interpreter | None:
    # -E and -s rather than -I, which Python 2 does not know.
    return parse_python_answer(
        host.answer("python", [candidate, "-E", "-s", "-c", _QUESTION]) or ""
    )


def _candidates(host: Host) -> Iterator[str]:
    folders = (*host.search_path(), "/usr/local/bin", "/usr/bin")
    # /bin is often a link to /usr/bin: the folder counts once, under the first of its names.
    once = {os.path.realpath(folder): folder for folder in reversed(folders)}
    for folder in dict.fromkeys(folders):
        if folder in once.values():
            yield from _pythons_in(host, _base_of(host, folder))
    for home in python_homes(host):
        yield from _pythons_in(host, _base_of(host, f"{home}/bin"))


def _base_of(host: Host, folder: str) -> str:
    """The folder of the base interpreter, if ``folder`` belongs to a virtual environment."""
    settings = host.read(f"{os.path.dirname(folder)}/pyvenv.cfg")
    if settings is None:
        return folder
    match = re.search(r"^home\s*=\s*(/.*\S)\s*$", settings, re.MULTILINE)
    return match[1] if match else "/nonexistent"


def _pythons_in(host: Host, folder: str) -> list[str]:
    names = host.entries(folder, "python")
    paths = [f"{folder}/{name}" for name in names if _NAME.fullmatch(name)]
    # The longest name first: python3.11 rather than the link python3 names the interpreter.
    return sorted((path for path in paths if os.access(path, os.X_OK)), key=len, reverse=True)


def _is_shim(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            start = file.read(2)
            return start == b"#!" and _SHIM_MARK.search(file.read(2048)) is not None
    except OSError:
        return True


def _newest_first(interpreter: Interpreter) -> tuple[list[int], str]:
    numbers = [-int(number) for number in re.findall(r"\d+", interpreter.version)[:3]]
    return numbers, interpreter.path
