"""pip in the system's own Python: there is none yet, or it refuses (PEP 668)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.system_rows import BareImage, ManagedPython
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.images import shown
from provisioner.check.said import Fetched, Opaque, Package, PipCall, SystemPackage

_BRINGS_PIP = re.compile(r".*(pip|conda|virtualenv|ansible|jupyter|poetry|uv).*")
_VENV = "python3 -m venv /opt/venv"


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield the first call of pip that cannot work."""
    base = _base(ground)
    if ground.part.inside == "image" and base is None:
        return
    managed = _managed(ground)
    has_pip = base is None
    for one in ground.part.statements:
        if isinstance(one, Opaque) or (isinstance(one, Package) and one.manager == "conda"):
            return
        if isinstance(one, Fetched) and one.run:
            return
        if isinstance(one, SystemPackage):
            has_pip = has_pip or bool(_BRINGS_PIP.fullmatch(one.name))
        if not isinstance(one, PipCall):
            continue
        if not has_pip and base is not None:
            yield softened(_no_pip(ground, one, base, managed), conditional=one.conditional)
            return
        if managed and _is_refused(one, managed):
            yield softened(_refused(ground, one, managed), conditional=one.conditional)
            return


def _base(ground: Ground) -> BareImage | None:
    """The row of the plain image that a part stands on; None for any other image."""
    if len(ground.images) != 1 or ground.facts.system is None:
        return None
    if ground.facts.system.family != "debian":
        return None
    repository = ground.images[0].repository
    return next((row for row in ground.catalog.bare_images if row.repository == repository), None)


def _managed(ground: Ground) -> ManagedPython | None:
    here = f"{ground.inside.os.id}-{ground.inside.os.version}"
    return next((row for row in ground.catalog.managed_pythons if row.os == here), None)


def _is_refused(call: PipCall, managed: ManagedPython) -> bool:
    """Whether it is the system's own Python that is called, and not told to go on."""
    version = re.search(r"\d\.\d+", call.program)
    own = version is None or version[0] == managed.python
    return own and "--break-system-packages" not in call.words


def _no_pip(ground: Ground, call: PipCall, base: BareImage, managed: ManagedPython | None) -> Flaw:
    image = shown(ground.images[0].image.name)
    fix = (
        _in_venv(in_image=True)
        if managed
        else ("RUN apt-get update && apt-get install -y python3-pip, before it",)
    )
    return Flaw(
        reference="pip-missing",
        severity="error",
        message=f"There is no pip in {image}, and nothing installs it before this.",
        places=(call.at, ground.images[0].image.at),
        evidence=(base.evidence,),
        fix=fix,
        confidence="likely",
    )


def _refused(ground: Ground, call: PipCall, managed: ManagedPython) -> Flaw:
    image = ground.part.inside == "image"
    where = "" if image else ", unless this runs in an environment"
    return Flaw(
        reference="externally-managed",
        severity="error" if image else "warning",
        message=f"The Python {managed.python} of {managed.os} is its package manager's own: pip"
        f" installs nothing into it (error: externally-managed-environment){where}.",
        places=(call.at,),
        evidence=(managed.evidence,),
        fix=(*_in_venv(in_image=image), "or add --break-system-packages"),
        confidence="likely",
    )


def _in_venv(*, in_image: bool) -> tuple[str, ...]:
    if not in_image:
        return (f"{_VENV} && . /opt/venv/bin/activate, before it (python3-venv)",)
    return (
        f"RUN apt-get update && apt-get install -y python3-venv && {_VENV}",
        "ENV PATH=/opt/venv/bin:$PATH",
    )
