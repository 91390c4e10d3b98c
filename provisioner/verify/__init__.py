"""What is seen of an environment that is proved to work: packages, Python, frameworks, GPUs.

The programs lie in ``templates``: those of ``shell/verify`` also stand in rendered scripts and
images, those of ``verify`` look deeper. Each is a check; those of one framework share a process
for as long as all is well.
"""

from __future__ import annotations
