"""How right a framework has to be, and what it means that something does not apply."""

import sys

SIDE, DEPTH = 128, 256
FAR = {
    "fp64": DEPTH * 2.0**-53,
    "fp32": DEPTH * 2.0**-24,
    "tf32": 2.0**-9 + DEPTH * 2.0**-24,
    "fp16": 2.0**-11,
    "bf16": 2.0**-8,
    "fp8": 2.0**-8,
    "int8": 0.0,
}
"""How far a product may be from the exact one, beside the sum of the magnitudes that it adds up.

It is the rounding of the format, and in fp64 and fp32 that of each addition; tf32 rounds what it
is given. The other formats are given small whole numbers, whose sums they hold.
"""
KINDS = {
    "fp64": "float64",
    "fp32": "float32",
    "tf32": "float32",
    "fp16": "float16",
    "bf16": "bfloat16",
    "fp8": "float8_e4m3fn",
    "int8": "int8",
}
EVERYWHERE = ("fp64", "fp32")
"""The formats that every framework multiplies on every GPU: there is no excuse."""
REAL = ("fp64", "fp32", "tf32")
"""The formats that are tried with fractions."""
CONVOLVED = 1e-3
"""As FAR, for a convolution: a fast one rounds more than a plain sum."""


class NotApplicable(Exception):
    """Why something cannot be tried here."""


def numpy():
    """The library; where it is not installed there is nothing to hand over."""
    try:
        import numpy
    except ImportError as problem:
        if getattr(problem, "name", None) != "numpy":
            raise
        print("not applicable: numpy is not installed")
        sys.exit()
    return numpy


def kind(form, library):
    """What a framework calls a format."""
    if form not in KINDS:
        raise NotApplicable("dlsetup has no product in it to try")
    found = getattr(library, KINDS[form], None)
    if found is None:
        raise NotApplicable("it has no such format")
    return found


def judge(form, far):
    """Say what came of a product."""
    if not far <= FAR[form]:
        sys.exit("its product is wrong by %.2g, where %.2g is rounding" % (far, FAR[form]))
    if form == "tf32" and far <= FAR["fp32"]:
        raise NotApplicable("the library computed in fp32 all the same")
    print("right to %.2g" % FAR[form])


def judge_convolution(far, version, least):
    """Say what came of a convolution: how far off, by which cuDNN, for which one at least."""
    if not far <= CONVOLVED:
        sys.exit("the convolution is wrong by %.2g" % far)
    if not version:
        sys.exit("it convolves without cuDNN")
    unit = 10000 if version >= 90000 else 1000  # 9.10 is 91000, 8.9 is 8900
    found = (version // unit, version % unit // 100)
    wanted = tuple(int(part) for part in least.split(".")[:2]) if least else found
    if found[0] != wanted[0] or found < wanted:
        sys.exit("its cuDNN is %d.%d; the plan is for %s" % (found + (least,)))
    print("cuDNN %d.%d convolves, right to %.2g" % (found + (CONVOLVED,)))


def loaded_cudnn():
    """The version of the cuDNN that this process holds, None where it holds none."""
    import ctypes

    with open("/proc/self/maps") as lines:
        paths = sorted({line.split()[-1] for line in lines if "/libcudnn.so" in line})
    if not paths:
        return None
    version = ctypes.CDLL(paths[0]).cudnnGetVersion
    version.restype = ctypes.c_size_t
    return version()


def judge_sums(right):
    """Say what came of adding up over the GPUs; ``right`` says it of each."""
    wrong = [str(index) for index, one in enumerate(right) if not one]
    if wrong:
        sys.exit("NCCL's sum is wrong on GPU %s" % ", ".join(wrong))
    print("NCCL adds up over %d GPUs" % len(right))


def judge_count(seen, count):
    """Say whether all GPUs are seen, by their names."""
    if len(seen) != int(count):
        sys.exit("it sees %d of %s GPUs" % (len(seen), count))
    print(", ".join(seen))


def main(framework, version, known, gone=()):
    """Do what the words ask for; errors of the kinds in ``gone`` mean that it has no product."""
    what, words = sys.argv[1], sys.argv[2:]
    try:
        known[what](*words)
    except NotApplicable as why:
        print("not applicable: %s %s: %s" % (framework, version, why))
    except Exception as error:
        told = said_of(error)
        optional = what == "product" and words[0] not in EVERYWHERE
        if not optional or not any(mark in told for mark in gone):
            raise
        print("not applicable: %s %s: %s" % (framework, version, told))


def said_of(error):
    """An error in one line."""
    return " ".join(("%s: %s" % (type(error).__name__, error)).split())[:200]
