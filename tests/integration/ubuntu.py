"""A true Ubuntu to run rendered scripts in, where its archive answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.integration.roots import Root, kept, need
from tests.integration.test_driver_steps import build

SUITE = "noble"
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SCRIPT = Path("/usr/share/debootstrap/scripts/gutsy")
"""What debootstrap makes every Ubuntu since then with, also those it does not know by name yet."""
_KEYS = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
_POCKETS = ("", "-updates", "-security")
_PARTS = "main restricted universe multiverse"


def ubuntu(folder: Path) -> Root:
    """A root nobody has used, with all of the archive in its sources; no service starts in it."""
    root = Root(folder, clean(SUITE))
    mirror = _mirror()
    lines = (f"deb {mirror} {SUITE}{pocket} {_PARTS}\n" for pocket in _POCKETS)
    root.put("/etc/apt/sources.list", "".join(lines))
    root.put("/etc/apt/apt.conf.d/99-lean", 'APT::Install-Recommends "false";\n')
    root.put("/etc/dpkg/dpkg.cfg.d/fast", "force-unsafe-io\n")
    program(root, "/usr/sbin/policy-rc.d", "exit 101")
    return root


def clean(suite: str) -> Path:
    """A release of Ubuntu with nothing but the base system, kept between runs.

    Skips the test where the archive does not answer, which debootstrap names, and nothing else.
    """
    need("debootstrap")
    mirror = _mirror()
    try:
        requests.head(f"{mirror}/dists/{suite}-updates/InRelease", timeout=30).raise_for_status()
    except requests.RequestException as error:
        pytest.skip(f"Ubuntu's archive does not answer from here: {type(error).__name__}")
    # Debian has no keys of Ubuntu's. Inside, apt checks with those that came along.
    unchecked = () if _KEYS.exists() else ("--no-check-gpg",)
    return kept(suite, lambda: mirror, str(_SCRIPT), *unchecked)


def _mirror() -> str:
    """The mirror that debootstrap takes for a release of today on x86_64."""
    text = _SCRIPT.read_text() if _SCRIPT.exists() else ""
    found = re.search(r"amd64\|i386\).*?\*\)\s*default_mirror (\S+)", text, re.DOTALL)
    if found is None:
        pytest.skip("debootstrap of this machine names no mirror of Ubuntu")
    return found[1]


def program(root: Root, path: str, text: str) -> None:
    """Put a program of the shell into a root."""
    root.put(path, f"#!/bin/sh\n{text}\n")
    (root.upper / path.lstrip("/")).chmod(0o755)


def kernel_runs(root: Root, kernel: str) -> None:
    """Let a machine run that kernel: packages of its name, which are empty, bring it."""
    version = f"{kernel.removesuffix('-generic')}.{kernel.split('-')[1]}"
    program(root, "/usr/local/bin/uname", f'[ "$1" = -r ] && echo {kernel} || /usr/bin/uname "$@"')
    image, brings = f"linux-image-{kernel}", "linux-image-generic"
    made = []
    for package, depends in ((image, ""), (brings, f"Depends: {image}\n")):
        fields = f"Package: {package}\nVersion: {version}\nArchitecture: amd64\n{depends}"
        fields += "Maintainer: nobody <nobody@example.org>\nDescription: empty, for a test\n"
        made.append(build(root.upper / "srv", package, fields).name)
    done = root.run("sh", "-c", f"cd /srv && dpkg -i {' '.join(made)} && apt-mark auto {brings}")
    assert done.returncode == 0, done.stderr


def installed(root: Root) -> set[str]:
    """The packages that are installed to their end."""
    asked = ("dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\n")
    lines = root.run(*asked).stdout.splitlines()
    return {line.split()[1] for line in lines if line.startswith("installed ")}
