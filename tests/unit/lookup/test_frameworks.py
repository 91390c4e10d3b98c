from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.lookup import answer
from provisioner.lookup.values import Builds, Releases

CATALOG = Catalog(resources.stacks())


def builds(requirement: str) -> Builds:
    found = answer(CATALOG, (requirement,))
    assert isinstance(found, Builds)
    return found


def releases(name: str) -> Releases:
    found = answer(CATALOG, (name,))
    assert isinstance(found, Releases)
    return found


def versions(requirement: str) -> set[str]:
    return {item.build.version for item in builds(requirement).builds}


@pytest.mark.parametrize(
    ("requirement", "found"),
    [
        ("torch==2.9", {"2.9.0", "2.9.1"}),
        ("pytorch==2.9", {"2.9.0", "2.9.1"}),
        ("torch==2.9.0", {"2.9.0"}),
        ("torch==2.9.*", {"2.9.0", "2.9.1"}),
        ("torch~=2.9.0", {"2.9.0", "2.9.1"}),
        ("torch>=2.9,<2.10", {"2.9.0", "2.9.1"}),
        ("torch==2.9,!=2.9.1", {"2.9.0"}),
        ("torch>=2.9,==2.9", {"2.9.0", "2.9.1"}),
        ("tensorflow-gpu==2.4", {"2.4.0", "2.4.1", "2.4.2", "2.4.3", "2.4.4"}),
    ],
)
def test_a_short_version_means_every_release_that_begins_so(
    requirement: str, found: set[str]
) -> None:
    assert versions(requirement) == found


def test_a_local_version_asks_for_one_variant() -> None:
    (found,) = [
        item.build
        for item in builds("torch==2.9.1+cu126").builds
        if item.build.platform == "linux-x86_64"
    ]

    assert found.variant == "cu126"


def test_the_default_wheel_of_the_newest_release_comes_first() -> None:
    first, *_ = builds("torch==2.9").builds

    # 06_torch_default_wheels: torch-2.9.1 x86_64, CUDA 12.8, no PTX; 01_cuda_driver: 12.x floor.
    assert (first.build.version, first.build.variant) == ("2.9.1", "default")
    assert first.build.platform == "linux-x86_64"
    assert (first.cuda, first.driver_for_sass, first.driver_for_ptx) == ("12.8", "525.60.13", None)


def test_ptx_asks_for_the_driver_of_its_own_cuda_and_code_for_less() -> None:
    found = builds("tensorflow==2.21").builds[0]

    # 07_tensorflow_wheels: CUDA 12.5, compute_90; 01_cuda_driver: 12.5 came with 555.42.02.
    assert (found.driver_for_sass, found.driver_for_ptx) == ("525.60.13", "555.42.02")


def test_a_publisher_may_ask_for_a_newer_driver_than_its_cuda_does() -> None:
    found = builds("nvidia-tensorflow==1.15.5+nv23.03").builds[0]

    # 11_nvidia_tensorflow and the 23.03 notes: CUDA 12.1 and its own driver 530.
    assert found.driver_for_sass == "530"


def test_a_build_without_code_of_its_own_names_whom_it_extends() -> None:
    found = builds("torchaudio==0.9.0").builds[0]

    assert (found.extends, found.cuda) == ("torch", "10.2")


def test_a_release_is_what_its_builds_have_together() -> None:
    found = {item.version: item for item in releases("torch").releases}

    # 06_torch_release_matrix 2.9: 12.6 from 5.0 on, 12.8 and 13.0 up to 12.0 (PTX with 13.0);
    # 14_conda_forge_builds adds 12.9 to 2.9.1.
    assert found["2.9.1"].cuda == ("13.0", "12.9", "12.8", "12.6")
    assert found["2.9.1"].cpu
    # The index: cp313t and cp314t wheels too.
    plain = ("3.10", "3.11", "3.12", "3.13", "3.14")
    assert set(found["2.9.1"].pythons) == {*plain, "3.13t", "3.14t"}
    assert (found["2.9.1"].sass[0], found["2.9.1"].sass[-1]) == ("sm_50", "sm_120")
    assert found["2.9.1"].kinds == ("measured", "announced")
    assert {row.version for row in found["2.9.1"].builds} == {"2.9.1"}


def test_releases_run_from_the_newest_to_the_oldest() -> None:
    found = [item.version for item in releases("torch").releases]

    assert found.index("2.10.0") < found.index("2.9.1") < found.index("1.13.1")
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("requirement", "reference", "hint"),
    [
        ("tensorflw", "unknown-framework", "Did you mean tensorflow "),
        ("pytorhc", "unknown-framework", "Did you mean pytorch?"),
        ("RTX 3090", "unknown-framework", "catalog show gpu 'RTX 3090'"),
        ("cudnn", "unknown-framework", "Each build names its cuDNN"),
        ("tf1", "unknown-framework", "dlsetup catalog show profile tf1"),
        ("torch==99", "unknown-release", "dlsetup catalog show torch"),
        ("torch==2.9.7", "unknown-release", "Did you mean 2.9.1 or 2.9.0?"),
        ("torch>>2", "bad-requirement", "name with an optional version range"),
        ("torch@ http://x/y.whl", "bad-requirement", "'torch>=X.Y'"),
        ("torch==" + "9" * 6000, "bad-requirement", "'torch>=2.4'"),
    ],
)
def test_what_cannot_be_answered_says_what_could(
    requirement: str, reference: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        answer(CATALOG, (requirement,))

    assert caught.value.reference == reference
    assert hint in caught.value.hint


def test_two_words_that_are_a_gpu_are_told_so() -> None:
    with pytest.raises(UsageError) as caught:
        answer(CATALOG, ("RTX", "3090"))

    assert caught.value.reference == "unknown-framework"
    assert "catalog show gpu 'RTX 3090'" in caught.value.hint
