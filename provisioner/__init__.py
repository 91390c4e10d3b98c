"""dlsetup: from a machine to a deep-learning environment that is proved to work."""

from __future__ import annotations

__version__ = "0.1.0"
