"""``python -m provisioner`` is the same as the command ``dlsetup``."""

from __future__ import annotations

from provisioner.cli.main import main

if __name__ == "__main__":
    main(prog_name="dlsetup")
