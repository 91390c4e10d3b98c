"""How long an answer takes beside uv's for the same request, and how many machines a second.

    .venv/bin/python .ci/speed.py ratio [ROUNDS]
    .venv/bin/python .ci/speed.py doctor [ROUNDS]
    .venv/bin/python .ci/speed.py rate [MACHINES]

A ratio is of one run, in turns and with warm caches, the best of the rounds: uv needs its index.
``doctor`` puts env-doctor into an environment that both then look at; its question to the network
is refused at once, for a slow network would speak for us. The rate is of distinct machines (GPU,
driver, system, Python), planned in one process.
"""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisioner.catalog.load import Catalog
    from provisioner.describe import Options

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

RESOLVE = ["resolve", "torch", "--gpu", "RTX 3090", "--driver", "580.95.05"]
RESOLVE += ["--os", "ubuntu-24.04", "--arch", "x86_64", "--python", "3.12", "--json"]
COMPILE = ["pip", "compile", "--quiet", "--python-version", "3.12"]
ENV_DOCTOR = "env-doctor==0.3.5"
COMPILE += ["--python-platform", "x86_64-manylinux_2_28", "-"]


def ratio(rounds: int) -> float:
    """Tell what both take at best; how many times uv's time ours is."""
    uv = Path(sys.executable).with_name("uv")
    commands = {"dlsetup resolve": [str(ROOT / "dlsetup"), *RESOLVE]}
    commands["uv pip compile"] = [str(uv), *COMPILE]
    with tempfile.TemporaryDirectory() as home:
        return _beside(commands, rounds, dict(os.environ, DLSETUP_HOME=home))


def doctor(rounds: int) -> float:
    """Tell what both take at best to examine this machine; how many times env-doctor's ours is."""
    uv = str(Path(sys.executable).with_name("uv"))
    with tempfile.TemporaryDirectory() as home:
        env = f"{home}/peer"
        subprocess.run([uv, "venv", "--quiet", env], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", env, ENV_DOCTOR]
        subprocess.run(install, check=True)
        commands = {"dlsetup doctor": [str(ROOT / "dlsetup"), "doctor"]}
        commands["env-doctor check"] = [f"{env}/bin/env-doctor", "check"]
        with_home = dict(os.environ, DLSETUP_HOME=home)
        _seconds([str(ROOT / "dlsetup"), "--version"], with_home)  # makes what it runs in
        refused = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        return _beside(commands, rounds, {**with_home, "VIRTUAL_ENV": env, **refused})


def _beside(commands: dict[str, list[str]], rounds: int, environment: dict[str, str]) -> float:
    """How many times the last one's best time the first one's is."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for place, (name, command) in product(range(rounds + 1), commands.items()):
        seconds = _seconds(command, environment)
        taken[name] += [seconds] if place else []  # the first warms the caches
    best = {name: min(times) for name, times in taken.items()}
    for name, seconds in best.items():
        print(f"{name:16}{seconds * 1000:8.1f} ms")
    ours, theirs = best.values()
    return ours / theirs


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command,
        input=b"torch\n",
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    if done.returncode not in {0, 1}:  # 1: something on this machine is wrong
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return time.perf_counter() - start


def rate(count: int) -> tuple[float, float]:
    """Plan torch for distinct machines; machines a second, by the clock and by the processor."""
    from provisioner import workflow
    from provisioner.errors import RefusedError

    everything = [*_machines()]
    asked = random.Random(4).sample(everything, count)  # noqa: S311 - the same ones each time
    refused = 0
    clock, processor = time.perf_counter(), time.process_time()
    for options, python in asked:
        question = workflow.Asked(words=("torch",), options=options, python=python)
        try:
            workflow.plan_for(question)
        except RefusedError:
            refused += 1
    print(f"{count} of {len(everything)} distinct machines, {refused} of them refused with reason")
    return count / (time.perf_counter() - clock), count / (time.process_time() - processor)


def _machines() -> Iterator[tuple[Options, str | None]]:
    """Every NVIDIA GPU by name, drivers, systems, architectures and Pythons."""
    from provisioner import workflow
    from provisioner.describe import Options

    known = workflow.catalog()
    capabilities = {row.compute_capability for row in known.architectures}
    gpus = {row.name for row in known.gpus if row.compute_capability in capabilities}
    drivers = [None, "none", *(row.first_version for row in known.drivers if row.first_version)]
    systems = ["ubuntu-22.04", "ubuntu-24.04", "debian-12", "ubuntu-24.04-wsl2"]
    named = [gpu for gpu in sorted(gpus) if _is_one(known, gpu)]
    for gpu, driver, os_name, arch, python in product(
        named, drivers, systems, ("x86_64", "aarch64"), (None, "3.10", "3.12", "3.13")
    ):
        yield Options(gpus=(gpu,), driver=driver, os=os_name, arch=arch), python


def _is_one(known: Catalog, name: str) -> bool:
    """Whether a name means parts of one capability only."""
    from provisioner.catalog.find import gpu_by_word
    from provisioner.errors import UsageError

    try:
        gpu_by_word(known, name)
    except UsageError:
        return False
    return True


def main() -> None:
    """Measure what is asked for, and say where."""
    kind, amount = (*sys.argv[1:], "")[:2] if sys.argv[1:] else ("", "")
    if kind == "ratio":
        print(f"ratio {ratio(int(amount or 20)):.2f}  (aim: 1 or less)")
    elif kind == "doctor":
        print(f"ratio {doctor(int(amount or 20)):.2f}  (aim: 0.33 or less)")
    elif kind == "rate":
        by_clock, by_processor = rate(int(amount or 10_000))
        print(f"{by_clock:.0f} machines a second; {by_processor:.0f} a second of processor time")
    else:
        sys.exit(__doc__)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} x {_processor()}, Python {platform.python_version()}, load {load}")


def _processor() -> str:
    found = (
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return next(found, platform.machine())


if __name__ == "__main__":
    main()
