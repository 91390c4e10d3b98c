"""From a pasted report to symptoms: ``key: value`` notes, tools' output and tracebacks, mixed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.doctor import naming
from provisioner.doctor.symptoms import Installed, Symptoms
from provisioner.doctor.unclaimed import claimed
from provisioner.version import minor

_MOST = 2_000_000
"""Characters that are read: the head and the tail of anything longer."""
_LONGEST_LINE = 1_000
_NOISE = 10
"""A line of which one letter in so many is none is no text."""
_WORDS = 16
"""Fewer letters between bytes that are no text are there by chance."""
_KEY = re.compile(r"^\s{0,8}([A-Za-z][A-Za-z0-9_ /().-]{1,40}?)\s*[:=]\s+(\S.*)$")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n\x20-\x7e\x80-\uffff]")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_WIDE = range(0xFF01, 0xFF5F)
_PLAIN = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"") | {
    letter: letter - _WIDE[0] + ord("!") for letter in _WIDE
}
"""Round quotes, and letters, digits and colons of East Asian keyboards, as programs print them."""
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")

_DRIVER = (
    re.compile(
        r"(?m)^ ?(?:nvidia )?driver(?:_version|_userspace| version)? ?[:=] ?(\d{3}(?:\.\d+)*)"
    ),
    re.compile(r"driver version ?[:=] ?(\d{3}(?:\.\d+)+)"),
    re.compile(r"nvidia-smi (\d{3}\.\d+(?:\.\d+)?)"),
    re.compile(r"kmd version ?[:=] ?(\d{3}\.\d+(?:\.\d+)?)"),
    re.compile(r"(?:client has the version|dso version) ?:? ?(\d{3}\.\d+(?:\.\d+)?)"),
    re.compile(r"(?m)^nvidia [^,\n]{2,40}, (\d{3}\.\d+(?:\.\d+)?)(?:,|$)"),
    re.compile(r"(?m)^ii +libnvidia-compute-\S+ +(\d{3}\.\d+(?:\.\d+)?)-"),
    re.compile(
        r"(?<![a-z-])(?<!need )(?<!needs )(?<!requires )(?<!minimum )(?<!newest )"
        r"driver v?(\d{3}\.\d{2,3}(?:\.\d{2})?)(?![\d.])"
    ),
)
_MODULE = (
    re.compile(r"nvrm version: [^\n]{0,120}? (\d{3}\.\d+(?:\.\d+)?) "),
    re.compile(r"kernel module has the version ?:? ?(\d{3}\.\d+(?:\.\d+)?)"),
    re.compile(r"kernel(?: module)? version:? (\d{3}\.\d+(?:\.\d+)?)"),
    re.compile(r"(?m)^ ?driver_module(?:_\w+)?: ?(\d{3}\.\d+(?:\.\d+)?)"),
)
_DRIVER_CUDA = (
    re.compile(r"(?:cuda version|cuda umd version) ?[:=] ?(\d{1,2}\.\d)"),
    re.compile(r"(?m)^ ?driver_cuda ?: ?(\d{1,2}\.\d)"),
)
_TOOLKIT = (
    re.compile(r"cuda compilation tools, release (\d{1,2}\.\d)"),
    re.compile(r"(?m)^ ?(?:cuda_toolkit|nvcc|cuda toolkit) ?:? ?v?(\d{1,2}\.\d)"),
    re.compile(r"cuda runtime version: (\d{1,2}\.\d)"),
    re.compile(r"cuda-(\d{1,2}\.\d)/bin/nvcc"),
)
_GCC = (
    re.compile(r"gcc(?: version)? ?[:(]? ?(?:\([^)\n]{0,80}\) )?(\d{1,2})\.\d"),
    re.compile(r"(?m)^ ?gcc ?: ?(\d{1,2})"),
)
_GLIBC = (re.compile(r"(?:glibc|ldd)[^\n]{0,30}? ?(2\.\d{1,2})(?![\d_])"),)
_PYTHON = (
    re.compile(r"(?m)^ ?python(?: version)? ?[:=] ?\D{0,12}(\d\.\d{1,2})"),
    re.compile(r"\(python (\d\.\d{1,2})\)"),
    re.compile(r"(?:python|cpython)[ /=-]?(\d\.\d{1,2})"),
    re.compile(r"(?:cp|py)(3)\.?(\d{1,2})(?:[-_.]|$)"),
)
_USED_TO_BUILD = re.compile(r"cuda used to build pytorch: (\d{1,2})\.(\d)")
_CONTAINER = re.compile(
    r"docker|container|podman|kubernetes|singularity|apptainer|nvidia/cuda:|(?<![a-z])image:|"
    r"enroot|k8s|containerd"
)
_WSL = re.compile(r"(?<![a-z])wsl|\d-microsoft")


def read(text: str, catalog: Catalog) -> Symptoms:
    """Return what a report says. Never raises: what makes no sense says nothing."""
    kept, left_out = _bounded(text)
    lines = tuple(_readable(kept))
    text = _folded_all(lines, catalog)
    os_id, os_version = naming.system(text)
    return Symptoms(
        text=claimed(text),
        lines=lines,
        notes=_notes(lines),
        os_id=os_id,
        os_version=os_version,
        wsl=_WSL.search(text) is not None,
        container=_CONTAINER.search(text) is not None,
        arch=naming.arch(text),
        python=_python(text),
        gpus=naming.gpus(text, catalog),
        driver=_first(_DRIVER, text),
        module=_first(_MODULE, text),
        driver_cuda=_first(_DRIVER_CUDA, text),
        toolkit=_first(_TOOLKIT, text),
        gcc=_first(_GCC, text),
        glibc=_first(_GLIBC, text),
        packages=tuple(_packages(text, lines, catalog)),
        reported=True,
        left_out_bytes=left_out,
    )


def again(symptoms: Symptoms, catalog: Catalog) -> Symptoms:
    """Symptoms whose lines alone were kept, with the text that signs are looked for in."""
    lines = tuple(_readable(_bounded("\n".join(symptoms.lines))[0]))
    text = claimed(_folded_all(lines, catalog))
    return msgspec.structs.replace(symptoms, lines=lines, text=text)


def _folded_all(lines: tuple[str, ...], catalog: Catalog) -> str:
    """The lines in lower case, blanks run together, in English; as many as there were."""
    return _in_english("\n".join(map(_folded, lines)), catalog)


def _in_english(text: str, catalog: Catalog) -> str:
    """What programs said in other languages, as they say it in English; lines stay lines."""
    for words, english in _sentences(catalog):
        text = text.replace(words, english)
    return text


@lru_cache(maxsize=4)
def _sentences(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """What is said with its English, the longest first: one may be a part of another."""
    listed = ((words, row.english) for row in catalog.translations for words in row.words)
    return tuple(sorted(listed, key=lambda one: -len(one[0])))


def _folded(line: str) -> str:
    plain = _BLANKS.sub(" ", line).translate(_PLAIN).lower()
    return plain if plain.isascii() else _OTHER_DIGIT.sub(lambda digit: str(int(digit[0])), plain)


def _bounded(text: str) -> tuple[str, int]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) <= _MOST:
        return text, 0
    half = _MOST // 2
    return f"{text[:half]}\n{text[-half:]}", len(text) - _MOST


def _readable(text: str) -> Iterator[str]:
    """The lines that people could read, each once: logs repeat theirs, and binaries have none."""
    told: set[str] = set()
    is_binary = _is_noisy(text)
    for short in _pieces(text):
        plain = _CONTROL.sub(" ", short)
        if _is_noisy(short) or (is_binary and len(short) < _WORDS) or plain in told:
            continue
        told.add(plain)
        yield plain


def _is_noisy(text: str) -> bool:
    return text.count("\ufffd") * _NOISE > len(text)


def _pieces(text: str) -> Iterator[str]:
    """The lines; one that is longer than anybody reads in several, parted where a word ends."""
    for line in text.split("\n"):
        start = 0
        while len(line) - start > _LONGEST_LINE:
            end = line.rfind(" ", start, start + _LONGEST_LINE)
            end = end if end > start else start + _LONGEST_LINE
            yield line[start:end]
            start = end
        yield line[start:]


def _notes(lines: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if match := _KEY.match(line):
            key = re.sub(r"[^a-z0-9]+", "_", match[1].lower()).strip("_")
            found.setdefault(key, []).append(match[2].strip())
    return {key: tuple(values) for key, values in found.items()}


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    for pattern in patterns:
        if match := pattern.search(text):
            return match[1]
    return ""


def _python(text: str) -> str:
    for pattern in _PYTHON:
        if match := pattern.search(text):
            found = ".".join(part for part in match.groups() if part)
            return minor(found)
    return ""


def _packages(text: str, lines: tuple[str, ...], catalog: Catalog) -> Iterator[Installed]:
    """Packages with a version, the first time that each is named."""
    told: set[tuple[str, str]] = set()
    used = _USED_TO_BUILD.search(text)
    of_torch = f"cu{used[1]}{used[2]}" if used else ""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for match in naming.packages(catalog).finditer(text):
        name = naming.canonical(match["name"])
        version, _, local = match["version"].partition("+")
        build = match["build"] or ""
        local = local or (of_torch if name == "torch" and not build else "")
        number = bisect_right(starts, match.start()) - 1
        found = Installed(
            name,
            version.rstrip("."),
            local or build,
            "conda" if build or "conda" in lines[number].lower() else "pip",
            lines[number].strip(),
        )
        if (found.name, found.version) not in told:
            told.add((found.name, found.version))
            yield found
