"""How long the command takes to answer, in starts of its own interpreter.

    .venv/bin/python .ci/startup.py [ROUNDS]

Everything is measured in one run, in turns, so that a busy machine slows all of it alike; the best
of the rounds counts. Each command has been called before: this is the price of a second call.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DETECT = ["detect", "--json"]
RESOLVE = ["resolve", "torch", "--gpu", "RTX 2070 SUPER", "--driver", "550.163.01"]
RESOLVE += ["--os", "ubuntu-22.04", "--json"]


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """How long one call takes, its output thrown away."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def measure(rounds: int, home: str) -> dict[str, float]:
    """The best time of each command, in seconds, with the environment that is made below home."""
    environment = dict(os.environ, DLSETUP_HOME=home)
    launcher, module = str(ROOT / "dlsetup"), str(ROOT / "provisioner/__main__.py")
    for words in (["--version"], DETECT, RESOLVE):
        seconds([launcher, *words], environment)
    (python,) = map(str, Path(home).rglob("env.*/bin/python"))
    commands = {
        "python -I -c pass": [python, "-I", "-c", "pass"],
        "dlsetup --version, without the launcher": [python, "-I", module, "--version"],
        "dlsetup --version": [launcher, "--version"],
        "dlsetup detect": [launcher, *DETECT],
        "dlsetup resolve": [launcher, *RESOLVE],
    }
    times = [
        {name: seconds(command, environment) for name, command in commands.items()}
        for _ in range(rounds)
    ]
    return {name: min(time[name] for time in times) for name in commands}


def main() -> None:
    """Print milliseconds and ratios beside the aims."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as home:
        best = measure(rounds, home)
    aims = {"dlsetup detect": "  (aim: 8 or less)", "dlsetup resolve": "  (aim: 12 or less)"}
    start = best["python -I -c pass"]
    for name, taken in best.items():
        print(f"{name:42}{taken * 1000:8.1f} ms{taken / start:7.1f} x{aims.get(name, '')}")
    names = ["dlsetup --version", "dlsetup --version, without the launcher"]
    print(f"{'the launcher alone':42}{(best[names[0]] - best[names[1]]) * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
