"""Plans as a right program would print them, made from the facts to try the judge itself."""

from __future__ import annotations

from typing import Any

from packaging.version import Version

from . import answer, rules
from .answer import Answer, Question
from .expectations import Case, any_of
from .factsheet import Build, Capability, cudnn_archs

Plan = dict[str, Any]


def right_plan(asked: Question, best: Answer) -> Plan:
    """The best answer of the rules, in the shape of the contract."""
    pick = best.picks[0]
    by_name = {name: place for place, (name, _) in enumerate(asked.wants)}
    family = next((b.variant for b in pick.builds if b.framework == "torch"), "default")
    pins = [_pin(b, asked) for b in pick.builds]
    pins += [_plain(f.name, str(f.version), family, _index(family)) for f in pick.friends]
    pins.sort(key=lambda pin: by_name.get(pin["name"], len(by_name)))
    pins += _side_cudnn(pick.builds, asked)
    tags = [b.pythons for b in pick.builds] + [f.pythons for f in pick.friends]
    cuda = max((b.cuda for b in pick.builds if b.cuda), key=Version, default=None)
    plan = _frame(asked, "pip", pins, cuda if asked.gpus else None)
    plan["python"] = answer.python_for(tags, asked)
    plan["driver"] = {
        "action": best.action,
        "current": asked.driver,
        "minimum": _text(pick.minimum) if asked.gpus else None,
        "branch": str(best.branch) if best.branch else None,
        "flavour": best.flavour,
    }
    return plan


def route_plan(asked: Question, case: Case, route: Case) -> Plan:
    """A plan that takes one of the accepted routes of a case."""
    pins = []
    for text in route.get("pins", []):
        name, version = text.split()[:2]
        pins.append(_plain(name, version.split("|")[0].lstrip("<>="), "default", None))
    plan = _frame(asked, route["via"], pins, "10.0")
    plan["image"] = any_of(route["image"])[0] if "image" in route else None
    nvidia = "nvcr.io" in str(plan["image"])
    plan["python"] = route.get("python", "3.8" if nvidia else "3.6")
    plan["driver"] = {
        "action": case["action"],
        "current": asked.driver,
        "minimum": any_of(case.get("minimum", "580.65.06"))[0],
        "branch": case.get("branch"),
        "flavour": case.get("flavour"),
    }
    return plan


def _frame(asked: Question, via: str, pins: list[dict[str, Any]], cuda: str | None) -> Plan:
    gpus = [
        {"name": _name(gpu), "compute_capability": ".".join(map(str, gpu))} for gpu in asked.gpus
    ]
    return {
        "machine": {"gpus": gpus},
        "request": {},
        "via": via,
        "python": "",
        "accelerator": "cuda" if gpus else "cpu",
        "cuda": cuda,
        "cudnn": None,
        "driver": {},
        "pins": pins,
        "image": None,
        "download_bytes": None,
        "disk_bytes": None,
        "steps": [],
        "alternatives": [{"change": "upgrade the driver", "gives": "more"}],
        "refused": [],
    }


def _name(gpu: Capability) -> str:
    return f"GPU {gpu[0]}.{gpu[1]}"


def _text(driver: Version) -> str:
    return ".".join(f"{part:02}" for part in driver.release)


def _index(variant: str) -> str | None:
    return None if variant == "default" else f"https://download.pytorch.org/whl/{variant}"


def _plain(name: str, version: str, variant: str, index: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "variant": variant,
        "index": index,
        "cuda": None,
        "cudnn": None,
        "serves": [],
        "evidence": "announced",
        "why": [],
        "requirement": None,
    }


def _pin(build: Build, asked: Question) -> dict[str, Any]:
    index = _index(build.variant) if build.framework == "torch" else None
    pin = _plain(build.framework, str(build.version), build.variant, index)
    extra = "[and-cuda]" if build.framework == "tensorflow" and asked.gpus else ""
    pin |= {"cuda": build.cuda, "requirement": f"{build.framework}{extra}=={build.version}"}
    pin["evidence"] = "measured" if build.measured else "announced"
    pin["serves"] = [_serve(build, gpu) for gpu in asked.gpus]
    return pin


def _serve(build: Build, gpu: Capability) -> dict[str, str]:
    kind = rules.kind(build, gpu) or "sass"
    sass = kind == "sass"
    code = rules.by_sass(build.sass or frozenset(), gpu) if sass else rules.by_ptx(build.ptx, gpu)
    word = "sm" if sass else "compute"
    digits = "".join(map(str, code)) if code else "0"
    return {"gpu": _name(gpu), "by": f"{word}_{digits}", "kind": kind}


def _side_cudnn(builds: tuple[Build, ...], asked: Question) -> list[dict[str, Any]]:
    ranges = [b.cudnn for b in builds if b.cudnn and not rules.is_exact(b.cudnn)]
    if not ranges or not asked.gpus:
        return []
    exact = [
        b.cudnn for b in builds if b.cudnn and rules.is_exact(b.cudnn) and b.cuda and b.cuda < "13"
    ]
    fit = [
        name.split()[1]
        for name in cudnn_archs()
        if name.startswith("nvidia-cudnn-cu12 ")
        and all(rules.cudnn_version_serves(name, gpu) for gpu in asked.gpus)
    ]
    chosen = exact[0] if exact else max(fit, key=Version)
    return [_plain("nvidia-cudnn-cu12", str(chosen), "default", None)]
