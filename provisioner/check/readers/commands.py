"""What a command line asks for: pip, uv, conda, apt, dnf, zypper and those that fetch files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from provisioner.check.readers import compiling, installers, python_calls, shell
from provisioner.check.readers.shell import Command, is_known
from provisioner.check.said import Fetched, Package, Place, Python, Statement, SystemPackage

_BEFORE = frozenset({"sudo", "env", "exec", "nice", "time", "command", "as_root", "nohup", "retry"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
_CONDAS = frozenset({"conda", "mamba", "micromamba"})
_SYSTEMS = {
    "apt": "install",
    "apt-get": "install",
    "aptitude": "install",
    "apt_get": "install",
    "dnf": "install",
    "yum": "install",
    "microdnf": "install",
    "zypper": "install",
}
_WITH_VALUE = frozenset({"-t", "-o", "-c", "--option", "--target-release", "--setopt", "-x"})
_PYTHON = re.compile(r"python(\d(?:\.\d+)?)?")
_PIP = re.compile(r"pip(\d(?:\.\d+)?)?")
_RUNFILE = re.compile(r"(cuda|NVIDIA-Linux|cudnn)[\w.-]*\.run", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(uv|pip|python|conda|mamba)\}?", re.IGNORECASE)
_DEEPEST = 3
"""Shells inside shells."""


def statements(
    found: Sequence[Command], settings: Mapping[str, str] | None = None, depth: int = 0
) -> list[Statement]:
    """Return what simple commands ask for, in their order.

    ``settings`` are what pip and uv read from the environment. What ``pip uninstall`` takes away
    again is left out.
    """
    made: list[Statement] = []
    where = ""
    for command in found:
        made += python_calls.opaque(command.words, command.line)
        made += compiling.statements(command.words, command.line, conditional=command.conditional)
        words = _bare(command.words)
        if not words:
            continue
        where = _entered(words) or where
        if (gone := _uninstalled(words)) is not None:
            made = [one for one in made if not (isinstance(one, Package) and one.name in gone)]
        inner = _inner_script(words)
        if inner is not None and depth < _DEEPEST:
            nested = shell.commands(inner, first=command.line)
            made += statements(nested, settings, depth + 1)
            continue
        if not where:
            made += python_calls.installs(words, command.line, conditional=command.conditional)
        made += _said(words, command, where, settings or {})
    return made


def _said(
    words: list[str], command: Command, where: str, settings: Mapping[str, str]
) -> Iterator[Statement]:
    program = os.path.basename(words[0])
    line, conditional = command.line, command.conditional
    if program in _CONDAS:
        yield from installers.conda(words[1:], line, where, conditional=conditional)
        return
    pip = _as_pip(words)
    if pip is not None:
        arguments, python = pip
        where = _home(words[0]) or where
        asked = list(
            installers.pip(arguments, line, where, settings=settings, conditional=conditional)
        )
        if asked and python:
            yield Python(specifier=f"=={python}.*", at=Place(line, words[0]), where=where)
        yield from asked
    elif program == "uv":
        yield from installers.uv(words[1:], line, where, settings=settings, conditional=conditional)
    elif program in _SYSTEMS:
        yield from _system(words, _SYSTEMS[program], line, conditional=conditional)
    else:
        yield from _files(program, words, line)


def _bare(words: Sequence[str]) -> list[str]:
    """The words without what only leads to the program: ``sudo -E``, ``NAME=value``.

    A variable that is called as a program is taken to hold it: ``"$uv" pip install``.
    """
    rest = list(words)
    while rest:
        if match := _VARIABLE.fullmatch(rest[0]):
            rest[0] = match[1].lower()
        name = os.path.basename(rest[0])
        if name in _BEFORE or re.fullmatch(r"[A-Za-z_]\w*=.*", rest[0], re.DOTALL):
            rest = rest[1:]
            while rest and name in _BEFORE and rest[0].startswith("-"):
                rest = rest[1:]
        else:
            return rest
    return rest


def _inner_script(words: Sequence[str]) -> str | None:
    """The text that a shell is given with ``-c``; what conda runs is read as commands too."""
    program = os.path.basename(words[0])
    if program in _SHELLS:
        for place, word in enumerate(words[1:-1], start=1):
            if re.fullmatch(r"-\w*c", word):
                return words[place + 1]
    if program in _CONDAS and words[1:2] == ["run"]:
        import shlex

        rest = list(words[2:])
        while rest and rest[0].startswith("-"):
            rest = rest[2:] if rest[0] in {"-n", "--name", "-p", "--prefix"} else rest[1:]
        return shlex.join(rest)
    return None


def _entered(words: Sequence[str]) -> str | None:
    """The environment that is activated from here on."""
    if os.path.basename(words[0]) in {*_CONDAS, "workon"} and "activate" in (*words[1:2], "")[:1]:
        return words[-1]
    if words[0] in {"source", "."} and len(words) > 1:
        path = words[1]
        if path.endswith("/bin/activate"):
            return path.removesuffix("/bin/activate")
        if os.path.basename(path) == "activate":
            return words[-1]
    return None


def _home(program: str) -> str:
    """The environment whose own program is called: ``/opt/env`` of ``/opt/env/bin/pip``."""
    folder, _, _ = program.rpartition("/bin/")
    return "" if folder in {"", "/usr", "/usr/local"} else folder


def _as_pip(words: Sequence[str]) -> tuple[list[str], str] | None:
    """The arguments for pip, and the Python whose pip it is where the name tells its minor."""
    program = os.path.basename(words[0])
    if match := _PIP.fullmatch(program):
        version = match[1] or ""
        return list(words[1:]), version if "." in version else ""
    if (match := _PYTHON.fullmatch(program)) and list(words[1:3]) == ["-m", "pip"]:
        version = match[1] or ""
        return list(words[3:]), version if "." in version else ""
    return None


def _uninstalled(words: Sequence[str]) -> set[str] | None:
    from provisioner.request import canonical

    pip = _as_pip(words)
    arguments = pip[0] if pip else []
    if words[0] == "uv" and list(words[1:2]) == ["pip"]:
        arguments = list(words[2:])
    if arguments[:1] != ["uninstall"]:
        return None
    return {canonical(word) for word in arguments[1:] if not word.startswith("-")}


def _system(
    words: Sequence[str], verb: str, line: int, *, conditional: bool
) -> Iterator[SystemPackage]:
    rest = iter(words[1:])
    installing = is_stream = False
    for word in rest:
        if word == "module" and not installing:
            is_stream = True
        elif word in _WITH_VALUE:
            next(rest, None)
        elif word.startswith("-"):
            continue
        elif not installing:
            installing = word in {verb, "in"}
            if not installing:
                return
        elif is_known(word):
            # dnf's streams are written as apt's architectures are.
            asked = word.replace(":", "=", 1) if is_stream else word
            package = system_package(asked, line, conditional=conditional)
            yield msgspec.structs.replace(package, at=Place(line, word))


def system_package(word: str, line: int, *, conditional: bool = False) -> SystemPackage:
    """Read ``name``, ``name=version`` or ``name:architecture``."""
    name, _, version = word.partition("=")
    return SystemPackage(
        name=name.partition(":")[0],
        version=version,
        at=Place(line, word),
        conditional=conditional,
    )


def _files(program: str, words: Sequence[str], line: int) -> Iterator[Fetched]:
    """Keys and installers: what is fetched, handed to apt-key, or run."""
    if program == "apt-key" and "del" in words:
        return
    if program in {"wget", "curl", "apt-key", "rpm"}:
        for word in words[1:]:
            if not word.startswith("-") and re.search(r"[./]|^[0-9A-Fa-f]{8,40}$", word):
                yield Fetched(name=word, at=Place(line, f"{program} … {_tail(word)}"))
    started = words[1:] if program in _SHELLS else words
    for word in started[:1]:
        if _RUNFILE.fullmatch(os.path.basename(word)):
            yield Fetched(
                name=os.path.basename(word),
                at=Place(line, _tail(word)),
                run=True,
                words=tuple(started[1:]),
            )


def _tail(word: str) -> str:
    """A path or an address by its end: what stands before may hold a password."""
    return word.rsplit("/", 1)[-1].partition("?")[0] or word
