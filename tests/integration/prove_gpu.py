"""What a machine with a GPU says of itself and of its frameworks, kept: for the day one is at hand.

``python -m tests.integration.prove_gpu FOLDER [REQ… | --python PATH]`` detects, brings up what is
named (torch without a word) or takes the environment at PATH, verifies it, and writes into FOLDER
what came of it: ``machine.json`` and ``nvml.txt`` for ``tests/machines``, their UUIDs made up, and
``verify.json``. It exits as ``verify`` does. UNTRIED: nothing of it has run on a GPU yet.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from provisioner.detect import driver_child, nvml

_UUID = re.compile(r"(GPU|MIG)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def main(folder: Path, words: list[str]) -> int:
    """Run everything, and return the exit code of ``verify``."""
    folder.mkdir(parents=True, exist_ok=True)
    detected = dlsetup("detect", "--json")
    machine = json.dumps(json.loads(detected.stdout)["data"]["machine"], indent=2)
    (folder / "machine.json").write_text(made_up(machine) + "\n")
    command = driver_child.command(nvml.__file__, "nvml_child.py", driver_child.search_path())
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    (folder / "nvml.txt").write_text(made_up(lines))
    if words[:1] == ["--python"]:
        verified = dlsetup("verify", "--json", *words)
    else:
        subprocess.run(
            [sys.executable, "-m", "provisioner", "up", "gpu-proof", *(words or ["torch"])],
            check=True,
        )
        verified = dlsetup("verify", "gpu-proof", "--json")
    (folder / "verify.json").write_text(made_up(verified.stdout))
    for check in json.loads(verified.stdout)["data"]["checks"]:
        sys.stdout.write("\t".join((check["result"], check["name"], check["detail"])) + "\n")
    return verified.returncode


def dlsetup(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "provisioner", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def made_up(text: str) -> str:
    """A text in which each UUID stands as another one, the same for the same."""
    known: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        number = known.setdefault(found[0], f"{len(known) + 1:x}")
        return f"{found[1]}-" + "-".join(number * (length) for length in (8, 4, 4, 4, 12))

    return _UUID.sub(other, text)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
