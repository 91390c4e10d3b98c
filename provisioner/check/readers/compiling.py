"""What is compiled for which GPU, and with which gcc: nvcc, CMake and PyTorch's extensions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

from provisioner.check.said import ChosenCompiler, CompileTargets, Place, Statement

_TORCH = frozenset({"TORCH_CUDA_ARCH_LIST"})
_CMAKE = frozenset({"CMAKE_CUDA_ARCHITECTURES", "CUDAARCHS"})
_COMPILER = frozenset(
    {"CC", "CXX", "CUDAHOSTCXX", "NVCC_CCBIN", "CMAKE_CUDA_HOST_COMPILER", "CUDA_HOST_COMPILER"}
)
_SETTING = re.compile(r"(?:-D)?([A-Za-z_]\w*)(?::\w+)?=(.*)", re.DOTALL)
_GENCODE = re.compile(r"arch=compute_(\d+[af]?)(?:,code=\\?\[?([\w,\\\"' ]+)\]?)?")
_NUMBER = re.compile(r"(\d+)\.?(\d)([af]?)(\+PTX)?", re.IGNORECASE)
_OF_CMAKE = re.compile(r"(\d{2,3}[af]?)(-real|-virtual)?")
_TARGET = re.compile(r"(sm|compute)_\d{2,3}[af]?")
_GCC = re.compile(r"(?:[\w./-]*/)?(?:gcc|g\+\+)-(\d+)")
_DEFAULT = re.compile(r"(?:[\w./-]*/)?(?:gcc|g\+\+|cc|c\+\+)")


def statements(words: Sequence[str], line: int, *, conditional: bool = False) -> list[Statement]:
    """Return what a command compiles for and with; ``NAME=value`` words stand in ``words`` too."""
    found: list[Statement] = []
    for word in words:
        if match := _SETTING.fullmatch(word):
            found += settings({match[1]: match[2]}, line, conditional=conditional)
    codes = [names for word in words for names in _of_gencode(word)]
    program = os.path.basename(next((one for one in words if not _SETTING.fullmatch(one)), ""))
    if program == "nvcc":
        codes += _of_arch(words)
    if codes:
        at = Place(line, next((one for one in words if "arch" in one), program))
        names = tuple(dict.fromkeys(codes))
        found.append(CompileTargets(names=names, setting="nvcc", at=at, conditional=conditional))
    for version, word in (*_called(words), *_made_default(program, words)):
        at = Place(line, word)
        found.append(ChosenCompiler(version=version, at=at, conditional=conditional))
    return found


def settings(
    values: Mapping[str, str], line: int, *, conditional: bool = False
) -> Iterator[Statement]:
    """Yield what variables say that builds read: ``TORCH_CUDA_ARCH_LIST``, ``CXX``."""
    for name, value in values.items():
        names = _of_torch(value) if name in _TORCH else _of_cmake(value) if name in _CMAKE else ()
        at = Place(line, value)
        if names:
            yield CompileTargets(names=names, setting=name, at=at, conditional=conditional)
        match = _GCC.fullmatch(value.strip()) if name in _COMPILER else None
        if match:
            yield ChosenCompiler(version=match[1], at=at, conditional=conditional)


def _of_torch(value: str) -> tuple[str, ...]:
    """``7.5;8.6+PTX``; nothing of a list that holds names, whose meaning moves with PyTorch."""
    names: list[str] = []
    for word in re.split(r"[;,\s]+", value.strip()):
        match = _NUMBER.fullmatch(word)
        if match is None or "." not in word:
            return ()
        number = f"{match[1]}{match[2]}{match[3]}"
        names += [f"sm_{number}"] + ([f"compute_{number}"] if match[4] else [])
    return tuple(dict.fromkeys(names))


def _of_cmake(value: str) -> tuple[str, ...]:
    """``75;86-real``; nothing of ``native`` and ``all``."""
    names: list[str] = []
    for word in re.split(r"[;,\s]+|\\;", value.strip("'\" ")):
        match = _OF_CMAKE.fullmatch(word)
        if match is None:
            return ()
        names += [f"sm_{match[1]}"] if match[2] != "-virtual" else []
        names += [f"compute_{match[1]}"] if match[2] != "-real" else []
    return tuple(dict.fromkeys(names))


def _of_gencode(word: str) -> list[str]:
    """``arch=compute_86,code=[sm_86,compute_86]``, wherever it stands."""
    found = []
    for match in _GENCODE.finditer(word):
        codes = [code[0] for code in _TARGET.finditer(match[2] or "")]
        found += codes or [f"compute_{match[1]}"]
    return found


def _of_arch(words: Sequence[str]) -> list[str]:
    """``-arch=sm_86``: machine code and PTX; ``-arch=compute_86 -code=sm_86``: what is named."""
    arch = _value(words, ("-arch", "--gpu-architecture"))
    code = _value(words, ("-code", "--gpu-code"))
    named = [one for one in code.split(",") if _TARGET.fullmatch(one)]
    if code:
        return named
    if not _TARGET.fullmatch(arch):
        return []
    number = arch.partition("_")[2]
    return [arch, f"compute_{number}"] if arch.startswith("sm_") else [arch]


def _value(words: Sequence[str], names: tuple[str, ...]) -> str:
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else next(iter(words[place + 1 : place + 2]), "")
    return ""


def _called(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The gcc behind ``-ccbin`` of nvcc."""
    named = _value(words, ("-ccbin", "--compiler-bindir"))
    if match := _GCC.fullmatch(named):
        yield match[1], named


def _made_default(program: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The gcc that ``gcc`` is made to mean, by a link or by Debian's alternatives."""
    if program == "update-alternatives" and any(one in words for one in ("--install", "--set")):
        targets = [one for one in words[1:] if _GCC.fullmatch(one)]
    elif program == "ln" and _DEFAULT.fullmatch(words[-1]):
        targets = list(words[1:-1])
    else:
        return
    for word in targets:
        if match := _GCC.fullmatch(word):
            yield match[1], word
