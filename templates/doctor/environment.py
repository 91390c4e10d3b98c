"""What an interpreter would import, and from where, as one line of JSON: nothing is imported."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import re
import site
import sys

try:
    from importlib.util import find_spec
except ImportError:  # Python 2 has nothing of this
    find_spec = None

MODULES = ("torch", "tensorflow", "jax", "jaxlib", "numpy", "onnxruntime", "torchvision")
NEEDED = re.compile(r"(numpy|protobuf|torch|jaxlib|tensorflow)(?![\w.-])")
GLIBC = re.compile(r"manylinux_2_(\d+)_")
TAG = re.compile(r"(?m)^Tag: *(\w+)-(\w+)-")
BUILT_FOR = re.compile(r"(?m)^(cuda|hip|xpu)\b[^=\n]*= *(?:None|['\"]([^'\"]+)['\"])")
MOST_COMPILED = 12
LIBRARIES = (
    ("torch", "lib/libtorch_cuda.so"),
    ("torch", "lib/libtorch_cpu.so"),
    ("tensorflow", "libtensorflow_cc.so.2"),
    ("torchvision", "_C.so"),
    ("onnxruntime", "capi/libonnxruntime_providers_cuda.so"),
)


def first(path, limit=1 << 16):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(limit)
    except OSError:
        return ""


def headers(path):
    found, needs = {}, []
    for line in first(path, 1 << 20).splitlines():
        if not line:
            break
        if line[0].isspace():  # a licence has many lines
            continue
        name, _, text = line.partition(":")
        found.setdefault(name.lower(), text.strip())
        if name == "Requires-Dist" and NEEDED.match(text.strip()):
            needs.append(text.strip())
    return found, needs


def glibc(folder):
    asked = [int(minor) for minor in GLIBC.findall(first(os.path.join(folder, "WHEEL")))]
    return "2.%d" % min(asked) if asked else ""


def names_in(place):
    try:
        return sorted(os.listdir(place))
    except OSError:
        return []


def built_for(folder):
    """The release of Python that a compiled wheel is for, 3.11; empty where it fits several."""
    tags = set(TAG.findall(first(os.path.join(folder, "WHEEL"))))
    tag, abi = tags.pop() if len(tags) == 1 else ("", "")
    return "3." + tag[3:] if tag.startswith("cp3") and abi in (tag, tag + "m") else ""


def record(folder):
    """Rows of a package's list of files: name, sum, size."""
    for line in first(os.path.join(folder, "RECORD"), 1 << 22).splitlines():
        name, _, rest = line.partition(",")
        if name and not name.startswith(("/", "..", '"')):
            yield name, rest.partition(",")[0], rest.partition(",")[2]


def fitness(place, folder):
    """How much of what a package brought lies there as it was: of two, the one imported has it."""
    told = [row for row in record(folder) if row[0].endswith(".py") and row[1]][:400]
    same = sum(1 for name, told_sum, _ in told if summed(os.path.join(place, name)) == told_sum)
    return (same / float(len(told)) if told else 0.0, modified(folder))


def summed(path):
    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).digest()
    except OSError:
        return ""
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def modified(path):
    try:
        return os.path.getmtime(path)
    except OSError:
        return 0.0


def in_order(place):
    """Names of a folder; of two that tell of one package, the one that is imported comes first."""
    names = names_in(place)
    stems = {}
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            stems.setdefault(re.sub("[-_.]+", "-", name.partition("-")[0]).lower(), []).append(name)
    for told in stems.values():
        if len(told) > 1:
            told.sort(key=lambda name: fitness(place, os.path.join(place, name)), reverse=True)
    return [name for told in stems.values() for name in told]


def packages(place):
    for name in in_order(place):
        stem, kind = os.path.splitext(name)
        about = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}.get(kind)
        folder = os.path.join(place, name)
        if about is None or not os.path.isfile(os.path.join(folder, about)):
            continue
        said, needs = headers(os.path.join(folder, about))
        plain, _, version = stem.partition("-")
        yield {
            "name": said.get("name", plain),
            "version": said.get("version", version),
            "place": place,
            "installer": first(os.path.join(folder, "INSTALLER"), 64).strip(),
            "needs": needs,
            "glibc": glibc(folder),
            "built_for": built_for(folder),
            "extensions": list(extensions(place, folder, needs)),
            "compiled": compiled(place, folder, needs),
        }


def extensions(place, folder, needs):
    """Compiled files of a package that is built against torch."""
    if not any(re.match(r"torch(?![\w.-])", one) for one in needs):
        return
    for name, _, _ in record(folder):
        if name.endswith(".so"):
            yield os.path.join(place, name)


def compiled(place, folder, needs):
    """The smallest compiled files of a package that uses NumPy: one of them tells of all."""
    if not any(re.match(r"numpy(?![\w.-])", one) for one in needs):
        return []
    found = [
        (int(size), name)
        for name, _, size in record(folder)
        if name.endswith(".so") and size.isdigit()
    ]
    return [os.path.join(place, name) for _, name in sorted(found)[:MOST_COMPILED]]


def module(name):
    try:
        found = find_spec(name)
    except Exception:  # noqa: BLE001 - finders of editable installs raise what they like
        return None
    return found.origin if found is not None else None


def conda(prefix):
    folder = os.path.join(prefix, "conda-meta")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(name[: -len(".json")] for name in names if name.endswith(".json"))


def beside(name):
    """What a program that is started from here would import in the module's place."""
    for path in (name + ".py", os.path.join(name, "__init__.py")):
        if os.path.isfile(path):
            return os.path.abspath(path)
    return None


places = [path for path in dict.fromkeys(sys.path) if path and os.path.isdir(path)]
origins = {name: module(name) for name in MODULES}
libraries = []
torch = origins.get("torch")
version = first(os.path.join(os.path.dirname(torch), "version.py")) if torch else ""
for name, below in LIBRARIES:
    origin = origins.get(name)
    path = os.path.join(os.path.dirname(origin), *below.split("/")) if origin else ""
    if path and os.path.isfile(path):
        libraries.append(path)
print(
    json.dumps(
        {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "prefix": sys.prefix,
            "user_site": site.getusersitepackages() if site.ENABLE_USER_SITE else "",
            "packages": [one for place in places for one in packages(place)],
            "modules": {name: origin for name, origin in origins.items() if origin},
            "beside": {name: beside(name) for name in MODULES if beside(name)},
            "conda": conda(sys.prefix),
            "libraries": libraries,
            "torch": dict(BUILT_FOR.findall(version)),
        }
    )
)
