"""``dlsetup doctor`` of this machine and of environments: its words, its exit codes, its JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.environments import CHECKOUT, Home, tensorflow
from tests.cli.sickbed import Sickbed
from tests.unit.upkeep.loopback import Loopback, serving

LOOKED_AT = (
    "driver; kernel log; system packages; secure boot; containers; disks;\n"
    "  toolchain; holders; pci link"
)
TOLD = ("--report", "--explain")
WITHOUT_DRIVER = {"DLSETUP_OVERRIDE_DRIVER": "none", "DLSETUP_OVERRIDE_GPUS": "RTX 4090"}


@pytest.fixture
def bed(tmp_path: Path) -> Sickbed:
    return Sickbed(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one environment; making it is what takes time."""
    with serving() as index:
        tensorflow(index)
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("demo", "tensorflow-cpu").code == 0
    return made.path / "data"


@pytest.fixture
def home(once: Path, index: Loopback, tmp_path: Path) -> Home:
    shutil.copytree(once, tmp_path / "data", symlinks=True)
    return Home(tmp_path, index)


def test_a_machine_that_is_well_is_told_so_and_what_was_looked_at(bed: Sickbed) -> None:
    bed.settings["DLSETUP_OVERRIDE_GPUS"] = "none"

    ran = bed.run()

    assert ran.out == f"Nothing was found that is wrong.\n\nlooked at: {LOOKED_AT}\n"
    assert (ran.code, ran.err) == (0, "")


def test_quiet_says_nothing_of_a_machine_that_is_well(bed: Sickbed) -> None:
    bed.settings["DLSETUP_OVERRIDE_GPUS"] = "none"

    assert bed.run("--quiet").code == 0
    assert bed.run("--quiet").out == ""


def test_of_a_machine_that_is_well_no_rule_is_read(bed: Sickbed) -> None:
    bed.settings["DLSETUP_OVERRIDE_GPUS"] = "none"
    program = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules)); "
        "from provisioner.cli.main import main; main(['doctor', '--quiet'])"
    )
    environment = {**bed.settings, "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    loaded = ran.stdout.split()

    assert "provisioner.doctor.live.driver" in loaded
    assert "provisioner.doctor.judge" not in loaded
    assert "provisioner.resolve" not in loaded


def test_a_machine_that_is_not_well_is_told_why_and_what_to_do(bed: Sickbed) -> None:
    bed.settings.update(WITHOUT_DRIVER)

    ran = bed.run()

    assert ran.out.startswith(
        "error: driver-missing\n"
        "  There is a GPU of NVIDIA's, and no driver of NVIDIA's is installed.\n"
        "  seen: no NVIDIA driver is installed for NVIDIA GeForce RTX 4090\n"
        "  what to do:\n"
        "    1. install it: sudo apt install nvidia-driver-580-open\n"
    )
    assert ran.code == 1
    assert bed.run("--quiet").code == 1


def test_a_warning_is_no_reason_to_stop_a_training(bed: Sickbed) -> None:
    bed.settings["CUDA_VISIBLE_DEVICES"] = "-1"

    assert bed.run().out.startswith("warning: mig-visible-devices (likely)\n")
    assert (bed.run("--quiet").code, bed.run("--quiet").out) == (0, "")


def test_json_is_one_object_with_what_was_found(bed: Sickbed) -> None:
    bed.settings.update(WITHOUT_DRIVER)

    ran = bed.run("--json")
    (finding,) = ran.data["findings"]

    assert (ran.code, ran.document["status"], ran.document["errors"]) == (1, "ok", [])
    assert sorted(finding) == [
        *("confidence", "evidence", "fix", "message", "reference", "severity"),
    ]
    assert ran.data["looked_at"][0] == "driver"


def test_an_environment_of_up_is_asked_by_its_own_python(home: Home) -> None:
    ran = home.run("doctor", "demo")

    assert ran.out.startswith("Nothing was found that is wrong.\n")
    assert "environment demo" in " ".join(ran.out.split())
    assert ran.code == 0


def test_what_was_put_into_an_environment_since_is_found(home: Home) -> None:
    site = next((home.environments / "demo").glob("*/lib/python*/site-packages"))
    about = site / "tensorflow-2.15.1.dist-info"
    about.mkdir()
    needs = "Requires-Dist: numpy<2.0.0,>=1.23.5\n"
    head = "Metadata-Version: 2.1\nName: tensorflow\nVersion: 2.15.1\n"
    (about / "METADATA").write_text(head + needs, encoding="utf-8")
    numpy = site / "numpy-2.1.0.dist-info"
    numpy.mkdir()
    (numpy / "METADATA").write_text("Name: numpy\nVersion: 2.1.0\n", encoding="utf-8")

    ran = home.run("doctor", "demo", "--json")

    assert "numpy2-abi" in [one["reference"] for one in ran.data["findings"]]
    assert ran.code == 1


def test_an_environment_that_is_not_there_is_wrong_usage(home: Home) -> None:
    ran = home.run("doctor", "nothing", "--json")

    assert (ran.code, ran.error["reference"]) == (2, "unknown-environment")


def test_an_environment_whose_python_is_gone_is_damaged(home: Home) -> None:
    python = next((home.environments / "demo").glob("*/bin/python"))
    python.unlink()
    python.symlink_to("/nowhere/python")

    ran = home.run("doctor", "demo", "--json")

    assert (ran.code, ran.error["reference"]) == (3, "environment-damaged")


def test_a_machine_that_is_only_described_is_refused(bed: Sickbed) -> None:
    ran = bed.run("--gpu", "RTX 3090", "--json")

    assert (ran.code, ran.error["reference"]) == (2, "not-this-machine")
    assert json.loads(ran.out)["data"] == {}


@pytest.mark.parametrize(
    "words",
    [
        ("--profile", "tf2"),
        ("--report", "-", "--profile", "tf2"),
        ("--explain", "numpy2-abi", "--profile", "tf2"),
    ],
)
def test_an_option_that_would_say_nothing_is_refused_with_its_name(
    bed: Sickbed, words: tuple[str, ...]
) -> None:
    ran = bed.run(*words, "--json")
    named = next(word for word in words if word.startswith("--") and word not in TOLD)

    assert (ran.code, ran.error["reference"]) == (2, "bad-usage")
    assert ran.error["message"].startswith(named)


def test_no_help_offers_what_is_refused(bed: Sickbed) -> None:
    text = bed.run("--help").out

    assert "--gpu" in text
    assert not any(word in text for word in ("--profile", "--requirement"))


def test_a_file_of_requirements_is_refused(bed: Sickbed) -> None:
    file = bed.place / "requirements.txt"
    file.write_text("torch\n", encoding="utf-8")

    assert bed.run("-r", str(file), "--json").error["message"].startswith("--requirement")


def test_fixes_are_planned_as_somebody_wants_them(bed: Sickbed) -> None:
    report = bed.place / "report.txt"
    report.write_text(
        "Ubuntu 22.04, RTX 3090, driver 470.82.01\n"
        "The NVIDIA driver on your system is too old (found version 11040)\n",
        encoding="utf-8",
    )
    free = bed.run("--report", str(report), "--json").data["findings"][0]
    kept = bed.run("--report", str(report), "--keep-driver", "--json").data["findings"][0]

    assert free["reference"] == kept["reference"] == "driver-too-old"
    assert free["fix"] != kept["fix"]
    assert bed.run("--python", "3.12", "--json").code == 0


def test_the_python_that_a_report_does_not_name_can_be_said(bed: Sickbed) -> None:
    report = bed.place / "report.txt"
    report.write_text("torch 2.1.2+cu121\nnumpy 2.1.0\n", encoding="utf-8")
    told = bed.run("--report", str(report), "--python", "3.11", "--json")

    assert "Python: 3.11" in told.data["looked_at"]
    wrong = bed.run("--report", str(report), "--python", "eleven", "--json")
    assert (wrong.code, wrong.error["reference"]) == (2, "bad-python")
