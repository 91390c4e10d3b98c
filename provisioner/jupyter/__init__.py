"""Jupyter and environments: an environment as a kernel, and JupyterLab of one as a service.

Both lead through ``dlsetup env …``, never to a generation's own interpreter, so that an upgrade or
a rollback needs nothing rewritten. What is written bears a mark, and what bears none is not ours.
"""

from __future__ import annotations
