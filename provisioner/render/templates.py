"""The templates: loops and plain ifs over words that were quoted here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from provisioner import resources, toml
from provisioner.render import quoting

if TYPE_CHECKING:
    from jinja2 import Environment


def fill(template: str, /, **values: object) -> str:
    """Return a template filled in; a value that is missing is an error, never an empty text."""
    return (
        _environment(resources.templates()).get_template(template).render(**values).rstrip("\n")
        + "\n"
    )


@cache
def _environment(folder: Path) -> Environment:
    """What reads the templates of a folder, once: each is compiled when it is first filled in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; every value goes through a filter below
        # Bash writes ${#array[@]}, which would open one of Jinja's own comments.
        comment_start_string="{##",
        comment_end_string="##}",
    )
    environment.filters.update(
        sh=quoting.sh,
        words=quoting.words,
        comment=quoting.comment,
        quoted=quoting.quoted,
        label=quoting.label,
        required=quoting.required,
        toml=toml.value,
        toml_key=toml.key,
        literal=quoting.literal,
        plain=quoting.plain,
    )
    return environment
