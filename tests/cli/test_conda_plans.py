"""Plans whose packages are a channel's own builds, held against the tables of facts."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner
from packaging.version import Version

from provisioner.cli.main import main
from tests.cli.channel import channels, of_conda, of_pixi, solved
from tests.table.factsheet import FACTS, rows

NAMES = {"pytorch": "torch", "tensorflow": "tensorflow"}
BLACKWELL, HOPPER = "RTX 5090", "H100"
NEWEST_OF_CUDNN_8 = "9.0"
"""Table 5, cuDNN 8.9.5 and 8.9.6: the highest capability, and it needs CUDA 11.8."""
OF_CPU = {
    row["package"]: row
    for row in reversed(list(rows("14_conda_forge_channel.csv")))
    if row["package"] in NAMES and row["platform"] == "linux-64" and row["cuda"] == "none"
}
"""The newest of each: the tables name the newest first."""


def asked(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        CliRunner().invoke(main, ["resolve", *words, "--via", "conda", "--json"]).stdout
    )
    return found


def rendered(form: str, *words: str) -> str:
    done = CliRunner().invoke(main, ["render", form, *words, "--via", "conda", "--json"])
    assert done.exit_code == 0, done.output
    (file,) = json.loads(done.stdout)["data"]["files"]
    return str(file["text"])


def bound_to_cudnn_8() -> list[tuple[str, str, str]]:
    """Framework, version and CUDA of the channel's builds with code that a driver can compile."""
    with (FACTS / "14_conda_forge_builds.csv").open(encoding="utf-8") as table:
        return [
            (NAMES[row["package"]], row["version"], row["cuda"])
            for row in csv.DictReader(table)
            if row["package"] in NAMES
            and row["ci_cudnn"].startswith("8")
            and ("+PTX" in row["arch_list"] or "compute_" in row["arch_list"])
        ]


@pytest.mark.parametrize("build", bound_to_cudnn_8()[::6], ids=" ".join)
def test_ptx_is_no_way_onto_a_gpu_that_the_builds_cudnn_does_not_know(
    build: tuple[str, str, str],
) -> None:
    """The driver compiles the framework's kernels, and not those of the libraries beside it."""
    name, version, cuda = build
    wishes = (f"{name}=={version}", f"cuda=={cuda}", "--os", "ubuntu-24.04")

    assert asked(*wishes, "--gpu", BLACKWELL)["errors"][0]["reference"] == "no-compatible-stack"
    if Version(cuda) < Version("11.8"):
        assert asked(*wishes, "--gpu", HOPPER)["errors"][0]["reference"] == "no-compatible-stack"


def test_the_refusal_names_the_cudnn() -> None:
    told = asked("torch==2.3.*", "--gpu", BLACKWELL)["errors"][0]["context"]

    assert any(f"cuDNN 8 or older, which ends at capability {NEWEST_OF_CUDNN_8}" in t for t in told)


def test_cudnn_9_for_cuda_12_goes_by_ptx_and_for_cuda_11_does_not() -> None:
    """Table 5: cuDNN 9.10.2 ends at 9.0 for CUDA 11.8, and knows 12.0 with CUDA 12."""
    wishes = ("torch==2.5.1", "--gpu", BLACKWELL)

    (pin,) = asked(*wishes)["data"]["plan"]["pins"]
    assert (pin["cuda"], pin["serves"][0]["kind"]) == ("12.6", "ptx")
    assert asked(*wishes, "cuda==11.8")["errors"][0]["reference"] == "no-compatible-stack"


@pytest.mark.parametrize("row", OF_CPU.values(), ids=OF_CPU.keys())
def test_the_cpu_on_purpose_gets_the_channels_build_for_it_though_there_is_a_driver(
    row: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = (NAMES[row["package"]], "--gpu", "none", "--os", "ubuntu-24.04")
    at = channels(tmp_path_factory.mktemp("channels"))
    for wanted in (
        of_conda(rendered("conda", *words)),
        of_pixi(rendered("pixi", *words)),
    ):
        for cuda in (None, "13.0"):
            assert solved(wanted, at, cuda)[row["package"]].startswith(f"{row['version']} cpu_")


@pytest.mark.parametrize("package", NAMES)
def test_a_release_of_which_cpu_builds_cannot_be_told_apart_is_not_planned(package: str) -> None:
    """TensorFlow's strings were seen from 2.10 on only; PyTorch's rules speak of all."""
    version = {"pytorch": "1.12.1", "tensorflow": "2.8.1"}[package]
    found = asked(f"{NAMES[package]}=={version}", "--gpu", "none", "--os", "ubuntu-24.04")

    assert (found["status"] == "ok") is (package == "pytorch")


@pytest.mark.parametrize("gpu", ["none", "RTX 4090"])
def test_what_has_no_rows_of_a_channel_is_not_said_to_be_on_none(gpu: str) -> None:
    """conda-forge has a jax: table 14 names its jaxlib, and no release of jax itself."""
    (error,) = asked("jax", "--gpu", gpu)["errors"]

    assert error["message"] == "The catalog knows no build of jax for --via conda here."
    assert not any("only" in line for line in error["context"])
