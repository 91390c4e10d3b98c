"""The GPUs: those that must be seen against those that CUDA shows, and what each computes in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from provisioner import resources
from provisioner.machine import Gpu
from provisioner.report import Check
from provisioner.verify.probes import Probe, Seen

LISTING = Probe("gpus cuda", "verify/cuda.py")
_ALWAYS = ("fp32",)
"""What every GPU that CUDA runs on computes in."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU as CUDA shows it to programs; its number is its place among them."""

    name: str
    uuid: str
    compute_capability: str


def devices(seen: Seen) -> tuple[Device, ...]:
    """What CUDA shows; nothing where it does not answer."""
    if seen.problem is not None:
        return ()
    return msgspec.json.decode(seen.said.splitlines()[0], type=tuple[Device, ...])


def gpus_check(seen: Seen, wanted: Sequence[Gpu], planned: int) -> Check:
    """Whether CUDA shows every GPU that must be seen, and the machine still has all of the plan.

    A GPU that is cut into slices (MIG) is no device of its own: one slice has to be there.
    """
    if seen.problem is not None:
        return seen.check
    shown = devices(seen)
    lacking = _lacking(shown, wanted)
    if lacking:
        return Check(LISTING.name, "fail", f"CUDA does not show {', '.join(lacking)}")
    if len(wanted) < planned:
        seen_now = f"{len(wanted)} of the {planned} GPUs of the plan"
        return Check(LISTING.name, "fail", f"this machine shows {seen_now}")
    if not shown:
        return Check(LISTING.name, "fail", "CUDA shows no GPU")
    return Check(LISTING.name, "pass", ", ".join(one.name for one in shown))


def _lacking(shown: Sequence[Device], wanted: Sequence[Gpu]) -> list[str]:
    uuids = {one.uuid for one in shown}
    whole = [gpu for gpu in wanted if not gpu.mig]
    if all(gpu.uuid for gpu in whole):
        lacking = [gpu.name for gpu in whole if _plain(gpu.uuid or "") not in uuids]
    else:
        lacking = [gpu.name for gpu in whole[len(shown) :]]
    sliced = [f"any slice of {gpu.name}" for gpu in wanted if gpu.mig]
    return lacking + (sliced if len(shown) - len(whole) + len(lacking) < 1 else [])


def _plain(uuid: str) -> str:
    return uuid.removeprefix("GPU-").lower()


@cache
def formats(capability: str) -> tuple[str, ...] | None:
    """The number formats that a GPU of a compute capability is known to compute in.

    None where the catalog does not know. Raises BadDataError ``bad-row``.
    """
    from provisioner.catalog.load import Catalog
    from provisioner.catalog.overlay import read_overlay

    catalog = Catalog(resources.stacks(), read_overlay(resources.overlay()))
    for row in catalog.architectures:
        if row.compute_capability == capability and row.precisions:
            return (*row.precisions, *(one for one in _ALWAYS if one not in row.precisions))
    return None
