"""conda's environment.yml: channels, conda's packages and the pip section."""

from __future__ import annotations

from provisioner.check.readers import installers, outline
from provisioner.check.said import Part, Place, Statement


def read(text: str) -> tuple[Part, ...]:
    """Return what an environment file asks conda and pip for."""
    found = list(outline.entries(text))
    channels = tuple(one.text for one in found if one.path == ("channels", "-"))
    options = [one.text for one in found if _is_pip(one) and one.text.startswith("-")]
    words = [word for option in options for word in option.split(maxsplit=1)]
    _, origin = installers.origin_of(words)
    said: list[Statement] = []
    for entry in found:
        at = Place(entry.line, entry.text)
        if entry.path == ("dependencies", "-"):
            said += installers.conda_spec(entry.text, at, channels)
        elif _is_pip(entry) and not entry.text.startswith("-"):
            package = installers.required(entry.text, at, origin)
            said += [package] if package else []
    return (Part(inside="environment", statements=tuple(said)),) if said else ()


def _is_pip(entry: outline.Entry) -> bool:
    return entry.path == ("dependencies", "-", "pip", "-")
