"""What ``catalog show`` prints, whole; the expected facts are those of the gathered tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from provisioner.catalog import rows
from provisioner.cli.main import main
from tests.cli.ran import without_its_day

CHECKOUT = Path(__file__).resolve().parents[2]
WIDTH = 80


def show(*words: str) -> Result:
    return CliRunner().invoke(main, ["catalog", "show", *words])


def told(*words: str) -> str:
    result = show(*words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def data(*words: str) -> dict[str, Any]:
    document = json.loads(told(*words, "--json"))
    assert list(document) == ["schema", "command", "status", "data", "warnings", "errors"]
    assert (document["command"], document["status"]) == ("catalog show", "ok")
    found: dict[str, Any] = document["data"]
    return found


# 11_nvidia_tensorflow: cp38 from 22.12 on; the CUDA of each release by NVIDIA's release notes.
RELEASES = """\
nvidia-tensorflow: 4 releases (looked at DAY)
  version         Python  GPUs     proof      CUDA
  1.15.5+nv23.03  3.8     6.0-9.0  announced  12.1
  1.15.5+nv23.02  3.8     6.0-9.0  announced  12.0
  1.15.5+nv23.01  3.8     6.0-9.0  announced  12.0
  1.15.5+nv22.12  3.8     6.0-9.0  announced  11.8

More
  GPUs    lowest and highest compute capability that any build has code for; a
          plus is PTX, which runs on later ones too
  proof   measured: read from the wheel itself; announced: from a document
  builds  dlsetup catalog show nvidia-tensorflow==1.15.5+nv23.03
"""

# 07_tensorflow_wheels: 2.21.0, whose wheel for 3.10 has 572211261 bytes on the index;
# 01_cuda_driver: 12.x floor, 12.5's own driver.
BUILD = """\
tensorflow 2.21.0 (linux-x86_64, measured)
  from      pip, tensorflow[and-cuda] of the default index
  released  2026-03-06
  Python    3.10-3.13
  CUDA      12.5
  cuDNN     9.3
  GPU code  sm_60 sm_70 sm_80 sm_89
  PTX       compute_90
  driver    525.60.13 or later; for its PTX 555.42.02 or later
  needs     glibc 2.27 and a CPU with AVX
  download  572 MB
"""

# 09_gpus, 19_gpu_specs, 02_arch_lifecycle, 18_precisions (6.1: 4, 128 and 2 a clock).
GPU = """\
NVIDIA GeForce GTX 1080 Ti
  chip           GP102
  architecture   Pascal
  capability     6.1
  memory         11 GiB
  PCI ids        10de:1b06
  CUDA           8.0 to 12.9, dropped after that
  driver         branches 367 to 580, dropped after that
  kernel module  proprietary
  tensor cores   none
  other cores    fp64 (1/32 of fp32's speed), fp32, fp16 (1/64 of fp32's speed)

Newest builds that run on it
  framework          version         on       by          driver     build
"""

# 02_ptxas_arch, 01_cuda_driver, 02_cuda_toolkit_components, 04_host_compiler.
CUDA = """\
CUDA 12.8
  GPUs         Maxwell 5.0 5.2 5.3, Pascal 6.0 6.1 6.2, Volta 7.0 7.2, Turing
               7.5, Ampere 8.0 8.6 8.7, Ada 8.9, Hopper 9.0, Blackwell 10.0
               10.1 12.0
  targets      sm_50 sm_52 sm_53 sm_60 sm_61 sm_62 sm_70 sm_72 sm_75 sm_80
               sm_86 sm_87 sm_89 sm_90 sm_90a sm_100 sm_100a sm_101 sm_101a
               sm_120 sm_120a
  driver       Linux 525.60.13 or later, Windows 528.33 or later
  for its PTX  Linux 570.86.10 or later, Windows 571.96 or later
  came with    driver branch 570
  toolkits     12.8.0, 12.8.1, 12.8.2.0
  compilers    gcc up to 14, clang up to 19, _MSC_VER 1910 to below 1950 (nvcc
               12.8.61, 12.8.93)

Builds that use it
"""

# 03_driver_branches, 01_cuda_driver, 03_ubuntu_driver_packages, 13_ubuntu_driver_redirects.
DRIVER = """\
Driver branch 450
  kind           long-term support (LTSB)
  end of life    2023-07, over (looked at DAY)
  first release  450.36.06
  kernel module  proprietary
  drives         Kepler 3.0 3.5 3.7, Maxwell 5.0 5.2, Pascal 6.0 6.1, Volta
                 7.0, Turing 7.5, Ampere 8.0
  machine code   of CUDA up to 11.0; from 450.80.02 on up to 11.8
  compiles PTX   of CUDA up to 11.0
  came with      CUDA 11.0

Packages that install it
  ubuntu-20.04  nvidia-driver-450-server  proprietary  450.248.02

Packages named after it that install another branch
  ubuntu-20.04  installs 470:  nvidia-driver-450
  ubuntu-22.04  installs 470:  nvidia-driver-450, nvidia-driver-450-server
"""

CUDA_LIST = """\
CUDA releases, newest first
  CUDA  driver     for its PTX  toolkits
  13.5  580.65.06  not known    not known
  13.4  580.65.06  615.71.09    13.4.1.0, 13.4.2, 13.4.3

More
  driver       the oldest on Linux that runs its machine code
  for its PTX  the oldest that compiles its PTX, for GPUs newer than a build
  one release  dlsetup catalog show cuda 13.5
"""

BRANCHES = """\
Driver branches, newest first
  branch  kind       end of life  first release  CUDA  kernel module
  580     LTSB       2028-06      580.65.06      13.0  open or proprietary
  575     not known  not known    575.51.03      12.9  open or proprietary

More
  kind        LTSB long-term, PB production, NFB new features
  CUDA        the release that the branch came with
  one branch  dlsetup catalog show driver 580
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param(("nvidia-tensorflow",), RELEASES, id="releases"),
        pytest.param(("driver", "450"), DRIVER, id="a-branch"),
        pytest.param(("cuda", ">=13.4"), CUDA_LIST, id="a-range-of-cuda"),
        pytest.param(("driver>=575,<590",), BRANCHES, id="a-range-of-branches"),
    ],
)
def test_an_answer_reads_like_this(words: tuple[str, ...], text: str) -> None:
    assert without_its_day(told(*words)) == text


@pytest.mark.parametrize(
    ("words", "start", "lines"),
    [
        pytest.param(
            ("gpu", "GTX 1080 Ti"),
            GPU,
            # The newest wheels that hold Pascal: 06_torch_release_matrix (12.6), 07 (6.0).
            (
                "  tensorflow         2.21.0          x86_64   sm_60       525.60.13  measured\n",
                "  torch              2.14.1          x86_64   sm_60       525.60.13  cu126\n",
            ),
            id="a-gpu",
        ),
        # Linux's build first; 06_release_dates has the day.
        pytest.param(("tensorflow==2.21",), BUILD, (), id="builds"),
        pytest.param(
            ("cuda", "12.8"),
            CUDA,
            # 06_torch_default_wheels; 06_torch_variants.
            ("  torch            default              x86_64   2.10.0, 2.9.1, 2.9.0, 2.8.0\n",),
            id="a-cuda",
        ),
    ],
)
def test_an_answer_that_lists_builds_begins_like_this(
    words: tuple[str, ...], start: str, lines: tuple[str, ...]
) -> None:
    text = told(*words)

    assert text.startswith(start)
    assert [line for line in lines if line not in text] == []


def test_every_build_of_a_release_has_a_block() -> None:
    text = told("torch==2.9")
    titles = [line for line in text.splitlines() if line.startswith("torch ")]

    # 06_torch_default_wheels, 06_torch_variants, 14_conda_forge_builds.
    for version in ("2.9.0", "2.9.1"):
        assert f"torch {version} (linux-x86_64, measured)" in titles
        assert f"torch {version} (linux-aarch64, measured)" in titles
        for variant in ("cpu", "cu126", "cu128", "cu130"):
            assert f"torch {version} {variant} (linux-x86_64, announced)" in titles
    assert "torch 2.9.1 conda-forge-cuda129 (linux-x86_64, announced)" in titles


QUESTIONS = [
    ("torch",),
    ("tensorflow",),
    ("torch==2.9",),
    ("tensorflow==1.15",),
    ("torchaudio==0.9",),
    ("gpu", "RTX 3090"),
    ("gpu", "sm_70"),
    ("gpu", "GTX 1650"),
    ("gpu", "RX 7900 XTX"),
    ("gpu", "8.7"),
    ("cuda",),
    ("cuda", "8.0"),
    ("cuda", "13.5"),
    ("driver",),
    ("driver", "580"),
    ("driver", "620"),
]


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_no_line_is_wider_than_a_terminal(words: tuple[str, ...]) -> None:
    lines = told(*words, "--evidence").splitlines()
    # A name that holds no space cannot be broken.
    wide = [line for line in lines if len(line) > WIDTH and " " in line.strip()]

    assert wide == []


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_evidence_is_printed_when_it_is_asked_for(words: tuple[str, ...]) -> None:
    plain, proved = told(*words), told(*words, "--evidence")

    assert "\nEvidence\n" not in plain
    assert proved.startswith(plain + "\nEvidence\n")
    assert "2026-11-20)" in proved[len(plain) :]


def test_evidence_names_the_row_its_proof_and_the_day() -> None:
    text = told("tensorflow==2.21", "--evidence")

    assert text.startswith(BUILD)
    proof = (
        "Evidence\n"
        "  tensorflow 2.21.0 linux-x86_64\n"
        "      tensorflow-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl: cuda_config.h,\n"
        "      build_info.py, METADATA; AVX:\n"
    )
    assert proof in text
    # 01_cuda_driver, 12.5.0.
    assert "driver of 12.5.0: Jimver/cuda-toolkit @3d45d15 (2026-03-29)" in text


def keys(row: type[Any]) -> set[str]:
    return set(row.__struct_fields__)


def test_json_of_builds_holds_whole_rows_and_what_follows() -> None:
    found = data("torch==2.9")
    first = found["builds"][0]

    assert (found["about"], found["framework"]) == ("builds", "torch")
    assert set(first["build"]) == keys(rows.Build)
    assert first["build"]["version"] == "2.9.1"
    assert first["build"]["sass"][-1] == "sm_120"
    assert (first["driver_for_sass"], first["driver_for_ptx"]) == ("525.60.13", None)


def test_json_of_releases_holds_their_rows() -> None:
    found = data("nvidia-tensorflow")
    first = found["releases"][0]

    assert (found["about"], first["version"]) == ("releases", "1.15.5+nv23.03")
    assert (first["cuda"], first["cpu"], first["kinds"]) == (["12.1"], False, ["announced"])
    assert set(first["builds"][0]) == keys(rows.Build)


def test_json_of_a_gpu_holds_its_rows_and_what_runs() -> None:
    found = data("gpu", "RTX 3090")
    torch = next(run for run in found["runs"] if run["framework"] == "torch")

    assert [set(row) for row in found["models"]] == [keys(rows.GpuModel)]
    assert set(found["architecture"]) == keys(rows.Architecture)
    assert found["compute_capability"] == "8.6"
    assert set(torch["build"]) == keys(rows.Build)
    assert (torch["by"], torch["kind"]) == ("sm_86", "sass")


def test_json_of_a_cuda_and_of_a_driver_hold_their_rows() -> None:
    cuda, driver = data("cuda", "12.8"), data("driver", "535")

    assert set(cuda["cuda"]) == keys(rows.Cuda)
    assert set(cuda["cuda"]["host_compilers"][0]) == keys(rows.HostCompilers)
    assert cuda["driver_branch"] == "570"
    assert set(cuda["used_by"][0]["builds"][0]) == keys(rows.Build)
    assert set(driver["branch"]) == keys(rows.DriverBranch)
    assert driver["runs_cuda"] == [{"driver": "535.54.03", "cuda": "12.9"}]
    assert {row["branch"] for row in driver["redirected"]} == {"580"}
    assert [row["version"] for row in driver["cuda_releases"]] == ["12.2", "12.9"]


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_the_same_question_gives_the_same_bytes(words: tuple[str, ...]) -> None:
    assert told(*words, "--json") == told(*words, "--json")


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        ((), "nothing-asked"),
        (("",), "nothing-asked"),
        (("  ", "\t"), "nothing-asked"),
        (("gpu",), "nothing-asked"),
        (("gpu", " "), "nothing-asked"),
        (("12.8",), "ambiguous-word"),
        (("sm_86",), "ambiguous-word"),
        (("torch", "torchvision"), "bad-usage"),
        (("--nope",), "bad-usage"),
        (("torch>>2",), "bad-requirement"),
        (("$(reboot)",), "bad-requirement"),
        (("torch==2.9\n",), None),
        (("to\x1brch",), "bad-requirement"),
        (("ü≠💥",), "bad-requirement"),
        (("x" * 100_000,), "unknown-framework"),
        (("torch==" + "9" * 6000,), "bad-requirement"),
        (("torch==" + "9." * 3000 + "9",), "unknown-release"),
        (("gpu", "x" * 100_000), "unknown-gpu"),
        (("gpu", "ü≠💥"), "unknown-gpu"),
        (("gpu", "\x1b[31m"), "unknown-gpu"),
        (("gpu", "sm_" + "9" * 6000), "unknown-gpu"),
        (("cuda", "9" * 6000), "unknown-cuda"),
        (("cuda", "\uff18.\uff16"), "unknown-cuda"),
        (("cuda", "ü≠💥"), "unknown-cuda"),
        (("cuda", ">=" + "9" * 6000), "bad-requirement"),
        (("driver", "9" * 6000), "bad-driver"),
        (("driver", "\uff15\uff13\uff15"), "unknown-driver"),
        (("driver", "-1"), "bad-usage"),
    ],
)
def test_bad_words_are_refused_with_a_reference(
    words: tuple[str, ...], reference: str | None
) -> None:
    result = show(*words, "--json")
    document = json.loads(result.stdout)

    assert document["command"] == "catalog show"
    assert [error["reference"] for error in document["errors"]] == [reference] * bool(reference)
    assert result.exit_code == (2 if reference else 0)
    assert "Traceback" not in result.stderr
    for error in document["errors"]:
        assert len(error["message"]) < 200
        assert error["hint"]


def test_every_reference_of_the_verb_is_explained() -> None:
    for name in ("ambiguous-word", "unknown-framework", "unknown-release", "unknown-cuda"):
        assert CliRunner().invoke(main, ["doctor", "--explain", name]).exit_code == 0


def test_a_word_of_control_characters_never_reaches_the_terminal() -> None:
    result = show("gpu", "RTX\x1b 3090")

    assert "\x1b" not in result.stdout + result.stderr


def test_the_verb_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; sys.argv[1:] = ['catalog', 'show', 'gpu', 'T4']\n"
        "from provisioner.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=True,
        capture_output=True,
        text=True,
    )

    heavy = {"rich", "jinja2", "requests", "archspec", "distro", "pynvml"}
    assert heavy & set(done.stderr.split()) == set()
