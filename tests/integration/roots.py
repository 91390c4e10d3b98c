"""Clean roots to run rendered scripts in: Debian by debootstrap, each use on an overlay of its own.

Every command gets a mount namespace of its own, so nothing stays mounted whatever happens, and
what a run changed is exactly what lies in the overlay's upper folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CACHE = Path.home() / ".cache" / "dlsetup-ci"
_CA = "/etc/dlsetup-test-ca.crt"
_ENTER = """
set -eu
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$MERGED"
[ "$DEVICES" = no ] || mount --rbind /dev "$MERGED/dev"
[ "$DEVICES" = no ] || mount -t proc proc "$MERGED/proc"
for place in $BINDS; do
  mkdir -p "$MERGED$place"
  mount --bind "$place" "$MERGED$place"
  mount -o remount,bind,ro "$MERGED$place"
done
exec chroot --userspec="$WHO" "$MERGED" "$@"
"""


def bookworm() -> Path:
    """A Debian 12 root with nothing but the base system and CA certificates, kept between runs."""
    return kept("bookworm", _mirror)


def kept(suite: str, mirror: Callable[[], str], *more: str) -> Path:
    """A root of that suite, made by debootstrap (``more`` for it) where none is kept yet."""
    root = CACHE / suite
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side, and one of them makes it
        if not root.is_dir():
            _debootstrapped(root, mirror(), *more)
    return root


def _debootstrapped(root: Path, mirror: str, script: str = "", *options: str) -> None:
    need("debootstrap")
    fresh = root.with_name(f"{root.name}.{os.getpid()}")
    # In a mount namespace of its own: what it mounts is gone with it, also where it fails.
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase", *options]
    where = ["--include=ca-certificates", root.name, str(fresh), mirror, *filter(None, [script])]
    try:
        subprocess.run([*command, *where], check=True, stdout=sys.stderr)
        for package in (fresh / "var/cache/apt/archives").glob("*.deb"):
            package.unlink()
        fresh.rename(root)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _mirror() -> str:
    """The mirror that this machine's own apt uses for its main archive."""
    sources = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt").glob("sources.list.d/*")]
    for path in sources:
        for line in path.read_text().splitlines():
            found = re.match(
                r"(?:URIs:|deb(?:\s+\[.*?\])?)\s*(https?://\S+/debian)/?(?:\s|$)", line
            )
            if found:
                return found[1]
    raise AssertionError("apt of this machine names no mirror of Debian")


def need(program: str) -> None:
    if shutil.which(program) is None:
        subprocess.run(["apt-get", "install", "-y", "-q", program], check=True, stdout=sys.stderr)


class Root:
    """A root on an overlay: ``put`` files into it, ``run`` commands in it, see what changed."""

    def __init__(self, folder: Path, *lower: Path) -> None:
        self.lower = lower
        self.upper, self.work, self.merged = (folder / name for name in ("upper", "work", "merged"))
        self.binds: tuple[str, ...] = ()
        """Folders of this machine that can be read inside, at the same place."""
        for made in (self.upper, self.work, self.merged):
            made.mkdir(parents=True, exist_ok=True)

    def put(self, path: str, text: str | bytes) -> None:
        """Write a file as it will be seen inside."""
        target = self.upper / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)

    def command(
        self, *words: str, who: str = "0:0", network: bool = True, devices: bool = True
    ) -> tuple[list[str], dict[str, str]]:
        """The command and the environment that run ``words`` inside."""
        if network:
            self.put("/etc/resolv.conf", Path("/etc/resolv.conf").read_bytes())
            self.put(_CA, Path(_authorities()).read_bytes())
        spaces = ["unshare", "--mount", *([] if network else ["--net"])]
        environment = {
            "LOWER": ":".join(map(str, self.lower)),
            "UPPER": str(self.upper),
            "WORK": str(self.work),
            "MERGED": str(self.merged),
            "BINDS": " ".join(self.binds),
            "DEVICES": "yes" if devices else "no",
            "WHO": who,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM": "dumb",
            "HOME": "/root" if who == "0:0" else "/home/user",
            **(_network() if network else {}),
        }
        return [*spaces, "sh", "-c", _ENTER, "enter", *words], environment

    def run(
        self, *words: str, who: str = "0:0", network: bool = True, devices: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, without a terminal, and return what it said."""
        command, environment = self.command(*words, who=who, network=network, devices=devices)
        return subprocess.run(
            command,
            env={**environment, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def manifest(self) -> dict[str, tuple[int, int, str]]:
        """Everything that differs from the lower root: mode, time of change and contents.

        Of /tmp itself only what is left in it counts: programs make and remove files there.
        """
        found = {}
        for path in sorted(self.upper.rglob("*")):
            if path == self.upper / "tmp":
                continue
            state = path.lstat()
            text = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            digest = hashlib.sha256(text).hexdigest()
            found[str(path.relative_to(self.upper))] = (state.st_mode, state.st_mtime_ns, digest)
        return found


def _authorities() -> str:
    return os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")


def _network() -> dict[str, str]:
    """What this machine's tools are told about the network, by environment alone."""
    proxies = {"http_proxy", "https_proxy", "no_proxy"}
    told = {name: value for name, value in os.environ.items() if name.lower() in proxies}
    told |= {"SSL_CERT_FILE": _CA, "PIP_CERT": _CA}
    index = _index()
    if index:
        told |= {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index}
    return told


def _index() -> str | None:
    """The package index that pip of this machine is configured to use; None is its default."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return os.environ.get("PIP_INDEX_URL") or asked.stdout.strip() or None
