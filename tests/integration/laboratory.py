"""A machine for a rendered script with a driver: a made torch, empty packages, no other network.

It looks like Ubuntu 24.04 with a GPU. The packages bear the true names and versions of its archive;
uv is the real one, in a made wheel; torch says that it computes on a GPU.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from tests.integration.boxes import DPKG
from tests.integration.roots import Root
from tests.integration.test_driver_steps import NOBLE, OPEN, archive
from tests.integration.test_system_steps import PARTS, POSTINST, VERSION
from tests.launcher.checkout import real_uv
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import installable, packed

NEW = {OPEN, *PARTS, "nvidia-settings", "python3-venv"}
"""What the script brings to the system, by name."""
TORCH = """
from . import cuda, version

__version__ = "2.14.1"


class Tensor:
    def __matmul__(self, other):
        return self

    def sum(self):
        return 256**3


def ones(*size, device="cpu"):
    assert device == "cuda:0"
    return Tensor()
"""
MEMBERS = {
    "torch/__init__.py": TORCH,
    "torch/version.py": 'cuda = "12.6"\n',
    "torch/cuda.py": "def device_count():\n    return 1\n\n\n"
    'def get_device_name(index):\n    return "NVIDIA GeForce RTX 4090"\n',
}
UV = '#!/bin/sh\nexec {uv} "$@"\n'


class Laboratory:
    """A root where the script of a plan with a driver runs to its end."""

    def __init__(self, root: Root, index: Loopback, script: str) -> None:
        self.root = root
        root.binds = (str(Path(real_uv()).parent),)
        root.put("/etc/os-release", NOBLE)
        root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
        index.add("torch", *installable("torch", "2.14.1", MEMBERS))
        digest = _uv(index)
        script = re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{digest}", script)
        # The Python of the root, which is Debian's.
        root.put("/install.sh", script.replace("Python 3.12", "Python 3.11"))
        fields = {OPEN: f"Depends: {', '.join(PARTS)}\nRecommends: nvidia-settings\n"}
        fields["needs-utils"] = f"Depends: {PARTS[2]}\n"
        names = dict.fromkeys((OPEN, *PARTS), VERSION)
        names |= {"nvidia-settings": "510.47.03-0ubuntu4", "python3-venv": "3.12.3-0ubuntu2"}
        names |= {"needs-utils": "1"}
        archive(root, fields, POSTINST, **{n.replace("-", "_"): v for n, v in names.items()})
        done = root.run("sh", "-c", "apt-get -q -y purge python3-venv && apt-get -q update")
        assert done.returncode == 0, done.stderr
        self.env = {
            "PIP_INDEX_URL": index.address,
            "UV_DEFAULT_INDEX": index.address,
            "no_proxy": "127.0.0.1",
            "UV_LINK_MODE": "copy",
        }

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        env: dict[str, Any] = {**self.env, **more}
        return self.root.run(*words, **env)

    def script(self, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script once."""
        return self.run("bash", "/install.sh", *options, **more)

    def to_the_end(self) -> None:
        """Run the script, and again after the reboot that it asks for."""
        first = self.script()
        assert first.returncode in {0, 10}, first.stdout + first.stderr
        if first.returncode == 10:
            self.reboot()
            second = self.script()
            assert second.returncode == 0, second.stdout + second.stderr

    def reboot(self) -> None:
        """Let the kernel run the driver that is installed."""
        self.root.put("/sys/module/nvidia/version", "580.178.04\n")

    def system(self) -> str:
        """What dpkg and apt hold, but for what apt remembers of packages that are gone."""
        here = self.installed()
        lines = self.run("sh", "-c", DPKG).stdout.splitlines()
        auto = re.compile(r"Package: (\S+)\tArchitecture")
        found = ((line, auto.match(line)) for line in lines)
        return "\n".join(line for line, name in found if name is None or name[1] in here)

    def manifest(self) -> dict[str, tuple[int, int, str]]:
        """All that differs from Debian, but for what each run is given."""
        given = ("etc/resolv.conf", "etc/dlsetup-test-ca.crt", "etc")
        return {name: what for name, what in self.root.manifest().items() if name not in given}

    def without_driver(self) -> None:
        """Let the kernel run none, as after the start that follows its removal."""
        (self.root.upper / "sys/module/nvidia/version").unlink()

    def installed(self) -> set[str]:
        """The packages that are installed to their end."""
        asked = ("sh", "-c", "dpkg-query -W -f='${db:Status-Status} ${Package}\\n'")
        lines = self.run(*asked).stdout.splitlines()
        return {line.split()[1] for line in lines if line.startswith("installed ")}

    def files(self) -> dict[str, bytes]:
        """What lies in the environment, but for what Python compiled and what says when."""
        place = self.root.upper / "root/dlsetup/torch"
        return {
            str(path.relative_to(place)): path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts and path.name != "RECORD"
        }


def _uv(index: Loopback) -> str:
    """Put the real uv on the index as a wheel; its hash."""
    info = "uv-0.13.8.dist-info"
    members = {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: uv\nVersion: 0.13.8\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    data = io.BytesIO(packed(members))
    with zipfile.ZipFile(data, "a") as wheel:
        program = zipfile.ZipInfo("uv-0.13.8.data/scripts/uv")
        program.external_attr = 0o100755 << 16
        wheel.writestr(program, UV.format(uv=real_uv()))
    return index.add("uv", "uv-0.13.8-py3-none-any.whl", data.getvalue()).sha256
