"""What an environment must be able to do: import, multiply, hand to numpy and take back.

The programs run in the interpreter that is tried, Python 3.6 among them, as their users would.
"""

from __future__ import annotations

_RIGHT = "[[6.0, 6.0], [6.0, 6.0]]"
"""Twos times ones, three of each."""
_PRODUCTS = {
    "torch": """
import numpy
import torch
ones = torch.from_numpy(numpy.ones((3, 2), dtype="float32"))
product = torch.mm(2 * torch.ones(2, 3), ones).numpy()
""",
    "tensorflow": """
import numpy
import tensorflow as tf
ones = tf.constant(numpy.ones((3, 2), dtype="float32"))
product = tf.matmul(2 * tf.ones([2, 3]), ones)
if hasattr(tf, "Session"):
    product = tf.Session().run(product)
else:
    product = product.numpy()
""",
    "jax": """
import numpy
import jax
import jax.numpy as jnp
ones = jnp.asarray(numpy.ones((3, 2), dtype="float32"))
product = numpy.asarray(jnp.dot(2 * jnp.ones((2, 3)), ones))
""",
}
_ALSO = {"tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow"}
FRAMEWORKS = (*_PRODUCTS, *_ALSO)
"""The projects that there is a program for."""
_PROOF = """
assert type(product) is numpy.ndarray, type(product)
assert product.tolist() == {right}, product
print("works")
"""
WORKS = "works"
"""The last line of a program that came to its end."""
_HALF_BROKEN = {
    "A module that was compiled using NumPy 1.x cannot be run in": " NumPy 2",
    "Failed to initialize NumPy": "",
    "_ARRAY_API not found": "",
}
"""What numpy and torch print where they go on without each other, and how the line goes on."""


def program(framework: str) -> str:
    """The Python text that tries a framework. Raises KeyError for one without a program."""
    return _PRODUCTS[_ALSO.get(framework, framework)] + _PROOF.format(right=_RIGHT)


def half_broken(printed: str) -> str | None:
    """What says that numpy is not really there, None where nothing does."""
    return next((mark + rest for mark, rest in _HALF_BROKEN.items() if mark in printed), None)
