"""From what was typed to a lock: resolve, let uv choose the rest, and try the next candidate.

What uv refuses, and an index that does not answer, rules builds out; the plan says so under
``refused``. Nothing here prints.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import msgspec

from provisioner import settings, standing_in, workflow
from provisioner.errors import DlsetupError, RefusedError, UsageError
from provisioner.lock import Lock, Uv, lock, sources_of
from provisioner.lock.said import RefusedByUvError, SilentIndexError
from provisioner.plan import Pin, Plan, Warning
from provisioner.progress import SILENT, Progress
from provisioner.recipes.requirements import companions, described, requirements
from provisioner.request import parse_wish
from provisioner.resolve.candidates import Exclusion
from provisioner.resolve.wording import listed
from provisioner.workflow import Asked, Given

_ONLY_WHEELS = (("pip",),)
_MOST_TRIES = 8
"""Candidates that uv is asked about before the answer is no."""
_PATIENCE_S = 12.0
"""After so much silence no other build is tried, so that the answer comes within 30 seconds."""


class Locked(msgspec.Struct, frozen=True):
    """A plan and its lock."""

    plan: Plan
    """The plan that was locked; its ``refused`` and ``warnings`` say what had to be given up."""
    lock: Lock


def locked(asked: Asked, *, offline: bool = False, tell: Progress = SILENT) -> Locked:
    """Resolve a request and lock it, from any machine for any machine.

    ``tell`` hears what takes a while. Raises DlsetupError: what
    ``workflow.plan_for`` raises; RefusedError ``companions-refused`` when what the user asked for
    besides does not go with the pins, ``installer-refuses`` when uv takes no candidate;
    OutsideError ``index-unreachable`` within 30 seconds, and the rest that ``lock.Uv`` raises.
    """
    given = workflow.given(asked)
    if given.request.host and not (given.wishes or given.request.companions):
        names = " ".join(given.request.host)
        raise UsageError(
            "nothing-asked",
            f"{names} is for the machine itself: there is nothing to lock.",
            hint=f"dlsetup render script {names}",
        )
    search = _Search(given, Uv(settings.current(), offline=offline, tell=tell), tell)
    try:
        return search.found()
    except DlsetupError as error:
        about: dict[str, object] = {"machine": given.machine, "request": given.request}
        if isinstance(error, RefusedError):
            about |= {"refused": (), "alternatives": ()}
        error.data = {**about, **error.data}
        raise


class _Search:
    """The candidates one after the other, until uv takes one."""

    def __init__(self, given: Given, uv: Uv, tell: Progress) -> None:
        self.given = given
        self.uv = uv
        self.tell = tell
        self.exclusions: tuple[Exclusion, ...] = ()
        self.patience_ends = time.monotonic() + _PATIENCE_S
        self.obstacle = ""
        """What first stood in the way, in a sentence without its stop."""

    def found(self) -> Locked:
        first = plan = self.planned()
        for _ in range(_MOST_TRIES):
            if silent := self.silent(plan):
                plan = self.without_indexes(plan, silent)
                continue
            self.tell.step(f"{described(plan)}: choosing what else it needs")
            try:
                made = self.locked(plan, requirements(plan))
            except SilentIndexError as error:
                index = sources_of(plan, self.uv.settings).index_of(error.url)
                plan = self.without_indexes(plan, {index or error.url: error.reason})
            except RefusedByUvError as error:
                plan = self.next(plan, error)
            else:
                names = [package.name for package in made.packages]
                notes = standing_in.warnings(plan, first, self.obstacle, names)
                return Locked(_with_warnings(plan, *notes, *_built_from_source(made)), made)
        raise self.no(self.exclusions[-1].reason)

    def planned(self) -> Plan:
        return workflow.planned(
            self.given,
            format_name="pylock.toml",
            carries=_ONLY_WHEELS,
            exclusions=self.exclusions,
        )

    def locked(self, plan: Plan, wanted: Sequence[str]) -> Lock:
        return lock(plan, wanted, workflow.catalog(), self.uv)

    def silent(self, plan: Plan) -> dict[str, str]:
        """The indexes of a plan that do not answer, each with the reason; none is asked offline."""
        return {} if self.uv.offline else standing_in.silent(plan, self.uv.settings)

    def without_indexes(self, plan: Plan, silent: dict[str, str]) -> Plan:
        """The same versions without some indexes. Raises OutsideError ``index-unreachable``."""
        ruled_out = tuple(standing_in.exclusions(plan, silent, self.uv.settings))
        failure = SilentIndexError(*next(iter(silent.items())))
        if not ruled_out or self.uv.offline or time.monotonic() > self.patience_ends:
            raise failure
        self.exclusions += ruled_out
        try:
            other = self.planned()
        except RefusedError:
            raise failure from None
        if not standing_in.may_stand_in(other, plan):
            raise failure
        self.obstacle = self.obstacle or f"{' and '.join(silent)} does not answer"
        return other

    def next(self, plan: Plan, error: RefusedByUvError) -> Plan:
        """The plan after the one that uv refused, or the error that says why there is none."""
        self._blame_companions(plan)
        pin, error = self._guilty(plan, error)
        self.tell.step(f"{pin.name} {pin.version}: refused by uv, trying the next")
        self.exclusions += (
            Exclusion(
                framework=pin.name,
                version=pin.version,
                variant=pin.variant,
                index=pin.index or "",
                reference="installer-refuses",
                reason=f"uv refuses it: {error.lines[0]}",
                evidence="uv",
            ),
        )
        try:
            other = self.planned()
        except RefusedError as refusal:
            # What decided is what uv said; without these builds any other fact seems to.
            told = self.no(*error.lines)
            told.data |= refusal.data
            raise told from None
        if other.pins == plan.pins:
            raise self.no(*error.lines)
        self.obstacle = self.obstacle or f"uv refuses {described(plan)} from the best index"
        return other

    def _blame_companions(self, plan: Plan) -> None:
        """Raise RefusedError when the pins alone are fine: the user's own choice is at fault."""
        own = companions(plan)
        if not own:
            return
        pins = [text for text in requirements(plan) if text not in own]
        if pins and self._refusal(plan, pins):
            return
        guilty = own
        for text in own:
            fewer = tuple(item for item in guilty if item != text)
            if self._refusal(plan, [*pins, *fewer]):
                guilty = fewer
        said = self._refusal(plan, [*pins, *guilty])
        beside = f" beside {described(plan)}" if plan.pins else ""
        raise RefusedError(
            "companions-refused",
            f"{listed(guilty)} cannot be installed{beside}.",
            context=(*said.lines, *_caps(plan, guilty, said.packages)) if said else (),
            hint="Ask for another version of it" + (", or leave it out." if pins else "."),
        )

    def _guilty(self, plan: Plan, error: RefusedByUvError) -> tuple[Pin, RefusedByUvError]:
        """The build with which it cannot be done any more, those asked for first before it."""
        builds = [pin for pin in plan.pins if pin.name in workflow.catalog().frameworks]
        if not builds:
            raise self.no(*error.lines)
        caps = [cap.requirement for cap in plan.constraints]
        for count, pin in enumerate(builds[:-1], start=1):
            wanted = [str(item.requirement) for item in builds[:count]]
            if said := self._refusal(plan, [*wanted, *caps]):
                return pin, said
        return builds[-1], error

    def _refusal(self, plan: Plan, wanted: Sequence[str]) -> RefusedByUvError | None:
        try:
            self.locked(plan, wanted)
        except RefusedByUvError as error:
            return error
        return None

    def no(self, *lines: str) -> RefusedError:
        """The error when uv took none of the candidates."""
        asked = " with ".join(self.given.request.requirements)
        return RefusedError(
            "installer-refuses",
            f"uv takes no build of {asked} that would fit this machine.",
            context=lines,
            hint="Ask for another version, or see what was refused with --json.",
            data={
                "refused": tuple(
                    {
                        "candidate": f"{item.framework} {item.version}",
                        "reference": item.reference,
                        "reason": item.reason,
                        "evidence": item.evidence,
                    }
                    for item in self.exclusions
                    if item.framework
                )
            },
        )


def _with_warnings(plan: Plan, *notes: Warning) -> Plan:
    return msgspec.structs.replace(plan, warnings=(*plan.warnings, *notes))


def _caps(plan: Plan, guilty: Sequence[str], named: Sequence[str]) -> Iterator[str]:
    """The caps that stand against companions, each with the error that it prevents."""
    names = {parse_wish(text).name for text in guilty}.union(named)
    for cap in plan.constraints:
        if parse_wish(cap.requirement).name in names:
            reason = cap.reason.removeprefix(f"without {cap.requirement}: ")
            yield f"{cap.requirement} is a cap that keeps {described(plan)} working: {reason}"


def _built_from_source(made: Lock) -> Iterator[Warning]:
    if made.from_source:
        names = ", ".join(made.from_source)
        text = f"There is no wheel of {names}: built from source where the lock is installed."
        yield Warning("built-from-source", text)
