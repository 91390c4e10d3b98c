from __future__ import annotations

import pytest
from click.testing import CliRunner

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.cli.main import main
from provisioner.errors import UsageError
from provisioner.lookup import answer
from provisioner.lookup.values import ProfileAnswer, Profiles

CATALOG = Catalog(resources.stacks())

DIFFUSION = """\
stable-diffusion: PyTorch with diffusers, for making images
  chosen        torch, torchvision
  as they come  diffusers, transformers, accelerate, safetensors
  GPU           where there is one
  GPU memory    6.7 GiB or more for Stable Diffusion 1 in half precision at 512
                x 512
  imports       torch, torchvision, diffusers, transformers, accelerate,
                safetensors.torch

More
  chosen        the catalog picks the version that fits the machine
  as they come  handed to the installer, which picks their versions
  a plan        dlsetup resolve stable-diffusion

Evidence
  stable-diffusion, GPU memory
      huggingface.co/CompVis/stable-diffusion discussion 6 (about 6900 MiB,
      fp16); its README@007c6d9 says 10 GB in full precision (looked at
      2026-11-20)
"""

JUPYTER = """\
jupyter: JupyterLab with a Python kernel, without a framework
  as they come  jupyterlab, ipykernel, ipywidgets
  GPU           none: nothing of it computes on one
  imports       jupyterlab, ipykernel, ipywidgets

More
  as they come  handed to the installer, which picks their versions
  a plan        dlsetup resolve jupyter
"""


def shown(*words: str) -> str:
    result = CliRunner().invoke(main, ["catalog", "show", *words])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("words", [("profile",), ("profiles",), ("Profiles",)])
def test_every_profile_is_listed(words: tuple[str, ...]) -> None:
    found = answer(CATALOG, words)

    assert isinstance(found, Profiles)
    assert [row.name for row in found.profiles] == [row.name for row in CATALOG.profiles]
    assert len(found.profiles) >= 12


def test_the_list_says_what_each_is_and_what_to_do_with_it() -> None:
    text = shown("profiles")

    assert text.startswith("Profiles: requests with a name\n")
    for row in CATALOG.profiles:
        assert f"\n  {row.name} " in text
    assert text.endswith(
        "More\n"
        "  a plan       dlsetup resolve NAME, or --profile NAME\n"
        "  one of them  dlsetup catalog show profile research\n"
    )


def test_one_profile_is_told_as_a_whole() -> None:
    assert shown("profile", "stable-diffusion", "--evidence") == DIFFUSION
    assert shown("profile", "Stable_Diffusion", "--evidence") == DIFFUSION
    assert shown("profile", "jupyter") == JUPYTER


def test_what_the_catalog_chooses_is_told_from_what_comes_as_it_is() -> None:
    found = answer(CATALOG, ("profile", "huggingface"))

    assert isinstance(found, ProfileAnswer)
    assert found.chosen == ("torch",)
    assert found.companions == ("transformers", "datasets", "accelerate")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("hugingface", "Did you mean huggingface?"),
        ("x", "See what each is: dlsetup catalog show profiles"),
    ],
)
def test_an_unknown_profile_names_what_could_be_meant(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        answer(CATALOG, ("profile", name))

    assert caught.value.reference == "unknown-profile"
    assert caught.value.hint == hint
    assert "stable-diffusion" in caught.value.context[0]
