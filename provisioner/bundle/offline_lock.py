"""The lock as an installer without network takes it: one wheel for each package, by its path."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.bundle.manifest import WHEELS, Carried
from provisioner.lock.pylock import Document


def offline_lock(document: Document, wheels: Sequence[Carried], folder: str = WHEELS) -> Document:
    """Return the packages of a lock, each as the wheel that is carried, below ``folder``."""
    carried = {str(file.package): file for file in wheels}
    packages = []
    for package in document.packages:
        file = carried[str(package["name"])]
        name = file.path.removeprefix(WHEELS)
        kept = {key: package[key] for key in ("name", "version", "marker") if key in package}
        wheel = {"name": name, "path": folder + name, "hashes": {"sha256": file.sha256}}
        packages.append({**kept, "wheels": [wheel]})
    return Document(tuple(packages))
