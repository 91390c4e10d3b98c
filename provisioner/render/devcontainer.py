"""``.devcontainer``: what editors start, and the Dockerfile they build for it."""

from __future__ import annotations

import json

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan, Warning, digest
from provisioner.render import dockerfile, facts
from provisioner.render.formats import RenderedFile
from provisioner.render.quoting import comment

_PROVE = ["python3", "/opt/dlsetup/verify.py"]
_GROUPS = ("RENDER_GID", "VIDEO_GID")
"""Where the numbers of the host's groups are found, which own AMD's devices."""
_ROCM = [
    "--device=/dev/kfd",
    "--device=/dev/dri",
    *(f"--group-add=${{localEnv:{name}}}" for name in _GROUPS),
]
_GROUPS_KNOWN = (
    'test -n "$RENDER_GID" && test -n "$VIDEO_GID" || { echo "Set RENDER_GID and VIDEO_GID where '
    "your editor starts, as in ~/.profile: export RENDER_GID=$(getent group render | cut -d: -f3) "
    'VIDEO_GID=$(getent group video | cut -d: -f3)" >&2; exit 1; }'
)
_UID = 1000
"""Of the user: what most hosts give their first one, so that files of the workspace are its own.
Where the host's user has another, the tools change it, unless the image has a user of that."""


def files(plans: tuple[Plan, ...], catalog: Catalog) -> tuple[RenderedFile, ...]:
    """Return ``devcontainer.json`` and the Dockerfile beside it, for one plan.

    Plain JSON, so that any reader takes it; the pins stand under ``customizations``, where each
    tool has a place of its own. Raises RefusedError as ``image.values`` does.
    """
    (plan,) = plans
    told = msgspec.structs.replace(plan, warnings=(*plan.warnings, *warnings(plan, catalog)))
    text = dockerfile.text(told, catalog, uid=_UID)
    return (
        RenderedFile(".devcontainer/devcontainer.json", _json(plan)),
        RenderedFile(".devcontainer/Dockerfile", text),
    )


def warnings(plan: Plan, catalog: Catalog) -> tuple[Warning, ...]:
    """Return what there is to know of a plan only where editors work in its image."""
    found = next((row.os for row in catalog.images if row.image == plan.image), None)
    return tuple(
        Warning(
            "editor-needs-newer-glibc",
            f"{row.name} needs glibc {row.glibc} or later, and {plan.image} stands on {found}, "
            "whose glibc is older: it does not start there. A terminal in the container works.",
        )
        for row in catalog.editor_servers
        if found in row.too_old
    )


def _json(plan: Plan) -> str:
    python = "/opt/env/bin/python" if plan.via == "pip" else "/usr/bin/python3"
    document: dict[str, object] = {
        "name": _plain(facts.summary(plan)),
        "build": {"dockerfile": "Dockerfile", "context": "."},
        "remoteUser": "dlsetup",
        **_gpu(plan),
        "customizations": {
            "vscode": {
                "extensions": ["ms-python.python"],
                "settings": {"python.defaultInterpreterPath": python},
            },
            "dlsetup": {
                "plan": digest(plan),
                "holds": [_plain(line) for line in facts.pin_lines(plan)],
            },
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(text: str) -> str:
    """Text in which the tools see none of their variables, ``${localEnv:HOME}``."""
    return comment(text).replace("${", "$ {")


def _gpu(plan: Plan) -> dict[str, object]:
    """What makes the tools hand the GPUs in; a start without one says so instead of using the CPU.

    ``hostRequirements.gpu`` stands for ``--gpus all``: to say both would ask for them twice.
    """
    if plan.accelerator == "cuda":
        return {"hostRequirements": {"gpu": True}, "postStartCommand": [*_PROVE, "gpu"]}
    if plan.accelerator == "rocm":
        known = {"initializeCommand": _GROUPS_KNOWN}
        return {**known, "runArgs": _ROCM, "postStartCommand": [*_PROVE, "gpu"]}
    return {"postStartCommand": _PROVE}
