"""Live symptoms: what this machine, and one of its environments, shows without being root.

Every probe says what it saw in lines, in the words that programs would use; so a machine and a
pasted report are judged by the same rows. Probes change nothing and end in bounded time.
"""

from __future__ import annotations

from provisioner.doctor.live.looking import Look, look

__all__ = ["Look", "look"]
