"""What JAX must do, beyond a first product. Words:

``numpy``; ``gpus COUNT``; ``product FORMAT DEVICE``; ``cudnn DEVICE [LEAST]``; ``nccl COUNT``.
A device is the number of a GPU, or ``cpu``.
"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside"))
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
import exactness
import jax
import jax.numpy as jnp
from exactness import DEPTH, FAR, REAL, SIDE, NotApplicable

numpy = exactness.numpy()
WIDER = {"fp8": "float32", "int8": "int32"}


def on_gpus():
    return [one for one in jax.devices() if one.platform in ("gpu", "cuda")]


def place(device):
    there = jax.devices("cpu") if device == "cpu" else on_gpus()
    number = 0 if device == "cpu" else int(device)
    if number >= len(there):
        sys.exit("it sees %d GPUs: it would silently use the CPU" % len(there))
    return there[number]


def multiply(form, left, right):
    exactly = jax.lax.Precision.DEFAULT if form == "tf32" else jax.lax.Precision.HIGHEST
    words = {"preferred_element_type": getattr(jnp, WIDER[form])} if form in WIDER else {}
    try:
        return jax.lax.dot(left, right, precision=exactly, **words)
    except TypeError:
        if not words:
            raise
        raise NotApplicable("it has no product in it")


def product(form, device):
    kind = exactness.kind(form, jnp)
    jax.config.update("jax_enable_x64", form == "fp64")
    numpy.random.seed(1)
    left, right = numpy.random.rand(SIDE, DEPTH) * 2 - 1, numpy.random.rand(DEPTH, SIDE) * 2 - 1
    if form not in REAL:
        left, right = (left * 3).round(), (right * 3).round()
    left, right = left.astype("float32"), right.astype("float32")
    there = [jax.device_put(numpy.asarray(matrix, kind), place(device)) for matrix in (left, right)]
    result = numpy.asarray(multiply(form, *there)).astype("float64")
    left, right = left.astype("float64"), right.astype("float64")
    size = abs(left).dot(abs(right))
    exactness.judge(form, float((abs(result - left.dot(right)) / size).max()))


def cudnn(device, least=""):
    numpy.random.seed(1)
    images = (numpy.random.rand(2, 8, 16, 16) * 2 - 1).astype("float32")
    kernels = (numpy.random.rand(8, 8, 3, 3) * 2 - 1).astype("float32")
    there = [jax.device_put(array, place(device)) for array in (images, kernels)]
    exactly = jax.lax.Precision.HIGHEST
    convolve = jax.lax.conv_general_dilated
    result = numpy.asarray(convolve(*there, (1, 1), "SAME", precision=exactly))
    padded = numpy.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), "constant").astype("float64")
    exact = sum(
        numpy.einsum(
            "nihw,oi->nohw",
            padded[:, :, row : row + 16, column : column + 16],
            kernels[:, :, row, column],
        )
        for row in range(3)
        for column in range(3)
    )
    far = float(abs(result - exact).max()) / kernels[0].size
    exactness.judge_convolution(far, exactness.loaded_cudnn(), least)


def to_numpy():
    numpy.random.seed(1)
    left, right = numpy.random.rand(SIDE, DEPTH), numpy.random.rand(DEPTH, SIDE)
    left, right = left.astype("float32"), right.astype("float32")
    exactly = jax.lax.Precision.HIGHEST
    result = numpy.asarray(jnp.dot(jnp.asarray(left), jnp.asarray(right), precision=exactly))
    far = abs(result - left.astype("float64").dot(right)).max()
    if type(result) is not numpy.ndarray or not far <= FAR["fp32"] * DEPTH:
        sys.exit("jax and numpy do not hand numbers over rightly")
    if numpy.asarray(jnp.asarray(numpy.arange(DEPTH))).tolist() != list(range(DEPTH)):
        sys.exit("jax and numpy do not hand whole numbers over rightly")
    print("jax %s and numpy %s: works" % (jax.__version__, numpy.__version__))


def gpus(count):
    exactness.judge_count([str(one) for one in on_gpus()], count)


def nccl(count):
    ones = numpy.ones((1, 1 << 20), "float32")
    shares = numpy.arange(1, int(count) + 1, dtype="float32")[:, None] * ones
    add = jax.pmap(lambda share: jax.lax.psum(share, "gpus"), "gpus", devices=on_gpus())
    total = shares[:, 0].sum()
    exactness.judge_sums([bool((one == total).all()) for one in numpy.asarray(add(shares))])


known = {"numpy": to_numpy, "gpus": gpus, "product": product, "cudnn": cudnn, "nccl": nccl}
exactness.main("jax", jax.__version__, known)
