"""What a wheel says of itself: the rows of readings, held against its members.

Every value is what the wheel holds, in the catalog's spelling; which release and platform it
belongs to is known from the index.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from provisioner.catalog.rows import CudaCode
from provisioner.catalog.sheets import natural
from provisioner.catalog.upkeep_rows import Reading
from provisioner.errors import OutsideError
from provisioner.upkeep.fatbin import Code, code_in, code_of, codes_in
from provisioner.upkeep.ptxas import targets_of
from provisioner.upkeep.releases import parts_of
from provisioner.upkeep.wheel import READ_BYTES, Wheel

_LINKED = (b"libcudart", b"libc10_cuda", b"libtorch_cuda")
"""What torch's companions that have GPU code are linked with; a library names it early on."""
_LIBRARIES = (".so", ".dll", ".pyd")
_LINKS_BYTES = 512 * 1024
_TARGETS = ("sass", "targets", "code", "common-code")
"""The facts that say for which GPUs there is code."""
_TARGET = re.compile(r"(sm_|compute_)?(\d+)(?:\.(\d))?([af]?)(\+PTX)?")


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read out of one wheel; empty where it does not say."""

    wheel: str
    """Its file name."""

    cuda: tuple[str, ...] = ()
    """Several where the wheel holds a library for each."""
    no_cuda: bool = False
    """The wheel says that it is no CUDA build."""
    rocm: str | None = None
    cudnn: str | None = None
    sass: tuple[str, ...] = ()
    ptx: tuple[str, ...] = ()
    code_by_cuda: tuple[CudaCode, ...] = ()
    """Where the wheel holds a library for each of several."""
    requires: tuple[str, ...] = ()
    """Requires-Dist as METADATA has it."""
    requires_python: str | None = None
    size: int
    """Bytes of the wheel."""
    unpacked_size: int = 0
    """Bytes of all its members."""
    members: tuple[str, ...] = ()
    """The members that the facts were read from."""


def measure(wheel: Wheel, readings: Sequence[Reading]) -> Measured:
    """Read a wheel. Raises OutsideError ``layout-changed`` where it does not read as it must."""
    found: dict[str, list[str]] = {}
    members: list[str] = []
    missing: dict[str, Reading] = {}
    for reading in readings:
        values = _READERS.get(reading.fact, _values)(wheel, reading)
        for member, value in values:
            found.setdefault(reading.fact, []).append(value)
            members.append(member)
        if reading.needed and not values:
            missing.setdefault(reading.fact, reading)
    _expect(wheel, found, missing)
    metadata = wheel.metadata()
    _expect_version(wheel.name, metadata.get("version", [""])[0])
    targets = [target for text in found.get("targets", []) for target in _targets(text)]
    targets += [target for text in found.get("sass", []) for target in _targets(text)]
    targets += found.get("code", []) + found.get("common-code", []) + found.get("ptxas", [])
    bundled = _by_cuda(found.get("code-by-cuda", []))
    if len(bundled) == 1:  # there is no other that it could be told from
        targets += [*bundled[0].sass, *bundled[0].ptx]
    return Measured(
        wheel=wheel.name,
        cuda=_sorted(found.get("cuda", [])),
        no_cuda="no-cuda" in found and "cuda" not in found,
        rocm=next(iter(found.get("rocm", [])), None),
        cudnn=next(iter(found.get("cudnn", [])), None),
        sass=_sorted(target for target in targets if target.startswith("sm_")),
        ptx=_sorted(target for target in targets if target.startswith("compute_")),
        code_by_cuda=bundled if len(bundled) > 1 else (),
        requires=tuple(metadata.get("requires-dist", [])),
        requires_python=next(iter(metadata.get("requires-python", [])), None),
        size=wheel.size,
        unpacked_size=wheel.unpacked_size,
        members=(*dict.fromkeys(members), "METADATA"),
    )


def _expect_version(name: str, stated: str) -> None:
    """METADATA is of the release that the file's name says. Raises OutsideError ``bad-wheel``."""
    from packaging.version import InvalidVersion, Version

    parts = parts_of(name)
    try:
        same = not parts or Version(parts[1]) == Version(stated)
    except InvalidVersion:
        same = False
    if not same:
        raise OutsideError(
            "bad-wheel", f"{name} is damaged.", context=(f"its METADATA is of {stated!r}",)
        )


def cost(readings: Sequence[Reading]) -> int:
    """How many bytes of a wheel these readings may fetch."""
    return max((row.read_bytes or READ_BYTES for row in readings), default=READ_BYTES)


def _expect(wheel: Wheel, found: dict[str, list[str]], missing: dict[str, Reading]) -> None:
    """A wheel says that it has CUDA and for which GPUs, or that it has none; else it is new."""
    without_cuda = ("no-cuda" in found or "rocm" in found) and "cuda" not in found
    for fact, reading in missing.items():
        if fact in found:
            continue
        if fact == "cuda" and ("no-cuda" in found or "rocm" in found):
            continue
        if fact == "no-cuda" and ("cuda" in found or "rocm" in found):
            continue
        if without_cuda or (fact in _TARGETS and _has_targets(found)):
            continue
        raise OutsideError(
            "layout-changed",
            f"{wheel.name} does not say what the readings of its project look for.",
            context=(f"no {fact} in a member like {reading.member}",),
            hint="Look at the wheel, and change stacks/upkeep/readings.toml to what it says.",
        )


def _has_targets(found: dict[str, list[str]]) -> bool:
    return any(fact in found for fact in _TARGETS)


def _values(wheel: Wheel, reading: Reading) -> list[tuple[str, str]]:
    """Every value with its member; a pattern's groups are the numbers of one version."""
    found = []
    for member, match in _members(wheel, reading):
        if not reading.pattern:
            found.append((member, _joined(match)))
            continue
        matches = re.finditer(reading.pattern, _text(wheel, member), re.MULTILINE)
        found += [(member, _joined(value)) for value in matches]
        if found:
            break  # copies of one header say the same
    return found


def _text(wheel: Wheel, member: str) -> str:
    """A member's text; of a library the beginning, where it names what it is linked with."""
    if member.endswith(_LIBRARIES):
        return wheel.head(member, _LINKS_BYTES)[0].decode("latin-1")
    return wheel.text(member)


def _code(wheel: Wheel, reading: Reading) -> list[tuple[str, str]]:
    """GPU code of the libraries; a library without any proves nothing.

    Of one that is too large the beginning is read: every source file of a library is as a rule
    compiled for the same targets, and the first of them lie there.
    """
    found: list[tuple[str, str]] = []
    for member, _ in _members(wheel, reading):
        if found and not wheel.head_room():
            break
        if wheel.affords(member):
            told, code = member, code_in(wheel.pieces(member), wheel.length(member))
        else:
            told, code = f"{member} (its beginning)", _code_at_the_beginning(wheel, member)
        found += [(told, target) for target in (*code.sass, *code.ptx)]
    return found


def _code_at_the_beginning(wheel: Wheel, member: str) -> Code:
    library, _ = wheel.head(member)
    code = code_of(library)
    unseen = len(library) < _LINKS_BYTES or any(mark in library for mark in _LINKED)
    if code == Code((), ()) and unseen:
        raise OutsideError(
            "too-much-to-read",
            f"{wheel.name} holds no GPU code within the part that is read.",
            context=(f"{member!r}, first {len(library)} bytes",),
        )
    return code


def _common_code(wheel: Wheel, reading: Reading) -> list[tuple[str, str]]:
    """The list of targets that most of the code belongs to, of all the lists of fat binaries.

    Beside the kernels that every GPU needs, some libraries hold others for some GPUs only; what is
    compiled for these alone serves nobody.
    """
    times: Counter[Code] = Counter()
    members = []
    for member, _ in _members(wheel, reading):
        found = Counter(codes_in(wheel.pieces(member), wheel.length(member)))
        times += found
        members += [member] if found else []
    if not times:
        return []
    common = max(times, key=lambda code: (times[code] * len(code.sass + code.ptx), code.sass))
    return [(member, target) for member in members for target in (*common.sass, *common.ptx)]


def _code_by_cuda(wheel: Wheel, reading: Reading) -> list[tuple[str, str]]:
    """GPU code of libraries for several CUDAs, each target behind its CUDA; all of it or an error.

    A list without the end of a library would rule GPUs out that it serves.
    """
    return [
        (member, f"{_joined(match)} {target}")
        for member, match in _members(wheel, reading)
        for code in [code_in(wheel.pieces(member), wheel.length(member))]
        for target in (*code.sass, *code.ptx)
    ]


def _by_cuda(told: Sequence[str]) -> tuple[CudaCode, ...]:
    by_cuda: dict[str, list[str]] = {}
    for text in told:
        cuda, _, target = text.partition(" ")
        by_cuda.setdefault(cuda, []).append(target)
    return tuple(
        CudaCode(
            cuda,
            sass=_sorted(target for target in by_cuda[cuda] if target.startswith("sm_")),
            ptx=_sorted(target for target in by_cuda[cuda] if target.startswith("compute_")),
        )
        for cuda in sorted(by_cuda, key=natural)
    )


def _ptxas(wheel: Wheel, reading: Reading) -> list[tuple[str, str]]:
    return [
        (member, target)
        for member, _ in _members(wheel, reading)
        for target in targets_of(wheel.program(member))
    ]


_READERS: dict[str, Callable[[Wheel, Reading], list[tuple[str, str]]]] = {
    "code": _code,
    "common-code": _common_code,
    "code-by-cuda": _code_by_cuda,
    "ptxas": _ptxas,
}


def _members(wheel: Wheel, reading: Reading) -> Iterator[tuple[str, re.Match[str]]]:
    pattern = re.compile(reading.member)
    for member in sorted(wheel.members):
        if match := pattern.fullmatch(member):
            yield member, match


def _joined(match: re.Match[str]) -> str:
    groups = [group for group in match.groups() if group]
    return ".".join(groups) if groups else match[0]


def _targets(text: str) -> Iterator[str]:
    """Targets in any spelling: ``sm_60``, ``7.5 8.0+PTX``, ``60, 70``, ``3.5,5.2``."""
    for match in _TARGET.finditer(text):
        kind, number, minor, suffix, with_ptx = match.groups()
        name = f"{number}{minor or ''}{suffix}"
        if kind != "compute_":
            yield f"sm_{name}"
        if kind == "compute_" or with_ptx:
            yield f"compute_{name}"


def _sorted(values: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values), key=natural))
