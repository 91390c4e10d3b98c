"""The compatibility matrix in memory: rows, the sheets they lie in, reading and writing them."""

from __future__ import annotations
