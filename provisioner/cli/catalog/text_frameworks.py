"""Releases and builds of a framework, as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build
from provisioner.cli.catalog.layout import UNKNOWN, facts, pythons, table
from provisioner.cli.display import Block
from provisioner.lookup.values import BuildFacts, Builds, Release, Releases
from provisioner.sizes import human
from provisioner.version import capability_of

_GPUS = (
    "lowest and highest compute capability that any build has code for; a plus is PTX, which "
    "runs on later ones too"
)
_NOTHING_OF_ITS_OWN = "none of its own"
_BROUGHT = ("nvidia-", "cuda-")


def releases(answer: Releases) -> list[Block]:
    """One line for each release, newest first."""
    count = len(answer.releases)
    told = "1 release" if count == 1 else f"{count} releases"
    dated = any(item.released for item in answer.releases)
    head = ("version", *(["released"] if dated else []), "Python", "GPUs", "proof", "CUDA")
    rows = [head, *(_release(item, dated=dated) for item in answer.releases)]
    newest = answer.releases[0].version
    return [
        table(f"{answer.framework}: {told} (looked at {answer.checked})", rows),
        facts(
            "More",
            [
                ("GPUs", _GPUS),
                ("proof", "measured: read from the wheel itself; announced: from a document"),
                ("builds", f"dlsetup catalog show {answer.framework}=={newest}"),
            ],
        ),
    ]


def _release(item: Release, *, dated: bool) -> tuple[str, ...]:
    rest = (("CPU", item.cpu), (UNKNOWN, item.unknown))
    cuda = ", ".join((*item.cuda, *(word for word, is_so in rest if is_so)))
    proof = "both" if len(item.kinds) > 1 else item.kinds[0]
    when = [item.released or ""] if dated else []
    return item.version, *when, pythons(item.pythons), _gpus(item), proof, cuda


def _gpus(item: Release) -> str:
    """The range of capabilities; the highest with a plus where it is PTX for newer ones too."""
    found = [capability_of(name)[0] for name in (*item.sass, *item.ptx)]
    if not found:
        return UNKNOWN if item.cuda or item.unknown else "-"
    low, high = (f(found, key=_number) for f in (min, max))
    open_end = any(capability_of(name)[0] == high for name in item.ptx)
    return (low if low == high else f"{low}-{high}") + ("+" if open_end else "")


def _number(capability: str) -> tuple[int, ...]:
    return tuple(map(int, capability.split(".")))


def builds(answer: Builds) -> list[Block]:
    """A block for each build, newest first."""
    return [_build(item) for item in answer.builds]


def _build(item: BuildFacts) -> Block:
    row = item.build
    variant = "" if row.variant == "default" else f" {row.variant}"
    return facts(
        f"{row.framework} {row.version}{variant} ({row.platform}, {row.kind})",
        [
            ("from", _from(row)),
            ("released", row.released or ""),
            ("Python", pythons(row.pythons)),
            ("CUDA", _cuda(item)),
            ("cuDNN", row.cudnn or ""),
            *_code(item),
            ("driver", _driver(item)),
            ("needs", " and ".join(_needs(row))),
            ("beside it", ", ".join(_beside(row))),
            ("taken back", "by its publisher; only for those who pin it" if row.yanked else ""),
            ("download", human(row.download_bytes) if row.download_bytes else ""),
            ("on disk", human(row.disk_bytes) if row.disk_bytes else ""),
        ],
    )


def _from(row: Build) -> str:
    if row.via == "container":
        return f"image {row.image}"
    if row.via == "conda":
        return f"conda channel {row.channel}, {row.package or row.framework}" + (
            f", build {row.build_string}" if row.build_string else ""
        )
    name = f"{row.framework}[{row.extra}]" if row.extra else row.framework
    return f"pip, {name} of {row.index or 'the default index'}"


def _cuda(item: BuildFacts) -> str:
    row = item.build
    if row.bundles_cuda:
        return f"a library for each of {', '.join(row.bundles_cuda)}"
    if item.cuda is None:
        return _no_cuda(row)
    if row.cuda is None:
        return f"{item.cuda}, that of its {item.extends}"
    if row.libraries == "system":
        return f"{item.cuda}, whose libraries have to be installed beside it"
    return item.cuda


def _no_cuda(row: Build) -> str:
    if row.accelerator:
        return f"none: it is for {row.accelerator} {row.rocm or ''}".rstrip()
    if row.unknown:
        return UNKNOWN
    return _NOTHING_OF_ITS_OWN if row.platform == "any" else "none: it computes on the CPU"


def _code(item: BuildFacts) -> Iterator[tuple[str, str]]:
    row = item.build
    for code in row.code_by_cuda:
        yield f"GPU code, {code.cuda}", " ".join(code.sass)
        yield f"PTX, {code.cuda}", " ".join(code.ptx) or "none"
    if item.cuda is None:
        return
    if not row.sass and not row.ptx:
        yield (
            "GPU code",
            f"none that is known; its {item.extends} decides" if (item.extends) else UNKNOWN,
        )
        return
    yield "GPU code", " ".join(row.sass)
    yield "PTX", " ".join(row.ptx) or ("none" if row.kind == "measured" else "none is known")


def _driver(item: BuildFacts) -> str:
    if item.cuda is None:
        return ""
    told = f"{item.driver_for_sass} or later" if item.driver_for_sass else UNKNOWN
    if item.build.ptx:
        ptx = f"{item.driver_for_ptx} or later" if item.driver_for_ptx else UNKNOWN
        told += f"; for its PTX {ptx}" if ptx != told else "; also for its PTX"
    return told


def _beside(row: Build) -> Iterator[str]:
    """The frameworks and compilers that it is bound to; CUDA's own packages go without saying."""
    for text in row.requires:
        requirement, _, marker = text.partition("; ")
        if not requirement.startswith(_BROUGHT) and "extra" not in marker:
            yield requirement


def _needs(row: Build) -> Iterator[str]:
    if row.glibc:
        yield f"glibc {row.glibc}"
    yield from (f"a CPU with {flag.upper()}" for flag in row.cpu)
