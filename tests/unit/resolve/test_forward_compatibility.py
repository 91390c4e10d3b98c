"""cuda-compat: for data-centre GPUs, under the branches that each CUDA names, and never else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from provisioner import workflow
from provisioner.catalog.load import Catalog
from provisioner.describe import Options
from provisioner.errors import RefusedError
from provisioner.plan import Alternative
from tests.unit.resolve.asking import STACKS

CATALOG = Catalog(STACKS)
FACTS = Path(__file__).parents[2] / "table/facts/10_forward_compatibility.csv"
JAMMY = "ubuntu-22.04"


def ways(
    word: str, gpu: str, driver: str, *, os: str = JAMMY, keep_driver: bool = True
) -> list[Alternative]:
    """What else could be done, of a plan or of a refusal, as far as it names a package."""
    options = Options(gpus=(gpu,), driver=driver, os=os, arch="x86_64")
    asked = workflow.Asked(words=(word,), options=options, keep_driver=keep_driver)
    try:
        found = workflow.plan_for(asked).alternatives
    except RefusedError as error:
        found = error.data["alternatives"]  # type: ignore[assignment]
    return [way for way in found if "cuda-compat" in way.change]


def test_the_rows_say_what_the_images_ask_of_the_driver() -> None:
    with FACTS.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    told = {
        ".".join(row["cuda"].split(".")[:2]): tuple(row["tesla_branches"].split()) for row in rows
    }

    assert {row.cuda: row.branches for row in CATALOG.forward_compatibility} == told


def test_a_data_centre_gpu_gets_the_package_as_a_way_out() -> None:
    # 10: 12.8 names 470, 12.9 and 13.0 do not; torch 2.10's default wheel is of CUDA 12.8.
    assert ways("torch==2.10.0", "Tesla T4", "470.82.01") == [
        Alternative(
            "keep the driver and install cuda-compat-12-8 beside it, with "
            "/usr/local/cuda-12.8/compat first in LD_LIBRARY_PATH (data-centre GPUs only)",
            "torch 2.10.0, CUDA 12.8",
        )
    ]


def test_a_plan_on_an_old_driver_says_what_the_package_would_give() -> None:
    (way,) = ways("torch", "A100 PCIe 40GB", "470.82.01", keep_driver=False)

    assert way.change.startswith("keep the driver and install cuda-compat-12-8 ")
    # 06: 2.14.1 is the newest torch with a variant of CUDA 12.8 or older.
    assert way.gives.startswith("torch 2.14.1, CUDA 12.")


@pytest.mark.parametrize(
    ("word", "gpu", "driver", "system"),
    [
        pytest.param("torch==2.10.0", "RTX 3090", "470.82.01", JAMMY, id="a-geforce"),
        pytest.param("torch==2.10.0", "RTX A6000", "470.82.01", JAMMY, id="a-workstation-board"),
        pytest.param("torch==2.10.0", "8.0", "470.82.01", JAMMY, id="a-product-nobody-named"),
        # 10: no CUDA of 12 names 460, which ended.
        pytest.param("torch==2.10.0", "Tesla T4", "460.27", JAMMY, id="a-branch-not-named"),
        # 10: 13.0 does not name 470, and 2.15.0 has CUDA 13 only.
        pytest.param("torch==2.15.0", "Tesla T4", "470.82.01", JAMMY, id="no-package-so-new"),
        pytest.param(
            "torch==2.15.0", "A100 PCIe 40GB", "535", JAMMY, id="a-build-newer-than-the-package"
        ),
        pytest.param("torch", "A100 PCIe 40GB", "580", JAMMY, id="a-driver-that-is-new-enough"),
        pytest.param(
            "torch==2.10.0", "Tesla T4", "471.11", "ubuntu-24.04-wsl2", id="windows-driver"
        ),
    ],
)
def test_it_is_offered_for_nothing_else(word: str, gpu: str, driver: str, system: str) -> None:
    assert ways(word, gpu, driver, os=system) == []


def test_a_mixed_box_with_a_geforce_gets_none() -> None:
    options = Options(gpus=("Tesla T4", "RTX 2080 Ti"), driver="470.82.01", os=JAMMY, arch="x86_64")
    asked = workflow.Asked(words=("torch==2.10.0",), options=options, keep_driver=True)

    with pytest.raises(RefusedError) as caught:
        workflow.plan_for(asked)
    assert not any("cuda-compat" in way.change for way in caught.value.data["alternatives"])  # type: ignore[attr-defined]


def test_no_product_for_games_is_among_the_data_centre_gpus() -> None:
    names = {row.name for row in CATALOG.data_centre_gpus}

    assert not any(
        word in name for name in names for word in ("GeForce", "RTX", "GTX", "TITAN", "Quadro")
    )
    for row in CATALOG.gpus:
        if "GeForce" in row.name or "TITAN" in row.name:
            words = row.name.removeprefix("NVIDIA ").split()
            assert words[0] not in names
