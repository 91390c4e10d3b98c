"""The one door to other programs: run one, within a time limit, and get its words back.

Everything that starts a program goes through ``run`` or, where it takes long, ``watched``: the
locale is C so that output can be read by a parser, the program has no terminal and no standard
input, it dies with its whole process group when its time is over, and what it prints is bounded
and always decodes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import msgspec

from provisioner.errors import OutsideError
from provisioner.process_signs import Lines, Quiet, Stop, TimeLimit, written

if TYPE_CHECKING:
    import subprocess

OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024
_GRACE_S = 1.0
_POLL_S, _BEAT_S = 0.2, 0.25


stop = Stop()
"""Which signals end what is going on: whoever runs programs for long tells it which."""


class Completed(msgspec.Struct, frozen=True):
    """What a program left behind; a negative ``returncode`` is the signal that ended it."""

    returncode: int
    stdout: str
    stderr: str


class Attended(msgspec.Struct, frozen=True):
    """How a program ended that had the terminal, and whether it was to stop before."""

    returncode: int
    interrupted: bool


class ProgramTimedOutError(OutsideError):
    """The program was still running at its time limit and has been killed."""

    def __init__(
        self, argv: Sequence[str], timeout: float, partial: Completed, *, quietly: bool = False
    ) -> None:
        did = "neither said nor did anything for" if quietly else "did not finish within"
        super().__init__(
            "program-timed-out",
            f"{argv[0]} {did} {timeout:g} seconds.",
            context=(f"command  {' '.join(argv)}",),
            hint="Run the command by hand to see what it waits for.",
        )
        self.partial = partial


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    output_limit: int = OUTPUT_LIMIT_BYTES,
    leashed: bool = False,
) -> Completed:
    """Run ``argv`` without a shell and wait at most ``timeout`` seconds.

    ``env`` replaces the environment (None: this one); the locale is C in both cases. Of each
    stream the first ``output_limit`` bytes are kept. A status other than 0 is no error here.
    A program that is ``leashed`` ends with this process even when that is killed by SIGKILL, and
    whatever it started ends too: for what writes, or takes long.

    Raises OutsideError ``program-not-found`` or ``program-not-runnable``, and ProgramTimedOutError
    (``program-timed-out``) after the whole process group was killed.
    """
    process = _start(argv, env, leashed=leashed)
    streams = _Streams(output_limit)
    if _to_its_end(process, streams, TimeLimit(timeout)):
        return streams.completed(process.returncode)
    raise ProgramTimedOutError(argv, timeout, streams.completed(-9))


def watched(
    argv: Sequence[str],
    *,
    quiet_limit: float,
    hear: Callable[[str], None],
    beat: Callable[[int | None], None] = lambda _: None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run ``argv`` on a leash, however long it takes, as long as it shows signs of life.

    ``hear`` is called with each line of either stream as soon as it ends, ``beat`` a few times a
    second with the bytes that the program has written so far (None where the system does not
    tell). Both are called from here, between two looks: no thread is started. What they raise
    ends the program.

    Raises as ``run`` does; ProgramTimedOutError after ``quiet_limit`` seconds in which the program
    said nothing, and neither it nor a child used the processor. Where the system does not say so
    much (it is no Linux), there is no limit.
    """
    process = _start(argv, env, leashed=True)
    streams = _Streams(OUTPUT_LIMIT_BYTES, hear, lambda: beat(written(process.pid)))
    if _to_its_end(process, streams, Quiet(process.pid, quiet_limit)):
        return streams.completed(process.returncode)
    raise ProgramTimedOutError(argv, quiet_limit, streams.completed(-9), quietly=True)


def _to_its_end(
    process: subprocess.Popen[bytes], streams: _Streams, limit: TimeLimit | Quiet
) -> bool:
    """Collect what a process says until it has ended; False where it was killed at its limit."""
    _running.add(process)
    try:
        return streams.collect(process, limit)
    finally:
        # Also on Ctrl-C: the program sits in a session of its own and would not hear of it.
        if process.returncode is None:
            _kill(process)
        _running.discard(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def attended(
    argv: Sequence[str],
    *,
    log: Path,
    hear: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    keep: Sequence[int] = (),
) -> Attended:
    """Run a program at this terminal, where sudo may ask, and wait for its end.

    Both its streams go into the file ``log``, from which ``hear`` gets each line: the program
    lives on when this process is killed, as the work of a package manager must. After Ctrl-C it
    may still come to its end; the second one raises KeyboardInterrupt. It holds on to the file
    handles ``keep`` until its end.

    Raises OSError for a log that cannot be written, and OutsideError as ``run`` does.
    """
    import subprocess

    with log.open("wb") as sink, log.open("rb") as source:
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=c_locale(env),
                pass_fds=tuple(keep),
            )
        except (OSError, ValueError) as problem:
            raise _not_started(argv, problem) from problem
        interrupted = False
        try:
            _heard_to_its_end(process, source, hear)
        except KeyboardInterrupt:
            interrupted = True
            stop.look()  # heard: whoever looks next must not hear of it again
            # From a terminal it has heard of that itself; from elsewhere nobody told it.
            process.terminate()
            _heard_to_its_end(process, source, hear)
        return Attended(process.returncode, interrupted)


def _heard_to_its_end(
    process: subprocess.Popen[bytes], source: BinaryIO, hear: Callable[[str], None]
) -> None:
    lines = Lines(hear)
    while not _ends_before(process, time.monotonic() + _POLL_S):
        stop.look()
        if chunk := source.read():
            lines.feed(chunk)
    lines.feed(source.read())
    lines.feed(b"")


def become(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Let a program take this process's place: its terminal, its signals, its exit code.

    It is looked for on the PATH of ``env``. Raises OutsideError ``program-not-found`` or
    ``program-not-runnable``.
    """
    import signal

    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores this one, and what is ignored stays so across exec.
    was = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - that no shell is between is the point
    except (OSError, ValueError) as problem:
        raise _not_started(argv, problem) from problem
    finally:
        signal.signal(signal.SIGPIPE, was)


def c_locale(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """``env`` (None: this process's environment) with messages in plain C English, not folded."""
    kept = dict(os.environ if env is None else env)
    for name in [name for name in kept if name.startswith(("LANGUAGE", "LC_", "COLUMNS"))]:
        del kept[name]
    return {**kept, "LC_ALL": "C", "LANG": "C"}


def _start(
    argv: Sequence[str], env: Mapping[str, str] | None, *, leashed: bool
) -> subprocess.Popen[bytes]:
    import subprocess

    leashed = leashed and sys.platform != "win32"
    try:
        return subprocess.Popen(
            _leashed(argv, env) if leashed else list(argv),
            stdin=subprocess.PIPE if leashed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=c_locale(env),
            start_new_session=sys.platform != "win32",
        )
    except (OSError, ValueError) as problem:
        raise _not_started(argv, problem) from problem


def _leashed(argv: Sequence[str], env: Mapping[str, str] | None) -> list[str]:
    """The words that run a program on a leash; see ``provisioner.leash``."""
    import errno
    import shutil

    path = (os.environ if env is None else env).get("PATH")
    if shutil.which(argv[0], path=path) is None:
        missing = errno.EACCES if os.path.exists(argv[0]) else errno.ENOENT
        raise OSError(missing, os.strerror(missing))
    leash = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leash.py")
    return [sys.executable, "-I", "-S", leash, *argv]


def _not_started(argv: Sequence[str], problem: OSError | ValueError) -> OutsideError:
    told = (f"command  {' '.join(argv)}",)
    if isinstance(problem, FileNotFoundError):
        return OutsideError(
            "program-not-found",
            f"{argv[0]} was not found.",
            context=told,
            hint=f"Install {os.path.basename(argv[0])} or put it on PATH.",
        )
    return OutsideError(
        "program-not-runnable",
        f"{argv[0]} cannot be run: {getattr(problem, 'strerror', None) or problem}.",
        context=told,
        hint="Check that the file is a program for this machine and may be executed.",
    )


class _Streams:
    """Both output streams of one process, read side by side so that neither can block it."""

    def __init__(
        self,
        limit: int,
        hear: Callable[[str], None] = lambda _: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._limit = limit
        self._beat = beat
        self._out = bytearray()
        self._err = bytearray()
        self._lines = {id(self._out): Lines(hear), id(self._err): Lines(hear)}

    def completed(self, returncode: int) -> Completed:
        return Completed(
            returncode,
            self._out.decode("utf-8", "replace"),
            self._err.decode("utf-8", "replace"),
        )

    def collect(self, process: subprocess.Popen[bytes], limit: TimeLimit | Quiet) -> bool:
        """Read until the process has ended; False when the limit came first."""
        if sys.platform == "win32":
            return self._collect_on_windows(process, limit)
        import selectors

        with selectors.DefaultSelector() as selector:
            for stream, kept in ((process.stdout, self._out), (process.stderr, self._err)):
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, kept)
            next_beat = 0.0
            while selector.get_map():
                left = limit.left()
                if left <= 0:
                    return False
                stop.look()
                next_beat = self._beaten(next_beat)
                # Asked before the look: all that it said is in the pipes by then, however late
                # this process, which may be stopped and go on, comes to read it.
                ended = process.poll() is not None
                ready = selector.select(0 if ended else min(left, _POLL_S))
                # A grandchild may hold the pipes open long after the program itself has ended.
                if ended and not ready:
                    break
                for key, _ in ready:
                    limit.stirred()
                    if not self._keep(os.read(key.fd, 65536), key.data):
                        selector.unregister(key.fileobj)
        return _ends_within(process, limit)

    def _beaten(self, due: float) -> float:
        """Beat where that is due; return when it will be again."""
        if time.monotonic() < due:
            return due
        self._beat()
        return time.monotonic() + _BEAT_S

    def _keep(self, chunk: bytes, kept: bytearray) -> bool:
        kept += chunk[: max(0, self._limit - len(kept))]
        self._lines[id(kept)].feed(chunk)
        return bool(chunk)

    def _collect_on_windows(
        self, process: subprocess.Popen[bytes], limit: TimeLimit | Quiet
    ) -> bool:
        import subprocess

        try:
            out, err = process.communicate(timeout=limit.left())
        except subprocess.TimeoutExpired:
            return False
        self._keep(out, self._out)
        self._keep(err, self._err)
        return True


def _ends_within(process: subprocess.Popen[bytes], limit: TimeLimit | Quiet) -> bool:
    while not _ends_before(process, time.monotonic() + min(limit.left(), _POLL_S)):
        if limit.left() <= 0:
            return False
    return True


def _ends_before(process: subprocess.Popen[bytes], deadline: float) -> bool:
    import subprocess

    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process group; a process stuck in the kernel is left behind, not waited for."""
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, 9)
    except (ProcessLookupError, PermissionError):
        pass
    _ends_before(process, time.monotonic() + _GRACE_S)


class _Running:
    """The processes now running, ended when the interpreter leaves before they do."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._registered = False

    def add(self, process: subprocess.Popen[bytes]) -> None:
        if not self._registered:
            import atexit

            atexit.register(self._end)
            self._registered = True
        self._processes.add(process)

    def discard(self, process: subprocess.Popen[bytes]) -> None:
        self._processes.discard(process)

    def _end(self) -> None:
        for process in tuple(self._processes):
            if process.returncode is None:
                _kill(process)


_running = _Running()
