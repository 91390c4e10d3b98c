"""What facts say of packages."""

from __future__ import annotations

import re
from itertools import islice

from provisioner.catalog.load import Catalog
from provisioner.doctor.predicates.drivers import cuda_of
from provisioner.doctor.symptoms import Symptoms

_LIBRARY = re.compile(r"lib(?:cudnn|cublas|cudart)\S*")
_LOOKED_FOR = re.compile(r"locate|find|ls|exists|present")
_LISTED_TORCH = re.compile(r"(?m)^ ?\[?(?:conda|pip\d?)\]? (?:torch|pytorch)[ =]+(\d+\.\d+\.\d+)")
_MOST_PLACES = 200
_WHEEL = re.compile(r"-cp(\d)(\d{1,2})-[\w.]{1,80}\.whl(?=[^\n]{0,20}not a supported)")
_NUMPY_API = re.compile(
    r"api version (?:0x)?([0-9a-f]{1,2}) but this version of numpy is (?:0x)?([0-9a-f]{1,2})(?!\w)"
)
_CUDA_MAJORS = re.compile(r"(?<![\w-])(nvidia-[a-z-]{3,20})-cu(\d\d)(?!\d)")
_FOR_TORCH = re.compile(r"(?:/torch-?|[+.]pt|\+torch)(\d)\.?(\d{1,2})(?:\.\d+)?(?=[/c+_-])")
"""What a wheel or its index is built for: ``/cu102/torch1.10.0/``, ``+pt21cu121``."""
_TENSORFLOW_1 = re.compile(
    r"tensorflow(?:-gpu)?(?:==| |-|=|<=?|~=)?v?1\.|tensorflow 1(?![\d.])|(?<![a-z])tf ?1"
)


def cpu_variant(symptoms: Symptoms, _: Catalog) -> str | None:
    """A framework's build says that it is for the CPU."""
    if symptoms.cpu_wanted:
        return None
    for package in symptoms.packages:
        if package.local.startswith("cpu") or "_cpu" in package.local:
            return f"{package.name} {package.version} {package.local} is a build for the CPU."
    return None


def cuda_variant(symptoms: Symptoms, _: Catalog) -> str | None:
    """A framework's build says that it is for CUDA."""
    for package in symptoms.packages:
        if cuda_of(package) or "cuda" in package.local:
            return f"{package.name} {package.version} {package.local} is a build for CUDA."
    return None


def variant_never_published(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """A release is asked for in a variant that it was never built for."""
    for package in symptoms.packages:
        builds = catalog.builds(package.name) if cuda_of(package) else ()
        variants = {
            row.variant for row in builds if row.version == package.version and row.via == "pip"
        }
        if variants and package.local not in variants:
            listed = ", ".join(sorted(one for one in variants if one))
            return f"{package.name} {package.version} has no {package.local}, only {listed}."
    return None


def tensorflow_1(symptoms: Symptoms, _: Catalog) -> str | None:
    """TensorFlow 1 is there or wanted."""
    for found in symptoms.packages:
        if found.name == "tensorflow" and found.version.startswith(("1.", "0.")):
            return f"TensorFlow is {found.version}."
    if _TENSORFLOW_1.search(symptoms.text):
        return "This is about TensorFlow 1."
    return None


def tensorflow_on_windows(symptoms: Symptoms, _: Catalog) -> str | None:
    """TensorFlow on Windows itself."""
    named = "tensorflow" in symptoms.text or re.search(r"(?<![a-z])tf\.", symptoms.text)
    return "This is about TensorFlow." if symptoms.family == "windows" and named else None


def two_onnxruntimes(symptoms: Symptoms, _: Catalog) -> str | None:
    """ONNX Runtime for the CPU lies beside the one for GPUs, under the same module name."""
    both = re.search(r"(?<![\w-])onnxruntime(?:==| )\S", symptoms.text)
    if both and re.search(r"onnxruntime[-_]gpu", symptoms.text):
        return "onnxruntime and onnxruntime-gpu hold the same module."
    return None


def two_versions(symptoms: Symptoms, _: Catalog) -> str | None:
    """What Python imports is another version than a package manager lists."""
    running = re.search(r"pytorch version: (\d+\.\d+\.\d+)", symptoms.text)
    for listed in islice(_LISTED_TORCH.finditer(symptoms.text), _MOST_PLACES):
        if running and running[1] != listed[1]:
            return f"torch {running[1]} is imported, {listed[1]} is listed."
    return None


def wheel_of_another_python(symptoms: Symptoms, _: Catalog) -> str | None:
    """A wheel that is installed by hand is for another Python than the one that is there."""
    for match in _WHEEL.finditer(symptoms.text):
        wanted = f"{match[1]}.{match[2]}"
        if symptoms.python and wanted != symptoms.python and "abi3" not in match[0]:
            return f"The wheel is for Python {wanted}, and {symptoms.python} is here."
    return None


def two_frameworks(symptoms: Symptoms, _: Catalog) -> str | None:
    """Two frameworks that bring CUDA's libraries are named for one environment."""
    patterns = {
        "torch": r"torch",
        "tensorflow": r"tensorflow",
        "jax": r"jax(?:lib)?",
        "onnxruntime": r"onnxruntime-gpu",
        "paddle": r"paddle(?:paddle(?:-gpu)?)?",
    }
    named = [
        name
        for name, pattern in patterns.items()
        if re.search(
            rf"(?<![\w./-]){pattern}(?:\[[^\]\n]{{0,80}}\])?"
            r"(?:==| ?\(|=| \d| and | beside | was built)"
            rf"|packages: {pattern}(?![\w-])|(?m:^[> ]*import {pattern}(?![\w-]))",
            symptoms.text,
        )
    ]
    return f"{' and '.join(named)} are in one environment." if len(named) > 1 else None


def cudnn_elsewhere(symptoms: Symptoms, _: Catalog) -> str | None:
    """The library that is missed lies on the disk."""
    for match in islice(_LIBRARY.finditer(symptoms.text), _MOST_PLACES):
        start = symptoms.text.rfind("\n", 0, match.start()) + 1
        if _LOOKED_FOR.search(symptoms.text, start, match.start()):
            return f"{match[0]} lies on the disk."
    return None


def numpy_older_than_asked(symptoms: Symptoms, _: Catalog) -> str | None:
    """A module was built for a newer NumPy than it finds: not the one for NumPy 1 that finds 2."""
    match = _NUMPY_API.search(symptoms.text)
    if match and int(match[1], 16) > int(match[2], 16):
        return f"The module wants NumPy's API {match[1]}, and {match[2]} is here."
    return None


def two_cuda_majors(symptoms: Symptoms, _: Catalog) -> str | None:
    """One library of NVIDIA's is there, or wanted, for two CUDA releases."""
    majors: dict[str, str] = {}
    for match in islice(_CUDA_MAJORS.finditer(symptoms.text), _MOST_PLACES):
        if majors.setdefault(match[1], match[2]) != match[2]:
            return f"{match[1]} is named for CUDA {majors[match[1]]} and for CUDA {match[2]}."
    return None


def extension_for_another_torch(symptoms: Symptoms, _: Catalog) -> str | None:
    """A wheel of an extension, or its index, names another PyTorch than is there."""
    torch = symptoms.package("torch")
    match = _FOR_TORCH.search(symptoms.text)
    if torch and torch.is_exact and match and torch.version.split(".")[:2] != [match[1], match[2]]:
        return f"The extension is built for PyTorch {match[1]}.{match[2]}, {torch.version} is here."
    return None
