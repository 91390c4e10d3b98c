"""``python -m provisioner`` is the same as the command ``dlsetup``."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command; Ctrl-C while it is still being loaded is no traceback either."""
    try:
        from provisioner.cli.main import main
    except KeyboardInterrupt:
        sys.exit(130)
    main(prog_name="dlsetup")


if __name__ == "__main__":
    run()
