"""JupyterLab of an environment for people."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.cli.display import Block
from provisioner.jupyter import systemd
from provisioner.jupyter.kernel import Kernel
from provisioner.jupyter.lab import Lab, user


def lab_line(lab: Lab, *, changed: bool) -> str:
    """What ``env serve`` says first."""
    if lab.process is not None:
        told = f"process {lab.process}, port {lab.port}"
        return f"JupyterLab of {lab.environment} is served in the foreground: {told}."
    if lab.unit is None:
        return f"JupyterLab of {lab.environment} starts here, until Ctrl-C ends it."
    if changed:
        return f"JupyterLab of {lab.environment} answers, and asks for its token."
    if lab.state == "active":
        return f"JupyterLab of {lab.environment} runs."
    return f"JupyterLab of {lab.environment} does not run: its service is {lab.state}."


def foreground_line(lab: Lab) -> str:
    """What is said of one in the foreground that goes on."""
    return f"{lab_line(lab, changed=False)[:-1]}; end it: kill {lab.process}"


def lab_blocks(lab: Lab) -> list[Block]:
    """How to reach it, and what to do with it."""
    name = lab.environment
    again = f"dlsetup env serve {name}"
    rows = [
        ("open", lab.url),
        ("token", lab.token or f"in {lab.token_file}; shown by: {again} --status --token"),
        ("from afar", lab.tunnel),
        ("", "on the other machine; then open the same address there"),
        ("shows", lab.folder),
    ]
    if lab.process is not None:
        rows.append(("end it", f"Ctrl-C in its terminal, or: kill {lab.process}"))
    if lab.unit is not None:
        rows += [
            ("says", f"journalctl --user --unit dlsetup-{name}"),
            ("stop it", f"{again} --stop"),
            ("after logout", _after_logout()),
        ]
    return [Block(f"JupyterLab of {name}", tuple(rows))]


def jupyter_block(kernel: Kernel | None, lab: Lab | None, foreground: Sequence[Lab]) -> Block:
    """What Jupyter has of an environment, for ``env show``; empty where it has nothing."""
    rows = [("kernel", kernel.display_name)] if kernel else []
    rows += [("service", f"{lab.state}, {lab.url}")] if lab else []
    rows += [("foreground", f"process {one.process}, {one.url}") for one in foreground]
    return Block("In Jupyter", tuple(rows))


def _after_logout() -> str:
    who = user()
    if systemd.lingers(who):
        return "it goes on, and it starts with the machine"
    return f"it ends; to have it go on, and start with the machine: loginctl enable-linger {who}"
