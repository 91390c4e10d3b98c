"""Fill most of what is free on one GPU with patterns, and find each again. Word: the GPU's number.

Others may use the GPU: what they hold is left alone, and where they take more meanwhile, less is
tried. Everything is written before anything is read, so that two places that are one are seen.
"""

import ctypes
import sys
import time

MIB = 1024 * 1024
LARGEST, STRIP = 256 * MIB, 4 * MIB
CHUNKS = 8  # at least
SHARE = 0.8
LEAST = 16 * MIB
READING_S = 20.0  # after that, only the head of each chunk is read
OUT_OF_MEMORY = 2

number = int(sys.argv[1])
try:
    driver = ctypes.CDLL("libcuda.so.1")
except OSError as problem:
    sys.exit("CUDA's driver library does not load: %s" % problem)


def must(function, *words):
    code = function(*words)
    if code:
        sys.exit("CUDA's driver answers error %d to %s" % (code, function.__name__))


def allocated(size):
    place = ctypes.c_uint64()
    code = driver.cuMemAlloc_v2(ctypes.byref(place), ctypes.c_size_t(size))
    if code == OUT_OF_MEMORY:
        return None
    if code:
        sys.exit("CUDA's driver answers error %d to cuMemAlloc" % code)
    return place


def pattern(index):
    """Another word for each chunk, with each bit set in some and clear in others."""
    return (0x9E3779B9 * (index + 1)) & 0xFFFFFFFF


def holds(expected, place, offset):
    must(driver.cuMemcpyDtoH_v2, buffer, ctypes.c_uint64(place.value + offset), strip)
    return same(buffer, expected, strip) == 0


device, context = ctypes.c_int(), ctypes.c_void_p()
free, total = ctypes.c_size_t(), ctypes.c_size_t()
must(driver.cuInit, 0)
must(driver.cuDeviceGet, ctypes.byref(device), number)
must(driver.cuDevicePrimaryCtxRetain, ctypes.byref(context), device)
must(driver.cuCtxSetCurrent, context)
must(driver.cuMemGetInfo_v2, ctypes.byref(free), ctypes.byref(total))
if free.value < LEAST / SHARE:
    print("not applicable: others use it, and only %d MiB are free" % (free.value // MIB))
    sys.exit()

wanted, chunks = int(free.value * SHARE), []
chunk = max(STRIP, min(LARGEST, wanted // CHUNKS // STRIP * STRIP))
while wanted >= STRIP:
    size = min(chunk, wanted) // STRIP * STRIP
    place = allocated(size)
    if place is None:
        break
    chunks.append((place, size))
    wanted -= size
if not chunks:
    print("not applicable: others use it, and took what was free")
    sys.exit()
for index, (place, size) in enumerate(chunks):
    must(driver.cuMemsetD32_v2, place, ctypes.c_uint(pattern(index)), ctypes.c_size_t(size // 4))
must(driver.cuCtxSynchronize)

buffer, strip = ctypes.create_string_buffer(STRIP), ctypes.c_size_t(STRIP)
same = ctypes.CDLL(None).memcmp
read, end = 0, time.time() + READING_S
for index, (place, size) in enumerate(chunks):
    expected = pattern(index).to_bytes(4, sys.byteorder) * (STRIP // 4)
    for offset in range(0, size, STRIP):
        if offset and time.time() > end:
            break
        if not holds(expected, place, offset):
            at = sum(before for _, before in chunks[:index]) + offset
            sys.exit(
                "memory does not keep what was written, %d MiB into what was free" % (at // MIB)
            )
        read += STRIP
written = sum(size for _, size in chunks)
for place, _ in chunks:
    must(driver.cuMemFree_v2, place)
print("%d of %d free MiB written, %d read back" % (written // MIB, free.value // MIB, read // MIB))
