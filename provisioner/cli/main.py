"""The command group: verbs are imported when they are called, errors are shown in one place."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import click

from provisioner import __version__
from provisioner.cli.lazy import LazyGroup
from provisioner.errors import DlsetupError, OutsideError, StoppedError, UsageError

_GROUPS = (["catalog"], ["env"], ["system"])


class Verbs(LazyGroup):
    """The verbs of dlsetup; each lives in a module of its own."""

    package = "provisioner.cli"
    verbs: ClassVar[dict[str, str]] = {
        "detect": "Show what dlsetup knows about this machine.",
        "resolve": "Choose versions that work together on a machine, and say why.",
        "render": "Print a plan as a script, a Dockerfile, a conda environment …",
        "lock": "Write every package of a plan with its hashes to pylock.toml.",
        "up": "Make an environment on this machine, and prove that it works.",
        "env": "Show, use and remove the environments that up made.",
        "system": "Show and take back what up installed as root.",
        "verify": "Prove that an environment still works, on every GPU.",
        "bench": "Measure this machine, and compare two measurements.",
        "catalog": "Read and audit the compatibility matrix.",
        "doctor": "Explain a reference such as driver-too-old.",
        "completion": "Print the completion script of a shell.",
    }

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; a reader that went away is told apart before click makes it exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise NobodyReadsError from error

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and turn every failure into a message and the contract's exit code."""
        argv = extra.get("args") or (args[0] if args else None)
        words = list(sys.argv[1:] if argv is None else argv)
        extra["standalone_mode"] = False
        try:
            _need_an_output()
            with _stoppable(words):
                code = super().main(*args, **extra)
                sys.stdout.flush()
        except (click.Abort, KeyboardInterrupt):
            code = _stopped(words)
        except Exception as error:  # noqa: BLE001 - nothing may reach people as a traceback
            code = _code_of(error, words)
        sys.exit(code if isinstance(code, int) else 0)


class NobodyReadsError(Exception):
    """Standard output was closed by whoever read it."""


def _need_an_output() -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")


def _code_of(error: Exception, words: list[str]) -> int:
    """Say what went wrong, where there is something to say, and return the exit code."""
    match error:
        case click.exceptions.Exit():
            return int(error.exit_code)
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message())
            return 0
        case NobodyReadsError() | BrokenPipeError():
            return _nobody_reads(0)
        case _:
            return _failed(_told(error), words)


def _told(error: Exception) -> DlsetupError:
    """The failure in the form that people and programs are told."""
    match error:
        case DlsetupError():
            return error
        case click.ClickException():
            return _as_usage(error)
        case OSError():
            return _as_outside(error)
        case _ if os.environ.get("DLSETUP_DEBUG"):
            raise error
        case _:
            return _as_internal(error)


@contextlib.contextmanager
def _stoppable(words: list[str]) -> Iterator[None]:
    """What ends a program kindly is as Ctrl-C to a program that waits for its one object."""
    numbers = (signal.SIGTERM, signal.SIGHUP) if "--json" in _own(words) else ()
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _stopped(words: list[str]) -> int:
    """Say nothing to people, who know; a program is owed its one object."""
    from provisioner.cli.output import begun

    error = StoppedError("interrupted", "Stopped.", hint="The same command goes on.")
    if "--json" in _own(words) and not begun.is_set():
        return _failed(error, words)
    return error.exit_code


def _own(words: list[str]) -> list[str]:
    """The words of dlsetup's; what follows ``--`` is another program's."""
    return words[: words.index("--")] if "--" in words else words


def _failed(error: DlsetupError, words: list[str]) -> int:
    from provisioner.cli.output import show_error

    words = _own(words)
    at = next((place for place, word in enumerate(words) if word in Verbs.verbs), len(words))
    two = words[at : at + 1] in _GROUPS or words[at : at + 2] == ["bench", "compare"]
    verb = " ".join(words[at : at + (2 if two else 1)])
    try:
        show_error(error, verb, as_json="--json" in words and sys.stdout is not None)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_reads(error.exit_code)
    except OSError:  # standard output itself is what failed
        if "--json" in words:
            show_error(error, verb, as_json=False)
        return _nobody_reads(error.exit_code)
    return error.exit_code


def _nobody_reads(code: int) -> int:
    """Drop what is still to be written: a reader that went away is no error of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code


def _as_usage(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dlsetup"
    return UsageError(
        "bad-usage", error.format_message(), hint=f"Show the options with: {path} --help"
    )


def _as_outside(error: OSError) -> OutsideError:
    place = f"{error.filename}: " if error.filename else ""
    return OutsideError(
        "cannot-write",
        f"The system refused: {place}{error.strerror or error}.",
        hint="Look at the place, its rights and the free space, and try again.",
    )


def _as_internal(error: Exception) -> OutsideError:
    return OutsideError(
        "internal-error",
        "dlsetup met something it did not foresee. This is a fault of dlsetup.",
        context=(f"{type(error).__name__}: {error}",),
        hint="Run it again with DLSETUP_DEBUG=1 and report what it prints.",
    )


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Try: dlsetup resolve torch --gpu 'RTX 3090' --driver 535.183.01 --os ubuntu-22.04",
)
@click.version_option(__version__, prog_name="dlsetup")
def main() -> None:
    """Take a machine to a deep-learning environment that is proved to work.

    dlsetup knows which driver, CUDA, cuDNN, Python and framework work together on a GPU and an
    operating system, says why, and prints what sets it up.
    """
