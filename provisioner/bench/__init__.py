"""How fast a machine is, in up to a minute: processor, memory, disk, GPUs, frameworks at work.

Each part measures several runs after a warm-up and gives their median and spread. Whatever talks
to a driver does so in a process of its own, with a time limit: a bad driver takes only that with
it. Rows of the catalog say what to expect; without one there is no verdict.

On a real GPU nothing of this has run yet: it was tried against stand-ins for NVIDIA's libraries.
"""

from __future__ import annotations
