"""Bundles: an environment in one file that installs without any network.

A tar file of plain files, everything in it under the environment's name::

    demo/manifest.json        what there is: sizes and hashes, and what the target must have
    demo/plan.json            the plan, with nothing in it of the machine but what it relies on
    demo/pylock.toml          the lock, as it was
    demo/pylock.offline.toml  the same packages, each as the one file that lies in wheels/
    demo/install.sh, demo/uv  what installs it where dlsetup is not
    demo/wheels/*.whl

What the lock lists as a wheel is the very file, held against its hash. What was built from source
is packed again from the environment, so that it is what was proved.
"""

from __future__ import annotations
