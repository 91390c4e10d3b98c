"""What ``dlsetup doctor`` and ``env-doctor check`` each say of this machine and of staged causes.

    .venv/bin/python -m tests.peers.doctor > tests/peers/doctor.md

Both run, with the same environment, the same variables and the same stand-in nvidia-smi. Of
env-doctor its lines of warning and error are shown: of a staged cause those that it does not say
of the machine before. It needs uv and a package index.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.cli.sickbed import Sickbed

ROOT = Path(__file__).resolve().parents[2]
PEER = "env-doctor==0.3.5"
TORCH = """
__version__ = "{0}"
from torch import version


class cuda:
    is_available = staticmethod(lambda: {1})
    get_arch_list = staticmethod(lambda: ["sm_75", "sm_86", "sm_89", "sm_90"])
"""
VERSION = "__version__ = '{0}'\ncuda: Optional[str] = {1!r}\nhip: Optional[str] = None\n"
TABLE = "| NVIDIA-SMI 580.95.05    Driver Version: 580.95.05    CUDA Version: 13.0 |"
GPU = "0, NVIDIA GeForce RTX 4090, 24564 MiB, 8.9"
_SAID = re.compile(r"^\s*(?:❌|⚠️|⚠)\s*(.*)")

Stage = Callable[[Sickbed], None]


def torch(bed: Sickbed, version: str = "2.9.1", cuda: str | None = "12.6") -> None:
    """A torch that imports."""
    code = TORCH.format(version, cuda is not None)
    text = "from typing import Optional\n" + VERSION.format(version, cuda)
    bed.put("torch", version, (), {"torch/__init__.py": code, "torch/version.py": text})


def sound(bed: Sickbed) -> None:
    """A GPU, its driver, and a torch that fits both."""
    torch(bed)


def cpu_only(bed: Sickbed) -> None:
    """torch 2.9.1+cpu beside the GPU."""
    torch(bed, "2.9.1+cpu", None)


def numpy_2(bed: Sickbed) -> None:
    """torch 2.1.2 with NumPy 2.1."""
    torch(bed, "2.1.2", "12.1")
    bed.put("numpy", "2.1.0", (), {"numpy/__init__.py": '__version__ = "2.1.0"\n'})


def numpy_1(bed: Sickbed) -> None:
    """pandas 2.0.3, which was compiled for NumPy 1, with NumPy 2.1."""
    torch(bed)
    words = "module compiled against API version 0x%x but this version of numpy is 0x%x"
    bed.put("pandas", "2.0.3", ("numpy>=1.21.0",), {"pandas/_libs/lib.so": words})
    bed.put("numpy", "2.1.0", (), {"numpy/__init__.py": '__version__ = "2.1.0"\n'})


def twice(bed: Sickbed) -> None:
    """What torch 2.7.1 left behind, below torch 2.9.1."""
    torch(bed, "2.7.1")
    torch(bed)


def protobuf(bed: Sickbed) -> None:
    """tensorflow-cpu 2.15.1 with protobuf 6."""
    needs = ("numpy<2.0.0,>=1.23.5", "protobuf<5.0.0dev,>=3.20.3")
    code = {"tensorflow/__init__.py": '__version__ = "2.15.1"\n'}
    bed.put("tensorflow-cpu", "2.15.1", needs, code)
    bed.put("protobuf", "6.33.0")


def extension(bed: Sickbed) -> None:
    """xformers that was built for torch 2.3.1, with torch 2.9.1."""
    torch(bed)
    bed.put("xformers", "0.0.27", ("torch==2.3.1",))


def in_front(bed: Sickbed) -> None:
    """LD_LIBRARY_PATH with another libcudnn."""
    torch(bed)
    folder = bed.place / "lib64"
    folder.mkdir()
    (folder / "libcudnn.so.9").touch()
    bed.settings["LD_LIBRARY_PATH"] = str(folder)


def no_nvcc(bed: Sickbed) -> None:
    """CUDA_HOME names a folder without nvcc."""
    torch(bed)
    bed.settings["CUDA_HOME"] = str(bed.place / "nowhere")


def toolkits(bed: Sickbed) -> None:
    """nvcc of CUDA 13.0, torch of CUDA 12.6."""
    torch(bed)
    home = bed.toolkit("cuda-13.0", "13.0.2")
    bed.settings["CUDA_HOME"] = str(home)
    bed.settings["PATH"] = f"{home}/bin{os.pathsep}{bed.settings['PATH']}"


def no_toolkit(bed: Sickbed) -> None:
    """An engine for containers, and no NVIDIA Container Toolkit."""
    torch(bed)
    bed.settings.pop("DLSETUP_OVERRIDE_CONTAINERS")
    bed.program("bin/podman", "podman version 5.4.2")


def not_there(bed: Sickbed) -> None:
    """CUDA_VISIBLE_DEVICES=3 with one GPU."""
    torch(bed)
    bed.settings["CUDA_VISIBLE_DEVICES"] = "3"


def no_driver(bed: Sickbed) -> None:
    """A GPU, and no driver."""
    torch(bed)
    bed.settings["DLSETUP_OVERRIDE_DRIVER"] = "none"
    (bed.place / "bin" / "nvidia-smi").unlink()


STAGES: tuple[Stage, ...] = (
    *(sound, cpu_only, numpy_2, numpy_1, twice, protobuf, extension, in_front),
    *(no_nvcc, toolkits, no_toolkit, not_there, no_driver),
)


def staged(stage: Stage, peer: Path, place: Path) -> tuple[list[str], list[str]]:
    """What both say of one stage."""
    bed = Sickbed(place)
    shutil.copytree(peer, bed.env, symlinks=True)
    bed.settings["VIRTUAL_ENV"] = str(bed.env)
    bed.program("bin/nvidia-smi", TABLE)
    script = f'#!/bin/sh\ncase "$*" in *query*) echo "{GPU}";; *) echo "{TABLE}";; esac\n'
    (bed.place / "bin" / "nvidia-smi").write_text(script, encoding="utf-8")
    stage(bed)
    return ours(bed.settings), theirs(bed.env / "bin" / "python", bed.settings)


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def ours(settings: dict[str, str]) -> list[str]:
    """Findings: severity and reference."""
    words = [sys.executable, "-m", "provisioner", "doctor", "--json"]
    told = _run(words, {**settings, "PYTHONPATH": str(ROOT)}).stdout
    return [
        f"{one['severity']}: `{one['reference']}`" for one in json.loads(told)["data"]["findings"]
    ]


def theirs(python: Path, settings: dict[str, str]) -> list[str]:
    """Lines of warning and error."""
    refused = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    words = [str(python), "-m", "env_doctor.cli", "check"]
    done = _run(words, {**settings, **refused})
    said = [match[1].strip() for line in done.stdout.splitlines() if (match := _SAID.match(line))]
    fell = "Traceback" in done.stderr
    return [*said, f"it falls: {done.stderr.splitlines()[-1]}"] if fell else said


def _run(words: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, check=False, capture_output=True, text=True, env=settings)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        peer = Path(folder, "peer")
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, peer], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(peer), PEER]
        subprocess.run(install, check=True)
        tell(f"What each says of the same machine: `python -m tests.peers.doctor`, {PEER}.\n")
        tell("| staged | `dlsetup doctor` | `env-doctor check` |\n|---|---|---|")
        here = dict(os.environ, VIRTUAL_ENV=str(peer))
        _row("nothing: this machine", ours(here), theirs(peer / "bin" / "python", here))
        usual: list[str] = []
        for stage in STAGES:
            mine, other = staged(stage, peer, Path(folder, stage.__name__))
            new = [line for line in other if line not in usual]
            usual = usual or other
            _row((stage.__doc__ or "").rstrip("."), mine, new)


def _row(name: str, mine: list[str], other: list[str]) -> None:
    cells = ["<br>".join(told).replace("|", "\\|") or "nothing" for told in (mine, other)]
    tell(f"| {name} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    main()
