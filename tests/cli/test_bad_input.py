from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

TORCH = ("resolve", "torch")


@pytest.mark.parametrize(
    ("words", "reference", "code"),
    [
        pytest.param((*TORCH, "--gpu", "RTX 9999"), "unknown-gpu", 2, id="unknown-gpu"),
        pytest.param((*TORCH, "--gpu", "GT 730"), "ambiguous-gpu", 2, id="ambiguous-gpu"),
        pytest.param((*TORCH, "--gpu", "none", "--gpu", "T4"), "bad-gpu", 2, id="none-and-a-gpu"),
        pytest.param((*TORCH, "--driver", "banana"), "bad-driver", 2, id="nonsense-driver"),
        pytest.param((*TORCH, "--driver", "535.abc"), "bad-driver", 2, id="half-a-driver"),
        pytest.param((*TORCH, "--driver", "-1"), "bad-driver", 2, id="negative-driver"),
        pytest.param((*TORCH, "--driver", "999"), "unknown-driver", 2, id="unheard-of-branch"),
        pytest.param((*TORCH, "--os", "plan9-4"), "unknown-os", 2, id="unknown-system"),
        pytest.param((*TORCH, "--os", "ubuntu"), "unknown-os", 2, id="system-without-version"),
        pytest.param((*TORCH, "--arch", "riscv64"), "unknown-arch", 2, id="unknown-arch"),
        pytest.param((*TORCH, "--python", "three"), "bad-python", 2, id="nonsense-python"),
        pytest.param((*TORCH, "--profile", "nope"), "unknown-profile", 2, id="unknown-profile"),
        pytest.param((*TORCH, "--machine", "no.json"), "bad-machine-file", 2, id="no-machine"),
        pytest.param((*TORCH, "-r", "no.txt"), "bad-requirement-file", 2, id="no-requirements"),
        pytest.param(("resolve",), "nothing-asked", 2, id="nothing"),
        pytest.param(("resolve", "torch>>2"), "bad-requirement", 2, id="bad-range"),
        pytest.param(("resolve", "$(reboot)"), "bad-requirement", 2, id="hostile-word"),
        pytest.param(("resolve", "torch", "torch>=2"), "asked-twice", 2, id="twice"),
        pytest.param((*TORCH, "--no-such"), "bad-usage", 2, id="unknown-option"),
        pytest.param((*TORCH, "--via", "pigeon"), "bad-usage", 2, id="unknown-way"),
        pytest.param(("render",), "nothing-asked", 2, id="no-format"),
        pytest.param(("render", "pdf", "torch", "--gpu", "T4"), "unknown-format", 2, id="format"),
        pytest.param(("render", "script", "no.json"), "bad-plan-file", 2, id="no-plan"),
        pytest.param(("doctor", "--explain", "zzz"), "unknown-reference", 2, id="reference"),
        pytest.param(("resolve", "torch==99"), "no-compatible-stack", 1, id="unknown-release"),
        pytest.param(
            (*TORCH, "--gpu", "RX 6700 XT"), "no-compatible-stack", 1, id="amd-without-a-build"
        ),
        pytest.param(
            (*TORCH, "--gpu", "RTX 5090", "--gpu", "GTX 1080 Ti"),
            "no-common-driver",
            1,
            id="open-and-proprietary",
        ),
        pytest.param(
            ("render", "script", "tensorflow==1.14.*", "--gpu", "GTX 1080 Ti"),
            "format-cannot-carry",
            1,
            id="a-script-cannot-carry-conda",
        ),
        pytest.param(
            ("render", "requirements", "cuda-dev", "--gpu", "T4"),
            "format-cannot-carry",
            1,
            id="requirements-cannot-link-nvcc",
        ),
        pytest.param((*TORCH, "--python", "3.13t"), "bad-python", 2, id="free-threaded"),
        pytest.param(
            ("render", "compose", "torch", "+", "pytorch", "--gpu", "T4"),
            "bad-usage",
            2,
            id="one-environment-twice",
        ),
        pytest.param(
            ("render", "conda", "torch", "--gpu", "T4", "-o", "/proc/version"),
            "cannot-write",
            3,
            id="unwritable",
        ),
        pytest.param(
            ("render", "conda", "torch", "--gpu", "T4", "-o", "/no/such/folder/x.yml"),
            "cannot-write",
            3,
            id="no-folder",
        ),
    ],
)
def test_bad_input_gets_a_reference_a_hint_and_the_right_exit_code(
    words: tuple[str, ...],
    reference: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    told = CliRunner().invoke(main, words)
    as_json = CliRunner().invoke(main, [*words, "--json"])
    error = json.loads(as_json.stdout)["errors"][0]

    assert (told.exit_code, as_json.exit_code) == (code, code)
    assert told.stdout == ""
    assert told.stderr.startswith(f"error: {reference}\n\n")
    assert "\nhint: " in told.stderr
    assert "Traceback" not in told.stderr
    assert error["reference"] == reference
    assert error["hint"]
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == []
    explained = CliRunner().invoke(main, ["doctor", "--explain", reference])
    assert explained.exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"machine": {"os": 3}}',
        '{"os": {"id": "ubuntu"}}',
        '{"os": {"id": "u", "version": "1"}, "gpus": [{"name": "x", "compute_capability": "8"}]}',
        '{"os": {"id": "u", "version": "1"}, "driver": {"version": "abc"}}',
        "\x00\xff",
        "[" * 5000,
    ],
)
def test_a_broken_machine_file_is_a_clear_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text(text, encoding="latin-1")
    result = CliRunner().invoke(main, ["resolve", "torch", "--machine", str(path)])

    assert result.exit_code == 2
    assert result.stderr.startswith("error: bad-machine-file\n\n")


def test_a_machine_file_with_an_unknown_system_or_gpu_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text('{"os": {"id": "slackware", "version": "15"}, "gpus": [{"name": "GPU X"}]}')
    result = CliRunner().invoke(main, ["resolve", "torch", "--machine", str(path)])

    assert result.exit_code == 1
    assert result.stderr.startswith("error: unknown-gpu\n\n")


def test_a_full_standard_output_is_an_error_and_no_traceback() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "provisioner", "resolve", "torch", "--gpu", "T4"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )

    assert done.returncode == 3
    assert "error: cannot-write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"set -o pipefail; {sys.executable} -m provisioner catalog export | head -c 9",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert done.returncode == 0
    assert done.stderr == ""


def test_free_threaded_python_is_called_by_its_name() -> None:
    told = CliRunner().invoke(main, [*TORCH, "--gpu", "T4", "--python", "3.13t"])

    assert told.stderr == (
        "error: bad-python\n\n"
        "No plan is made for 3.13t, free-threaded Python.\n\n"
        "  the catalog knows of no system or image that brings one, only of wheels\n\n"
        "hint: Ask for --python 3.13\n      the wheels: dlsetup catalog show torch\n"
    )
