"""Compare what the command line printed with the row that was written before it could answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from . import rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Case = dict[str, Any]
ENVELOPE = {"schema", "command", "status", "data", "warnings", "errors"}
ERROR = {"reference", "message", "context", "hint"}
REFUSED = {"candidate", "reference", "reason", "evidence"}
OUTCOMES = {"pins", "accept", "error", "never_silent_cpu", "only"}


def cases() -> list[Case]:
    """The rows of cases.toml, in order."""
    with (Path(__file__).parent / "cases.toml").open("rb") as handle:
        table: list[Case] = tomllib.load(handle)["case"]
    return table


def any_of(value: Any) -> list[Any]:
    """A list names equally good values."""
    return value if isinstance(value, list) else [value]


def mismatches(case: Case, envelope: Case, exit_code: int) -> list[str]:
    """Where the answer is not the expected one; empty when it is."""
    if set(envelope) != ENVELOPE or envelope["command"] != "resolve":
        return [f"envelope: keys {sorted(envelope)} of command {envelope.get('command')}"]
    if (envelope["status"] == "error") != bool(envelope["errors"]):
        return [f"envelope: status {envelope['status']} with errors {envelope['errors']}"]
    if "error" in case:
        return _refusal(case, envelope, exit_code)
    if case.get("never_silent_cpu"):
        return _silent(envelope, exit_code)
    if exit_code or "plan" not in envelope["data"]:
        return [f"refused with exit {exit_code}: {envelope['errors']}"]
    return _plan(case, envelope["data"]["plan"])


def _refusal(case: Case, envelope: Case, exit_code: int) -> list[str]:
    found = []
    references = [error["reference"] for error in envelope["errors"]]
    if not set(references) & set(any_of(case["error"])):
        found.append(f"error: {references}, expected {case['error']}")
    if exit_code not in any_of(case["exit"]):
        found.append(f"exit: {exit_code}, expected {case['exit']}")
    found += [
        f"error: without message, context or hint: {error}"
        for error in envelope["errors"]
        if not error.keys() >= ERROR or not error["hint"]
    ]
    if "no-compatible-stack" in references:
        found += _reasons(envelope["data"])
    return found


def _reasons(data: Case) -> list[str]:
    """A refusal still says for which machine and request, and what was refused."""
    refused = data.get("refused") or []
    found = [] if refused else ["refused: a refusal has to say what was refused"]
    found += [f"refused: {entry}" for entry in refused if not entry.keys() >= REFUSED]
    lacking = {"machine", "request", "alternatives"} - data.keys()
    return found + [f"refused: data lacks {key}" for key in sorted(lacking)]


def _silent(envelope: Case, exit_code: int) -> list[str]:
    if exit_code:
        return [] if exit_code == 1 else [f"exit: {exit_code}, a refusal is 1"]
    plan = envelope["data"]["plan"]
    if plan["accelerator"] != "cuda" or plan["via"] == "pip":
        return [f"silent-cpu: {plan['accelerator']} by {plan['via']}"]
    return []


def _plan(case: Case, plan: Case) -> list[str]:
    found = _driver(case, plan["driver"])
    for key in ("python", "accelerator", "cuda"):
        if key in case and plan[key] not in any_of(case[key]):
            found.append(f"{key}: {plan[key]}, expected {case[key]}")
    if "cuda_major" in case and str(plan["cuda"]).split(".")[0] != case["cuda_major"]:
        found.append(f"cuda: {plan['cuda']}, expected {case['cuda_major']}.x")
    if case.get("alternatives") and not plan["alternatives"]:
        found.append("alternatives: the plan does not say what a newer driver would give")
    found += pins(case.get("pins", []), case.get("also", []), plan)
    by = [entry["by"] for pin in plan["pins"] for entry in pin["serves"]]
    found += [
        f"serves: nothing by {code}, only {by}" for code in case.get("serves", []) if code not in by
    ]
    if "accept" in case and all(_route(route, plan) for route in case["accept"]):
        named = [f"{p['name']} {p['version']}" for p in plan["pins"]]
        found.append(f"route: {plan['via']} {named} {plan['image']} is none of {case['accept']}")
    return found


def _driver(case: Case, driver: Case) -> list[str]:
    found = [
        f"driver {key}: {driver[key]}, expected {case[key]}"
        for key in ("action", "current", "branch", "flavour")
        if key in case and driver[key] not in any_of(case[key])
    ]
    if "minimum" in case:
        want = [rules.driver(text) for text in any_of(case["minimum"])]
        if rules.driver(driver["minimum"] or "") not in want:
            found.append(f"driver minimum: {driver['minimum']}, expected {case['minimum']}")
    return found


def pins(expected: list[str], also: list[str], plan: Case) -> list[str]:
    """The requested pins in their places, and the others anywhere."""
    found = []
    for place, text in enumerate(expected):
        name, version, variant = (*text.split(), "")[:3]
        pin = plan["pins"][place] if place < len(plan["pins"]) else {}
        if pin.get("name") != name or not _version(version, pin.get("version", "")):
            found.append(f"pin {place}: {pin.get('name')} {pin.get('version')}, expected {text}")
        elif variant and pin["variant"] not in variant.split("|"):
            found.append(f"pin {place}: variant {pin['variant']}, expected {text}")
    for text in also:
        name, spec = text.split()
        if not any(p["name"] == name and p["version"] in SpecifierSet(spec) for p in plan["pins"]):
            found.append(f"pin: no {text}")
    return found


def _version(wanted: str, had: str) -> bool:
    if wanted[0] in "<>=":
        return bool(had) and had in SpecifierSet(wanted)
    return bool(had) and any(Version(had) == Version(one) for one in wanted.split("|"))


def _route(route: Case, plan: Case) -> list[str]:
    found = [] if route["via"] == plan["via"] else ["via"]
    image = (plan["image"] or "").removeprefix("docker.io/")  # the same image, named in full
    if "image" in route and image not in any_of(route["image"]):
        found.append("image")
    if "python" in route and plan["python"] != route["python"]:
        found.append("python")
    return found + pins(route.get("pins", []), [], plan)
