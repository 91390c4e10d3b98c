"""``apptainer.def``: the image of a plan as clusters run it, without a daemon and without root."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import image
from provisioner.render.templates import fill

_OPTIONS = {"cuda": " --nv", "rocm": " --rocm"}
"""What makes Apptainer hand in the driver and the GPUs of the host."""

_HANDED_IN = "--nv hands it in."
_BRACE = re.compile(r"\{(?=\{)")
"""Two of them open a variable of the definition, in its comments too."""


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the definition file. Raises RefusedError as ``image.values`` does."""
    filled = fill(
        "docker/apptainer.def.j2",
        handed_in=_HANDED_IN,
        option=_OPTIONS.get(plan.accelerator, ""),
        **image.values(plan, catalog),
    )
    return "".join(_without_variables(filled.splitlines(keepends=True)))


def _without_variables(lines: list[str]) -> Iterator[str]:
    """The lines without two opening braces together; a shell's quoted word stays the same word."""
    section = ""
    for line in lines:
        if line.startswith("%"):
            section = line.strip()
        words = section == "%post" and not line.lstrip().startswith("#")
        yield _BRACE.sub("{''" if words else "{ ", line)
