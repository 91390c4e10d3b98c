"""Measure the copies of every NVIDIA GPU by the driver's own library; print a JSON object a line.

Run as a file by ``provisioner.bench.gpus``, never imported: a driver in a bad state lets a call
hang or crash, and only this process with it. The arguments are the seconds for each measure.
Needs no framework and no CUDA toolkit: ``libcuda.so.1`` comes with the driver.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

RUNS = 7
RUN_S = 0.03
MOST_COPIES = 2000
DEVICE_BYTES = 256 << 20
"""More than the caches of any GPU hold, or their speed would be measured."""
HOST_BYTES = 64 << 20
SMALLEST_BYTES = 1 << 20
SHARE_OF_FREE = 8
GB = 1e9


class CudaError(Exception):
    """A call that the driver refused."""


class Cuda:
    """The driver's library; every call is checked."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL("libcuda.so.1")

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function of the driver. Raises CudaError with its name and the driver's words."""
        code = getattr(self.library, name)(*arguments)
        if code:
            said = ctypes.c_char_p()
            self.library.cuGetErrorName(code, ctypes.byref(said))
            text = (said.value or str(code).encode()).decode("utf-8", "replace")
            raise CudaError(f"{name}: {text}")

    def number(self, name: str, *arguments: Any) -> int:
        """Return the integer that a function writes into its first argument."""
        found = ctypes.c_int()
        self.call(name, ctypes.byref(found), *arguments)
        return found.value

    def pointer(self, name: str, *arguments: Any) -> ctypes.c_void_p:
        """Return the address that a function writes into its first argument."""
        found = ctypes.c_void_p()
        self.call(name, ctypes.byref(found), *arguments)
        return found


def main() -> None:
    """Print a line for each GPU, one for each measure of it, and one for what went wrong."""
    seconds = float(sys.argv[1])
    try:
        cuda = Cuda()
        cuda.call("cuInit", 0)
        count = cuda.number("cuDeviceGetCount")
    except (OSError, CudaError, AttributeError) as problem:
        tell(error=str(problem))
        return
    devices = [cuda.number("cuDeviceGet", index) for index in range(count)]
    for index, device in enumerate(devices):
        tell(gpu={"index": index, "uuid": uuid_of(cuda, device)})
    for index, device in enumerate(devices):
        tell_copies(cuda, index, device, seconds)


def tell_copies(cuda: Cuda, index: int, device: int, seconds: float) -> None:
    """One GPU; a bad one does not keep the others from being measured."""
    try:
        measure(cuda, index, device, seconds)
    except CudaError as problem:
        tell(device=index, measure="copies", missing=str(problem))


def measure(cuda: Cuda, index: int, device: int, seconds: float) -> None:
    """The three kinds of copies of one GPU."""
    stay_near(cuda, device)
    with current(cuda, device), blocks(cuda) as (here, there, host, size, host_size):
        stream = cuda.pointer("cuStreamCreate", 0)
        copies: tuple[tuple[str, Callable[[], None], float], ...] = (
            (
                "host to device",
                lambda: cuda.call("cuMemcpyHtoDAsync_v2", here, host, host_size, stream),
                host_size.value / GB,
            ),
            (
                "device to host",
                lambda: cuda.call("cuMemcpyDtoHAsync_v2", host, here, host_size, stream),
                host_size.value / GB,
            ),
            (
                "memory copy",  # each byte is read and written
                lambda: cuda.call("cuMemcpyDtoDAsync_v2", there, here, size, stream),
                2 * size.value / GB,
            ),
        )

        def finish() -> None:
            cuda.call("cuStreamSynchronize", stream)

        for name, copy, amount in copies:
            start = time.monotonic()
            values = rates(copy, finish, amount, seconds)
            tell(
                device=index,
                measure=name,
                unit="GB/s",
                values=values,
                start=start,
                end=time.monotonic(),
            )


def rates(
    copy: Callable[[], None], finish: Callable[[], None], amount: float, seconds: float
) -> list[float]:
    """Amounts per second of several runs, each of as many copies as take a while."""
    copy()
    finish()
    begun = time.monotonic()
    copy()
    finish()
    once = max(time.monotonic() - begun, 1e-6)
    count = max(1, min(MOST_COPIES, int(max(RUN_S, seconds / (RUNS + 1)) / once)))
    found = []
    for _ in range(RUNS + 1):  # the first wakes the link and the clocks up
        begun = time.monotonic()
        for _ in range(count):
            copy()
        finish()
        found.append(amount * count / (time.monotonic() - begun))
    return found[1:]


def stay_near(cuda: Cuda, device: int) -> None:
    """Run on the processors that the GPU hangs on: from others the way is longer, and slower.

    Where the system does not tell them, or does not give them, any will do.
    """
    slot = ctypes.create_string_buffer(32)
    try:
        cuda.call("cuDeviceGetPCIBusId", slot, len(slot), device)
        place = f"/sys/bus/pci/devices/{slot.value.decode().lower()}/local_cpulist"
        with open(place, encoding="ascii") as file:
            os.sched_setaffinity(0, processors(file.read()))
    except (CudaError, AttributeError, OSError, ValueError):
        return


def processors(listed: str) -> set[int]:
    """The numbers in the kernel's form of a list: ``0-3,8``."""
    found: set[int] = set()
    for part in listed.strip().split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


@contextmanager
def current(cuda: Cuda, device: int) -> Iterator[None]:
    """Work on one GPU, in the context that programs share."""
    context = cuda.pointer("cuDevicePrimaryCtxRetain", device)
    try:
        cuda.call("cuCtxSetCurrent", context)
        yield
    finally:
        cuda.call("cuDevicePrimaryCtxRelease_v2", device)


@contextmanager
def blocks(cuda: Cuda) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
    """Two blocks on the GPU and a pinned one beside it, and their sizes."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    cuda.call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    room = max(SMALLEST_BYTES, min(DEVICE_BYTES, free.value // SHARE_OF_FREE))
    size, host_size = ctypes.c_size_t(room), ctypes.c_size_t(min(HOST_BYTES, room))
    freed: list[tuple[str, Any]] = []
    try:
        freed.append(("cuMemFree_v2", cuda.pointer("cuMemAlloc_v2", size)))
        freed.append(("cuMemFree_v2", cuda.pointer("cuMemAlloc_v2", size)))
        freed.append(("cuMemFreeHost", cuda.pointer("cuMemAllocHost_v2", host_size)))
        here, there, host = (block for _, block in freed)
        yield here, there, host, size, host_size
    finally:
        for name, block in freed:
            cuda.call(name, block)


def uuid_of(cuda: Cuda, device: int) -> str | None:
    """The name that NVML and CUDA_VISIBLE_DEVICES know the GPU by."""
    raw = (ctypes.c_ubyte * 16)()
    try:
        cuda.call("cuDeviceGetUuid", raw, device)
    except (CudaError, AttributeError):
        return None
    text = bytes(raw).hex()
    parts = (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
    return "GPU-" + "-".join(parts)


def tell(**facts: Any) -> None:
    """One line, out at once."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
    # Without the library's own farewell: a driver that crashes there has already told everything.
    os._exit(0)
