"""A script is read before it is run: for what people mostly ask it stays short."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

HERE = ("--gpu", "RTX 4090", "--driver", "580.95.05", "--os", "ubuntu-24.04")
COMMON = (
    ("torch",),
    ("torch", "torchvision", "torchaudio"),
    ("torch", "transformers"),
    ("tensorflow",),
    ("jax",),
    ("vllm",),
    ("stable-diffusion",),
    ("tf2",),
)


@pytest.mark.parametrize("words", COMMON, ids=" ".join)
def test_a_script_for_a_common_wish_is_under_200_lines(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, ["render", "script", *words, *HERE])

    assert told.exit_code == 0
    assert len(told.stdout.splitlines()) < 200
    assert max(map(len, told.stdout.splitlines())) <= 120
