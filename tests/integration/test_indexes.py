"""Where packages come from: two indexes of small wheels on loopback, names that stand on both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from provisioner.render import render
from tests.golden.made_catalog import catalog
from tests.golden.parts import CU126
from tests.golden.plans import torch_keep
from tests.golden.sections import section
from tests.launcher.checkout import real_uv

VENDOR = ("torch 2.14.1+cu126", "torchvision 0.29.1+cu126", "transformers 99.0", "sympy 99.0")
DEFAULT = ("torch 2.14.1", "torchvision 0.29.1", "transformers 4.40", "sympy 1.14")
RIGHT = {
    "torch 2.14.1+cu126",
    "torchvision 0.29.1+cu126",
    "transformers 4.40",
    "sympy 1.14",
}
"""The pins from their own index; the companion and the dependency never, though it has them."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


def wheel(folder: Path, name: str, version: str) -> None:
    """A wheel without code; torch depends on sympy."""
    (folder / name).mkdir(parents=True)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "Requires-Dist: sympy\n" if name == "torch" else ""
    with zipfile.ZipFile(folder / name / f"{name}-{version}-py3-none-any.whl", "w") as made:
        made.writestr(f"{info}/METADATA", metadata)
        made.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{info}/RECORD", "")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server whose folders vendor and default are simple indexes."""
    folder = tmp_path_factory.mktemp("indexes")
    for index, held in (("vendor", VENDOR), ("default", DEFAULT)):
        for text in held:
            wheel(folder / index, *text.split())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    made = tmp_path / "environment"
    subprocess.run(
        [real_uv(), "venv", "--quiet", "--python", sys.executable, str(made)], check=True
    )
    (made / ".dlsetup").mkdir()
    return made


def bash(commands: str, address: str, environment: Path) -> set[str]:
    """Run commands of a rendered text on these indexes; what is installed afterwards."""
    told = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    told |= {"UV_DEFAULT_INDEX": f"{address}/default/", "no_proxy": "127.0.0.1"}
    told |= {"UV_NO_CACHE": "1", "PATH": f"{Path(real_uv()).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=told,
        cwd=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = environment.glob("lib/python3*/site-packages/*.dist-info")
    return {" ".join(path.stem.split("-")) for path in found}


def on(address: str, text: str) -> str:
    return text.replace(CU126, f"{address}/vendor/")


def test_the_script_takes_only_the_pins_from_their_index(
    address: str, environment: Path, script: Callable[[str], str]
) -> None:
    text = on(address, script("torch-cu126-ubuntu-22.04-keep"))
    commands = f"environment={environment}; made=$environment/.dlsetup; uv=uv\n"
    commands += section(text, "Python packages")

    assert bash(commands, address, environment) == RIGHT


def test_the_dockerfile_takes_only_the_pins_from_their_index(
    address: str, environment: Path
) -> None:
    text = on(address, render((torch_keep(),), "dockerfile", catalog())[0].text)
    sheet = text[
        text.index("RUN printf '%s\\n' \\\n") + 4 : text.index("\nFROM system\n\n# Wheels")
    ]
    install = text[text.index("uv pip install") : text.index("\n\nENV PATH")]
    commands = f"{sheet}\n{install}".replace("/opt/env", str(environment))

    assert bash(commands.replace("/opt/uv", str(environment)), address, environment) == RIGHT


def test_in_a_conda_file_the_build_keeps_the_pins_exact(address: str, environment: Path) -> None:
    text = on(address, render((torch_keep(),), "conda", catalog())[0].text)
    lines = yaml.safe_load(text)["dependencies"][-1]["pip"]
    (environment / "requirements.txt").write_text("\n".join(lines))
    # pip itself weighs all indexes alike, which is what this option makes uv do.
    pip = f"uv pip install --python {environment} --index-strategy unsafe-best-match"
    installed = bash(f"{pip} -r requirements.txt", address, environment)

    assert {"torch 2.14.1+cu126", "torchvision 0.29.1+cu126"} <= installed


def requirements(address: str, environment: Path) -> Path:
    text = on(address, render((torch_keep(),), "requirements", catalog())[0].text)
    (environment / "requirements.txt").write_text(text)
    return environment / "requirements.txt"


def test_uv_takes_the_pins_of_a_requirements_file_from_their_index(
    address: str, environment: Path
) -> None:
    path = requirements(address, environment)
    installed = bash(f"uv pip install --python {environment} -r {path}", address, environment)

    # uv asks the index that is named first, and that one has a transformers too.
    assert {"torch 2.14.1+cu126", "torchvision 0.29.1+cu126", "transformers 99.0"} <= installed


def pip(address: str, environment: Path) -> str:
    """A shell's words for pip itself, in an environment that has it."""
    made = environment / "pip"
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True)
    return f"PIP_INDEX_URL={address}/default/ {made}/bin/python -m pip install --quiet --dry-run"


def test_pip_accepts_a_requirements_file_and_the_build_keeps_the_pins_exact(
    address: str, environment: Path
) -> None:
    path, report = requirements(address, environment), environment / "report.json"
    bash(f"{pip(address, environment)} --report {report} -r {path}", address, environment)

    found = {
        f"{item['metadata']['name']} {item['metadata']['version']}"
        for item in json.loads(report.read_text())["install"]
    }
    assert {"torch 2.14.1+cu126", "torchvision 0.29.1+cu126", "transformers 99.0"} <= found


def test_a_build_that_no_index_has_is_refused_by_both(address: str, environment: Path) -> None:
    path = requirements(address, environment)
    path.write_text(path.read_text().replace("2.14.1+cu126", "2.14.1+cu999"))

    bash(f"! uv pip compile --quiet {path}", address, environment)
    bash(f"! {pip(address, environment)} -r {path}", address, environment)
