"""Texts that people have → statements: one module for each kind of file.

Nothing of a text is ever run. What a reader does not understand it leaves out: what is said of a
file rests only on what was understood.
"""

from __future__ import annotations
