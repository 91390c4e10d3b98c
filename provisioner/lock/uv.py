"""uv: the one place that knows its command line, its settings and how it ends.

Each call works in a folder that nobody else sees, with a ``pyproject.toml`` that says where
packages come from. Secrets reach uv through its environment, never through a file or its words.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.errors import OutsideError
from provisioner.lock import said
from provisioner.lock.sources import Sources
from provisioner.settings import Settings

_LONGEST_S = 1800
"""Nothing that uv does for a plan takes longer, unless it hangs."""
_PATIENCE = {"UV_HTTP_TIMEOUT": "8", "UV_HTTP_RETRIES": "1"}
"""While versions are chosen, an index that is silent for so many seconds, twice, is not there."""
_OURS = {"UV_NO_PROGRESS": "1", "UV_PREVIEW_FEATURES": "pylock", "NO_COLOR": "1"}
_UNLESS_SET = {"UV_SYSTEM_CERTS": "1"}
"""The operating system's certificates are trusted, as everywhere in dlsetup."""
_KEPT = re.compile(
    r"UV_(INDEX_(?!STRATEGY).*|.*_INDEX|INDEX|.*(FIND_LINKS|CERTS?|INSECURE_HOST|KEYRING_PROVIDER"
    r"|NATIVE_TLS|CONFIG_FILE|MIRROR|TIMEOUT|RETRIES|CACHE.*|OFFLINE|EXCLUDE_NEWER"
    r"|CREDENTIALS_DIR|CONCURRENT_.*|LINK_MODE|PYTHON_DOWNLOADS(_JSON_URL)?|PYTHON_INSTALL_DIR))"
)
"""uv's own settings that say where packages come from and how to get there; the others would
change what is chosen."""


_OTHER_INDEXES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
    *("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
)


class Target(msgspec.Struct, frozen=True):
    """What packages are chosen for: a Python, and a platform in uv's words."""

    python: str
    platform: str
    macos: str | None = None
    """The release of macOS that wheels may need at most, ``15``."""


class Uv:
    """The uv that came with dlsetup, or else the one on PATH.

    ``offline`` lets it use nothing but its cache. Every method raises OutsideError:
    ``program-not-found`` without uv, ``index-unreachable`` (as said.SilentIndexError),
    ``not-in-cache``, ``disk-full``, ``uv-failed`` for the rest.
    """

    def __init__(self, settings: Settings, *, offline: bool = False) -> None:
        self.settings = settings
        self.offline = offline or os.environ.get("UV_OFFLINE", "").lower() in {"1", "true", "yes"}

    def platforms(self) -> tuple[str, ...]:
        """The platforms it can choose packages for: ``x86_64-manylinux_2_28`` and so on."""
        text = self._run([*_COMPILE, "--help"], os.environ, 60).stdout
        found = re.search(r"--python-platform.*?\[possible values: ([^]]*)\]", text, re.DOTALL)
        return tuple(re.split(r",\s*", found[1])) if found else ()

    def default_index(self) -> str | None:
        """The default index that is built into uv, as its help names it."""
        text = self._run([*_COMPILE, "--help"], os.environ, 60).stdout
        found = re.search(r"by default: <?(https?://[^\s>\]]+)", text)
        return found[1] if found else None

    def only_index(self) -> str | None:
        """The default index that is built into uv; None where its settings name others."""
        return None if any(map(os.environ.get, _OTHER_INDEXES)) else self.default_index()

    def compile(self, requirements: Sequence[str], sources: Sources, target: Target) -> str:
        """Choose every package for some requirements; the text of a ``pylock.toml``.

        Raises said.RefusedByUvError when they cannot go together.
        """
        options = [
            *("--format", "pylock.toml", "--no-header", "--quiet"),
            *("--python", sys.executable, "--no-python-downloads"),
            *("--python-version", target.python, "--python-platform", target.platform),
        ]
        with self._folder(sources, requirements) as (folder, settings):
            words = [*_COMPILE, "--directory", str(folder), *options, "pyproject.toml"]
            system = {"MACOSX_DEPLOYMENT_TARGET": target.macos} if target.macos else {}
            return self._checked(words, {**_PATIENCE, **settings, **system})

    def make_environment(self, place: Path, python: str) -> None:
        """Make an empty environment, with a Python of that minor release, where there is none.

        uv fetches the interpreter if this machine has none.
        """
        with self._folder(Sources()) as (folder, settings):
            words = ["venv", "--directory", str(folder), "--no-project", "--python", python]
            self._checked([*words, str(place.absolute())], settings)

    def sync(self, environment: Path, lock: Path, sources: Sources) -> None:
        """Make an environment hold what a ``pylock.toml`` lists, and nothing else.

        Every file is held against its hash. ``sources`` are those the lock was made with: they
        say as whom files are asked for.
        """
        python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        with self._folder(sources) as (folder, settings):
            words = ["pip", "sync", "--directory", str(folder)]
            self._checked(
                [*words, "--python", str(python.absolute()), str(lock.absolute())], settings
            )

    def install_python(self, python: str, archives: Path, folder: Path | None = None) -> None:
        """Install one of uv's own builds, held against the hash that uv knows.

        Its archive is taken from the folder ``archives``, and kept there where it was fetched.
        ``folder`` is another place than uv's own.
        """
        place = ("--install-dir", str(folder.absolute())) if folder else ()
        with self._folder(Sources()) as (empty, settings):
            words = ["python", "install", "--no-bin", "--directory", str(empty), *place, python]
            self._checked(words, {**settings, "UV_PYTHON_CACHE_DIR": str(archives.absolute())})

    @contextmanager
    def _folder(
        self, sources: Sources, requirements: Sequence[str] = ()
    ) -> Iterator[tuple[Path, dict[str, str]]]:
        """A folder that says where packages come from, and the variables that go with it."""
        with tempfile.TemporaryDirectory(prefix="dlsetup-") as name:
            folder = Path(name)
            project = sources.project(requirements)
            (folder / "pyproject.toml").write_text(project, encoding="utf-8")
            found = {**self.settings.proxies, **sources.variables()}
            if bundle := self.settings.certificates():
                (folder / "ca.pem").write_bytes(bundle)
                found["SSL_CERT_FILE"] = str(folder / "ca.pem")
            yield folder, found

    def _checked(self, words: Sequence[str], more: Mapping[str, str]) -> str:
        """Run, and turn every end but a good one into an error."""
        env = {**_UNLESS_SET, **_environment(), **_OURS}
        env |= {name: text for name, text in more.items() if name not in env or name in _ALWAYS}
        offline = ("--offline",) if self.offline else ()
        done = self._run([*words, *offline], env, _LONGEST_S)
        if done.returncode:
            raise said.error(done.stderr or done.stdout, self.settings)
        return done.stdout

    def _run(
        self, words: Sequence[str], env: Mapping[str, str], timeout: float
    ) -> process.Completed:
        return process.run([program(), *words], timeout=timeout, env=env)


_COMPILE = ("pip", "compile")
_ALWAYS = {"SSL_CERT_FILE", "MACOSX_DEPLOYMENT_TARGET"}
"""What holds the environment's value already, and what is no business of this machine's."""


def program() -> str:
    """Where uv is. Raises OutsideError ``program-not-found``."""
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise OutsideError(
            "program-not-found",
            "uv was not found: it chooses and installs the packages.",
            hint="Install it beside dlsetup (pip install uv), or put it on PATH.",
        )
    return found


def _environment() -> dict[str, str]:
    """Return our environment without what would lead packages astray."""
    lost = {"VIRTUAL_ENV", "CONDA_PREFIX"}
    return {
        name: text
        for name, text in os.environ.items()
        if name not in lost and (not name.startswith("UV_") or _KEPT.fullmatch(name))
    }
