"""The environments that ``up`` makes: found, made whole or not at all, proved, removed.

Each is a folder ``NAME`` with a pointer, a journal and numbered generations::

    NAME/environment.json     the pointer: which generation counts, and which one is kept
    NAME/journal.jsonl        what was done to it, line by line
    NAME/3/                   a virtual environment, with plan.json and pylock.toml beside its bin
    NAME/3/generation.json    what was true of it when it was made: written last, once it is proved

Whatever happens at whatever moment, the pointer leads to a generation that is whole. One without
``generation.json`` is half made, and the next run removes it: a package that uv was installing
when it was killed has its metadata already and lacks files, so that nothing can be gone on with
but the lock, and what uv's cache holds by then. Whoever makes, changes or removes anything holds
the folder (``hold``); who only reads does not wait.

Generations rather than ``uv venv --relocatable``: what packages install (scripts of pip, files of
pkg-config, compiled caches) holds the path it was installed to, so an environment is made where it
will stay, under a number that nothing names before it is proved.
"""

from __future__ import annotations
