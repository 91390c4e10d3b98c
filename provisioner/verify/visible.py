"""Which GPUs the programs of an environment may use, and how they are told."""

from __future__ import annotations

import os

import msgspec

from provisioner.machine import Gpu

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""The variable that names the GPUs that programs see."""
_HIDE = (VISIBLE, "NVIDIA_VISIBLE_DEVICES")
_ORDER = "CUDA_DEVICE_ORDER"


class Sight(msgspec.Struct, frozen=True):
    """What is shown to programs of the GPUs that there are."""

    gpus: tuple[str, ...] | None = None
    """The UUIDs of those that the environment was made for; None is all."""
    listed: str | None = None
    """What the caller's own ``CUDA_VISIBLE_DEVICES`` says, where that counts: it counts first."""

    @property
    def variables(self) -> dict[str, str]:
        """The variables of this process, by which just those GPUs are seen, as the bus counts."""
        kept = {name: value for name, value in os.environ.items() if name not in _HIDE}
        kept.setdefault(_ORDER, "PCI_BUS_ID")
        shown = self.listed
        if shown is None and self.gpus is not None:
            shown = ",".join(self.gpus)
        return kept if shown is None else {**kept, VISIBLE: shown}

    def of(self, present: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
        """Those of NVIDIA's GPUs that programs must see, as CUDA reads its variable."""
        nvidia = tuple(gpu for gpu in present if gpu.vendor == "nvidia")
        if self.listed is not None:
            return _named(self.listed, nvidia)
        if self.gpus is None:
            return nvidia
        return tuple(gpu for gpu in nvidia if gpu.uuid in self.gpus)


def _named(text: str, present: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    """What a list names, by number or the head of a UUID, up to the first that is not there."""
    found: list[Gpu] = []
    for word in (part.strip() for part in text.split(",")):
        if word.isdigit():
            matching = present[int(word) : int(word) + 1]
        else:
            matching = tuple(gpu for gpu in present if word and (gpu.uuid or "").startswith(word))
        if len(matching) != 1 or matching[0] in found:
            break
        found.append(matching[0])
    return tuple(found)
