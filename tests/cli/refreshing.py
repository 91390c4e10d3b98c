"""``catalog refresh`` as tests run it: a loopback index, and folders of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
from click.testing import CliRunner

from provisioner import workflow
from provisioner.cli.main import main
from tests.cli.ran import Ran
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Hosted, Loopback

CHECKOUT = Path(__file__).resolve().parents[2]
DAY = "1795176000"
"""2026-11-20, the day of the rows in the checkout."""
TORCH = "torch-99.1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
TARGETS = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")

NEWS = """\
frameworks/torch.jsonl
  + torch 99.1.0 linux-x86_64 pip default 13.2: CUDA 13.2; cuDNN 9.26.0.51; \
sm_75 sm_80 sm_86 sm_90 sm_100 sm_120; Python 3.11; \
requires nvidia-cudnn-cu13==9.26.0.51 [torch-99.1.0-cp311-cp311-manylinux_2_28_x86_64.whl]
frameworks/torch-index.jsonl
  + torch 99.1.0 linux-x86_64 pip cpu: Python 3.11 \
[pytorch/test-infra tools/scripts/generate_binary_build_matrix.py: every release is built for cpu]
"""


class Place(msgspec.Struct, frozen=True):
    """Where one run reads and writes."""

    home: Path
    index: Loopback
    stacks: Path | None = None

    @property
    def overlay(self) -> Path:
        return self.home / "data" / "dlsetup" / "catalog.json"

    @property
    def measured(self) -> Path:
        return self.home / "cache" / "dlsetup" / "upkeep" / "measured"

    @property
    def settings(self) -> dict[str, str]:
        found = {
            "PIP_INDEX_URL": self.index.address,
            "NO_PROXY": "127.0.0.1",
            "UV_INDEX_URL": "",
            "UV_DEFAULT_INDEX": "",
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "HOME": str(self.home),
            "SOURCE_DATE_EPOCH": DAY,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return found | ({"DLSETUP_STACKS": str(self.stacks)} if self.stacks else {})

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "provisioner", *words],
            env=self.settings | settings,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **settings: str) -> Ran:
        """As ``start``, but within this process, and to its end."""
        workflow.catalog.cache_clear()
        result = CliRunner().invoke(main, list(words), env=self.settings | settings)
        workflow.catalog.cache_clear()
        return Ran(result.exit_code, result.stdout, result.stderr)


def torch(index: Loopback, cuda: str = "13.2", *more: str) -> Hosted:
    """A release of torch that nobody has heard of; ``more`` are targets it has besides."""
    requires = ('nvidia-cudnn-cu13==9.26.0.51; platform_system == "Linux"', "sympy>=1.13")
    return index.add("torch", TORCH, wheels.torch("99.1.0", cuda, (*TARGETS, *more), (), requires))


def jaxlibs(index: Loopback, count: int) -> list[Hosted]:
    """So many releases of jaxlib, oldest first."""
    return [
        index.add(
            "jaxlib",
            f"jaxlib-99.{number}.0-cp312-cp312-manylinux_2_27_x86_64.whl",
            wheels.wheel("jaxlib", f"99.{number}.0"),
        )
        for number in range(1, count + 1)
    ]
