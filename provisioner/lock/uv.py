"""uv: the one place that knows its command line, its settings and how it ends.

Each call works in a folder that nobody else sees, with a ``pyproject.toml`` that says where
packages come from. Secrets reach uv through its environment, never through a file or its words.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from provisioner import process, scratch
from provisioner.errors import DlsetupError, OutsideError
from provisioner.lock import said
from provisioner.lock.fetching import Fetching, Weight
from provisioner.lock.leftovers import sweep
from provisioner.lock.sources import Sources
from provisioner.progress import SILENT, Progress
from provisioner.settings import Settings

_SWEEPING_S = 3.0
"""So long a uv that was killed may take to be gone."""
_QUIET_S = 600.0
"""uv that neither speaks nor computes for so long hangs; how long all of it may take depends on
how fast the line is, and uv itself gives a silent server up."""
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

    ``offline`` lets it use nothing but its cache. ``tell`` hears what it says, and how much it has
    fetched: of so much where ``weights`` says what the packages weigh that its cache lacks.
    Every method raises OutsideError:
    ``program-not-found`` without uv, ``index-unreachable`` (as said.SilentIndexError),
    ``not-in-cache``, ``disk-full``, ``uv-failed`` for the rest.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        offline: bool = False,
        tell: Progress = SILENT,
        weights: Mapping[str, Weight] | None = None,
    ) -> None:
        self.settings = settings
        self.tell = tell
        self.weights = weights or {}
        self.offline = offline or os.environ.get("UV_OFFLINE", "").lower() in {"1", "true", "yes"}

    def platforms(self) -> tuple[str, ...]:
        """The platforms it can choose packages for: ``x86_64-manylinux_2_28`` and so on."""
        text = self._help()
        found = re.search(r"--python-platform.*?\[possible values: ([^]]*)\]", text, re.DOTALL)
        return tuple(re.split(r",\s*", found[1])) if found else ()

    def default_index(self) -> str | None:
        """The default index that is built into uv, as its help names it."""
        text = self._help()
        found = re.search(r"by default: <?(https?://[^\s>\]]+)", text)
        return found[1] if found else None

    def _help(self) -> str:
        return process.run([program(), *_COMPILE, "--help"], timeout=60).stdout

    def only_index(self) -> str | None:
        """The default index that is built into uv; None where its settings name others."""
        return None if any(map(os.environ.get, _OTHER_INDEXES)) else self.default_index()

    def compile(self, requirements: Sequence[str], sources: Sources, target: Target) -> str:
        """Choose every package for some requirements; the text of a ``pylock.toml``.

        Raises said.RefusedByUvError when they cannot go together.
        """
        options = ["--format", "pylock.toml", "--no-header", "--quiet", *_for(target)]
        with self._folder(sources, requirements) as (folder, settings):
            words = [*_COMPILE, "--directory", str(folder), *options, "pyproject.toml"]
            system = {"MACOSX_DEPLOYMENT_TARGET": target.macos} if target.macos else {}
            with _swept(self.cache()):
                return self._checked(words, {**_PATIENCE, **settings, **system}).stdout

    def make_environment(self, place: Path, python: str, *, managed: bool = False) -> None:
        """Make an empty environment where there is none, with the Python at that path.

        ``managed`` takes one of uv's own builds, of that minor release, and fetches it if need be.
        """
        with self._folder(Sources()) as (folder, settings):
            words = ["venv", "--directory", str(folder), "--no-project", "--python", python]
            words += ["--managed-python"] if managed else ["--no-python-downloads"]
            self._checked([*words, str(place.absolute())], settings, Fetching(self.tell))

    def sync(self, environment: Path, lock: Path, sources: Sources) -> None:
        """Make an environment hold what a ``pylock.toml`` lists, and nothing else.

        Every file is held against its hash; what a run that was ended left half unpacked in uv's
        cache is taken away. ``sources`` are those the lock was made with: they
        say as whom files are asked for.
        """
        python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        with self._folder(sources) as (folder, settings):
            words = [*_SYNC, "--directory", str(folder), "--python", str(python.absolute())]
            heard = Fetching(self.tell, self.weights)
            cache = self.cache()
            sweep(cache)
            with _swept(cache, always=True):
                self._checked([*words, str(lock.absolute())], settings, heard)

    def lacking(self, lock: str, target: Target, sources: Sources) -> frozenset[str] | None:
        """The packages of a lock's text that would have to be fetched; nothing is fetched here.

        None where uv does not say it in words that are understood.
        """
        # It is not this Python that they are for, and uv would say so instead of an answer.
        text = re.sub(r"^requires-python = .*\n", "", lock, count=1, flags=re.MULTILINE)
        with self._folder(sources) as (folder, settings):
            (folder / "pylock.toml").write_text(text, encoding="utf-8")
            words = [*_SYNC, "--dry-run", "--verbose", "--target", str(folder / "none")]
            words += ["--directory", str(folder), *_for(target), "pylock.toml"]
            try:
                told = self._checked(words, settings).stderr
            except DlsetupError:
                return None
        found = frozenset(re.findall(r"Identified uncached distribution: ([\w.-]+)", told))
        count = re.search(r"^Would download (\d+) package", told, re.MULTILINE)
        return found if len(found) == (int(count[1]) if count else 0) else None

    def cache(self) -> Path:
        """The folder of its cache."""
        done = self._checked(["cache", "dir"], {})
        return Path(done.stdout.strip())

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
        try:
            with scratch.folder() as folder:
                project = sources.project(requirements)
                (folder / "pyproject.toml").write_text(project, encoding="utf-8")
                found = {**self.settings.proxies, **sources.variables()}
                if bundle := self.settings.certificates():
                    (folder / "ca.pem").write_bytes(bundle)
                    found["SSL_CERT_FILE"] = str(folder / "ca.pem")
                yield folder, found
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            where = error.filename or tempfile.gettempdir()
            raise said.error(f"{where}: {error.strerror}", self.settings) from error

    def _checked(
        self, words: Sequence[str], more: Mapping[str, str], heard: Fetching | None = None
    ) -> process.Completed:
        """Run, and turn every end but a good one into an error."""
        env = {**_UNLESS_SET, **_environment(), **_OURS}
        env |= {name: text for name, text in more.items() if name not in env or name in _ALWAYS}
        argv = [program(), *words, *(("--offline",) if self.offline else ())]
        self.tell.line(f"$ {shlex.join(argv)}")
        # What it answers with is not for the log; what it fails with is.
        hears = heard or Fetching(SILENT)
        done = process.watched(
            argv, quiet_limit=_QUIET_S, hear=hears.hear, beat=hears.beat, env=env
        )
        if done.returncode:
            for line in done.stderr.splitlines() if heard is None else ():
                self.tell.line(line)
            raise said.error(done.stderr or done.stdout, self.settings)
        return done


_COMPILE = ("pip", "compile")
_SYNC = ("pip", "sync")
_ALWAYS = {"SSL_CERT_FILE", "MACOSX_DEPLOYMENT_TARGET"}
"""What holds the environment's value already, and what is no business of this machine's."""


def _for(target: Target) -> tuple[str, ...]:
    """Options by which uv works for a target; a Python that runs is only there to be asked."""
    return (
        *("--python", sys.executable, "--no-python-downloads"),
        *("--python-version", target.python, "--python-platform", target.platform),
    )


@contextmanager
def _swept(cache: Path, *, always: bool = False) -> Iterator[None]:
    """Where somebody ends uv before it is done, what it had half unpacked goes too.

    ``always``: also where it fails by itself.
    """
    try:
        yield
    except DlsetupError:
        if always:
            sweep(cache)
        raise
    except BaseException:
        sweep(cache, _SWEEPING_S)
        raise


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
