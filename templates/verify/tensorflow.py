"""What TensorFlow must do, beyond a first product. Words:

``numpy``; ``gpus COUNT``; ``product FORMAT DEVICE``; ``cudnn DEVICE [LEAST]``; ``nccl COUNT``.
A device is the number of a GPU, or ``cpu``. Before 2.0 a session computes.
"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
import exactness
import tensorflow as tf
from exactness import DEPTH, FAR, REAL, SIDE, NotApplicable

numpy = exactness.numpy()
NO_KERNEL = ("NotFoundError", "UnimplementedError")
eager = getattr(tf, "executing_eagerly", bool)()


def place(device):
    return "/CPU:0" if device == "cpu" else "/GPU:" + device


def computed(make, device):
    """What some operations give when they run there, and nowhere else."""
    if not eager:
        with tf.Graph().as_default(), tf.device(place(device)):
            result = make()
            with tf.Session() as session:
                return session.run(result)
    if hasattr(tf.config, "set_soft_device_placement"):
        tf.config.set_soft_device_placement(False)
    with tf.device(place(device)):
        result = make()
    if place(device).strip("/") not in result.device:
        sys.exit("it computed on %s, not on %s" % (result.device, place(device)))
    return result.numpy()


def allow_tf32(form):
    allow = getattr(getattr(tf, "config", None), "experimental", None)
    allow = getattr(allow, "enable_tensor_float_32_execution", None)
    if allow:
        allow(form == "tf32")
    elif form == "tf32":
        raise NotApplicable("it does not let one choose it")


def product(form, device):
    kind = exactness.kind(form, tf)
    if form == "int8":
        raise NotApplicable("it has no product in it on GPUs")
    numpy.random.seed(1)
    left, right = numpy.random.rand(SIDE, DEPTH) * 2 - 1, numpy.random.rand(DEPTH, SIDE) * 2 - 1
    if form not in REAL:
        left, right = (left * 3).round(), (right * 3).round()
    left, right = left.astype("float32"), right.astype("float32")
    allow_tf32(form)

    def make():
        there = [tf.cast(tf.constant(matrix), kind) for matrix in (left, right)]
        return tf.cast(tf.matmul(*there), tf.float64)

    left, right = left.astype("float64"), right.astype("float64")
    size = abs(left).dot(abs(right))
    exactness.judge(form, float((abs(computed(make, device) - left.dot(right)) / size).max()))


def cudnn(device, least=""):
    numpy.random.seed(1)
    images = (numpy.random.rand(2, 16, 16, 8) * 2 - 1).astype("float32")
    kernels = (numpy.random.rand(3, 3, 8, 8) * 2 - 1).astype("float32")
    allow_tf32("fp32")

    def make():
        there = tf.constant(images), tf.constant(kernels)
        return tf.nn.conv2d(*there, strides=[1, 1, 1, 1], padding="SAME")

    result = computed(make, device)
    padded = numpy.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), "constant").astype("float64")
    exact = sum(
        padded[:, row : row + 16, column : column + 16].dot(kernels[row, column])
        for row in range(3)
        for column in range(3)
    )
    far = float(abs(result - exact).max()) / kernels[..., 0].size
    exactness.judge_convolution(far, exactness.loaded_cudnn(), least)


def to_numpy():
    numpy.random.seed(1)
    left, right = numpy.random.rand(SIDE, DEPTH), numpy.random.rand(DEPTH, SIDE)
    result = computed(lambda: tf.matmul(tf.constant(left), tf.constant(right)), "cpu")
    far = abs(result - left.dot(right)).max()
    if type(result) is not numpy.ndarray or not far <= FAR["fp64"] * DEPTH:
        sys.exit("tensorflow and numpy do not hand numbers over rightly")
    counted = computed(lambda: tf.constant(numpy.arange(DEPTH)) + 1, "cpu")
    if counted.tolist() != list(range(1, DEPTH + 1)):
        sys.exit("tensorflow and numpy do not hand whole numbers over rightly")
    print("tensorflow %s and numpy %s: works" % (tf.__version__, numpy.__version__))


def gpus(count):
    config = getattr(tf, "config", None)
    listed = getattr(config, "list_physical_devices", None)
    listed = listed or getattr(getattr(config, "experimental", None), "list_physical_devices", None)
    if listed:
        exactness.judge_count([device.name for device in listed("GPU")], count)
        return
    from tensorflow.python.client import device_lib

    everything = device_lib.list_local_devices()
    exactness.judge_count([one.name for one in everything if one.device_type == "GPU"], count)


def nccl(count):
    if not eager or not hasattr(tf.distribute, "NcclAllReduce"):
        raise NotApplicable("dlsetup has no sum over GPUs to try before 2.0")
    places = ["GPU:%d" % index for index in range(int(count))]
    spread = tf.distribute.MirroredStrategy(places, cross_device_ops=tf.distribute.NcclAllReduce())
    run = getattr(spread, "run", None) or spread.experimental_run_v2

    def share():
        here = tf.distribute.get_replica_context()
        number = tf.cast(here.replica_id_in_sync_group, tf.float32) + 1.0
        return here.all_reduce(tf.distribute.ReduceOp.SUM, tf.ones([1 << 20]) * number)

    sums = spread.experimental_local_results(tf.function(lambda: run(share))())
    total = sum(range(1, len(places) + 1))
    exactness.judge_sums([bool((one.numpy() == total).all()) for one in sums])


known = {"numpy": to_numpy, "gpus": gpus, "product": product, "cudnn": cudnn, "nccl": nccl}
exactness.main("tensorflow", tf.__version__, known, NO_KERNEL)
