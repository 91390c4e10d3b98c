"""What an image of a plan is made of: the same for a Dockerfile and for Apptainer's definition."""

from __future__ import annotations

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.plan import Plan, digest
from provisioner.render import facts, image_size, proof
from provisioner.render.quoting import identifier, quoted
from provisioner.render.words import asked_of, sources

_SHEET = "/opt/uv/pyproject.toml"
"""Where uv reads which package comes from which index; it does not stay in the image."""

_LOCK = "/opt/uv/pylock.toml"
_UV_SYNC = ("uv", "pip", "sync", "--python", "/opt/env/bin/python")
_UV_INSTALL = ("uv", "pip", "install", "--python", "/opt/env/bin/python")

_LINKS = (
    (
        'ln -sr "$(dirname "$(dirname /opt/env/lib/python*/site-packages/nvidia/*/bin/nvcc)")" '
        "/opt/env/cuda"
    ),
    "ln -s lib /opt/env/cuda/lib64",
    'for one in /opt/env/cuda/lib/*.so.*; do ln -sf "${one##*/}" "${one%%.so.*}.so"; done',
)
"""What wheels leave out and linkers look for; then CUDA's folder is /opt/env/cuda."""

_PLATFORMS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
"""What container tools call an architecture."""


def values(plan: Plan, catalog: Catalog, lock: str = "") -> dict[str, object]:
    """Return what the templates of images say of a plan, whatever it stands on.

    ``lock`` is the SHA-256 of the lock that is installed, where there is one.

    Raises RefusedError ``no-base-image`` when the catalog has no proof of an image to stand on.
    """
    found = _of_framework_image if plan.via == "container" else _of_plain_base
    parts = found(plan, catalog)
    base = str(parts["base"])
    if lock:
        parts["install"] = (*_UV_SYNC, _LOCK)
    return {
        "plan": plan,
        "name": facts.name(plan),
        "tag": facts.tag(plan),
        "summary": facts.summary(plan),
        "machine": facts.machine_lines(plan, catalog),
        "pins": facts.pin_lines(plan),
        "companions": plan.request.companions,
        "caps": plan.constraints if facts.step_named(plan, "packages") else (),
        "warnings": facts.warning_lines(plan),
        "arch": plan.machine.arch,
        "platform": platform(plan),
        "labels": labels(plan, base, lock),
        "lock": lock,
        "lock_path": _LOCK,
        "sizes": image_size.lines(plan, base, catalog),
        "proof": proof.in_image(plan, str(parts["compiler"])),
        **parts,
    }


def platform(plan: Plan) -> str | None:
    """Return the platform that an image of the plan is for, ``linux/arm64``."""
    return _PLATFORMS.get(plan.machine.arch)


def labels(plan: Plan, base: str, lock: str = "") -> tuple[tuple[str, str], ...]:
    """Return what an image says of itself: its plan by the digest that locks hold too, its pins.

    ``dlsetup.lock`` is the SHA-256 of the lock's text, or ``none``: what the pins depend on was
    chosen when the image was built.
    """
    named = [
        ("org.opencontainers.image.title", facts.name(plan)),
        ("org.opencontainers.image.base.name", base),
        ("dlsetup.plan", digest(plan)),
        ("dlsetup.lock", f"sha256:{lock}" if lock else "none"),
    ]
    for pin in plan.pins:
        key = f"dlsetup.pin.{identifier(pin.name)}"
        named.append((key, f"{pin.version} {pin.variant} {pin.evidence}"))
    return tuple(named)


def _of_plain_base(plan: Plan, catalog: Catalog) -> dict[str, object]:
    base, packages, interpreter = _base(plan, catalog)
    compiler = _compiler(plan, own=bool(packages))
    version, *hashes = facts.action(plan, "uv_install") or ("",)
    asked = asked_of(plan, "packages_install")
    sheet = _sources_sheet(sources(asked))
    options = [word for index in asked.values("--index") for word in ("--index", index)]
    options += ["--requirements", _SHEET] if sheet else []
    return {
        "base": base,
        "packages": (*packages, *compiler[1:]),
        "links": _LINKS if compiler else (),
        "compiler": compiler[0] if compiler else "",
        "interpreter": interpreter,
        "uv": (f"uv=={version}", *(f"--hash={one}" for one in hashes)),
        "sheet": sheet,
        "sheet_path": _SHEET,
        "install": (*_UV_INSTALL, *options, "--", *asked.requests),
    }


def _base(plan: Plan, catalog: Catalog) -> tuple[str, tuple[str, ...], str]:
    """The image to stand on, what its system has to add, and its interpreter."""
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    own = row is not None and row.family == "debian" and row.python == plan.python
    if row and own and row.base_image and _is_known(row.base_image, catalog):
        return row.base_image, row.python_packages, "/usr/bin/python3"
    pythons = (item.base_image for item in catalog.pythons if item.version == plan.python)
    base = next(pythons, None)
    if base is None or not _is_known(base, catalog):
        raise _no_base(f"Python {plan.python}")
    return base, (), "/usr/local/bin/python3"


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


def _of_framework_image(plan: Plan, catalog: Catalog) -> dict[str, object]:
    if plan.image is None or not _is_known(plan.image, catalog):
        raise _no_base(plan.image or "an image that the plan does not name")
    added = asked_of(plan, "packages_install").requests
    pip = ("python3", "-m", "pip", "install", "--no-cache-dir", "--", *added)
    install = pip if added else ()
    parts = {"packages": (), "links": (), "compiler": "", "interpreter": "", "install": install}
    return {"base": plan.image, **parts}


def _compiler(plan: Plan, *, own: bool) -> tuple[str, ...]:
    """The program that nvcc calls and its package, where wheels bring nvcc.

    A base that is not the planned system has a g++ of its own; the image's proof compiles.
    """
    host = plan.host_compiler if facts.step_named(plan, "toolkit") else None
    if host is None:
        return ()
    return (host.program, host.package) if own and host.package else ("g++", "g++")


def _is_known(image: str, catalog: Catalog) -> bool:
    return any(row.image == image for row in catalog.images)


def _no_base(what: str) -> RefusedError:
    return RefusedError(
        "no-base-image",
        f"The catalog has no proof of an image for {what}.",
        hint="Ask for another Python with --python, or for another format: dlsetup render --list",
    )
