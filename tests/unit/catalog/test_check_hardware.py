"""Hardware, drivers and systems that contradict each other: each planted once, each told once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.catalog.check import Problem, audit
from provisioner.catalog.load import Catalog
from provisioner.upkeep import contents, writing

Sentences = Callable[[], list[str]]

RX_7900_XTX = ("amd/gpus.jsonl", {"device": "744c", "name": "Radeon RX 7900 XTX"})
JAMMY_580 = (
    "nvidia/driver_packages.jsonl",
    {"os": "ubuntu-22.04", "package": "nvidia-driver-580"},
)
JAMMY_580_NAME = "nvidia/driver_packages.jsonl, ubuntu-22.04 nvidia-driver-580"
CHECKOUT = Path(__file__).resolve().parents[3]
NEEDED_BY_OTHERS = ("amd/targets.toml", "system_packages.toml", "nvidia/repositories.toml")
BRANCHES = "nvidia/driver_branches.jsonl"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog with fewer builds and GPUs, and whole all the same: it is audited sooner."""
    folder = tmp_path_factory.mktemp("small") / "stacks"
    shutil.copytree(CHECKOUT / "stacks", folder)
    for sheet in (folder / "frameworks").glob("*.jsonl"):
        lines = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
        sheet.write_text("".join(dict.fromkeys(lines[:3] + lines[-3:])), encoding="utf-8")
    for sheet in folder.glob("*/gpus.jsonl"):
        lines = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if re.search('"device": "(2684|744c|1114|2182|1f82)"', line)]
        sheet.write_text("".join(dict.fromkeys(lines[:1] + kept)), encoding="utf-8")
    figures = folder / "nvidia" / "gpu_figures.jsonl"
    lines = figures.read_text(encoding="utf-8").splitlines(keepends=True)
    figures.write_text("".join(line for line in lines if '"NVIDIA GeForce RTX 4090"' in line))
    (folder / "nvidia" / "nvswitches.toml").write_text("")  # it names GPUs that are left out
    writing.write(folder, contents.texts(folder))
    return folder


@pytest.fixture
def stacks(small: Path, tmp_path: Path) -> Path:
    """A copy of the small catalog, to be damaged."""
    return Path(shutil.copytree(small, tmp_path / "stacks"))


def test_nothing_is_wrong_before_something_is_planted(sentences: Sentences) -> None:
    assert sentences() == []


@pytest.mark.parametrize(
    ("row", "changed", "expected"),
    [
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "2.0"}),
            {"last_cuda": "2.3"},
            "nvidia/architectures.jsonl, 2.0: last_cuda 2.3 is before first_cuda 3.0",
            id="dropped-before-it-was-known",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "2.0"}),
            {"last_cuda": "8.5"},
            "nvidia/architectures.jsonl, 2.0: cuda 8.5 has no row",
            id="a-last-cuda-nobody-knows",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "10.7"}),
            {"first_driver_branch": "616"},
            "nvidia/architectures.jsonl, 10.7: driver branch 616 has no row",
            id="a-first-driver-nobody-knows",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "10.1"}),
            {"renamed": "11.9"},
            "nvidia/architectures.jsonl, 10.1: compute capability 11.9 has no row",
            id="renamed-to-nothing",
        ),
        pytest.param(
            ("nvidia/architectures.jsonl", {"compute_capability": "10.7"}),
            {"precisions": ["half"]},
            "nvidia/architectures.jsonl, 10.7: precisions: 'half' is no number format such as fp16",
            id="a-format-nobody-knows",
        ),
        pytest.param(
            ("nvidia/cuda.jsonl", {"version": "12.0"}),
            {"driver_bundled": {"linux": "522.06"}},
            "nvidia/cuda.jsonl, 12.0: "
            "driver_bundled 522.06 on linux is below driver_floor 525.60.13",
            id="a-driver-that-cannot-run-its-own-cuda",
        ),
        pytest.param(
            ("nvidia/cuda.jsonl", {"version": "13.4"}),
            {"toolkits": ["13.3.1"]},
            "nvidia/cuda.jsonl, 13.4: toolkit 13.3.1 is of CUDA 13.3",
            id="a-toolkit-of-another-release",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"device": "2684"}),
            {"memory_bytes": 24 * 1024**4},
            "nvidia/gpus.jsonl, 2684: memory_bytes 26388279066624 is no size of a GPU's memory",
            id="memory-in-the-wrong-unit",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"device": "2684"}),
            {"official_rocm": "7.1"},
            "nvidia/gpus.jsonl, 2684: official_rocm is said of AMD's GPUs only",
            id="rocm-on-nvidia",
        ),
        pytest.param(
            ("nvidia/gpus.jsonl", {"device": "2684"}),
            {"device": None},
            "nvidia/gpus.jsonl: has no PCI id, and this sheet goes by PCI ids",
            id="no-pci-id",
        ),
        pytest.param(
            RX_7900_XTX,
            {"integrated": True},
            "amd/gpus.jsonl, 744c Radeon RX 7900 XTX: "
            "is integrated, and its target is a card of its own",
            id="a-card-that-says-it-is-none",
        ),
        pytest.param(
            RX_7900_XTX,
            {"architecture": "gfx1101"},
            "amd/gpus.jsonl, 744c Radeon RX 7900 XTX: "
            "device 744c is gfx1100 elsewhere, not gfx1101",
            id="a-device-with-two-targets",
        ),
        pytest.param(
            (BRANCHES, {"branch": "595"}),
            {"kind": "production"},
            f"{BRANCHES}, 595: kind: 'production' is no kind of driver branch",
            id="a-kind-nobody-knows",
        ),
        pytest.param(
            (BRANCHES, {"branch": "595"}),
            {"cuda": "13.0"},
            f"{BRANCHES}, 595: CUDA 13.0 is older than that of branch 590",
            id="a-newer-branch-with-an-older-cuda",
        ),
        pytest.param(
            (BRANCHES, {"branch": "615"}),
            {"cuda": "13.9"},
            f"{BRANCHES}, 615: CUDA 13.9 has no row",
            id="a-cuda-nobody-knows",
        ),
        pytest.param(
            (BRANCHES, {"branch": "580"}),
            {"end_of_life": "2026-05"},
            f"{BRANCHES}, 580: end_of_life 2026-05 is before that of LTSB branch 535, 2026-06",
            id="a-newer-branch-that-ends-earlier",
        ),
        pytest.param(
            (BRANCHES, {"branch": "615"}),
            {"default_kernel_module": "proprietary"},
            f"{BRANCHES}, 615: default_kernel_module proprietary is none of its kernel_modules",
            id="a-default-it-does-not-have",
        ),
        pytest.param(
            JAMMY_580,
            {"version": "575.178.04-0ubuntu0.22.04.1"},
            f"{JAMMY_580_NAME}: version 575.178.04-0ubuntu0.22.04.1 is of another branch than 580",
            id="a-package-of-another-branch",
        ),
        pytest.param(
            (
                "nvidia/driver_packages.jsonl",
                {"os": "ubuntu-22.04", "package": "nvidia-driver-615-open"},
            ),
            {"flavour": "proprietary"},
            "nvidia/driver_packages.jsonl, ubuntu-22.04 nvidia-driver-615-open: "
            "branch 615 has no proprietary kernel modules",
            id="a-flavour-its-branch-does-not-have",
        ),
        pytest.param(
            JAMMY_580,
            {"redirects": ["nvidia-driver-470"]},
            f"{JAMMY_580_NAME}: nvidia-driver-470 redirects to it, and holds a driver itself",
            id="a-redirect-that-is-a-driver",
        ),
        pytest.param(
            (
                "nvidia/driver_packages.jsonl",
                {"os": "ubuntu-22.04", "package": "nvidia-driver-595"},
            ),
            {"redirects": ["nvidia-driver-535"]},
            "nvidia/driver_packages.jsonl, ubuntu-22.04 nvidia-driver-595: "
            "nvidia-driver-535 redirects to it, and to nvidia-driver-580",
            id="a-redirect-to-two-places",
        ),
    ],
)
def test_hardware_that_cannot_be_is_told_in_one_sentence(
    edit_row: Callable[..., None],
    sentences: Sentences,
    row: tuple[str, dict[str, str]],
    changed: dict[str, Any],
    expected: str,
) -> None:
    edit_row(*row, **changed)

    assert sentences() == [expected]


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        pytest.param(
            "nvidia/modules.jsonl",
            ('"name": "Jetson TX2"', '"device": "2684", "name": "Jetson TX2"'),
            "nvidia/modules.jsonl, Jetson TX2: "
            "has a PCI id, and this sheet is for GPUs without one",
            id="a-module-on-a-bus",
        ),
        pytest.param(
            "amd/targets.toml",
            ('name = "gfx1152"', 'name = "gfx1159"'),
            "amd/gpus.jsonl, 1114 Radeon 840M: target gfx1152 has no row",
            id="a-target-without-a-row",
        ),
        pytest.param(
            "amd/targets.toml",
            ('name = "gfx1152"', 'name = "rdna3"'),
            "amd/targets.toml, rdna3: name: 'rdna3' is no target such as gfx1100",
            id="no-target",
        ),
        pytest.param(
            "nvidia/repositories.toml",
            ('os = "debian-12"', 'os = "debian-99"'),
            "nvidia/repositories.toml, nvidia debian-99 x86_64: debian-99 has no row",
            id="a-repository-of-an-unknown-system",
        ),
        pytest.param(
            "os.toml",
            ('family = "suse"', 'family = "zypper"'),
            "os.toml, opensuse-leap 15.6: family: 'zypper' is no family of systems",
            id="no-family",
        ),
        pytest.param(
            "os.toml",
            ('glibc = "2.36"', 'glibc = "2.46"'),
            "os.toml, debian 13: glibc 2.41 is below that of Debian 12, 2.46",
            id="an-older-glibc-on-a-newer-system",
        ),
        pytest.param(
            "os.toml",
            ('end_of_life = "2027-04"', 'end_of_life = "2029-05"'),
            "os.toml, ubuntu 24.04: end_of_life 2029-04 is below that of Ubuntu 22.04, 2029-05",
            id="a-newer-system-that-ends-earlier",
        ),
        pytest.param(
            "os.toml",
            ('python = "3.11"', 'python = "2.8"'),
            "os.toml, debian 12: Python 2.8 has no row",
            id="a-python-without-a-row",
        ),
        pytest.param(
            "os.toml",
            ('aliases = ["alma"]', 'aliases = ["rhel"]'),
            "os.toml, almalinux 8: alias rhel is a name of rhel as well",
            id="an-alias-of-two",
        ),
        pytest.param(
            "os.toml",
            (
                'python = "3.11"\npython_packages = ["python3", "python3-venv", "ca-certificates"]',
                'python = "3.11"',
            ),
            "os.toml, debian 12: has a base image, and no packages that bring its Python into it",
            id="a-base-image-without-a-python",
        ),
        pytest.param(
            "os.toml",
            ('"python3-venv", "ca-certificates"', '"python3-venv", "ca-certs"'),
            "os.toml, debian 12: system package ca-certs has no row",
            id="a-system-package-nobody-has-seen",
        ),
        pytest.param(
            "system_packages.toml",
            ('os = "debian-12"\npackage = "python3"', 'os = "debian-99"\npackage = "python3"'),
            "system_packages.toml, debian-99 python3: debian-99 has no row",
            id="a-package-of-an-unknown-system",
        ),
        pytest.param(
            "images/bases.toml",
            ('os = "debian-13"', 'os = "debian-99"'),
            "images/bases.toml, docker.io/library/debian:13: debian-99 has no row",
            id="an-image-of-an-unknown-system",
        ),
        pytest.param(
            "images/bases.toml",
            ('python = "3.7"', 'python = "2.8"'),
            "images/bases.toml, docker.io/library/python:3.7-slim-bookworm: python 2.8 has no row",
            id="an-image-with-an-unknown-python",
        ),
        pytest.param(
            "tools.toml",
            ('specifier = "==0.13.*"', 'specifier = "==0.14.*"'),
            "tools.toml, uv: version 0.13.8 is not within ==0.14.*",
            id="a-tool-outside-its-range",
        ),
        pytest.param(
            "tools.toml",
            ('specifier = "==0.13.*"', 'specifier = "the newest"'),
            "tools.toml, uv: 'the newest' is no specifier",
            id="no-range",
        ),
        pytest.param(
            "caps.toml",
            ('requirement = "protobuf<4"', 'requirement = "protobuf below 4"'),
            "caps.toml, nvidia-tensorflow >=1.15,<1.16 protobuf below 4: "
            "'protobuf below 4' is no requirement",
            id="no-cap",
        ),
        pytest.param(
            "profiles.toml",
            ('"tensorflow==2.*"', '"tensorflow 2"'),
            "profiles.toml, tf2: 'tensorflow 2' is no requirement",
            id="no-request",
        ),
        pytest.param(
            "profiles.toml",
            ('memory_for = "Whisper\'s own choice of model, turbo"\n', ""),
            "profiles.toml, speech: states GPU memory, and not for what, by which proof and since "
            "when",
            id="memory-for-nothing",
        ),
        pytest.param(
            "profiles.toml",
            ('title = "PyTorch with torchaudio', 'gpu = false\ntitle = "PyTorch with torchaudio'),
            "profiles.toml, speech: states GPU memory, and computes on no GPU",
            id="memory-of-no-gpu",
        ),
        pytest.param(
            "profiles.toml",
            ('name = "cuda-dev"', 'name = "CUDA dev"'),
            "profiles.toml, CUDA dev: its name is not written as packages are, in small letters",
            id="a-name-that-no-word-finds",
        ),
    ],
)
def test_a_table_that_cannot_be_is_told_in_one_sentence(
    stacks: Path, sentences: Sentences, path: str, change: tuple[str, str], expected: str
) -> None:
    file = stacks / path
    before, after = change
    text = file.read_text(encoding="utf-8")
    assert before in text, "the test damages nothing"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    writing.write(stacks, contents.texts(stacks))

    found = sentences()

    # What hangs on a row that is gone is told as well, row by row.
    assert expected in found
    assert len(found) == 1 or path in NEEDED_BY_OTHERS


def test_looks_that_only_some_audits_take_come_last_and_need_whole_sheets(stacks: Path) -> None:
    seen = Problem("frameworks/torch.jsonl", "torch 2.16.0", "is on the index, and has no row")

    assert audit(Catalog(stacks), lambda _: [seen]) == [seen]
    (stacks / "os.toml").write_text("[[", encoding="utf-8")
    assert seen not in audit(Catalog(stacks), lambda _: [seen])
