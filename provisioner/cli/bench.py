"""``dlsetup bench`` and ``dlsetup bench compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from provisioner import benching
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings

_COMPARE = "compare"


class Bench(click.Command):
    """``bench``, whose first word may be an environment's name, or ``compare``."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Hand over to ``compare`` where that is the first word; ``--`` before it makes a name."""
        if args[:1] == [_COMPARE]:
            return _compare.make_context(f"{info_name} {_COMPARE}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    "bench",
    cls=Bench,
    epilog="Examples: dlsetup bench; dlsetup bench demo --json > before.json; "
    "dlsetup bench compare before.json after.json",
)
@click.argument("name", required=False)
@options.as_json
def command(*, name: str | None, as_json: bool) -> None:
    """Measure this machine in up to a minute: processor, memory, disk and GPUs.

    With the NAME of an environment also its frameworks at work: matrix products in each precision
    of each GPU, and a small training step. Several runs each, with their spread; what the catalog
    lets one expect stands beside it, and a card that is throttled or badly linked is told.

    'dlsetup bench compare A.json B.json' sets two runs side by side. An environment that is called
    compare is measured by: dlsetup bench -- compare

    On a real GPU this is untried: it was tested with stand-ins for NVIDIA's libraries only.
    """
    from provisioner.cli.progress import watching

    with watching(name) as tell:  # whoever ends this, the programs that it started end with it
        found, warnings = benching.bench(name, tell)
    if as_json:
        from msgspec.structs import asdict

        show_json("bench", asdict(found), warnings)
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_bench import benchmark_blocks

    show(benchmark_blocks(found))
    show_warnings(warnings)


@click.command(_COMPARE, epilog="Example: dlsetup bench compare before.json after.json")
@click.argument("before", type=click.Path(path_type=Path), metavar="A.json")
@click.argument("after", type=click.Path(path_type=Path), metavar="B.json")
@options.as_json
def _compare(*, before: Path, after: Path, as_json: bool) -> None:
    """Set two runs of 'dlsetup bench --json' side by side, the greatest loss first.

    The ratio is B/A. A measure differs where no run of one was as fast as any run of the other;
    else the difference lies within the spread of the runs, which is that of one minute: another
    program, or a warmer day, makes differences too.
    """
    from provisioner.bench.compare import compared, doubts, read

    first, second = read(before), read(after)
    found = compared(first, second)
    warnings = doubts({str(before): first, str(after): second})
    if as_json:
        from msgspec.structs import asdict

        show_json("bench compare", asdict(found), warnings)
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_bench import comparison_blocks

    show(comparison_blocks(found, str(before), str(after)))
    show_warnings(warnings)
