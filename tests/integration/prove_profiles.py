"""Installs profiles on the CPU and imports what they promise, and keeps what came out.

    python -m tests.integration.prove_profiles [NAME...] [--keep FILE] [--default-index] [--anew]

Each profile is planned with ``--gpu none`` for this machine, installed by uv into an environment
that is removed again, and its modules are imported, its programs run. A row for each goes into FILE
(tests/data/profiles.jsonl unless told), once it is done: what was stopped goes on where it was.
``--default-index`` takes the default wheel where the plan names an index of its own, for networks
where that one does not answer; ``--anew`` asks again for what the file has. Wheels stay in
UV_CACHE_DIR: PyTorch with CUDA's libraries needs about 10 GB there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from provisioner import workflow
from provisioner.catalog.words import Profile
from provisioner.describe import Options
from provisioner.errors import DlsetupError
from provisioner.plan import Plan
from provisioner.recipes.requirements import requirements

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests/data/profiles.jsonl"
UV = Path(sys.executable).with_name("uv")
_LOCAL = re.compile(r"\+[a-z0-9]+$")
_IMPORTING = """
import importlib, importlib.metadata as metadata, json, sys
owners = metadata.packages_distributions() if hasattr(metadata, "packages_distributions") else {}
found = {}
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    top = name.partition(".")[0]
    version = getattr(sys.modules[top], "__version__", None)
    found[name] = str(version or metadata.version(owners.get(top, [top])[0]))
print(json.dumps(found))
"""
_IMPORTING_OLD = _IMPORTING.replace("importlib.metadata as metadata", "sys as metadata")
"""For Pythons without importlib.metadata: their modules have to say their own version."""


def planned(row: Profile) -> Plan:
    """The plan of a profile for this machine's CPU."""
    return workflow.plan_for(
        workflow.Asked(words=(), options=Options(gpus=("none",)), profile=row.name)
    )


def asked_for(plan: Plan, *, default_index: bool) -> list[str]:
    """What the installer is asked for; without the variants of another index where so told."""
    found = requirements(plan)
    return [_LOCAL.sub("", text) if default_index else text for text in found]


def install(home: Path, plan: Plan, texts: Iterable[str], *, default_index: bool) -> None:
    """Make an environment with uv. Raises CalledProcessError with uv's own words on stderr."""
    uv("venv", "--quiet", "--python", interpreter(plan.python), str(home))
    addresses = () if default_index else {pin.index for pin in plan.pins if pin.index}
    more = [word for address in sorted(addresses) for word in ("--index", address)]
    uv("pip", "install", "--quiet", "--python", str(home / "bin/python"), *more, *texts)


def interpreter(version: str) -> str:
    """A Python of pyenv's that runs, where there is one; its shims on the PATH do not."""
    found = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else version


def uv(*words: str) -> None:
    """Run uv."""
    subprocess.run([str(UV), *words], check=True)


def imported(home: Path, modules: tuple[str, ...]) -> dict[str, str]:
    """Import modules in one process and return their versions. Raises CalledProcessError."""
    if not modules:
        return {}
    python = str(home / "bin/python")
    ask = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 8))"]
    program = _IMPORTING_OLD if subprocess.run(ask, check=False).returncode else _IMPORTING
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    done = subprocess.run(
        [python, "-c", program, *modules],
        check=True,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=home,
    )
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def ran(home: Path, programs: tuple[str, ...]) -> dict[str, str]:
    """Run programs, wherever their wheels put them, and return the versions they print."""
    found = {}
    for name in programs:
        paths = [path for path in home.rglob(f"bin/{name}") if os.access(path, os.X_OK)]
        (path,) = paths
        done = subprocess.run([str(path), "--version"], check=True, stdout=subprocess.PIPE)
        found[name] = re.findall(rb"\d+\.\d+\.\d+", done.stdout)[0].decode()
    return found


def proved(row: Profile, *, default_index: bool) -> dict[str, Any]:
    """Install a profile, look at it and remove it; the row that tells of it."""
    started = time.monotonic()
    plan = planned(row)
    texts = asked_for(plan, default_index=default_index)
    with tempfile.TemporaryDirectory(prefix=f"profile-{row.name}-") as folder:
        home = Path(folder) / "env"
        install(home, plan, texts, default_index=default_index)
        modules, programs = imported(home, row.modules), ran(home, row.programs)
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(stamp), timezone.utc) if stamp else datetime.now(timezone.utc)
    return {
        "profile": row.name,
        "requirements": list(row.requirements),
        "os": plan.machine.os_name,
        "python": plan.python,
        "asked": texts,
        "modules": modules,
        "programs": programs,
        "seconds": round(time.monotonic() - started),
        "checked": now.date().isoformat(),
    }


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of an earlier run, by profile."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {row["profile"]: row for row in map(json.loads, lines)}


def keep(path: Path, rows: dict[str, dict[str, Any]]) -> None:
    """Write the rows in the order of their names, whole or not at all."""
    text = "".join(json.dumps(rows[name]) + "\n" for name in sorted(rows))
    beside = path.with_suffix(".part")
    beside.write_text(text)
    beside.replace(path)


def main() -> int:
    """Prove the profiles that are named, or all; return how many failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", type=Path, default=KEPT)
    parser.add_argument("--default-index", action="store_true")
    parser.add_argument("--anew", action="store_true")
    typed = parser.parse_args()
    rows, failed = kept(typed.keep), 0
    for row in workflow.catalog().profiles:
        done = rows.get(row.name, {}).get("requirements") == list(row.requirements)
        if (typed.names and row.name not in typed.names) or (done and not typed.anew):
            continue
        try:
            rows[row.name] = proved(row, default_index=typed.default_index)
        except (subprocess.CalledProcessError, DlsetupError, ValueError) as error:
            failed += 1
            sys.stderr.write(f"{row.name}: {error}\n")
            continue
        keep(typed.keep, rows)
        found = rows[row.name]["modules"] | rows[row.name]["programs"]
        sys.stdout.write(f"{row.name}: {found}\n")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
