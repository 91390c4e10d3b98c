"""``Dockerfile``: a plain base where wheels bring CUDA, else the image that has the framework."""

from __future__ import annotations

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.formats import cannot_carry
from provisioner.render.quoting import identifier, quoted, words
from provisioner.render.templates import fill
from provisioner.render.words import asked_of, sources

_SHEET = "/opt/uv/pyproject.toml"
"""Where uv reads which package comes from which index; in the stage that is left out."""

_UV_INSTALL = ("uv", "pip", "install", "--python", "/opt/env/bin/python")

_MODULES = {
    "verify_torch": "torch",
    "verify_torch_device": "torch",
    "verify_tensorflow": "tensorflow",
}
"""Actions that make a framework compute, and the module each loads. An image is built where no
GPU need be, so only loading and versions can be proved there."""


_DEVICES = {
    "cuda": " --gpus all",
    # docs.amd.com, installing PyTorch for ROCm: containers get these.
    "rocm": " --device=/dev/kfd --device=/dev/dri --group-add=video",
}
"""What a container has to be given so that it reaches the GPUs of the host."""


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the Dockerfile.

    Raises RefusedError ``no-base-image`` when the catalog has no proof of an image to stand on,
    ``format-cannot-carry`` for Intel's GPUs.
    """
    if plan.accelerator == "xpu":
        raise cannot_carry(
            "dockerfile",
            "a plan for Intel's GPUs: the image would need Intel's user-mode driver, "
            "of which the catalog knows no package",
            plan.via,
        )
    if plan.via == "container":
        return _on_framework_image(plan, catalog)
    return _on_plain_base(plan, catalog)


def _on_plain_base(plan: Plan, catalog: Catalog) -> str:
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if row and row.python == plan.python and _is_known(row.base_image, catalog):
        base, packages, interpreter = row.base_image, row.python_packages, "/usr/bin/python3"
    else:
        pythons = (item for item in catalog.pythons if item.version == plan.python)
        found = next(pythons, None)
        base = found.base_image if found else None
        packages, interpreter = (), "/usr/local/bin/python3"
    if base is None or not _is_known(base, catalog):
        raise _no_base(f"Python {plan.python}")
    version, *hashes = facts.action(plan, "uv_install") or ("",)
    asked = asked_of(plan, "packages_install")
    sheet = _sources_sheet(sources(asked))
    options = [word for index in asked.values("--index") for word in ("--index", index)]
    options += ["--requirements", _SHEET] if sheet else []
    return fill(
        "docker/wheels.Dockerfile.j2",
        base=base,
        packages=packages,
        interpreter=interpreter,
        uv=(f"uv=={version}", *(f"--hash={one}" for one in hashes)),
        sheet=sheet,
        sheet_path=_SHEET,
        install=words((*_UV_INSTALL, *options, "--", *asked.requests)),
        **_common(plan, catalog),
    )


def _sources_sheet(bound: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Lines of a project file by which uv takes these packages from their index, and no others."""
    if not bound:
        return ()
    lines = ["[project]", 'name = "dlsetup-plan"', 'version = "0"']
    lines.append(f"dependencies = [{', '.join(quoted(package) for package, _ in bound)}]")
    for package, index in bound:
        lines += ["[[tool.uv.index]]", f"name = {quoted('for-' + package)}"]
        lines += [f"url = {quoted(index)}", "explicit = true"]
    lines.append("[tool.uv.sources]")
    lines += [f"{quoted(name)} = {{index = {quoted('for-' + name)}}}" for name, _ in bound]
    return tuple(lines)


def _on_framework_image(plan: Plan, catalog: Catalog) -> str:
    if not _is_known(plan.image, catalog):
        raise _no_base(plan.image or "an image that the plan does not name")
    added = asked_of(plan, "packages_install").requests
    pip = ("python3", "-m", "pip", "install", "--no-cache-dir", "--", *added)
    return fill(
        "docker/image.Dockerfile.j2",
        base=plan.image,
        install=words(pip) if added else None,
        **_common(plan, catalog),
    )


def _common(plan: Plan, catalog: Catalog) -> dict[str, object]:
    return {
        "plan": plan,
        "name": facts.name(plan),
        "tag": facts.tag(plan),
        "summary": facts.summary(plan),
        "machine": facts.machine_lines(plan, catalog),
        "pins": facts.pin_lines(plan),
        "labels": tuple(
            (f"dlsetup.pin.{identifier(pin.name)}", f"{pin.version} {pin.variant} {pin.evidence}")
            for pin in plan.pins
        ),
        "companions": plan.request.companions,
        "caps": plan.constraints if facts.step_named(plan, "packages") else (),
        "warnings": facts.warning_lines(plan),
        "proof": _proof(plan),
        "given": _DEVICES.get(plan.accelerator, ""),
    }


def _proof(plan: Plan) -> str:
    """A line of Python that loads each framework and compares its version."""
    modules: list[str] = []
    checks: list[str] = []
    for step in plan.steps:
        for action, *arguments in step.run:
            if action == "verify_imports":
                modules += arguments
            elif action in _MODULES:
                module = _MODULES[action]
                modules.append(module)
                wanted = arguments[0].split("+")[0]
                checks.append(f"assert {module}.__version__.split('+')[0] == {wanted!r}")
    return "; ".join([f"import {', '.join(modules)}", *checks]) if modules else "pass"


def _is_known(image: str | None, catalog: Catalog) -> bool:
    return any(row.image == image for row in catalog.images)


def _no_base(what: str) -> RefusedError:
    return RefusedError(
        "no-base-image",
        f"The catalog has no proof of an image for {what}.",
        hint="Ask for another Python with --python, or for another format: dlsetup render --list",
    )
