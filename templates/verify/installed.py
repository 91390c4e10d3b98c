"""What this Python is and what is installed for it, as one line of JSON.

With a word, a time in seconds since 1970, files written since are held against the sizes recorded.
"""

import csv
import io
import json
import os
import platform
import sys

TOLD = 3


def headers(path):
    found = {}
    with io.open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, colon, text = line.partition(":")
            if not line.strip() or not colon:
                break
            found.setdefault(name.lower(), text.strip())
    return found


def recorded(site, folder):
    """Each file of a package with its size, None where the record does not say."""
    path = os.path.join(site, folder, "RECORD")
    if not os.path.isfile(path):
        return {}
    with io.open(path, encoding="utf-8", errors="replace", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row and not row[0].endswith(".pyc")]
    sizes = {row[0]: int(row[2]) if len(row) > 2 and row[2].isdigit() else None for row in rows}
    return {os.path.normpath(os.path.join(site, name)): size for name, size in sizes.items()}


def packages(site):
    for folder in sorted(os.listdir(site)):
        stem, kind = os.path.splitext(folder)
        about = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}.get(kind)
        path = os.path.join(site, folder, about or "")
        if about is None or not os.path.isdir(os.path.join(site, folder)):
            continue
        said = headers(path) if os.path.isfile(path) else {}
        name, _, version = stem.partition("-")
        package = {"name": said.get("name", name), "version": said.get("version", version)}
        yield package, recorded(site, folder)


made_at = float(sys.argv[1]) if len(sys.argv) > 1 else None
found = []
for site in dict.fromkeys(path for path in sys.path if os.path.isdir(path)):
    found.extend(packages(site))
claims = {}
for _, files in found:
    for path in files:
        claims[path] = claims.get(path, 0) + 1
for package, files in found:
    missing = [path for path in files if not os.path.lexists(path)]
    # A file that two packages write has the size of whichever came last; and publishers change
    # files after the record was written: what counts is what was written since.
    sized = [
        path
        for path, size in files.items()
        if made_at is not None and size is not None and claims[path] == 1 and os.path.isfile(path)
        if not os.path.dirname(path).endswith(".dist-info")
    ]
    changed = [
        path
        for path in sized
        if os.path.getsize(path) != files[path] and os.path.getmtime(path) > made_at
    ]
    package["missing"], package["changed"] = missing[:TOLD], changed[:TOLD]
    package["files"] = len(files)

version = platform.python_version()
print(
    json.dumps(
        {
            "python": version,
            "packages": [package for package, _ in found],
            "markers": {
                "implementation_name": sys.implementation.name,
                "implementation_version": version,
                "os_name": os.name,
                "platform_machine": platform.machine(),
                "platform_python_implementation": platform.python_implementation(),
                "platform_release": platform.release(),
                "platform_system": platform.system(),
                "platform_version": platform.version(),
                "python_full_version": version,
                "python_version": ".".join(version.split(".")[:2]),
                "sys_platform": sys.platform,
            },
        }
    )
)
