"""Names in running text: systems, processors, GPUs and packages."""

from __future__ import annotations

import re
from functools import lru_cache

from provisioner.catalog.find import gpu_by_word
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.machine import Gpu

_SYSTEMS = (
    ("windows", re.compile(r"(?<![a-z])(?:windows|win)[ _-]?(10|11|7|8\.1)?(?:[^a-z]|$)")),
    ("ubuntu", re.compile(r"ubuntu[ :_-]*(?:linux )?v?(\d\d\.?\d\d)?")),
    ("debian", re.compile(r"debian[ :_-]*(?:gnu/linux )?(\d{1,2})?")),
    ("macos", re.compile(r"(?<![a-z])(?:macos|mac os x?|osx|darwin|macosx)[ _-]*(\d{2})?")),
    ("rocky", re.compile(r"(?<![a-z])rocky[ a-z]*(\d{1,2})?")),
    ("almalinux", re.compile(r"(?<![a-z])alma(?:linux| linux)?(?![a-z])[ a-z]*(\d{1,2})?")),
    ("rhel", re.compile(r"(?<![a-z])(?:rhel|red hat)[ a-z]*(\d{1,2})?")),
    ("centos", re.compile(r"centos[ a-z]*(\d{1,2})?")),
    ("fedora", re.compile(r"fedora[ a-z]*(\d{2})?")),
    ("ol", re.compile(r"(?<![a-z])oracle ?linux[ a-z]*(\d{1,2})?")),
    ("amzn", re.compile(r"(?<![a-z])(?:amazon ?linux|amzn|al(?=20))[ a-z]*(\d{1,4})?")),
    ("sles", re.compile(r"(?<![a-z])(?:sles|suse linux enterprise)[ a-z]*(\d{2}(?:\.\d)?)?")),
    ("opensuse-tumbleweed", re.compile(r"(?<![a-z])(?:opensuse[ -]?)?tumbleweed()")),
    ("opensuse-leap", re.compile(r"(?<![a-z])(?:opensuse|suse)[ a-z]*(\d{2}\.\d)?")),
    ("arch", re.compile(r"(?<![a-z])(?:arch linux|manjaro|archlinux)()")),
)
_DRIVE = re.compile(
    r"(?m)^ ?(?:ps |\([^)\n]{1,40}\) )?[a-z]:\\[^>\n]{0,200}>|[c-e]:\\(?:users|program)"
)
"""A prompt or a path that only Windows has, where nobody names the system."""
_NOTE = re.compile(r"(?m)^ ?(?:os|platform|operating system|system)(?: version)? ?[:=] ?(.*)$")
_ARM = re.compile(r"aarch64|arm64|armv8|(?<![a-z])sbsa")
_INTEL = re.compile(r"x86[_-]64|amd64|x64")
_SERIES = (
    r"(?:quadro |geforce |nvidia )*(?:rtx|gtx|gts|gt)[ -]?(?:pro )?(?:titan|a?\d{3,4})"
    r"(?:[ -]?(?:ti|super|laptop gpu|laptop|max-q|ada generation|ada|mobile|d)(?![a-z]))*"
    r"|titan (?:xp|x|v|rtx|black)|geforce \d{3}[a-z]?|(?:geforce )?mx\d{3}"
    r"|tesla [kmpvt]\d{1,3}[a-z]?|quadro [a-z]*[ ]?\d{3,4}[a-z]?"
    r"|rx ?\d{3,4}(?: ?xtx?| ?gre)?|gfx\d{3,4}[a-z]?|mi\d{3}[a-z]?|radeon \d{3}m"
)
"""How series of cards are numbered; which of them exist is the catalog's to say."""
_BOARD = re.compile(r"(?:NVIDIA |Tesla |Quadro )*([A-Z]{1,2}\d{1,3}[A-Z]{0,2})(?![A-Za-z0-9])")
_PLAIN_BOARDS = 3
"""A name of fewer letters is one of data centres' best known, or means something else."""
_NUMBERED = re.compile(r"(?:nvidia )?geforce ([rg]tx) (\d{4})(?!\d)")
_CAPABILITY = re.compile(
    r"(?:cuda capability|compute capability|compute_capability|compute_cap|cuda_arch|capability)"
    r"\D{0,6}(?:sm_)?(\d{1,2})\.?(\d)(?![\d.])"
)
_PLAIN = (
    *("numpy", "protobuf", "mkl", "pip", "setuptools", "cudatoolkit", "pytorch-cuda", "cudnn"),
    *("nvidia-cudnn-cu11", "nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "nvidia-tensorflow"),
    *("nvidia-fabricmanager", "cuda-drivers", "xformers", "deepspeed", "apex", "detectron2"),
    *("mmcv", "mmcv-full", "transformers", "ctranslate2", "faster-whisper", "libtorch"),
)
"""Packages that tell of causes and have no builds in the catalog."""
_OTHER_NAMES = {"pytorch": "torch", "tf": "tensorflow", "tensorflow-gpu": "tensorflow"}


def system(text: str) -> tuple[str, str]:
    """Name and version of the operating system: of the note that tells it, else the first."""
    for part in (*(match[1] for match in _NOTE.finditer(text)), text):
        found = [(match.start(), name, match) for name, pattern in _SYSTEMS
                 if (match := pattern.search(part))]  # fmt: skip
        if found:
            _, name, match = min(found, key=lambda one: one[0])
            return name, _dotted(name, match[1] or "")
    return ("windows", "") if _DRIVE.search(text) else ("", "")


def _dotted(name: str, version: str) -> str:
    if name == "ubuntu" and len(version) == len("2204"):
        return f"{version[:2]}.{version[2:]}"
    return version


def arch(text: str) -> str:
    """``aarch64`` or ``x86_64``, where it is said."""
    if _ARM.search(text):
        return "aarch64"
    return "x86_64" if _INTEL.search(text) else ""


def gpus(text: str, catalog: Catalog) -> tuple[Gpu, ...]:
    """The GPUs that are named, and those of which only the compute capability is said."""
    found: dict[str, Gpu] = {}
    for word in dict.fromkeys(match[0] for match in _named(catalog).finditer(text)):
        gpu = _gpu(word, catalog)
        if gpu is not None:
            found.setdefault(gpu.name, gpu)
    series, spoken = _spoken(catalog)
    for match in spoken.finditer(text):
        gpu = _gpu(f"{series[match['number']]} {match['card']}", catalog)
        if gpu is not None:
            found.setdefault(gpu.name, gpu)
    if not found:
        for match in _CAPABILITY.finditer(text):
            capability = f"{match[1]}.{match[2]}"
            found.setdefault(capability, _of_capability(capability, catalog))
    return tuple(found.values())


@lru_cache(maxsize=4)
def _named(catalog: Catalog) -> re.Pattern[str]:
    """What finds the names of GPUs: numbered series, and boards that have a name of their own."""
    known = {row.name.lower() for row in catalog.data_centre_gpus}
    for row in catalog.gpus:
        board = _BOARD.match(row.name)
        chip = row.chip or row.name
        if board and row.compute_capability and not board[1].startswith(chip):
            known |= {board[1].lower()} if len(board[1]) >= _PLAIN_BOARDS else set()
    listed = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    return re.compile(
        rf"(?:(?<![a-z0-9])|(?<=nvidia)|(?<=nvidiatesla)|(?<=tesla))(?:{_SERIES}"
        rf"|(?:nvidia )?(?:{listed})"
        r"(?:[ -](?:sxm\d?|pcie|nvl)(?:-\d+gb)?(?:-\d+gb)?)?)(?![a-z0-9])"
    )


@lru_cache(maxsize=4)
def _spoken(catalog: Catalog) -> tuple[dict[str, str], re.Pattern[str]]:
    """How people call their card, "the new 3080", "my 1080ti": the series by number, and that."""
    named = (_NUMBERED.match(row.name.lower()) for row in catalog.gpus)
    series = {match[2]: match[1] for match in named if match}
    return series, re.compile(
        r"(?:the|a|my|new|old|on|with|and|one|two|both|gpus?|card)[ :]{1,2}"
        rf"(?P<card>(?P<number>{'|'.join(series)})(?: ?ti| ?super)?)s?(?![\w.:])"
    )


def _of_capability(capability: str, catalog: Catalog) -> Gpu:
    """A GPU of which nothing else is known; the oldest have no row of their own any more."""
    known = _gpu(capability, catalog)
    name = f"A GPU of compute capability {capability}"
    if known is None:
        return Gpu(name=name, compute_capability=capability)
    return known


def _gpu(word: str, catalog: Catalog) -> Gpu | None:
    """The GPU of a name; "GTX 3090" is what people call an RTX 3090."""
    return _by_word(word, catalog) or _by_word(word.replace("gtx", "rtx"), catalog)


def _by_word(word: str, catalog: Catalog) -> Gpu | None:
    try:
        return gpu_by_word(catalog, word)
    except UsageError:
        return None


@lru_cache(maxsize=4)
def packages(catalog: Catalog) -> re.Pattern[str]:
    """What finds packages with their versions, in pip's, conda's and people's forms."""
    names = sorted({*catalog.every_name, *_PLAIN, *_OTHER_NAMES}, key=len, reverse=True)
    listed = "|".join(re.escape(name).replace(r"\-", "[-_]") for name in names)
    return re.compile(
        rf"(?<![\w./-])(?<!build )(?P<name>{listed})(?:\[[^\]\n]{{0,80}}\])?"
        r"(?: ?(?:===?|>=|~=|=|@) ?| version:? ?v?|: ?v?|-| v?)\(?"
        r"(?P<version>\d+(?:\.(?:\d+|x))+(?:(?:a|b|rc)\d+)?(?:\.?(?:post|dev)\d+)?(?:\+[a-z0-9.]+)?)"
        r"(?:[ =-](?P<build>(?:py|cpu|cuda|gpu|h)[\w.]*_[\w.]*))?",
        re.ASCII,  # other scripts put no blank before a name
    )


def canonical(name: str) -> str:
    """The name that the catalog has for it."""
    plain = name.replace("_", "-")
    return _OTHER_NAMES.get(plain, plain)
