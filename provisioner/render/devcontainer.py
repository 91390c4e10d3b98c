"""``.devcontainer``: what editors start, and the Dockerfile they build for it."""

from __future__ import annotations

import json

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan, digest
from provisioner.render import dockerfile, facts
from provisioner.render.formats import RenderedFile
from provisioner.render.quoting import comment

_PROVE = ["python3", "/opt/dlsetup/verify.py"]
_ROCM = ["--device=/dev/kfd", "--device=/dev/dri", "--group-add=video"]


def files(plans: tuple[Plan, ...], catalog: Catalog) -> tuple[RenderedFile, ...]:
    """Return ``devcontainer.json`` and the Dockerfile beside it, for one plan.

    Plain JSON, so that any reader takes it; the pins stand under ``customizations``, where each
    tool has a place of its own. Raises RefusedError as ``image.values`` does.
    """
    (plan,) = plans
    text = dockerfile.text(plan, catalog)
    return (
        RenderedFile(".devcontainer/devcontainer.json", _json(plan)),
        RenderedFile(".devcontainer/Dockerfile", text),
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
        return {"runArgs": _ROCM, "postStartCommand": [*_PROVE, "gpu"]}
    return {"postStartCommand": _PROVE}
