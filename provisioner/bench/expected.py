"""What the catalog lets one expect of a GPU, and what falls short of it.

Right or silent: a GPU without figures, in slices (MIG), or measured by nothing gets no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from provisioner.bench.gpus import Device
from provisioner.bench.watch import UnderLoad
from provisioner.catalog.load import Catalog
from provisioner.catalog.speed_rows import GpuFigures
from provisioner.machine import Gpu
from provisioner.plan import Warning
from provisioner.report import Measurement

_SAME_MEMORY = 0.12
"""How far apart the size that is sold and the one that the driver tells may be."""
_COPY, _MATMUL, _LINK = "memory copy", "matmul", "link"
_OVER_LINK = ("host to device", "device to host")
_TOLERANCE = 1.05
"""A link that carries more than it can was not read rightly."""
_PERCENT = 100


def figures_of(catalog: Catalog, gpu: Gpu) -> GpuFigures | None:
    """Return what is stated of a GPU: by its name, and the size of its memory where it is known.

    None in slices: their figures are others.
    """
    if gpu.mig:
        return None
    named = [row for row in catalog.gpu_figures if row.name == gpu.name]
    if gpu.memory_bytes is None:
        return named[0] if len(named) == 1 else None
    size = gpu.memory_bytes
    near = min(named, key=lambda row: abs(row.memory_bytes - size), default=None)
    fits = near and abs(near.memory_bytes - size) <= _SAME_MEMORY * near.memory_bytes
    return near if fits else None


class Expected(msgspec.Struct, frozen=True):
    """The least of a measure, and what it is made of."""

    low: float
    why: str


class Judge:
    """What is expected of the GPUs of one machine."""

    def __init__(
        self, catalog: Catalog, found: Sequence[Device], seen: Sequence[UnderLoad]
    ) -> None:
        self._shares = {row.measure: row.at_least for row in catalog.expectations}
        self._lanes = {row.generation: row.gb_s_per_lane for row in catalog.pcie}
        self._figures = {one.label: figures_of(catalog, one.gpu) for one in found}
        self._names = {one.label: f"{one.label.upper()}, {one.gpu.name}" for one in found}
        self._seen = {one.device: one for one in seen}

    def judged(self, result: Measurement) -> Measurement:
        """Return a measurement with its verdict, where there is one."""
        expected = self._expected(result)
        if expected is None:
            return result
        return msgspec.structs.replace(
            result,
            expected_low=float(f"{expected.low:.4g}"),
            expected_why=expected.why,
            verdict="as-expected" if result.value >= expected.low else "low",
        )

    def warnings(self, results: Sequence[Measurement]) -> Iterator[Warning]:
        """Tell what is slower than it should be, its likely cause, and what slows it anyway."""
        for result in results:
            if result.verdict == "low":
                yield Warning("gpu-slow", self._slow(result))
        for seen in self._seen.values():
            fastest = max(
                (one.value for one in results if _is_over_link(one, seen.device)), default=0.0
            )
            yield from self._link_warnings(seen, fastest)
            yield from _throttled(seen)

    def _expected(self, result: Measurement) -> Expected | None:
        figures = self._figures.get(result.device)
        if figures is None:
            return None
        if result.name == _COPY:
            stated = f"{figures.bandwidth_gb_s:g} GB/s that are stated"
            return self._share(_COPY, figures.bandwidth_gb_s, stated)
        if result.name in _OVER_LINK:
            return self._of_link(figures, self._seen.get(result.device))
        _, is_product, precision = result.name.partition(f" {_MATMUL} ")
        peak = figures.peak_tflops.get(precision) if is_product else None
        if peak is None:
            return None
        return self._share(_MATMUL, peak, f"{peak:g} TFLOP/s that are stated")

    def _of_link(self, figures: GpuFigures, seen: UnderLoad | None) -> Expected | None:
        """What the card's own lanes carry, at the generation that the system reaches."""
        possible = seen.link_generation_possible if seen else None
        if figures.pcie_generation is None or figures.pcie_lanes is None or possible is None:
            return None
        generation = min(figures.pcie_generation, possible)
        if generation not in self._lanes:
            return None
        carried = self._lanes[generation] * figures.pcie_lanes
        told = f"{carried:.3g} GB/s of {figures.pcie_lanes} lanes of generation {generation}"
        return self._share(_LINK, carried, told)

    def _share(self, measure: str, stated: float, words: str) -> Expected | None:
        share = self._shares.get(measure)
        if share is None:
            return None
        return Expected(share * stated, f"{share * _PERCENT:g}% of the {words}")

    def _slow(self, result: Measurement) -> str:
        seen = self._seen.get(result.device)
        causes = list(self._causes(result, seen)) if seen else []
        because = f" Likely because {' and '.join(causes)}." if causes else _no_cause(seen)
        return (
            f"{self._names[result.device]}: {result.name} {result.value:g} {result.unit}; at least "
            f"{result.expected_low:g} is to be expected, {result.expected_why}.{because}"
        )

    def _causes(self, result: Measurement, seen: UnderLoad) -> Iterator[str]:
        if result.name in _OVER_LINK:
            lanes = self._card_lanes(seen)
            if seen.link_width and lanes and seen.link_width < lanes:
                yield f"its link has {seen.link_width} of {lanes} lanes"
            if _is_below(seen.link_generation, seen.link_generation_possible):
                yield f"its link runs at generation {seen.link_generation}"
            return
        if "heat" in seen.slowed_by:
            yield f"it slows down for heat ({seen.temperature_c} degrees)"
        if "power brake" in seen.slowed_by:
            yield "its power supply tells it to slow down"
        if _is_below(seen.power_limit_w, seen.default_power_limit_w):
            yield (
                f"its power limit is set to {seen.power_limit_w} W, "
                f"{seen.default_power_limit_w} W is usual"
            )
        elif "power limit" in seen.slowed_by:
            yield f"it is held at its power limit of {seen.power_limit_w} W"

    def _card_lanes(self, seen: UnderLoad) -> int | None:
        """The lanes of the card itself; NVML knows what card and slot have together only."""
        figures = self._figures.get(seen.device)
        stated = figures.pcie_lanes if figures else None
        return max(filter(None, (stated, seen.link_width_possible)), default=None)

    def _link_warnings(self, seen: UnderLoad, fastest: float) -> Iterator[Warning]:
        lanes, width, generation = self._card_lanes(seen), seen.link_width, seen.link_generation
        carried = (width or 0) * self._lanes.get(generation or 0, 0.0)
        if carried and fastest > _TOLERANCE * carried:
            return  # virtual machines tell links that are none
        if width and lanes and width < lanes:
            slot = _is_below(seen.link_width_possible, lanes)
            where = "its slot has no more" if slot else "its slot has more"
            yield Warning(
                "gpu-link-narrow",
                f"{_name(seen)}: under load its PCI Express link has {width} of the card's "
                f"{lanes} lanes; {where}.",
            )
        if _is_below(generation, seen.link_generation_possible):
            yield Warning(
                "gpu-link-slow",
                f"{_name(seen)}: under load its PCI Express link runs at generation {generation}; "
                f"card and system reach {seen.link_generation_possible}.",
            )


def _name(seen: UnderLoad) -> str:
    return f"{seen.device.upper()}, {seen.name}"


def _is_over_link(result: Measurement, device: str) -> bool:
    return result.device == device and result.name in _OVER_LINK


def _is_below(value: int | None, most: int | None) -> bool:
    return value is not None and most is not None and value < most


def _throttled(seen: UnderLoad) -> Iterator[Warning]:
    """A power limit alone is how most GPUs work; heat and power supplies are not."""
    reasons = [word for word in seen.slowed_by if word != "power limit"]
    if reasons:
        clock = (
            f" at {seen.clock_mhz} of {seen.clock_possible_mhz} MHz"
            if seen.clock_mhz and seen.clock_possible_mhz
            else ""
        )
        heat = f" at {seen.temperature_c} degrees" if seen.temperature_c is not None else ""
        yield Warning(
            "gpu-throttled",
            f"{_name(seen)}: the driver slowed it down within the minute, for "
            f"{' and '.join(reasons)}{heat}; it ran{clock or ' below its clock'}.",
        )


def _no_cause(seen: UnderLoad | None) -> str:
    if seen is None:
        return " Nothing is known of its clocks and its link: NVML told nothing while it worked."
    return " Neither heat nor power nor its link was seen to be the cause."
