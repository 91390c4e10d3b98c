"""GPUs and CUDA releases, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provisioner.catalog.rows import Architecture, Cuda, PerSystem
from provisioner.cli.catalog.layout import UNKNOWN, facts, one_of, size, table
from provisioner.cli.display import Block
from provisioner.lookup.values import (
    CudaAnswer,
    CudaReleases,
    GpuAnswer,
    Run,
    Use,
)

_RUNS = "Newest builds that run on it"
_OTHERS = "Of these, none is listed"
_MANY = 8
"""How many names of a kind are listed before the rest is counted."""


def gpu(answer: GpuAnswer) -> list[Block]:
    """What a GPU is, then what runs on it."""
    names = list(dict.fromkeys(row.name for row in answer.models))
    ids = list(dict.fromkeys(f"{row.vendor}:{row.device}" for row in answer.models if row.device))
    chips = sorted({row.chip for row in answer.models if row.chip})
    row = answer.architecture
    kind = row.name if row else next((m.architecture for m in answer.models if m.architecture), "")
    return [
        facts(
            answer.name,
            [
                ("boards", _some(names) if names != [answer.name] else ""),
                ("chip", _some(chips)),
                ("architecture", kind or UNKNOWN),
                ("capability", answer.compute_capability or ""),
                ("memory", size(answer.memory_bytes)),
                ("PCI ids", _some(ids)),
                *(_support(answer, row) if row else _bare(answer)),
            ],
        ),
        _runs(answer),
        _does_not_run(answer),
        Block("More", _more(answer) if answer.runs else ()),
    ]


def _more(answer: GpuAnswer) -> tuple[tuple[str, ...], ...]:
    from shlex import quote

    name = quote(answer.name.removeprefix("NVIDIA "))
    return (
        ("by", _by(answer.vendor)),
        ("driver", "the oldest that runs the build on this GPU"),
        ("a plan", f"dlsetup resolve torch --gpu {name}"),
    )


def _by(vendor: str) -> str:
    if vendor == "nvidia":
        return "sm_: machine code; compute_: PTX, which the driver compiles"
    if vendor == "amd":
        return "the target that the build was compiled for"
    return "the GPUs that its publisher validated it with"


def _support(answer: GpuAnswer, row: Architecture) -> list[tuple[str, str]]:
    branches = _span(row.first_driver_branch, row.last_driver_branch, answer.newest_driver_branch)
    return [
        ("CUDA", _span(row.first_cuda, row.last_cuda, answer.newest_cuda)),
        # The driver of a Tegra part is its board's own.
        ("driver", "" if row.tegra else f"branches {branches}"),
        ("kernel module", "" if row.tegra else one_of(row.kernel_modules)),
        ("tensor cores", _tensor(answer, row)),
        ("other cores", _plain_cores(row)),
        ("Tegra", "yes: only builds made for it run on it" if row.tegra else ""),
    ]


def _bare(answer: GpuAnswer) -> list[tuple[str, str]]:
    """What is told of a GPU without a compute capability."""
    if answer.vendor != "nvidia":
        said = {row.official_rocm for row in answer.models if row.official_rocm}
        return [
            ("CUDA", "none: it is not made by NVIDIA"),
            ("in AMD's lists", "; ".join(sorted(said))),
        ]
    return [("driver", f"last branch {answer.newest_driver_branch or UNKNOWN}")]


def _span(first: str | None, last: str | None, newest: str | None) -> str:
    start = f"{first} to " if first else "up to "
    end = f"{last}, dropped after that" if last else f"{newest or UNKNOWN}, the newest so far"
    return start + end + ("" if first else "; the first is not known")


def _tensor(answer: GpuAnswer, row: Architecture) -> str:
    if answer.tensor_precisions is None:
        known = [name for name in row.precisions if name != "fp32"]
        return f"{', '.join(known)} at least; the rest is not known" if known else UNKNOWN
    without = row.chips_without_tensor_cores
    told = ", ".join(answer.tensor_precisions) or "none"
    mixed = {model.chip for model in answer.models} & set(without) and answer.tensor_precisions
    return f"{told}; none on {', '.join(without)}" if mixed else told


def _plain_cores(row: Architecture) -> str:
    """Formats outside tensor cores: those that have a rate, or that no tensor core does."""
    tensor = row.tensor_precisions
    if tensor is None:
        return ""
    rates = {"fp64": row.fp64_rate, "fp16": row.fp16_rate}
    told = []
    for name in row.precisions:
        rate = rates.get(name)
        if rate:
            told.append(f"{name} ({_rate(rate)})")
        elif name not in tensor:
            told.append(name)
    return ", ".join(told)


def _rate(rate: str) -> str:
    if rate == "1":
        return "as fast as fp32"
    return f"{rate} of fp32's speed" if "/" in rate else f"{rate} x fp32's speed"


def _runs(answer: GpuAnswer) -> Block:
    if not answer.runs:
        told = "none that the catalog knows"
        return Block(_RUNS, ((told,),))
    rows = [_run(item) for item in answer.runs]
    return table(_RUNS, [("framework", "version", "on", "by", "driver", "build"), *rows])


def _does_not_run(answer: GpuAnswer) -> Block:
    """Frameworks of which no build is listed above, by what is known of them."""
    told = (("no build for it", answer.without), ("not known", answer.unknown))
    return facts(_OTHERS, [(word, ", ".join(names)) for word, names in told])


def _on(platform: str) -> str:
    """A platform in the width of a column: Linux and x86_64 go without saying."""
    system, _, machine = platform.partition("-")
    if system == "linux":
        return machine
    return system if machine in {"", "x86_64"} else f"{system[:3]} arm"


def _run(item: Run) -> tuple[str, ...]:
    row = item.build
    return (
        item.framework,
        row.version,
        _on(row.platform),
        item.by or f"as {item.extends}",
        item.driver_minimum or UNKNOWN,
        f"{'' if row.variant == 'default' else row.channel or row.variant} {row.kind}".strip(),
    )


def cuda(answer: CudaAnswer) -> list[Block]:
    """What a CUDA release asks for, then who uses it."""
    row = answer.cuda
    return [
        facts(
            f"CUDA {row.version}",
            [
                ("GPUs", capabilities(answer.architectures)),
                ("targets", " ".join(row.architectures) or "not known: nobody ran its compiler"),
                ("driver", _systems(row.driver_floor)),
                ("for its PTX", _systems(row.driver_bundled)),
                (
                    "came with",
                    f"driver branch {answer.driver_branch}" if answer.driver_branch else "",
                ),
                ("toolkits", ", ".join(row.toolkits) or UNKNOWN),
                *_compilers(row),
            ],
        ),
        _uses(answer.used_by),
    ]


def _systems(versions: PerSystem) -> str:
    known = (("Linux", versions.linux), ("Windows", versions.windows))
    return ", ".join(f"{name} {version} or later" for name, version in known if version) or UNKNOWN


def _compilers(row: Cuda) -> list[tuple[str, str]]:
    """The newest host compilers; updates with the same limits stand together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for item in row.host_compilers:
        limits = (item.gcc, item.clang, item.msvc_from, item.msvc_below)
        groups.setdefault(limits, []).append(item.nvcc)
    if not groups:
        return [("compilers", UNKNOWN)]
    return [
        (
            "" if number else "compilers",
            _limits(gcc, clang, first, below) + f" (nvcc {', '.join(versions)})",
        )
        for number, ((gcc, clang, first, below), versions) in enumerate(groups.items())
    ]


def _limits(gcc: str, clang: str, first: str, below: str) -> str:
    return f"gcc up to {gcc}, clang up to {clang}, _MSC_VER {first} to below {below}"


def _uses(used: Sequence[Use]) -> Block:
    if not used:
        return Block("Builds that use it", (("none that the catalog knows",),))
    return table("Builds that use it", [_use(item) for item in used])


def _use(item: Use) -> tuple[str, ...]:
    where = _on(item.platform)
    return item.framework, item.variant, where, ", ".join(item.versions)


def cuda_releases(answer: CudaReleases) -> list[Block]:
    """One line for each CUDA release, newest first."""
    head = ("CUDA", "driver", "for its PTX", "toolkits")
    rows = [
        (
            row.version,
            row.driver_floor.linux or UNKNOWN,
            row.driver_bundled.linux or UNKNOWN,
            ", ".join(row.toolkits) or UNKNOWN,
        )
        for row in answer.releases
    ]
    more = [
        ("driver", "the oldest on Linux that runs its machine code"),
        ("for its PTX", "the oldest that compiles its PTX, for GPUs newer than a build"),
        ("one release", f"dlsetup catalog show cuda {answer.releases[0].version}"),
    ]
    return [table("CUDA releases, newest first", [head, *rows]), facts("More", more)]


def capabilities(rows: Iterable[Architecture]) -> str:
    """``Maxwell 5.0 5.2, Pascal 6.0``, in the order of the rows."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.name, []).append(row.compute_capability)
    return ", ".join(f"{name} {' '.join(found)}" for name, found in groups.items()) or "none"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MANY
    told = ", ".join(names[:_MANY])
    return f"{told} and {more} more" if more > 0 else told
