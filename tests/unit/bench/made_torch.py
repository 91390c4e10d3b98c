"""A stand-in for PyTorch that writes down what it is asked for; written into a folder as torch.

It computes nothing: products take a millisecond, and the loss falls a little with each step.
"""

from __future__ import annotations

SOURCE = """
import os
import time
from contextlib import contextmanager

LOG = os.environ["MADE_TORCH_LOG"]
GPUS = int(os.environ.get("MADE_TORCH_GPUS", "2"))
float64, float32, bfloat16, float16 = "float64", "float32", "bfloat16", "float16"
state = {"loss": 2.3}


def note(text):
    with open(LOG, "a") as log:
        log.write(text + "\\n")


class backends:
    class cuda:
        class matmul:
            allow_tf32 = True


class cuda:
    device_count = staticmethod(lambda: GPUS)
    synchronize = staticmethod(lambda device: note("wait %s" % device))


class Tensor:
    def __init__(self, device="cpu", dtype="float32"):
        self.device, self.dtype = device, dtype

    def to(self, word):
        is_type = word in (float64, float32, bfloat16, float16)
        return Tensor(self.device, word) if is_type else Tensor(word, self.dtype)

    def __float__(self):
        return state["loss"]

    def backward(self):
        pass

    def view(self, *shape):
        return self


def manual_seed(seed):
    state["loss"] = 2.3


def randn(*shape, device="cpu"):
    return Tensor(device)


def randint(low, high, shape):
    return Tensor()


def relu(tensor):
    return tensor


def mm(left, right):
    if right.dtype == os.environ.get("MADE_TORCH_REFUSES"):
        raise RuntimeError("no kernel image\\nsecond line")
    note("mm %s %s tf32=%s" % (left.device, left.dtype, backends.cuda.matmul.allow_tf32))
    time.sleep(0.001)


class nn:
    class Module:
        def __call__(self, tensor):
            return self.forward(tensor)

        def to(self, device):
            note("train %s" % device)
            return self

        def parameters(self):
            return []

    class Conv2d(Module):
        def __init__(self, *sizes, **more):
            pass

        def forward(self, tensor):
            return tensor

    Linear = Conv2d

    class CrossEntropyLoss:
        def __call__(self, guessed, wanted):
            return guessed


class optim:
    class SGD:
        def __init__(self, parameters, lr):
            pass

        def zero_grad(self):
            pass

        def step(self):
            if "MADE_TORCH_STUCK" not in os.environ:
                state["loss"] *= 0.999
            time.sleep(0.001)
"""
