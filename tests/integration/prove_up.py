"""Proves ``up`` at full size, with real packages: an hour, and not part of the tests.

    python -m tests.integration.prove_up beside            # four environments, side by side
    python -m tests.integration.prove_up releases [NAME…]  # what a plain install breaks comes up
    python -m tests.integration.prove_up killed [--times N] [REQ…]
    python -m tests.integration.prove_up ratio [REQ…]      # up, uv pip sync and pip install

Everything lies below ``--place`` (a folder for environments, uv's cache and logs), which should
have room for 30 GB. A line is printed for each thing that was seen; the exit code counts what was
not as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]
ROT = ROOT / "stacks/upkeep/rot.jsonl"
BESIDE = {
    "tf1": (("tensorflow==1.15.*", "--python", "3.7"), "tensorflow", "1.15."),
    "tf2": (("tensorflow==2.*", "--python", "3.12"), "tensorflow", "2."),
    "torch": (("torch",), "torch", ""),
    "fastai": (("fastai",), "fastai", ""),
    "jax": (("jax",), "jax", ""),
}
"""Name: what is asked for, the module that is imported, and how its version begins."""


class Place(msgspec.Struct, frozen=True):
    """Folders of a trial, and dlsetup called in them."""

    root: Path

    @property
    def settings(self) -> dict[str, str]:
        return {
            **os.environ,
            "DLSETUP_HOME": str(self.root / "home"),
            "UV_CACHE_DIR": str(self.root / "uv"),
            "XDG_STATE_HOME": str(self.root / "state"),
            "TMPDIR": str(self.root / "tmp"),
            "PYTHONPATH": str(ROOT),
        }

    @property
    def environments(self) -> Path:
        return self.root / "home/envs"

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "provisioner", *words],
            env=self.settings | settings,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **settings: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the answer of a verb, which is always asked for JSON."""
        child = self.start(*words, "--json", **settings)
        out, err = child.communicate()
        try:
            return child.returncode, json.loads(out)
        except ValueError:
            return child.returncode, {"errors": [{"message": err.strip()[-400:]}], "data": {}}

    def inside(self, name: str, program: str) -> str:
        words = (sys.executable, "-m", "provisioner", "env", "run", name, "--", "python")
        done = subprocess.run(
            [*words, "-c", program],
            env=self.settings,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-200:]


class Seen:
    """What was seen, told at once; counts what was not as it should be."""

    def __init__(self) -> None:
        self.wrong = 0

    def __call__(self, what: str, right: bool, detail: object = "") -> None:
        self.wrong += not right
        told = "" if detail == "" else f": {detail}"
        sys.stdout.write(f"{'  ok  ' if right else ' WRONG'} {what}{told}\n")
        sys.stdout.flush()


def tree(folder: Path) -> str:
    """One hash over every name, link and byte below a folder."""
    found = sha256()
    for path in sorted(folder.rglob("*")):
        found.update(str(path.relative_to(folder)).encode())
        if path.is_symlink():
            found.update(os.readlink(path).encode())
        elif path.is_file():
            found.update(sha256(path.read_bytes()).digest())
    return found.hexdigest()


def beside(place: Place, seen: Seen, names: list[str]) -> None:
    """Environments of different frameworks: each imports its own, none touches another."""
    for name in names:
        words, module, beginning = BESIDE[name]
        code, answer = place.run("up", name, *words, "--gpu", "none")
        seen(f"up {name}", code == 0 and answer["data"]["changed"], answer["errors"] or "made")
        version = place.inside(name, f"import {module}; print({module}.__version__)")
        right = version[:1].isdigit() and version.startswith(beginning)
        seen(f"{name} imports its own", right, version)
    before = {name: tree(place.environments / name) for name in names}
    for name in names:
        code, answer = place.run("up", name, *BESIDE[name][0], "--gpu", "none")
        unchanged = code == 0 and answer["data"]["changed"] is False
        same = tree(place.environments / name) == before[name]
        seen(f"up {name} again", unchanged and same, "nothing changed")
    removed, *others = names
    code, _ = place.run("env", "remove", removed)
    seen(f"{removed} is gone", code == 0 and not (place.environments / removed).exists())
    same = all(tree(place.environments / name) == before[name] for name in others)
    seen("the others are byte-identical", same)


def broken_releases() -> Iterator[tuple[str, str]]:
    """Framework and version of what a plain install breaks and caps mend, as their record says."""
    for line in ROT.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("caps"):
            yield row["framework"], row["version"]


def releases(place: Place, seen: Seen, only: list[str]) -> None:
    """Each of them through ``up`` and ``verify``, then removed again."""
    for framework, version in broken_releases():
        name = f"{framework}-{version}"
        if only and name not in only:
            continue
        began = time.monotonic()
        code, answer = place.run("up", name, f"{framework}=={version}", "--gpu", "none")
        took = f"{time.monotonic() - began:.0f} s"
        if code:
            seen(name, False, answer["errors"])
            continue
        code, verified = place.run("verify", name)
        failed = [row for row in verified["data"].get("checks", ()) if row["result"] == "fail"]
        python = answer["data"]["environment"]["python"]
        seen(name, code == 0 and not failed, failed or f"Python {python}, {took}")
        place.run("env", "remove", name)
        shutil.rmtree(place.root / "uv")  # no two releases share their gigabytes


def killed(place: Place, seen: Seen, words: list[str], times: int, seed: int) -> None:
    """SIGKILL at random moments of one run after the other; the run after the last is whole."""
    place.run("env", "remove", "trial")
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    began = time.monotonic()
    code, _ = place.run("up", "trial", *words)
    whole = time.monotonic() - began
    seen(f"an undisturbed run ({whole:.1f} s)", code == 0)
    for number in range(times):
        place.run("env", "remove", "trial")
        moment = moments.uniform(0, whole)
        child = place.start("up", "trial", *words)
        time.sleep(moment)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        code, answer = place.run("up", "trial", *words)
        verified = code == 0 and answer["data"]["environment"]["verified"]
        proved, _ = place.run("verify", "trial")
        left = [*leftovers(place), *orphans(place)]
        right = verified and proved == 0 and not left
        seen(f"killed {number + 1}, after {moment:.1f} s", right, answer["errors"] or left or "")


def leftovers(place: Place) -> list[str]:
    """What no finished run may leave: drafts, half generations, temporary folders."""
    trial = place.environments / "trial"
    known = {"environment.json", "journal.jsonl", "1", "2"}
    found = [str(path) for path in trial.iterdir() if path.name not in known]
    found += [str(path) for path in (place.root / "tmp").glob("dlsetup-*")]
    return found + [str(path) for path in (place.root / "uv").glob(".tmp*")]


def orphans(place: Place) -> list[str]:
    """Processes that still work in the place."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if (
            str(place.root) in words
            and int(process.name) != os.getpid()
            and "prove_up" not in words
        ):
            found.append(words[:120])
    return found


def ratio(place: Place, seen: Seen, words: list[str], times: int) -> None:
    """Seconds of ``up``, ``uv pip sync`` and ``pip install`` for the same pins, caches cold."""
    taken: dict[str, list[float]] = {"up": [], "uv": [], "pip": []}
    for _ in range(times):
        shutil.rmtree(place.root / "uv", ignore_errors=True)
        shutil.rmtree(place.environments, ignore_errors=True)
        taken["up"].append(clocked(place, [sys.executable, "-m", "provisioner", "up", "r", *words]))
        made = place.environments / "r/1"
        base = os.path.realpath(made / "bin/python")
        uv = str(Path(sys.executable).with_name("uv"))
        pins = subprocess.run(
            [uv, "pip", "freeze", "--quiet", "--python", str(made / "bin/python")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (place.root / "pins.txt").write_text(pins, encoding="utf-8")
        shutil.copy(made / "pylock.toml", place.root / "pylock.toml")
        shutil.rmtree(place.root / "uv", ignore_errors=True)
        shutil.rmtree(place.environments, ignore_errors=True)
        for name in ("for-uv", "for-pip"):
            shutil.rmtree(place.root / name, ignore_errors=True)
            subprocess.run([base, "-m", "venv", str(place.root / name)], check=True)
        lock = [str(place.root / "pylock.toml"), "--preview-features", "pylock"]
        inside = ["--python", str(place.root / "for-uv/bin/python")]
        taken["uv"].append(clocked(place, [uv, "pip", "sync", "--quiet", *inside, *lock]))
        pip = [str(place.root / "for-pip/bin/pip"), "install", "--quiet", "--no-cache-dir"]
        taken["pip"].append(clocked(place, [*pip, "-r", str(place.root / "pins.txt")]))
    for name, seconds in taken.items():
        seen(name, all(seconds), " ".join(f"{value:.1f}" for value in seconds) + " s")
    up, sync, pip_took = (sorted(seconds)[times // 2] for seconds in taken.values())
    seen("up over uv pip sync", up / sync <= 1.15, f"{up / sync:.2f}")
    seen("pip install over up", pip_took / up >= 3, f"{pip_took / up:.2f}")


def clocked(place: Place, words: list[str]) -> float:
    """The seconds that a program takes; 0 where it fails."""
    began = time.monotonic()
    done = subprocess.run(
        words, env=place.settings, cwd=place.root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stderr[-2000:])
        return 0.0
    return time.monotonic() - began


def main() -> int:
    """Run one proof; the number of things that were not as they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proof", choices=["beside", "releases", "killed", "ratio"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--place", type=Path, default=Path("/var/tmp/dlsetup-proof"))  # noqa: S108 - told in the usage
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    typed, more = parser.parse_known_args()
    (typed.place / "tmp").mkdir(parents=True, exist_ok=True)
    place, seen, words = Place(typed.place.resolve()), Seen(), [*typed.words, *more]
    if typed.proof == "beside":
        beside(place, seen, words or ["tf2", "tf1", "torch", "fastai"])
    elif typed.proof == "releases":
        releases(place, seen, words)
    elif typed.proof == "killed":
        killed(place, seen, words or ["jax", "--gpu", "none"], typed.times or 20, typed.seed)
    else:
        ratio(place, seen, words or ["torch", "--gpu", "none"], typed.times or 3)
    return min(seen.wrong, 125)


if __name__ == "__main__":
    sys.exit(main())
