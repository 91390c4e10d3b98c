"""``lock`` as tests run it: indexes on loopback that stand in for the world's, true names in them.

Names, versions and requirements of torch's builds come from the tables of facts; the bytes are a
line of Python each.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
from click.testing import CliRunner

from provisioner import workflow
from provisioner.cli.main import main
from tests.cli.ran import Ran
from tests.table.factsheet import rows
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Hosted, Loopback

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
LINUX = f"{TAG}-{TAG}-manylinux_2_28_x86_64"
"""The tag of torch's wheels since 2.6."""
TORCH = "2.14.1"
SUPER = ("--gpu", "RTX 2070 SUPER", "--driver", "550", "--os", "ubuntu-22.04", "--arch", "x86_64")
CPU = ("--gpu", "none", "--os", "ubuntu-22.04", "--arch", "x86_64")


class World(msgspec.Struct, frozen=True):
    """A folder of one's own, and the indexes that the configuration file names."""

    home: Path
    default: Loopback
    cu126: Loopback
    cpu: Loopback

    @property
    def config(self) -> Path:
        return self.home / "config.toml"

    @property
    def lock(self) -> Path:
        return self.home / "pylock.toml"

    def configure(self, *more: str, default: str | None = None) -> None:
        """Write the configuration; ``more`` are lines before its mirrors."""
        product = workflow.catalog().addresses["pytorch"]
        lines = [f'default-index = "{default or self.default.address}"', *more, "[mirrors]"]
        lines += [
            f'"{product}/{variant}" = "{index.address}"'
            for variant, index in (("cu126", self.cu126), ("cpu", self.cpu))
        ]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        lost = re.compile(r"(UV|PIP|DLSETUP)_|.*_proxy|.*_PROXY")
        kept = {name: text for name, text in os.environ.items() if not lost.match(name)}
        return kept | {
            "DLSETUP_CONFIG": str(self.config),
            "HOME": str(self.home),
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONPATH": str(CHECKOUT),
            "UV_CACHE_DIR": str(self.home / "cache"),
        }

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "provisioner", "lock", *words],
            env=self.environment | settings,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **settings: str) -> Ran:
        """As ``start``, but within this process, and to its end; it writes into ``home``."""
        put = () if "-o" in words or "--check" in words else ("-o", f"{self.home}/")
        gone = dict.fromkeys(set(os.environ) - set(self.environment))
        env = {**gone, **self.environment, **settings}
        result = CliRunner().invoke(main, ["lock", *words, *put], env=env)
        return Ran(result.exit_code, result.stdout, result.stderr)

    def install(self, lock: Path | None = None) -> subprocess.CompletedProcess[str]:
        """``uv pip sync`` into a new environment, without anything of dlsetup."""
        place = str(self.home / "environment")
        self._uv("venv", "--quiet", "--clear", "--python", sys.executable, place)
        return self._uv("pip", "sync", "--python", place, str(lock or self.lock))

    def imported(self, name: str) -> str:
        """The version that the installed package says."""
        python = self.home / "environment" / "bin" / "python"
        told = subprocess.run(
            [python, "-I", "-c", f"import {name}; print({name}.__version__)"],
            check=True,
            capture_output=True,
            text=True,
        )
        return told.stdout.strip()

    def _uv(self, *words: str) -> subprocess.CompletedProcess[str]:
        from uv import find_uv_bin

        env = {k: v for k, v in self.environment.items() if k != "DLSETUP_CONFIG"}
        return subprocess.run(
            [find_uv_bin(), *words],
            env=env,
            cwd=self.home,
            check=False,
            capture_output=True,
            text=True,
        )


def add(
    index: Loopback,
    name: str,
    version: str,
    requires: tuple[str, ...] = (),
    *,
    tag: str = "py3-none-any",
    says: str | None = None,
) -> Hosted:
    """Put a wheel on an index that can be installed and imported; it says its version."""
    stem = name.replace("-", "_")
    source = {f"{stem}/__init__.py": f"__version__ = {says or version!r}\n"}
    return index.add(name, *wheels.installable(name, version, source, requires, tag))


def furnish(world: World) -> None:
    """Fill the indexes with torch as it was published, and with what must never be taken."""
    cudnn = _cudnn_of("2.14", "cu126")
    needed = ("filelock", "typing-extensions>=4.10.0")
    add(world.cu126, "torch", f"{TORCH}+cu126", (*needed, f"nvidia-cudnn-cu12=={cudnn}"), tag=LINUX)
    add(world.cpu, "torch", f"{TORCH}+cpu", needed, tag=LINUX)
    default = next(
        row
        for row in rows("06_torch_default_wheels.csv")
        if (row["torch"], row["machine"]) == (TORCH, "x86_64")
    )
    newer = default["cudnn_pin"]
    add(world.default, "torch", TORCH, (*needed, f"nvidia-cudnn-cu13=={newer}"), tag=LINUX)
    add(world.default, "nvidia-cudnn-cu12", cudnn)
    add(world.default, "nvidia-cudnn-cu13", newer)
    add(world.default, "filelock", "3.20.0")
    add(world.default, "typing-extensions", "4.15.0")
    add(world.default, "numpy", "2.3.0")
    # What an index holds besides never stands in for what another is asked for.
    for index in (world.cu126, world.cpu):
        add(index, "filelock", "99.0", says="decoy")
        add(index, "nvidia-cudnn-cu12", cudnn, says="decoy")
        add(index, "torch", "99.0", tag=LINUX, says="decoy")
    for variant in ("cu126", "cpu"):
        add(world.default, "torch", f"{TORCH}+{variant}", tag=LINUX, says="decoy")
    add(world.default, "torch", "99.0", tag=LINUX, says="decoy")


def _cudnn_of(minor: str, variant: str) -> str:
    row = next(row for row in rows("06_torch_variants.csv") if row["torch_minor"] == minor)
    found = re.search(rf"{variant}\(([\d.]+)\)", row["stable_cuda_variants(cudnn)"])
    assert found
    return found[1]
