"""Does what people already have fit a machine? Scripts, Dockerfiles, environments → findings.

A file is read into plain statements (``readers``), and rules ask the catalog and the resolver the
same questions about them as a plan answers. Nothing of a file is run.
"""

from __future__ import annotations

from provisioner.check.judge import Checked, check
from provisioner.check.kinds import read, side_by_side

__all__ = ["Checked", "check", "read", "side_by_side"]
