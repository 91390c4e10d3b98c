"""Small catalogs and machines made by chance, for a search through every combination.

The frameworks bear the names of real ones and have nothing else of them: two or three that stand
alone, one that is built once for each variant of the first, one with GPU code of its own that
loads the first's libraries, and one of plain Python.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from provisioner.catalog.rows import Build
from tests.unit.resolve.asking import EVIDENCE

ALONE = ("torch", "tensorflow", "jax")
CUDA = ("11.8", "12.1", "12.6", "12.8", "13.0")
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
GPUS = ("GTX 1080", "V100", "RTX 2080", "RTX 3090", "H100", "RTX 5090")
DRIVERS = (
    *(None, None, "none"),
    *("450.80.02", "470.42.01", "525.60.13", "525.60.12", "535.54.03", "560.28.03", "580.65.06"),
)
TARGETS = ("60", "61", "70", "75", "80", "86", "89", "90", "100", "120")
CUDNN = ("9.10.2.21", "9.11.0.98", "9.7.1.26")
PARTS = ("cuda<13", "cuda>=12.6", "cuda==12.1", "cudnn>=9.11", "cudnn<9.11")
INDEX = "https://download.pytorch.org/whl"


class Question(NamedTuple):
    """A catalog, what is asked of it, and for which machine."""

    builds: tuple[Build, ...]
    words: tuple[str, ...]
    gpus: tuple[str, ...]
    driver: str | None
    """None: not known; ``none``: there is none."""
    python: str | None


def question(chance: Random) -> Question:
    """One question by chance."""
    alone = ALONE[: chance.choice((1, 1, 2, 2, 3))]
    builds = [row for name in alone for row in _standing_alone(chance, name)]
    bases = [row for row in builds if row.framework == "torch"]
    more = [_variants_of, _with_own_code, _of_plain_python]
    for make in chance.sample(more, chance.randint(0, 4 - max(2, len(alone)))):
        builds += make(chance, bases)
    chance.shuffle(builds)
    names = list(dict.fromkeys(row.framework for row in builds))
    chance.shuffle(names)
    asked = names[: chance.choice((1, 2, 2, 3))]
    parts = [chance.choice(PARTS)] if chance.random() < 0.15 else []
    return Question(
        builds=tuple(builds),
        words=(*(name + _range(chance, builds, name) for name in asked), *parts),
        gpus=tuple(chance.choice(GPUS) for _ in range(chance.choice((0, 1, 1, 1, 2)))),
        driver=chance.choice(DRIVERS),
        python=chance.choice((None, None, None, "3.9", "3.11", "3.13")),
    )


def _range(chance: Random, builds: list[Build], name: str) -> str:
    if chance.random() < 0.7:
        return ""
    version = chance.choice([row.version for row in builds if row.framework == name])
    return chance.choice(("<", "<=", "==", ">=")) + version


def _row(chance: Random, **told: Any) -> Build:
    low = chance.randrange(len(PYTHONS) - 1)
    plain = {
        "platform": "linux-x86_64",
        "pythons": PYTHONS[low : low + chance.randint(2, 5)],
        "kind": chance.choice(("measured", "announced")),
        **EVIDENCE,
    }
    return Build(**{**plain, **told})


def _code(chance: Random) -> dict[str, tuple[str, ...]]:
    sass = sorted(chance.sample(TARGETS, chance.randint(3, 9)), key=int)
    ptx = [chance.choice(TARGETS)] if chance.random() < 0.5 else []
    return {
        "sass": tuple(f"sm_{target}" for target in sass),
        "ptx": tuple(f"compute_{target}" for target in ptx),
    }


def _standing_alone(chance: Random, name: str) -> list[Build]:
    found: list[Build] = []
    for version in chance.sample(range(1, 5), chance.randint(1, 3)):
        for variant in chance.sample(("default", "cpu", "cu1", "cu2"), chance.randint(1, 2)):
            # what is extended has a build with CUDA: the first
            cuda = None if variant == "cpu" and found else chance.choice(CUDA)
            code = _code(chance) if cuda else {}
            if cuda and chance.random() < 0.08:
                code = {}  # nobody read it
            row = _row(
                chance,
                framework=name,
                version=f"{version}.0",
                variant=variant,
                index=None if variant == "default" else f"{INDEX}/{variant}",
                cuda=cuda,
                **_packages(chance, cuda),
                driver_floor=chance.choice((None,) * 5 + ("535.54.03",)),
                **code,
            )
            found.append(row)
    return found[:5]


def _packages(chance: Random, cuda: str | None) -> dict[str, Any]:
    """What a build wants of packages that the catalog has rows for, and of others."""
    major = (cuda or "").partition(".")[0]
    found, cudnn = [], None
    if major in {"12", "13"} and chance.random() < 0.5:
        cudnn = chance.choice(CUDNN) if major == "12" else "9.20.0.48"
        bound = chance.choice((f"=={cudnn}", "<10,>=9.1", ">=9.11,<10"))
        cudnn = cudnn if "==" in bound else None
        found.append(f"nvidia-cudnn-cu{major}{bound}")
    if cuda and chance.random() < 0.4:
        bound = chance.choice(("==2.1", "==2.2", "==2.1.0", ">=2.2", "<2.2"))
        found.append(f"nvidia-made-up{bound}")
    return {"requires": tuple(found), "cudnn": cudnn}


def _variants_of(chance: Random, bases: list[Build]) -> list[Build]:
    found = []
    for place, base in enumerate(chance.sample(bases, min(len(bases), chance.randint(1, 4)))):
        told = {} if chance.random() < 0.6 or base.cuda is None else {"cuda": base.cuda}
        found.append(
            _row(
                chance,
                framework="torchvision",
                version=f"0.{chance.choice((place, 1))}.0",
                variant=base.variant,
                index=base.index or (f"{INDEX}/default" if chance.random() < 0.1 else None),
                requires=(chance.choice(("torch==" + base.version, "torch>=2.0")),),
                **told,
            )
        )
    return list({(row.version, row.variant): row for row in found}.values())


def _with_own_code(chance: Random, bases: list[Build]) -> list[Build]:
    found = []
    for version in range(chance.randint(1, 4)):
        base = chance.choice(bases)
        bound = chance.choice((f"torch=={base.version}", f"torch>={base.version}", "torch"))
        cuda = chance.choice((*CUDA, "12", "13"))
        own = {"cuda": cuda, **_code(chance)}
        found.append(
            _row(chance, framework="xformers", version=f"0.{version}", requires=(bound,), **own)
        )
    return found


def _of_plain_python(chance: Random, bases: list[Build]) -> list[Build]:
    found = []
    for version in range(chance.randint(1, 4)):
        base = chance.choice(bases)
        bound = chance.choice((f"torch<={base.version}", f"torch>={base.version}", "torch<3"))
        wanted = (bound, "nvidia-made-up>=2.2") if chance.random() < 0.15 else (bound,)
        found.append(
            _row(
                chance,
                framework="fastai",
                version=f"{version}.0",
                platform="any",
                requires=wanted,
                kind="measured",
            )
        )
    return found
