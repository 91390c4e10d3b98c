"""Questions to the catalog itself: what it knows of frameworks, GPUs, CUDA, drivers, profiles.

Pure functions from a Catalog to frozen values; nothing here depends on this machine.
"""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.lookup.question import Question, question
from provisioner.lookup.values import Answer

__all__ = ["Answer", "Question", "answer", "question"]


def answer(catalog: Catalog, words: tuple[str, ...]) -> Answer:
    """Read the words of a question and answer it.

    Raises UsageError: ``nothing-asked``, ``bad-usage``, ``ambiguous-word``, ``bad-requirement``,
    ``unknown-framework``, ``unknown-release``, ``unknown-gpu``, ``ambiguous-gpu``,
    ``unknown-cuda``, ``bad-driver``, ``unknown-driver`` or ``unknown-profile``.
    """
    asked = question(catalog, words)
    if asked.kind == "gpu":
        from provisioner.lookup.gpus import gpu

        return gpu(catalog, asked.about)
    if asked.kind == "cuda":
        from provisioner.lookup.cuda import cuda

        return cuda(catalog, asked.about)
    if asked.kind == "driver":
        from provisioner.lookup.drivers import driver

        return driver(catalog, asked.about)
    if asked.kind == "profile":
        from provisioner.lookup.profiles import profile

        return profile(catalog, asked.about)
    from provisioner.lookup.frameworks import framework

    return framework(catalog, asked.about, typed=asked.typed)
