"""Requires-Dist → what binds a build on one platform (PEP 508)."""

from __future__ import annotations

import pytest

from provisioner.upkeep.requirements import requires

KNOWN = {"torch", "torchvision", "jaxlib", "tensorflow-intel"}
LINUX_ONLY = 'nvidia-cudnn-cu13==9.26.0.51; platform_system == "Linux"'
MACHINE = 'triton==3.9.0; platform_system == "Linux" and platform_machine == "x86_64"'


def of(
    *stated: str,
    platform: str = "linux-x86_64",
    pythons: tuple[str, ...] = ("3.11", "3.14", "3.14t"),
    extra: str | None = None,
    other_extras: bool = False,
) -> tuple[str, ...]:
    return requires(
        stated,
        platform=platform,
        pythons=pythons,
        extra=extra,
        known=KNOWN,
        other_extras=other_extras,
    )


def test_only_what_the_catalog_speaks_of_is_kept() -> None:
    stated = ("numpy", "Torch==2.15.0", "nvidia-nccl-cu13==2.29.7", "cuda-toolkit==13.2.2", "jax")

    assert of(*stated) == ("Torch==2.15.0", "nvidia-nccl-cu13==2.29.7", "cuda-toolkit==13.2.2")


@pytest.mark.parametrize(
    ("stated", "platform", "expected"),
    [
        (LINUX_ONLY, "linux-aarch64", ("nvidia-cudnn-cu13==9.26.0.51",)),
        (LINUX_ONLY, "windows-x86_64", ()),
        (LINUX_ONLY, "macos-aarch64", ()),
        (MACHINE, "linux-x86_64", ("triton==3.9.0",)),
        (MACHINE, "linux-aarch64", ()),
        (
            'tensorflow-intel==2.12.0; platform_machine == "AMD64"',
            "windows-x86_64",
            ("tensorflow-intel==2.12.0",),
        ),
        ('torch; sys_platform == "win32"', "windows-x86_64", ("torch",)),
        ('torch; platform_machine == "arm64"', "macos-aarch64", ("torch",)),
        ('torch; platform_machine == "arm64"', "linux-aarch64", ()),
        # Any platform: nothing can be decided.
        (LINUX_ONLY, "any", (LINUX_ONLY,)),
    ],
)
def test_markers_are_answered_for_the_platform(
    stated: str, platform: str, expected: tuple[str, ...]
) -> None:
    assert of(stated, platform=platform) == expected


def test_a_marker_stays_where_it_depends_on_the_python() -> None:
    stated = 'triton==3.9.0; platform_system == "Linux" and python_version < "3.14"'

    assert of(stated) == (stated,)
    assert of(stated, pythons=("3.11", "3.13t")) == ("triton==3.9.0",)
    assert of(stated, pythons=("3.14t",)) == ()


def test_the_chosen_extra_loses_its_marker_and_others_are_left_out() -> None:
    stated = (
        'nvidia-cudnn-cu12<10.0,>=9.3; extra == "and-cuda"',
        'nvidia-nccl-cu12; sys_platform == "linux" and extra == "and-cuda"',
        'torchvision; extra == "docs"',
    )

    assert of(*stated, extra="and-cuda") == ("nvidia-cudnn-cu12<10.0,>=9.3", "nvidia-nccl-cu12")
    assert of(*stated) == ()
    assert of(*stated, other_extras=True) == stated


def test_what_no_installer_can_read_is_passed_over() -> None:
    assert of("torch (>=1.0", "torch>=1.*.*", "", "torch >= 2 ; python_version", "jaxlib") == (
        "jaxlib",
    )


def test_two_sentences_that_come_to_one_are_one() -> None:
    assert of("torch", 'torch; sys_platform == "linux"') == ("torch",)


def test_a_marker_that_compares_what_cannot_be_compared_stays() -> None:
    stated = 'torch; platform_machine ~= "x86"'

    assert of(stated) == (stated,)
