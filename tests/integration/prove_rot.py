"""The proof of the caps through the product's own way: a plan of each release, installed for real.

    python -m tests.integration.prove_rot [NAME[==VERSION]]...

Each release of the record is planned for the CPU and the Python it was tried on; the plan's pins,
caps and companions are installed by uv in a fresh environment, which must import, multiply and
talk to numpy. PyTorch's own index is not asked: the default wheel stands in for ``+cpu``. It takes
an hour or two and up to 25 GB of disk below ``XDG_CACHE_HOME``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.catalog.upkeep_rows import Rot
from provisioner.detect import detect
from provisioner.upkeep.rot.disk import Disk, alone
from provisioner.upkeep.rot.environment import Environment
from provisioner.upkeep.rot.listing import Pythons
from provisioner.version import minor


def planned(row: Rot) -> list[str]:
    """What the plan of a release has an installer install; a refusal raises."""
    words = [f"{row.framework}=={row.version}", "numpy"]
    words += ["jaxlib"] if row.framework == "jax" else []
    asked = ["resolve", *words, "--gpu", "none", "--python", minor(row.python), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", *asked], check=True, capture_output=True, text=True
    )
    plan = json.loads(done.stdout)["data"]["plan"]
    pins = [pin["requirement"].removesuffix("+cpu") for pin in plan["pins"]]
    caps = [cap["requirement"] for cap in plan["constraints"]]
    return [*pins, *caps, *plan["request"]["companions"]]


def proofs(rows: list[Rot]) -> Iterator[str]:
    folder = (resources.cache() or sys.exit("no cache")) / "prove_rot"
    pythons = Pythons(detect().machine.pythons)
    disk = Disk(folder)
    worked, began = 0, time.monotonic()
    with alone(folder):
        for row in rows:
            (interpreter,) = pythons.newest_first((minor(row.python),))
            environment = Environment(folder, interpreter.path, row.framework)
            environment.remove()
            disk.make_room(environment.fetched)
            requirements = planned(row)
            outcome = environment.attempt(requirements)
            disk.count()
            environment.remove()
            worked += outcome.works
            said = "works" if outcome.works else f"{outcome.stage}: {outcome.error}"
            called = f"{row.framework} {row.version} on Python {interpreter.version}"
            yield f"{called}, {', '.join(requirements)}: {said}"
    took, peak = (time.monotonic() - began) / 60, disk.peak / 10**9
    yield f"{worked} of {len(rows)} work; {took:.0f} minutes, {peak:.1f} GB at most"


if __name__ == "__main__":
    wanted = sys.argv[1:]
    listed = [
        row
        for row in Catalog(resources.stacks()).rot
        if not wanted or {row.framework, f"{row.framework}=={row.version}"} & set(wanted)
    ]
    for line in proofs(listed):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
