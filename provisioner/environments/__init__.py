"""The environments that ``up`` makes: found, made whole or not at all, proved, removed.

Each is a folder ``NAME`` with a record and numbered generations::

    NAME/environment.json   the record: written last, it names the generation that counts
    NAME/3/                 a virtual environment, with plan.json and pylock.toml beside its bin

Generations rather than ``uv venv --relocatable``: what packages install (scripts of pip, files of
pkg-config, compiled caches) holds the path it was installed to, so an environment is made where it
will stay, under a number that nothing names before it is proved.
"""

from __future__ import annotations
