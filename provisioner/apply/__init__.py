"""What a plan asks of the system: done as root by a script, recorded, and taken back.

An environment needs no root. Where the driver has to be installed, the very steps of the rendered
script are run, and what they changed is what the package manager says before and after them.
"""

from __future__ import annotations
