"""Runs a program that ends with whoever asked for it, SIGKILL and all: ``leash.py PROGRAM …``.

Standard input is the leash: a pipe whose other end only the asker holds. When that end is closed
because the asker is gone, the program ends, and with it everything it started in its process
group. A program of its own and no ``preexec_fn``: that must not meet threads; and no parent-death
signal: that knows neither the program's own children nor other systems than Linux.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
from typing import NoReturn

_NOT_RUNNABLE = 126


def main(argv: list[str]) -> NoReturn:
    """Run a program; its exit code, or the signal that ended it, becomes this one's."""
    child = os.fork()
    if child == 0:
        _become(argv)
    _thread.start_new_thread(_end_all_with, (sys.stdin.fileno(),))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        _end_by(-code)
    os._exit(code)


def _become(argv: list[str]) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    # Python ignores this one, and what is ignored stays so across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - that no shell is between is the point
    except OSError as error:
        os.write(2, f"{argv[0]} cannot be run: {error.strerror}\n".encode())
        os._exit(_NOT_RUNNABLE)


def _end_all_with(leash: int) -> None:
    while os.read(leash, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _end_by(number: int) -> None:
    import resource

    # The program has dumped its core already, where that is wanted.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main(sys.argv[1:])
