"""A machine with a GPU and a driver that are only said to be there, and what is staged on it.

What is said: the GPU and its driver. What is real: this system's files, programs, loader, package
tools and Pythons, and everything that a test puts there.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from click.testing import CliRunner

from provisioner.cli.main import main
from tests.cli.ran import Ran
from tests.unit.upkeep.wheels import installable

SAID = {
    "DLSETUP_OVERRIDE_OS": '{"id": "ubuntu", "version": "24.04", "libc": "glibc 2.39"}',
    "DLSETUP_OVERRIDE_ARCH": "x86_64",
    "DLSETUP_OVERRIDE_GPUS": "RTX 4090",
    "DLSETUP_OVERRIDE_DRIVER": "580.95.05",
    "DLSETUP_OVERRIDE_CONTAINERS": "{}",
    "DLSETUP_OVERRIDE_TOOLS": "{}",
    "DLSETUP_OVERRIDE_TOOLKITS": "[]",
    "DLSETUP_OVERRIDE_PYTHONS": "[]",
    "LD_LIBRARY_PATH": "",
    "LD_PRELOAD": "",
    "CUDA_HOME": "",
    "CUDA_PATH": "",
    "CONDA_PREFIX": "",
    "VIRTUAL_ENV": "",
    "TMPDIR": "",
    "PYTHONPATH": "",
}
METADATA_ONLY = {"_nothing_of_it.py": ""}


class Sickbed:
    """One patient: a folder with an environment and programs of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.env = place / "env"
        self.settings = {
            **SAID,
            "HOME": str(place),
            "XDG_CACHE_HOME": str(place / "cache"),
            "XDG_DATA_HOME": str(place / "data"),
            "XDG_CONFIG_HOME": str(place / "config"),
            "PATH": f"{place / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
        }

    @property
    def site(self) -> Path:
        return self.env / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"

    def environment(self) -> None:
        """An environment that is active, with nothing in it."""
        (self.env / "bin").mkdir(parents=True)
        self.site.mkdir(parents=True)
        base = os.path.realpath(sys.executable)
        (self.env / "bin" / "python").symlink_to(base)
        text = f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\n"
        (self.env / "pyvenv.cfg").write_text(text, encoding="utf-8")
        self.settings["VIRTUAL_ENV"] = str(self.env)

    def put(
        self,
        name: str,
        version: str,
        needs: Sequence[str] = (),
        members: Mapping[str, str] | None = None,
        tag: str = "py3-none-any",
    ) -> None:
        """Install a package: its metadata, and the files that are named."""
        _, data = installable(name, version, members or METADATA_ONLY, needs, tag)
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            wheel.extractall(self.site)

    def program(self, path: str, says: str) -> Path:
        """A program that prints something."""
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    def toolkit(self, folder: str, version: str) -> Path:
        """A toolkit: its nvcc, and the file that says its release."""
        release = ".".join(version.split(".")[:2])
        says = f"Cuda compilation tools, release {release}, V{version}"
        nvcc = self.program(f"{folder}/bin/nvcc", says)
        (self.place / folder / "version.json").write_text(
            f'{{"cuda": {{"name": "CUDA SDK", "version": "{version}"}}}}', encoding="utf-8"
        )
        self.settings.pop("DLSETUP_OVERRIDE_TOOLKITS", None)
        return nvcc.parent.parent

    def run(self, *words: str) -> Ran:
        result = CliRunner().invoke(main, ["doctor", *words], env=self.settings)
        return Ran(result.exit_code, result.stdout, result.stderr)

    def found(self) -> dict[str, str]:
        """What is found: severity by reference, the likeliest first."""
        return {one["reference"]: one["severity"] for one in self.run("--json").data["findings"]}
