"""``bench`` measures this machine for real; ``bench compare`` sets two runs side by side."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.bench import benchmark
from tests.cli.environments import CHECKOUT, Home
from tests.unit.upkeep.loopback import serving


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with serving() as index:
        yield Home(tmp_path, index)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that take a tenth of their time; the numbers are as real."""
    for name in ("_PROCESSOR_S", "_MEMORY_S", "_DISK_S"):
        monkeypatch.setattr(benchmark, name, 0.4)


def left(home: Home) -> list[str]:
    """What lies in the home, but for what detection remembers of programs."""
    return [path.name for path in home.path.iterdir() if path.name != "cache"]


@pytest.mark.usefixtures("quick")
def test_without_a_name_and_without_a_gpu_the_rest_is_measured_and_that_is_said(
    home: Home,
) -> None:
    ran = home.run("bench", "--json")
    data = ran.data

    assert (ran.code, ran.document["command"], ran.document["status"]) == (0, "bench", "ok")
    assert [(one["name"], one["unit"], one["device"]) for one in data["results"]] == [
        ("compression, one core", "MB/s", "cpu"),
        ("compression, all cores", "MB/s", "cpu"),
        ("copy, one core", "GB/s", "memory"),
        ("copy, all cores", "GB/s", "memory"),
        ("write", "MB/s", "disk"),
        ("read", "MB/s", "disk"),
        ("scattered reads", "reads/s", "disk"),
    ]
    assert all(0 < one["low"] <= one["value"] <= one["high"] for one in data["results"])
    assert data["not_measured"] == [
        {"name": "GPUs", "why": "no NVIDIA GPU was found"},
        {"name": "frameworks", "why": "no environment was named: dlsetup bench NAME"},
    ]
    assert (data["machine"]["os"], data["machine"]["gpus"]) == ("ubuntu-24.04", [])
    assert data["environment"] is None
    assert ran.err.splitlines() == [
        "looking at the machine",
        "measuring the processor",
        "measuring memory",
        "measuring the disk",
    ]
    assert left(home) == []


@pytest.mark.usefixtures("quick")
def test_a_run_can_be_kept_and_compared_with_itself(home: Home) -> None:
    kept = home.path / "before.json"
    kept.write_text(home.run("bench", "--json").out)
    ran = home.run("bench", "compare", str(kept), str(kept), "--json")

    assert (ran.code, ran.document["command"]) == (0, "bench compare")
    assert ran.data["differences"] == []
    assert {pair["ratio"] for pair in ran.data["pairs"]} == {1.0}
    assert not any(pair["differs"] for pair in ran.data["pairs"])
    told = home.run("bench", "compare", str(kept), str(kept)).out
    assert told.startswith(f"A = {kept}, B = {kept}; ratio B/A\n")


def test_a_text_that_is_no_json_is_called_so(home: Home) -> None:
    readme = CHECKOUT / "README.md"
    ran = home.run("bench", "compare", str(readme), str(readme))

    assert ran.code == 2
    assert f"{readme} holds no benchmark.\n\n  it is not JSON\n" in ran.err


@pytest.mark.usefixtures("quick")
def test_a_run_beside_other_programs_is_doubted_again_where_it_is_compared(home: Home) -> None:
    document = json.loads(home.run("bench", "--json").out)
    calm, busy = home.path / "calm.json", home.path / "busy.json"
    for path, load in ((calm, 0.1), (busy, 1.6)):
        document["data"]["machine"]["load"] = load
        path.write_text(json.dumps(document))
    said = f"{busy}: other programs were at work: 1.6 for each core in the minute before."
    told = home.run("bench", "compare", str(calm), str(busy)).err
    program = home.run("bench", "compare", str(busy), str(calm), "--json").document

    assert told == f"warning: {said} What was measured may be too low.\n"
    assert [one["reference"] for one in program["warnings"]] == ["machine-busy"]


def test_what_is_no_benchmark_is_refused(home: Home) -> None:
    plan = home.path / "plan.json"
    plan.write_text(json.dumps({"data": {"plan": {}}}))
    ran = home.run("bench", "compare", str(plan), str(plan))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error: not-a-benchmark\n\n{plan} holds no benchmark.\n\n"
        "  Object missing required field `results`\n\n"
        "hint: Make one: dlsetup bench --json > before.json\n"
    )
    told = home.run("bench", "compare", str(plan), str(home.path / "gone"), "--json")
    assert told.document["command"] == "bench compare"
    assert told.error["reference"] == "not-a-benchmark"


@pytest.mark.parametrize("words", [("nosuch",), ("--", "compare"), ("--json", "nosuch")])
def test_an_environment_that_is_not_there_is_told_before_anything_is_measured(
    home: Home, words: tuple[str, ...]
) -> None:
    ran = home.run("bench", *words)

    assert ran.code == 2
    assert "unknown-environment" in ran.out + ran.err
    assert "measuring" not in ran.err


def test_compare_alone_is_the_comparison_and_help_says_how_to_name_it(home: Home) -> None:
    ran = home.run("bench", "compare")
    told = " ".join(home.run("bench", "--help").out.split())

    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: bad-usage")
    assert "bench compare --help" in ran.err
    assert "dlsetup bench -- compare" in told
    assert "On a real GPU this is untried" in told


def test_interrupted_it_ends_at_once_and_leaves_nothing(home: Home) -> None:
    running = home.start("bench")
    assert running.stderr is not None
    for line in running.stderr:
        if "disk" in line:
            break
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, _ = running.communicate(timeout=30)

    assert (running.returncode, out) == (130, "")
    assert time.monotonic() - begun < 5
    assert left(home) == []


def test_a_gpu_is_measured_and_judged_through_stand_ins(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("driver")
    made = {
        "libnvidia-ml.so.1": sorted((CHECKOUT / "tests" / "fake_nvml").glob("*.c")),
        "libcuda.so.1": [CHECKOUT / "tests" / "fake_cuda" / "fake_copies.c"],
    }
    for name, sources in made.items():
        words = ["cc", "-shared", "-fPIC", "-o", str(folder / name), *map(str, sources)]
        subprocess.run(words, check=True)
    settings = {key: text for key, text in home.settings.items() if "OVERRIDE" not in key}
    loads = {"FAKE_NVML": "one", "FAKE_NVML_LOAD": "x4", "FAKE_CUDA": "slow"}
    quick = "import provisioner.bench.benchmark as b; b._PROCESSOR_S = b._MEMORY_S = b._DISK_S = .2"
    done = subprocess.run(
        [
            *(sys.executable, "-c", f"{quick}; from provisioner.cli.main import main; main()"),
            *("bench", "--json"),
        ],
        env={**settings, **loads, "LD_LIBRARY_PATH": str(folder), "PYTHONPATH": str(CHECKOUT)},
        cwd=home.path,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    document = json.loads(done.stdout)
    gpu = [one for one in document["data"]["results"] if one["device"] == "gpu 0"]

    assert [one["name"] for one in gpu] == ["host to device", "device to host", "memory copy"]
    # 40 GB/s of a card of which 448 are stated; its name is also a laptop's, so that its lanes are
    # not known, and NVML itself says that it has 16.
    assert [one["verdict"] for one in gpu] == [None, None, "low"]
    assert gpu[2]["expected_low"] == 179.2
    references = [warning["reference"] for warning in document["warnings"]]
    assert [name for name in references if name != "machine-busy"] == [
        "gpu-slow",
        "gpu-link-narrow",
    ]
    assert document["data"]["gpus"][0]["link_width"] == 4
