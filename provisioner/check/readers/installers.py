"""The command lines of pip, uv and conda: packages, and where they are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from provisioner.check.readers.shell import is_known
from provisioner.check.said import Listed, Package, Place, Python
from provisioner.request import canonical

_DEFAULT = ("-i", "--index-url", "--default-index")
_EXTRA = ("--extra-index-url", "--index")
_ELSEWHERE = ("-f", "--find-links", "-r", "--requirement", "--requirements")
_UPGRADES = frozenset({"-U", "--upgrade", "-I", "--ignore-installed", "--force-reinstall"})
_BACKEND = "--torch-backend"
# fmt: off
_VALUES = frozenset((
    "-c", "--constraint", "--constraints", "-t", "--target", "--python", "-p", "--prefix",
    "--root", "--python-version", "--platform", "--abi", "--implementation", "--proxy",
    "--timeout", "--retries", "--cert", "--cache-dir", "--no-binary", "--only-binary",
    "--no-build-package", "--config-settings", "-C", "--upgrade-strategy", "--trusted-host",
    "--progress-bar", "--index-strategy", "--link-mode", "--group", "--extra", "-e", "--editable",
    "--log", "--src", "--report", "--global-option", "--exclude-newer", "--override",
    "--refresh-package",
))
# fmt: on
"""Options whose value is no requirement."""
_CONDA_VALUES = frozenset(
    ("-n", "--name", "-p", "--prefix", "--solver", "--revision", "--file", "-f")
)
_LONGEST = 500
"""Characters of a requirement."""
_USER_INFO = re.compile(r"//[^/@]*@")
_LISTS = re.compile(r"-r|-c|-e|--requirement|--constraint|--editable|\.{0,2}/|\.{1,2}($|\[)")
"""What an installer reads further requirements, or bounds, from."""
_NAMED_INDEX = re.compile(r"[A-Za-z0-9_-]+=(https?://.*)")
_CONDA_SPEC = re.compile(
    r"(?:(?P<channel>[\w./-]+)::)?(?P<name>[A-Za-z0-9_][\w.-]*?)"
    r"(?:\s*(?P<sign>[=<>!~]=?)\s*(?P<version>[^\s=,]+(?:,[<>=!~]=?[^\s=,]+)*)|\s+(?P<plain>[\d.*]+))?"
    r"(?:[=\s](?P<build>[\w.*-]+))?"
)

Settings = Mapping[str, str]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the packages of one command or file are looked for."""

    indexes: tuple[str, ...] = ()
    """The default index first where it is replaced."""
    replaces_default: bool = False
    known: bool = True
    """False: a file, a folder or a variable may name further sources."""


def pip(
    arguments: Sequence[str],
    line: int,
    where: str = "",
    *,
    settings: Settings | None = None,
    conditional: bool = False,
) -> Iterator[Package | Listed]:
    """Yield what ``pip install`` or ``uv add`` is asked for."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    if not rest or rest[0] not in {"install", "download", "wheel", "add"}:
        return
    words, origin = origin_of(rest[1:], settings)
    listed = next((word for word in rest[1:] if _LISTS.match(word)), None)
    if listed is not None:
        yield Listed(at=Place(line, listed), where=where)
    upgrades = bool(_UPGRADES & set(rest))
    for word in words:
        package = required(word, Place(line, word), origin)
        if package is not None:
            yield msgspec.structs.replace(
                package, where=where, conditional=conditional, upgrades=upgrades
            )


def uv(
    arguments: Sequence[str],
    line: int,
    where: str = "",
    *,
    settings: Settings | None = None,
    conditional: bool = False,
) -> Iterator[Package | Python | Listed]:
    """Yield what ``uv pip install``, ``uv add`` and ``uv venv --python`` ask for."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    if rest[:1] == ["venv"]:
        for option, value in pairwise(rest):
            if option in {"--python", "-p"} and (python := exact_python(value)):
                yield Python(specifier=python, at=Place(line, f"{option} {value}"), where=where)
        return
    if rest[:1] == ["pip"]:
        rest = rest[1:]
    yield from pip(rest, line, where, settings=settings, conditional=conditional)


def origin_of(words: Sequence[str], settings: Settings | None = None) -> tuple[list[str], Origin]:
    """Split what follows ``install`` into requirements and where they are looked for."""
    told = settings or {}
    default = told.get("PIP_INDEX_URL") or told.get("UV_DEFAULT_INDEX") or ""
    indexes = [
        address
        for name in ("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX")
        for address in told.get(name, "").split()
    ]
    known = not {"PIP_FIND_LINKS", "UV_FIND_LINKS", "PIP_CONFIG_FILE", "UV_CONFIG_FILE"} & set(told)
    requirements: list[str] = []
    rest = iter(_parted(words))
    for word in rest:
        if word in _DEFAULT:
            default = next(rest, "")
        elif word in _EXTRA:
            indexes.append(next(rest, ""))
        elif word == _BACKEND:
            backend = next(rest, "")
            known = known and backend != "auto"
            indexes.append(f"{_BACKEND}={backend}")
        elif word in _ELSEWHERE:
            known = False
            next(rest, None)
        elif word in _VALUES:
            next(rest, None)
        elif not word.startswith("-"):
            requirements.append(word)
    named = [default, *indexes] if default else indexes
    return requirements, Origin(
        indexes=tuple(plain_address(address) for address in named),
        replaces_default=bool(default),
        known=known and all(map(is_known, [*named, *words])),
    )


def _parted(words: Sequence[str]) -> Iterator[str]:
    """``--option=value`` as two words."""
    for word in words:
        option, equals, value = word.partition("=")
        if equals and option.startswith("--"):
            yield option
            yield value
        else:
            yield word


def plain_address(address: str) -> str:
    """An address without a name for it, user, password and closing stroke."""
    match = _NAMED_INDEX.fullmatch(address)
    return _USER_INFO.sub("//", match[1] if match else address).rstrip("/")


def required(word: str, at: Place, origin: Origin | None = None) -> Package | None:
    """Read a PEP 508 requirement; None for what is none, an address, or left to a variable."""
    from packaging.requirements import InvalidRequirement, Requirement

    origin = origin or Origin()
    if not is_known(word) or len(word) > _LONGEST:
        return None
    try:
        parsed = Requirement(word)
    except (InvalidRequirement, ValueError):
        return None
    if parsed.url:
        return None
    return Package(
        name=canonical(parsed.name),
        specifier=str(parsed.specifier),
        extras=tuple(sorted(parsed.extras)),
        at=at,
        indexes=origin.indexes,
        replaces_default=origin.replaces_default,
        sources_known=origin.known,
        marker=str(parsed.marker or ""),
    )


def conda(
    arguments: Sequence[str], line: int, where: str = "", *, conditional: bool = False
) -> Iterator[Package | Python]:
    """Yield what ``conda install`` or ``conda create`` is asked for."""
    rest = list(arguments)
    if rest[:1] == ["env"]:
        rest = rest[1:]
    if not rest or rest[0] not in {"install", "create", "update"}:
        return
    channels: list[str] = []
    specs: list[str] = []
    words = iter(_parted(rest[1:]))
    for word in words:
        if word in {"-c", "--channel"}:
            channels.append(next(words, ""))
        elif word in {"-n", "--name", "-p", "--prefix"}:
            where = next(words, "") or where
        elif word in _CONDA_VALUES:
            next(words, None)
        elif not word.startswith("-"):
            specs.append(word)
    for spec in specs:
        yield from conda_spec(
            spec, Place(line, spec), tuple(channels), where=where, conditional=conditional
        )


def conda_spec(
    text: str,
    at: Place,
    channels: tuple[str, ...] = (),
    *,
    where: str = "",
    conditional: bool = False,
) -> Iterator[Package | Python]:
    """Read conda's ``name=1.2``, ``channel::name >=1,<2`` or ``name=1.2=build``."""
    plain = re.sub(r",\s+", ",", text.strip())
    match = _CONDA_SPEC.fullmatch(plain) if is_known(text) and len(text) < _LONGEST else None
    if match is None:
        return
    specifier = _as_pep440(match["sign"] or ("=" if match["plain"] else ""), match)
    if specifier is None:
        return
    if match["name"] == "python":
        if specifier:
            yield Python(specifier=specifier, at=at, where=where)
        return
    yield Package(
        name=canonical(match["name"]),
        specifier=specifier,
        at=at,
        manager="conda",
        channels=(match["channel"],) if match["channel"] else channels,
        build=match["build"] or "",
        where=where,
        conditional=conditional,
    )


def _as_pep440(sign: str, match: re.Match[str]) -> str | None:
    """conda's range in PEP 440; None for what has no form there, such as ``1.2|1.3``."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    version = match["version"] or match["plain"] or ""
    if not sign or version == "*":
        return ""
    text = sign + version
    if sign == "=":
        text = f"=={version.removesuffix('.*').removesuffix('*').rstrip('.')}.*"
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return None


def exact_python(text: str) -> str:
    """``3.12`` or ``3.12.4`` as a range of one minor release; empty for anything else."""
    match = re.fullmatch(r"(?:python|cpython@)?(\d\.\d{1,2})(\.\d+)?", text)
    return f"=={match[1]}.*" if match else ""
