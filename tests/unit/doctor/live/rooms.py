"""Machines below a folder, copied from the captured ones, to be changed and examined."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec

from provisioner import workflow
from provisioner.catalog.find import gpu_by_pci_id
from provisioner.detect import detect
from provisioner.detect.host import Host
from provisioner.detect.remembered import FactCache
from provisioner.doctor import Patient, diagnose
from provisioner.doctor.live import Look, look
from provisioner.machine import Machine
from provisioner.report import Finding

MACHINES = Path(__file__).parents[3] / "machines"
WORKING = "ubuntu22.04-rtx2070super-550"
WITHOUT_DRIVER = "ubuntu24.04-rtx4090-nodriver"


class Room:
    """One machine below a folder; programs are what its ``captured`` folder says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env: dict[str, str] = {}

    def put(self, path: str, text: str | bytes = "") -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def link(self, path: str, target: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.symlink_to(target)

    def take(self, path: str) -> None:
        file = self.root / path.lstrip("/")
        shutil.rmtree(file) if file.is_dir() else file.unlink()

    @property
    def kernel(self) -> str:
        return (self.root / "proc/sys/kernel/osrelease").read_text(encoding="utf-8").strip()

    @property
    def machine(self) -> Machine:
        known = partial(gpu_by_pci_id, workflow.catalog())
        return detect(self.root, env=self.env, gpu_by_pci_id=known).machine

    def seen(self, **changed: object) -> Look:
        machine = msgspec.structs.replace(self.machine, **changed)
        host = Host(str(self.root), self.env, FactCache(None))
        return look(host, machine, workflow.catalog())

    def findings(self, **changed: object) -> tuple[Finding, ...]:
        seen = self.seen(**changed)
        machine = msgspec.structs.replace(self.machine, **changed)
        return diagnose(Patient(seen.symptoms, workflow.catalog(), machine))

    def first(self, **changed: object) -> tuple[str, str]:
        """Reference and severity of the likeliest cause; two empty words where there is none."""
        found = self.findings(**changed)
        return (found[0].reference, found[0].severity) if found else ("", "")


def copied(name: str, place: Path, captured: Mapping[str, str] | None = None) -> Room:
    """A copy of a captured machine, with what more programs said."""
    root = place / "root"
    shutil.copytree(MACHINES / name / "root", root, symlinks=True)
    room = Room(root)
    for key, text in (captured or {}).items():
        room.put(f"captured/{key}.txt", text)
    return room
