"""What must hold for every plan, whatever was expected; each violation starts with its word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from . import answer, rules, tf1
from .answer import Question
from .driver_invariants import Plan, driver_violations, first_framework, routes_of
from .factsheet import (
    Build,
    Companion,
    capability,
    companions,
    conda_builds,
    cudnn_archs,
    rows,
    tensorflow_builds,
    torch_builds,
)
from .jax_facts import jax_builds

KEYS = {
    "machine",
    "request",
    "via",
    "python",
    "accelerator",
    "cuda",
    "cudnn",
    "driver",
    "pins",
    "image",
    "download_bytes",
    "disk_bytes",
    "steps",
    "alternatives",
    "refused",
}
PIN_KEYS = {"name", "version", "variant", "index", "cuda", "cudnn", "serves", "evidence", "why"}
DRIVER_KEYS = {"action", "current", "minimum", "branch", "flavour"}
ACTIONS = {"keep", "install", "upgrade", "ensure", "none"}


class Seen(NamedTuple):
    """A plan, its question and the rows of the facts behind its pins."""

    plan: Plan
    asked: Question
    builds: list[Build]
    friends: list[Companion]


def violations(plan: Plan, asked: Question, warnings: list[dict[str, str]]) -> list[str]:
    """Everything that is wrong with a plan for this question, in words."""
    found = list(_shape(plan, asked))
    if found:
        return found
    builds, friends, problems = _facts(plan, asked)
    found += problems
    seen = Seen(plan, asked, builds, friends)
    for check in (_served, _python, _index, _partners, _cudnn):
        found += check(seen)
    found += driver_violations(plan, asked, builds)
    found += _assumptions(asked, warnings)
    found += _optimal(plan, asked)
    return found


def _shape(plan: Plan, asked: Question) -> Iterator[str]:
    missing = KEYS - plan.keys()
    if missing:
        yield f"keys: the plan lacks {sorted(missing)}"
        return
    for pin in plan["pins"]:
        if PIN_KEYS - pin.keys():
            yield f"keys: pin {pin.get('name')} lacks {sorted(PIN_KEYS - pin.keys())}"
    if DRIVER_KEYS - plan["driver"].keys():
        yield f"keys: the driver lacks {sorted(DRIVER_KEYS - plan['driver'].keys())}"
    if plan["driver"].get("action") not in ACTIONS:
        yield f"keys: driver action {plan['driver'].get('action')!r}"
    had = sorted(g["compute_capability"] for g in plan["machine"]["gpus"])
    want = sorted(".".join(map(str, gpu)) for gpu in asked.gpus)
    if had != want:
        yield f"machine: the plan is for {had}, the facts say {want}"
    if (plan["accelerator"] == "cuda") != bool(asked.gpus):
        yield f"silent-cpu: accelerator {plan['accelerator']} on a machine with GPUs {want}"
    if not plan["pins"] and not plan["image"]:
        yield "keys: a plan without pins and image"


def _facts(plan: Plan, asked: Question) -> tuple[list[Build], list[Companion], list[str]]:
    """The rows of the facts behind each pin, and the pins that have none."""
    builds: list[Build] = []
    friends: list[Companion] = []
    problems: list[str] = []
    for pin in plan["pins"]:
        name, version = pin["name"], pin["version"]
        try:
            number = Version(version)
        except InvalidVersion:
            problems.append(f"no-fact: {name} {version} is no version")
            continue
        found = [
            b
            for b in (*torch_builds(), *tensorflow_builds(), *jax_builds())
            if (b.framework, b.version, b.variant, b.platform)
            == (name, number, pin["variant"], asked.arch)
        ]
        made_for = [c for c in companions() if (c.name, c.version) == (name, number)]
        if plan["via"] == "conda" and not found:
            cuda = ".".join((pin["cuda"] or "").split(".")[:2])
            found = [
                b
                for b in conda_builds()
                if (b.framework, b.version, b.cuda) == (name, number, cuda)
            ]
        if plan["via"] == "container" and first_framework(plan):
            continue  # the image is judged, the pin only names what is in it
        if found:
            builds.append(found[0])
            problems += _told(pin, found[0])
        elif made_for:
            friends.append(made_for[0])
        elif not _side_pin(plan, name, version, asked):
            problems.append(f"no-fact: {name} {version} {pin['variant']} has no row")
    return builds, friends, problems


def _told(pin: dict[str, Any], build: Build) -> Iterator[str]:
    """What the pin says about its build must be what the facts say."""
    said = pin["cuda"] and ".".join(pin["cuda"].split(".")[:2])
    if build.framework == "torch" and said != build.cuda:
        yield f"no-fact: {pin['name']} {pin['variant']} is CUDA {build.cuda}, not {said}"
    if pin["evidence"] not in ("measured", "announced"):
        yield f"keys: evidence {pin['evidence']!r}"
    if pin["evidence"] == "measured" and not build.measured:
        yield f"no-fact: {pin['name']} {pin['version']} {pin['variant']} was never measured"


def _side_pin(plan: Plan, name: str, version: str, asked: Question) -> bool:
    """Pins that are no framework wheel: cuDNN, TensorFlow 1 and the libraries that conda brings."""
    if f"{name} {version}" in cudnn_archs():
        return True
    if tf1.from_pin(name, version, list(asked.gpus), plan["via"] == "conda"):
        return True
    return plan["via"] == "conda" and any(
        row["package"] == name and f"{known}.".startswith(f"{version}.")
        for row in rows("15_conda_libraries.csv")
        for known in row["version"].split()
    )


def _served(seen: Seen) -> Iterator[str]:
    plan, asked, builds, _ = seen
    gpus = list(asked.gpus)
    if first_framework(plan) and gpus:
        routes = routes_of(plan, asked)
        if not routes:
            yield f"no-fact: no TensorFlow 1 row for {plan['image'] or plan['pins']}"
        yield from (f"gpu-not-served: {route.name}" for route in routes if route.minimum is None)
        return
    for build in builds if gpus else []:
        yield from (
            f"gpu-not-served: {build.framework} {build.version} {build.variant} on {gpu}"
            for gpu in gpus
            if rules.kind(build, gpu) is None
        )
        pin = next(p for p in plan["pins"] if p["name"] == build.framework)
        yield from _serves(pin, build, asked)


def _serves(pin: dict[str, Any], build: Build, asked: Question) -> Iterator[str]:
    """The list in the pin must name code that is in the build, and cover every GPU."""
    covered = set()
    for entry in pin["serves"]:
        code, how = capability(entry["by"]), entry["kind"]
        pool = build.sass if how == "sass" else build.ptx
        if code not in (pool or frozenset()):
            yield f"serves: {build.framework} {build.variant} has no {how} {entry['by']}"
        fits = rules.by_sass if how == "sass" else rules.by_ptx
        covered |= {gpu for gpu in asked.gpus if fits(frozenset({code}), gpu)}
    for gpu in set(asked.gpus) - covered:
        yield f"serves: {build.framework} does not say how it serves {gpu}"


def _python(seen: Seen) -> Iterator[str]:
    plan, asked, builds, friends = seen
    python = plan["python"]
    for route in routes_of(plan, asked) if first_framework(plan) and asked.gpus else []:
        if python not in route.pythons:
            yield f"python: {route.name} has no build for {python}"
    items: list[Build | Companion] = [*builds, *friends]
    tags = [item.pythons for item in items]
    for item in items:
        if not {python, "any"} & item.pythons:
            yield f"python: {item.version} of {item[0]} has no wheel for {python}"
    if asked.python and asked.python != python:
        yield f"python: {asked.python} was asked for, {python} taken"
    if plan["via"] == "pip" and not first_framework(plan):
        wanted = answer.python_for(tags, asked)
        if wanted != python:
            yield f"python: {wanted} comes before {python}"


def _index(seen: Seen) -> Iterator[str]:
    plan = seen.plan
    for pin in plan["pins"]:
        if plan["via"] != "pip" or pin["name"] not in ("torch", "torchvision", "torchaudio"):
            continue
        variant = pin["variant"]
        wanted = None if variant == "default" else f"https://download.pytorch.org/whl/{variant}"
        if (pin["index"] or "").rstrip("/") != (wanted or ""):
            yield f"index: {pin['name']} {variant} comes from {pin['index']}, not {wanted}"


def _partners(seen: Seen) -> Iterator[str]:
    plan, asked, builds, friends = seen
    torch = next((b for b in builds if b.framework == "torch"), None)
    variants = {
        p["variant"] for p in plan["pins"] if p["name"] in ("torch", "torchvision", "torchaudio")
    }
    if len(variants) > 1:
        yield f"pairing: the torch family has variants {sorted(variants)}"
    for friend in friends:
        if torch is None or torch.version not in friend.torch:
            yield f"pairing: {friend.name} {friend.version} wants torch {friend.torch}"
    names = [pin["name"] for pin in plan["pins"]]
    wanted = [name for name, _ in asked.wants if name in answer.FRAMEWORKS]
    if not first_framework(plan) and names[: len(wanted)] != wanted:
        yield f"pairing: asked for {wanted} in this order, pins are {names}"
    for name, spec in asked.wants:
        for pin in plan["pins"]:
            if pin["name"] == name and not spec.contains(pin["version"], prereleases=True):
                yield f"request: {name} {pin['version']} is not {spec}"


def _cudnn(seen: Seen) -> Iterator[str]:
    plan, asked, builds, _ = seen
    pins = {p["name"]: p["version"] for p in plan["pins"]}
    side = pins.get("nvidia-cudnn-cu12")
    for build in builds if asked.gpus and plan["via"] == "pip" else []:
        if not build.cudnn or not build.cuda or not build.cuda.startswith("12."):
            continue
        exact = rules.is_exact(build.cudnn)
        if side is None and not exact:
            yield f"cudnn: {build.framework} {build.version} leaves cuDNN open and nothing pins it"
        if side and side not in SpecifierSet(f"=={build.cudnn}" if exact else build.cudnn):
            yield f"cudnn: {side} is not {build.cudnn}, which {build.framework} wants"
    for gpu in asked.gpus if side else []:
        if not rules.cudnn_version_serves(f"nvidia-cudnn-cu12 {side}", gpu):
            yield f"cudnn: {side} does not serve {gpu}"


def _assumptions(asked: Question, warnings: list[dict[str, str]]) -> Iterator[str]:
    if any({"reference", "message"} - w.keys() for w in warnings):
        yield "keys: a warning without reference or message"
        return
    text = " ".join(w["message"] for w in warnings).lower()
    if asked.assumed_arch and "x86_64" not in text:
        yield "assumption: nobody is told that x86_64 was assumed"
    if asked.assumed_os and "24.04" not in text:
        yield "assumption: nobody is told that ubuntu-24.04 was assumed"
    if asked.gpus and asked.driver is None and "driver" not in text:
        yield "assumption: nobody is told that the driver is not known"


def _optimal(plan: Plan, asked: Question) -> Iterator[str]:
    """No newer version of the first requested package would have been acceptable."""
    if not answer.decided(asked) or plan["via"] != "pip":
        return
    best = answer.best(asked)
    first = next(name for name, _ in asked.wants if name in answer.FRAMEWORKS)
    mine = next((Version(p["version"]) for p in plan["pins"] if p["name"] == first), None)
    wanted = best.picks[0].version(first) if best.picks else None
    if mine and wanted and wanted > mine:
        yield f"not-best: {first} {wanted} would do, {mine} was taken"
    if best.error:
        yield f"not-best: the facts refuse this with {best.error}"
