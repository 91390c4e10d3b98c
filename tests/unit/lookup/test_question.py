from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.lookup.question import question

CATALOG = Catalog(resources.stacks())


@pytest.mark.parametrize(
    ("words", "kind", "about"),
    [
        (("torch",), "framework", "torch"),
        ((" torch==2.9 ",), "framework", "torch==2.9"),
        (("torch", "2.9"), "framework", "torch==2.9"),
        (("torch", ">=2.9"), "framework", "torch>=2.9"),
        (("torch>=", "2.9"), "framework", "torch>=2.9"),
        (("gpu", "RTX 3090"), "gpu", "RTX 3090"),
        (("GPU", "RTX", "3090"), "gpu", "RTX 3090"),
        (("gpu", "", "8.6"), "gpu", "8.6"),
        (("cuda", "12.8"), "cuda", "12.8"),
        (("cuda==12.8",), "cuda", "==12.8"),
        (("cuda", ">=12"), "cuda", ">=12"),
        (("cuda",), "cuda", ""),
        (("driver", "535"), "driver", "535"),
        (("driver>=535",), "driver", ">=535"),
    ],
)
def test_three_words_are_grammar_and_the_rest_is_asked_of_a_framework(
    words: tuple[str, ...], kind: str, about: str
) -> None:
    asked = question(CATALOG, words)

    assert (asked.kind, asked.about) == (kind, about)


@pytest.mark.parametrize(
    ("word", "meanings"),
    [
        # 02_ptxas_arch has nvcc 12.8; 10.0 is a CUDA (01_cuda_driver) and Blackwell (02_arch).
        ("12.8", ("cuda 12.8: a release of CUDA",)),
        ("10.0", ("cuda 10.0: a release of CUDA", "gpu 10.0: a compute capability")),
        ("8.6", ("gpu 8.6: a compute capability",)),
        ("535", ("driver 535: a driver",)),
        ("535.183.01", ("driver 535.183.01: a driver",)),
        ("sm_86", ("gpu sm_86: a GPU architecture",)),
        ("cu128", ("cuda 12.8: a release of CUDA",)),
        ("77.7", ()),
    ],
)
def test_a_number_alone_is_ambiguous_and_says_what_it_could_be(
    word: str, meanings: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError) as caught:
        question(CATALOG, (word,))

    assert caught.value.reference == "ambiguous-word"
    assert caught.value.context == meanings
