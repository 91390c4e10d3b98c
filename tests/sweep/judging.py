"""One question, answered by the program and by the facts: where the two differ."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import msgspec
from packaging.version import Version

from provisioner import workflow
from provisioner.describe import Options
from provisioner.errors import DlsetupError
from provisioner.request import parse_wish
from tests.sweep.machines import Question
from tests.table import answer, rules
from tests.table.answer import Answer, Picked
from tests.table.driver_invariants import first_framework
from tests.table.invariants import violations

NO = {"no-compatible-stack", "no-common-driver", "driver-too-old"}


class Verdict(NamedTuple):
    """``kind`` counts what was judged; ``wrong`` says what differs, and is empty where nothing."""

    kind: str
    wrong: tuple[str, ...] = ()


def judged(asked: Question) -> Verdict:
    """Ask the program and hold its answer against the facts."""
    plan, reference = _planned(asked)
    if plan is None and reference not in NO:
        return _error(asked, reference)
    if _is_undecided(asked):
        return Verdict(f"{'answered' if plan else 'refused'}, not judged")
    told = answer.question(asked.args, asked.capabilities)
    expected = _best(told)
    if plan is None:
        return Verdict("refused", () if expected.error else (f"though {_names(expected)}",))
    if plan["via"] != "pip":
        return Verdict(f"by {plan['via']}", _other_route(plan, told, expected))
    if first_framework(plan):  # which of several good routes is best is for ``tests/table`` to say
        return Verdict("answered by TensorFlow 1", _violated(plan, told))
    differences = tuple(_differences(plan, told, expected))
    return Verdict("answered", differences or _violated(plan, told))


def _error(asked: Question, reference: str) -> Verdict:
    if reference != "unknown-driver":
        return Verdict("error", (reference,))
    branch = int((asked.driver or "0").split(".")[0])
    known = rules.known_branch(branch) and branch not in rules.unreleased_branches()
    return Verdict("unknown driver", ("the facts know this branch",) if known else ())


def _is_undecided(asked: Question) -> bool:
    """The fact tables hold TensorFlow and JAX for x86_64 only."""
    return asked.arch != "x86_64" and bool({"tensorflow", "jax"} & set(asked.words))


def _planned(asked: Question) -> tuple[dict[str, Any] | None, str]:
    options = Options(
        gpus=asked.gpus or ("none",), driver=asked.driver, os=asked.os, arch=asked.arch
    )
    question = workflow.Asked(words=asked.words, options=options, python=asked.python)
    try:
        plan: dict[str, Any] = msgspec.to_builtins(workflow.plan_for(question))
    except DlsetupError as error:
        return None, error.reference
    return plan, ""


@cache
def _best(told: answer.Question) -> Answer:
    return answer.best(told)


def _names(expected: Answer) -> str:
    return f"{expected.action} " + " or ".join(
        ", ".join(f"{b.framework} {b.version} {b.variant}" for b in pick.builds)
        + "".join(f", {friend.name} {friend.version}" for friend in pick.friends)
        for pick in expected.picks[:3]
    )


def _differences(plan: dict[str, Any], told: answer.Question, expected: Answer) -> list[str]:
    """Where a plan of wheels is not one of the best."""
    if expected.error:
        return [f"the facts refuse this with {expected.error}"]
    found = []
    if not any(_is(plan, pick) for pick in expected.picks):
        pins = ", ".join(f"{p['name']} {p['version']} {p['variant']}" for p in plan["pins"])
        found.append(f"{pins}; the facts say {_names(expected)}")
    driver = plan["driver"]
    if driver["action"] != expected.action:
        found.append(f"driver {driver['action']}, the facts say {expected.action}")
    if expected.branch and not told.windows and driver["branch"] != str(expected.branch):
        found.append(f"branch {driver['branch']}, the facts say {expected.branch}")
    if expected.flavour and not told.windows and driver["flavour"] != expected.flavour:
        found.append(f"module {driver['flavour']}, the facts say {expected.flavour}")
    return found


def _is(plan: dict[str, Any], pick: Picked) -> bool:
    pins = {pin["name"]: (Version(pin["version"]), pin["variant"]) for pin in plan["pins"]}
    family = next((build.variant for build in pick.builds if build.framework == "torch"), "")
    wanted = {build.framework: (build.version, build.variant) for build in pick.builds}
    wanted |= {friend.name: (friend.version, family) for friend in pick.friends}
    return all(pins.get(name) == told for name, told in wanted.items())


def _violated(plan: dict[str, Any], told: answer.Question) -> tuple[str, ...]:
    assumed = [{"reference": "assumed", "message": "the driver is not known"}]
    return tuple(violations(plan, told._replace(assumed_os=False, assumed_arch=False), assumed))


def _other_route(plan: dict[str, Any], told: answer.Question, expected: Answer) -> tuple[str, ...]:
    """A channel or an image is right only where wheels have no answer, or cost a new driver."""
    if expected.error or expected.action != plan["driver"]["action"]:
        return ()
    first = next(parse_wish(name).name for name, _ in told.wants)
    mine = next((pin for pin in plan["pins"] if pin["name"] == first), None)
    wheel = expected.picks[0].version(first)
    if mine and wheel and plan["via"] == "conda" and Version(mine["version"]) > wheel:
        return ()
    return (f"by {plan['via']}, though {_names(expected)}",)
