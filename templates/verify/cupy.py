"""What CuPy must do. Words: ``numpy``; ``gpus COUNT``; ``product FORMAT GPU``."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside"))
import cupy
import exactness
import numpy
from exactness import DEPTH, REAL, SIDE, NotApplicable

HAS = ("fp64", "fp32", "fp16")


def product(form, device):
    if form not in HAS:
        raise NotApplicable("it has no product in it")
    numpy.random.seed(1)
    left, right = numpy.random.rand(SIDE, DEPTH) * 2 - 1, numpy.random.rand(DEPTH, SIDE) * 2 - 1
    if form not in REAL:
        left, right = (left * 3).round(), (right * 3).round()
    left, right = left.astype("float32"), right.astype("float32")
    kind = exactness.kind(form, numpy)
    with cupy.cuda.Device(int(device)):
        there = [cupy.asarray(matrix.astype(kind)) for matrix in (left, right)]
        result = cupy.asnumpy(cupy.matmul(*there)).astype("float64")
    left, right = left.astype("float64"), right.astype("float64")
    size = abs(left).dot(abs(right))
    exactness.judge(form, float((abs(result - left.dot(right)) / size).max()))


def to_numpy():
    given = numpy.arange(SIDE * DEPTH, dtype="float64").reshape(SIDE, DEPTH)
    result = cupy.asnumpy(cupy.asarray(given) + 1)
    if type(result) is not numpy.ndarray or not (result == given + 1).all():
        sys.exit("cupy and numpy do not hand numbers over rightly")
    print("cupy %s and numpy %s: works" % (cupy.__version__, numpy.__version__))


def gpus(count):
    seen = range(cupy.cuda.runtime.getDeviceCount())
    exactness.judge_count(["GPU %d" % index for index in seen], count)


exactness.main("cupy", cupy.__version__, {"numpy": to_numpy, "gpus": gpus, "product": product})
