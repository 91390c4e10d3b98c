"""The GPUs that programs can use, asked of CUDA's driver itself: a line of JSON, then in words."""

import ctypes
import json
import sys
import uuid

MAJOR, MINOR = 75, 76  # CUdevice_attribute: the compute capability


def must(function, *words):
    code = function(*words)
    if code:
        name = ctypes.c_char_p()
        driver.cuGetErrorName(code, ctypes.byref(name))
        told = name.value.decode() if name.value else "error %d" % code
        sys.exit("CUDA's driver says %s to %s" % (told, function.__name__))


def device(number):
    handle, name, raw = ctypes.c_int(), ctypes.create_string_buffer(256), (ctypes.c_ubyte * 16)()
    must(driver.cuDeviceGet, ctypes.byref(handle), number)
    must(driver.cuDeviceGetName, name, len(name), handle)
    # The newer call tells a slice of a GPU from the whole of it.
    identity = getattr(driver, "cuDeviceGetUuid_v2", None) or driver.cuDeviceGetUuid
    must(identity, raw, handle)
    capability = []
    for attribute in (MAJOR, MINOR):
        value = ctypes.c_int()
        must(driver.cuDeviceGetAttribute, ctypes.byref(value), attribute, handle)
        capability.append(str(value.value))
    return {
        "name": name.value.decode("utf-8", "replace"),
        "uuid": str(uuid.UUID(bytes=bytes(raw))),
        "compute_capability": ".".join(capability),
    }


try:
    driver = ctypes.CDLL("libcuda.so.1")
except OSError as problem:
    sys.exit("CUDA's driver library does not load: %s" % problem)
must(driver.cuInit, 0)
count = ctypes.c_int()
must(driver.cuDeviceGetCount, ctypes.byref(count))
devices = [device(number) for number in range(count.value)]
print(json.dumps(devices))
