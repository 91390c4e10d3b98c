"""What people ask for: words read into wishes.

A word is a PEP 508 requirement (``torch>=2.4``), a component that is no Python package
(``cuda<13``), or the bare name of a profile. Packages that the catalog does not choose are
companions: they are handed to the installer as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from provisioner.errors import UsageError

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

COMPONENTS = ("cuda", "cudnn", "nvcc")
HOST_PARTS = ("nvidia-container-toolkit",)
"""What the machine itself gets, be there an environment beside it or not."""
_ALIASES = {"pytorch": "torch"}
_LONG_NUMBER = re.compile(r"\d{100}")
"""Python refuses to read the longest of these, and some readers of versions fall over them."""
_USER_INFO = re.compile(r"(?<!/)//(?!git@)([^/]*@|[^/:@\[]+:(?!\d*([/?#;\s]|$)))")
"""Who is asked for in an address; also a password with a slash in it, where a port would stand."""
_BARE = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One thing asked for: a name, which versions, which extras."""

    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    text: str
    """The word as it was typed."""
    pre: bool = False
    """Pre-releases are wanted too."""

    @property
    def is_component(self) -> bool:
        """Whether it is no Python package but a part of the CUDA stack."""
        return self.name in COMPONENTS

    def admits(self, version: str) -> bool:
        """Whether a version is within what was asked for; every version is without a specifier."""
        return not self.specifier or admits(self.specifier, version, pre=self.pre)


@lru_cache(maxsize=65536)
def admits(specifier: str, version: str, *, pre: bool = False) -> bool:
    """Whether PEP 440 ``specifier`` contains ``version``. Raises ValueError on nonsense.

    A pre-release is only within a range that names one itself, unless ``pre``.
    """
    from packaging.version import InvalidVersion, Version

    try:
        found = _specifier_set(specifier)
        return found.contains(Version(version), prereleases=pre or bool(found.prereleases))
    except InvalidVersion as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=1024)
def _specifier_set(text: str) -> SpecifierSet:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=4096)
def parse_wish(word: str) -> Wish:
    """Read one word.

    Raises UsageError ``bad-requirement`` for what is no requirement at all, and
    ``secret-in-requirement``.
    """
    text = word.strip()
    if _USER_INFO.search(text):
        raise _holds_a_secret(text)
    if _BARE.match(text):
        return Wish(name=canonical(text), text=text)
    from packaging.requirements import InvalidRequirement, Requirement

    if not text.isprintable():
        raise _not_a_requirement(text, "it holds characters that do not print")
    if _LONG_NUMBER.search(text):
        raise _not_a_requirement(text, "no version has a number as long as that")
    try:
        parsed = Requirement(text)
    except InvalidRequirement as error:
        raise _not_a_requirement(text, str(error).splitlines()[0]) from error
    return Wish(
        name=canonical(parsed.name),
        specifier=str(parsed.specifier),
        extras=tuple(sorted(parsed.extras)),
        text=str(parsed) if (parsed.url or parsed.marker) else text,
    )


def host_parts(words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part the words that ask for something of the machine itself from all others.

    Raises UsageError ``bad-requirement`` for a range of versions of it: the catalog has one.
    """
    parts: dict[str, None] = {}
    others: list[str] = []
    for word in words:
        name = re.match(r"[A-Za-z0-9._-]*", word.strip())
        if name is None or canonical(name[0]) not in HOST_PARTS:
            others.append(word)
        elif _BARE.match(word.strip()):
            parts[canonical(name[0])] = None
        else:
            raise UsageError(
                "bad-requirement",
                f"{canonical(name[0])} takes no range of versions.",
                hint=f"Write {canonical(name[0])} alone: the catalog knows one release of it.",
            )
    return tuple(parts), tuple(others)


def split(
    words: Iterable[str],
    *,
    frameworks: Collection[str],
    profiles: Mapping[str, tuple[str, ...]],
    profile: str | None = None,
    pre: bool = False,
) -> tuple[tuple[Wish, ...], tuple[str, ...]]:
    """Read words into wishes that the catalog answers, and companions, both in the order asked.

    A bare word that names a profile is the profile; what a profile leaves open, a word of its own
    may narrow. Raises UsageError ``bad-requirement``, ``unknown-profile``, ``asked-twice`` or
    ``nothing-asked``.
    """
    wishes: list[Wish] = []
    companions: list[str] = []
    for word in _expanded(tuple(words), profiles, profile):
        wish = parse_wish(word)
        if wish.is_component or wish.name in frameworks:
            _refuse_url(wish)
            if any(wish.name == other.name for other in wishes):
                raise UsageError(
                    "asked-twice",
                    f"{wish.name} is asked for twice.",
                    hint=f"Say it once with both ranges, such as '{wish.name}>=A,<B'.",
                )
            wishes.append(msgspec.structs.replace(wish, pre=pre) if pre else wish)
        else:
            companions.append(wish.text)
    if not wishes and not companions:
        raise UsageError(
            "nothing-asked",
            "Nothing was asked for.",
            hint="Name a package: dlsetup resolve torch; "
            "Or write requirements into a dlsetup.toml here or above",
        )
    return tuple(wishes), tuple(companions)


def _expanded(
    words: Sequence[str], profiles: Mapping[str, tuple[str, ...]], profile: str | None
) -> Iterator[str]:
    """The words with every profile replaced by what it holds.

    That is not looked up again: ``jax`` inside the profile ``jax`` is the package.
    """
    if profile is not None and folded(profile) not in profiles:
        raise UsageError(
            "unknown-profile",
            f"There is no profile {_shown(profile)}.",
            hint="Known profiles: " + ", ".join(sorted(profiles)) + "; "
            "what each is: dlsetup catalog show profiles",
        )
    named = [word for word in words if folded(word.strip()) not in profiles]
    narrowed = {parse_wish(word).name for word in named}
    held: set[str] = set()
    for word in (*([profile] if profile else []), *words):
        for text in profiles.get(folded(word.strip()), ()):
            if text not in held and not (_is_bare(text) and parse_wish(text).name in narrowed):
                yield text
            held.add(text)
        if word in named:
            yield word


def _is_bare(text: str) -> bool:
    return _BARE.match(text) is not None


def named_profiles(
    words: Iterable[str], profiles: Collection[str], profile: str | None = None
) -> tuple[str, ...]:
    """Return the profiles that a request names, by ``--profile`` first, each once."""
    asked = [folded(profile)] if profile else []
    asked += [folded(word.strip()) for word in words]
    return tuple(dict.fromkeys(name for name in asked if name in profiles))


def _refuse_url(wish: Wish) -> None:
    if "@" in wish.text or ";" in wish.text:
        raise UsageError(
            "bad-requirement",
            f"{wish.name} is chosen by dlsetup and takes a version range only, "
            "no address and no marker.",
            hint=f"Write '{wish.name}' or '{wish.name}>=X.Y'.",
        )


def folded(name: str) -> str:
    """A name in the form of PEP 503: small letters, and one hyphen for what joins its words."""
    return re.sub(r"[-_.]+", "-", name).lower()


def canonical(name: str) -> str:
    """A package's name as the catalog has it: in the form of PEP 503, ``pytorch`` as ``torch``."""
    plain = folded(name)
    return _ALIASES.get(plain, plain)


def _not_a_requirement(text: str, reason: str) -> UsageError:
    return UsageError(
        "bad-requirement",
        f"{_shown(text)} is not a requirement.",
        context=(reason,),
        hint="Write a name with an optional version range, such as 'torch>=2.4' or 'cuda<13'.",
    )


def _holds_a_secret(text: str) -> UsageError:
    """The error for an address with a name or a password, of which it repeats nothing."""
    name = re.match(r"\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\]\s*)?@", text)
    return UsageError(
        "secret-in-requirement",
        f"The address of {name[1] if name else 'a requirement'} holds a name or a password, "
        "which would be written down with it.",
        hint="Leave them out of the address; Give them under [credentials] in config.toml, "
        "or in netrc",
    )


def _shown(text: str, most: int = 80) -> str:
    return repr(text if len(text) <= most else text[: most - 3] + "...")
