"""Write the golden files anew, for a person to review as a diff: python -m tests.golden.renew."""

from __future__ import annotations

from pathlib import Path

from provisioner.apply import undo
from provisioner.apply.changes import total
from provisioner.apply.packages import Snapshot
from provisioner.apply.record import Change, Record
from provisioner.render import facts, render, script
from tests.golden.carried import SEVERAL, carried
from tests.golden.host_plans import SCRIPTS
from tests.golden.made_catalog import catalog
from tests.golden.parts import machine
from tests.golden.plans import PLANS

HERE = Path(__file__).parent


def main() -> None:
    """Render every plan in every format that carries it."""
    for name, make in PLANS.items():
        plan = make()
        for chosen in carried(name):
            # The Dockerfiles that come beside others' files are the ones of their own format.
            file, *_ = render((plan,), chosen, catalog())
            target = HERE / name / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text)
    for name, makers in SEVERAL.items():
        for file in render(tuple(make() for make in makers), "pixi", catalog()):
            (HERE / name / file.path).write_text(file.text)
    for name, text in system_scripts().items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(text)


def system_scripts() -> dict[str, str]:
    """The scripts that are for root alone, by their place: what is done, and what is undone."""
    found = {
        f"{name}/system.sh": script.system_part(make(), catalog(), "system.sh")
        for name, make in PLANS.items()
        if make().via == "pip"
        and facts.action(make(), "driver_install")
        and make().machine.os.id in {"debian", "ubuntu"}
    }
    for name, make in SCRIPTS.items():
        found[f"{name}/install.sh"] = script.text(make(), catalog())
    changes = total(CHANGED)
    steps = undo.steps(changes, NOW, tuple(changes.installed), changes.removed)
    found["undone/undo.sh"] = script.undo(machine("ubuntu-24.04"), tuple(steps), undo.FILE_NAME)
    return {name: text or "" for name, text in found.items()}


VERSION = "580.178.04-0ubuntu0.24.04.1"
CHANGED = Record(
    changes=(
        Change(
            machine="",
            environment="demo",
            driver="nvidia-driver-580-open",
            began="2026-11-20T14:00:00+00:00",
            installed={"nvidia-driver-580-open": VERSION, "nvidia-settings": "510.47.03-0ubuntu4"},
            configured=("nvidia-settings",),
            removed={"nvidia-driver-470": "470.256.02-0ubuntu0.24.04.1"},
            automatic=("nvidia-driver-470", "libc6-dev"),
            files={"/etc/apt/keyrings/dlsetup-nvidia.asc": "0" * 64},
        ),
    )
)
NOW = Snapshot(packages={"libc6-dev": "2.39", "nvidia-driver-580-open": VERSION})


if __name__ == "__main__":
    main()
