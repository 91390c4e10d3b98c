"""``render --check`` as people and programs meet it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioner.cli.main import main

PASCAL = ("--gpu", "GTX 1080", "--driver", "535.183.01", "--os", "ubuntu-24.04")

DOCKERFILE = """\
ARG CUDA=12.4.1
FROM nvidia/cuda:${CUDA}-cudnn8-devel-ubuntu22.04
RUN apt-get update && apt-get install -y \\
    python3-pip \\
    cuda-12-4
RUN pip3 install torch==2.8.0 torchvision
"""

OPTIONS = "--gpu 'GTX 1080' --driver 535.183.01 --os ubuntu-24.04"
TOLD = f"""\
Dockerfile (Dockerfile): 3 errors, 2 notes

error: image-tag-unknown (likely)
  line 2: nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04
  There is no nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04: NVIDIA's lists have
  CUDA 12.4.1, and not this tag.
  fix:
    FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04

error: driver-in-container
  line 5: cuda-12-4
  cuda-12-4 installs an NVIDIA driver. The host's driver is mounted into
  containers: another one inside hides or breaks it.
  fix:
    cuda-toolkit-12-4, which is the toolkit alone

error: gpu-too-old
  line 6: torch==2.8.0
  torch 2.8.0 of the default index: it holds code for sm_70 sm_75 sm_80 sm_86
  sm_90 sm_100 sm_120: nothing that runs on NVIDIA GeForce GTX 1080 (6.1).
  fix:
    torch==2.8.0+cu126 from https://download.pytorch.org/whl/cu126
    torchvision==0.23.0+cu126 from https://download.pytorch.org/whl/cu126
    dlsetup render dockerfile torch==2.8.0 torchvision {OPTIONS}

note: cuda-twice (likely)
  line 2: nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04
  line 6: torch==2.8.0
  CUDA is in the image twice: nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04 holds
  12.4, and torch 2.8.0 (1.7 GB unpacked) brings 12.8 of its own.
  fix:
    stand on a plain image, unless something is compiled with nvcc:
    dlsetup render dockerfile torch==2.8.0 {OPTIONS}

note: not-pinned
  line 6: torchvision
  torchvision: no version is pinned, so it is another one tomorrow.
  fix:
    dlsetup lock pins a plan with every package it needs

What a word means: dlsetup doctor --explain WORD
"""


def run(*words: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["render", "--check", *words], input=text)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def test_what_people_read_whole(here: Path) -> None:
    done = run(write(here, "Dockerfile", DOCKERFILE), *PASCAL)

    assert done.stdout == TOLD
    assert done.exit_code == 1
    prose = [line for line in TOLD.splitlines() if "dlsetup render" not in line]
    assert max(map(len, prose)) <= 80


def test_programs_get_findings_as_the_contract_has_them(here: Path) -> None:
    done = run(write(here, "requirements.txt", "torch==2.8.0\n"), *PASCAL, "--json")
    document = json.loads(done.stdout)
    finding = document["data"]["findings"][0]

    assert (document["command"], document["status"], document["errors"]) == ("render", "ok", [])
    assert done.exit_code == 1
    assert set(finding) == {
        "reference", "severity", "message", "evidence", "fix", "confidence",
    }  # fmt: skip
    assert finding["reference"] == "gpu-too-old"
    assert finding["severity"] == "error"
    assert finding["evidence"][0] == "requirements.txt:1: torch==2.8.0"
    assert "torch-2.8.0" in finding["evidence"][1]
    assert document["data"]["files"] == [
        {"path": "requirements.txt", "kind": "requirements file", "statements": 1}
    ]


def test_a_file_that_fits_ends_with_0_and_says_so(here: Path) -> None:
    done = run(write(here, "requirements.txt", "torch==2.5.1\n"), *PASCAL)

    assert done.stdout == "requirements.txt (requirements file): nothing found that does not fit\n"
    assert done.exit_code == 0


def test_a_warning_alone_ends_with_0(here: Path) -> None:
    text = "#!/bin/sh\napt-get install -y nvidia-driver-535\n"
    done = run(write(here, "install.sh", text), *PASCAL)

    assert done.stdout.startswith("install.sh (script): 1 warning\n")
    assert done.exit_code == 0


def test_several_files_are_told_one_by_one(here: Path) -> None:
    names = [
        write(here, "requirements.txt", "torch==2.5.1\n"),
        write(here, "gpu.Dockerfile", "FROM nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04\n"),
        write(here, "notes.md", "Nothing of ours.\n"),
    ]
    done = run(*names, *PASCAL)

    assert [line for line in done.stdout.splitlines() if line.startswith(tuple(names))] == [
        "requirements.txt (requirements file): nothing found that does not fit",
        "gpu.Dockerfile (Dockerfile): 1 error",
        "notes.md: nothing in it that dlsetup knows",
    ]


def test_a_line_of_a_list_that_is_named_is_told_with_that_list(here: Path) -> None:
    (here / "deps").mkdir()
    (here / "deps" / "base.txt").write_text("numpy\ntorch==2.8.0\n", encoding="utf-16")
    done = run(write(here, "requirements.txt", "-r deps/base.txt\n"), *PASCAL)

    assert done.stdout.startswith(
        "requirements.txt (requirements file): 1 error\n\n"
        "error: gpu-too-old\n  deps/base.txt, line 2: torch==2.8.0\n  torch 2.8.0 of"
    )
    assert done.exit_code == 1


def test_standard_input_is_known_by_what_stands_in_it() -> None:
    done = run("-", *PASCAL, text="FROM nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04\n")

    assert done.stdout.startswith("standard input (Dockerfile): 1 error\n")
    assert "\n  line 1: nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04\n" in done.stdout


def test_an_empty_file_holds_nothing_that_dlsetup_knows(here: Path) -> None:
    done = run(write(here, "Dockerfile", ""), *PASCAL)

    assert done.stdout == "Dockerfile (Dockerfile): nothing in it that dlsetup knows\n"
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\x7fELF\x00\x01", "it is no text: it holds zero bytes", id="program"),
        pytest.param(b"\xff\xfe\x00a", "it is no text in UTF-8", id="utf-16"),
        pytest.param(
            b"x" * 50_000_000, "it is larger than 512 KiB: nobody wrote that by hand", id="50-mb"
        ),
    ],
)
def test_what_is_no_text_that_people_write_is_refused(here: Path, data: bytes, reason: str) -> None:
    (here / "Dockerfile").write_bytes(data)
    done = run("Dockerfile", *PASCAL)

    assert done.exit_code == 2
    assert done.stderr == (
        "error: bad-file-to-check\n\nDockerfile cannot be checked.\n\n"
        f"  {reason}\n\nhint: Give a script, a Dockerfile, a compose file, an environment.yml, a "
        "requirements file, a pyproject.toml, a pixi.toml, a devcontainer.json or an "
        "Apptainer definition.\n"
    )


def test_what_is_no_file_is_refused_and_keeps_nobody_waiting(here: Path) -> None:
    os.mkfifo(here / "pipe.sh")
    for name in ("pipe.sh", str(here), "missing.sh", "a\0b"):
        done = run(name, *PASCAL)

        assert done.exit_code == 2, name
        assert done.stderr.startswith("error: bad-file-to-check\n")


def test_without_a_file_the_way_is_said() -> None:
    done = run(*PASCAL)

    assert done.exit_code == 2
    assert "dlsetup render --check Dockerfile" in done.stderr


def test_a_gpu_that_nobody_knows_is_unknown_and_never_fine(here: Path) -> None:
    machine = {
        "os": {"id": "ubuntu", "version": "24.04"},
        "gpus": [{"name": "NVIDIA RTX 9090", "vendor": "nvidia", "pci_id": "10de:ffff"}],
        "driver": None,
    }
    write(here, "machine.json", json.dumps({"machine": machine}))
    name = write(here, "requirements.txt", "torch==2.8.0\n")
    done = run(name, "--machine", "machine.json", "--json")
    found = json.loads(done.stdout)["data"]["findings"]

    assert [one["reference"] for one in found] == ["unknown-gpu"]


def test_passwords_of_index_addresses_are_told_to_nobody(here: Path) -> None:
    text = (
        "--index-url https://me:hush@download.pytorch.org/whl/cu128\n"
        "torch==2.5.1\nprivate @ https://me:hush@wheels.example/private.whl\n"
    )
    for more in ((), ("--json",)):
        done = run(write(here, "requirements.txt", text), *PASCAL, *more)

        assert "variant-not-on-index" in done.stdout
        assert "hush" not in done.output


def test_what_moves_a_terminal_is_not_printed(here: Path) -> None:
    done = run(write(here, "Dockerfile", "FROM nvidia/cuda:12.4.1\x1b[2J-devel\n"), *PASCAL)

    assert "\x1b" not in done.output
    assert done.exit_code in {0, 1}
