"""What PyTorch must do, beyond a first product. Words:

``numpy``; ``gpus COUNT``; ``product FORMAT DEVICE``; ``cudnn DEVICE [LEAST]``; ``nccl COUNT``.
A device is the number of a GPU, or ``cpu``.
"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside"))
import exactness
import torch
from exactness import DEPTH, FAR, REAL, SIDE, NotApplicable

NO_KERNEL = ("not implemented for", "is only supported", "only supported on")


def place(device):
    return "cpu" if device == "cpu" else "cuda:" + device


def off(result, exact, size):
    return float(((result.cpu().double() - exact).abs() / size).max())


def eight_bits(left, right):
    multiply = getattr(torch, "_scaled_mm", None)
    if multiply is None:
        raise NotApplicable("it has no product in it")
    one = torch.ones((), device=left.device)
    right = right.t().contiguous().t()  # by columns: the only order it takes
    result = multiply(left, right, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
    return result[0] if isinstance(result, tuple) else result


def whole_numbers(left, right):
    multiply = getattr(torch, "_int_mm", None)
    if multiply is None:
        raise NotApplicable("it has no product in it")
    return multiply(left, right)


def allow_tf32(form):
    matmul = getattr(getattr(torch.backends, "cuda", None), "matmul", None)
    if hasattr(matmul, "allow_tf32"):
        matmul.allow_tf32 = form == "tf32"
    elif form == "tf32":
        raise NotApplicable("it does not let one choose it")


def product(form, device):
    kind = exactness.kind(form, torch)
    torch.manual_seed(1)
    left, right = torch.rand(SIDE, DEPTH) * 2 - 1, torch.rand(DEPTH, SIDE) * 2 - 1
    if form not in REAL:
        left, right = (left * 3).round(), (right * 3).round()
    exact = torch.mm(left.double(), right.double())
    size = torch.mm(left.double().abs(), right.double().abs())
    allow_tf32(form)
    multiply = {"fp8": eight_bits, "int8": whole_numbers}.get(form, torch.mm)
    there = [matrix.to(place(device)).to(kind) for matrix in (left, right)]
    exactness.judge(form, off(multiply(*there), exact, size))


def convolved(images, kernels):
    """By cuDNN itself: an ordinary convolution may go without it."""
    words = {"padding": [1, 1], "stride": [1, 1], "dilation": [1, 1], "groups": 1}
    words.update(benchmark=False, deterministic=False)
    if not images.is_cuda:
        return torch.nn.functional.conv2d(images, kernels, padding=1)
    for more, bias in (({"allow_tf32": False}, ()), ({}, ()), ({}, (None,))):
        try:
            return torch.cudnn_convolution(images, kernels, *bias, **dict(words, **more))
        except TypeError as error:  # it was called otherwise before 1.7, and before 1.5
            refused = error
    raise refused


def cudnn(device, least=""):
    torch.manual_seed(1)
    convolve = torch.nn.functional.conv2d
    images, kernels = torch.rand(4, 16, 32, 32) * 2 - 1, torch.rand(16, 16, 3, 3) * 2 - 1
    exact = convolve(images.double(), kernels.double(), padding=1)
    size = convolve(images.double().abs(), kernels.double().abs(), padding=1)
    far = off(convolved(images.to(place(device)), kernels.to(place(device))), exact, size)
    there = device != "cpu" and torch.backends.cudnn.is_available()
    exactness.judge_convolution(far, torch.backends.cudnn.version() if there else None, least)


def numpy():
    numpy = exactness.numpy()
    numpy.random.seed(1)
    left, right = numpy.random.rand(SIDE, DEPTH), numpy.random.rand(DEPTH, SIDE)
    product = torch.mm(torch.from_numpy(left), torch.from_numpy(right)).numpy()
    far = abs(product - numpy.dot(left, right)).max()
    if type(product) is not numpy.ndarray or not far <= FAR["fp64"] * DEPTH:
        sys.exit("torch and numpy do not hand numbers over rightly")
    if torch.from_numpy(numpy.arange(DEPTH)).numpy().tolist() != list(range(DEPTH)):
        sys.exit("torch and numpy do not hand whole numbers over rightly")
    print("torch %s and numpy %s: works" % (torch.__version__, numpy.__version__))


def gpus(count):
    seen = range(torch.cuda.device_count())
    exactness.judge_count([torch.cuda.get_device_name(index) for index in seen], count)


def nccl(count):
    import torch.cuda.nccl

    places = ["cuda:%d" % index for index in range(int(count))]
    shares = [torch.full((1 << 20,), 1.0 + index, device=at) for index, at in enumerate(places)]
    torch.cuda.nccl.all_reduce(shares)
    total = sum(range(1, len(shares) + 1))
    exactness.judge_sums([bool((share == total).all()) for share in shares])


known = {"numpy": numpy, "gpus": gpus, "product": product, "cudnn": cudnn, "nccl": nccl}
exactness.main("torch", torch.__version__, known, NO_KERNEL)
