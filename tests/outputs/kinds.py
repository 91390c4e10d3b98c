"""What kind of text each rendered file is, by its name: that decides who reads and lints it."""

from __future__ import annotations

from fnmatch import fnmatch

KINDS = (
    ("Dockerfile*", "dockerfile"),
    ("*.Dockerfile", "dockerfile"),
    ("*.sh", "shell"),
    ("compose.yaml", "compose"),
    ("devcontainer.json", "devcontainer"),
    ("user-data*", "cloud-config"),
    ("cloud-init*", "cloud-config"),
    ("*.yml", "yaml"),
    ("*.yaml", "yaml"),
    ("*.toml", "toml"),
    ("CMakePresets.json", "json"),
    ("settings.json", "jsonc"),
    ("c_cpp_properties.json", "jsonc"),
    (".clangd", "yaml"),
    ("*.def", "apptainer"),
    ("*requirements*.txt", "requirements"),
    (".dockerignore", "patterns"),
)
"""Patterns of names, the first that fits counts."""


def kind_of(path: str) -> str:
    """Return the kind of a file. Raises LookupError for one that no proof is made for."""
    name = path.rpartition("/")[2]
    for pattern, kind in KINDS:
        if fnmatch(name, pattern):
            return kind
    raise LookupError(f"no proof for files such as {path}")
