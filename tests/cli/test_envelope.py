from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from provisioner.cli.main import main

Run = Callable[..., Result]
KEYS = ["schema", "command", "status", "data", "warnings", "errors"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, list(words))

    return invoke


def envelope(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    assert list(found) == KEYS
    assert found["schema"] == 1
    assert (found["status"] == "error") == bool(found["errors"])
    return found


AFAR = ("--gpu", "RTX 3090", "--driver", "535.183.01", "--os", "ubuntu-22.04")


def test_resolve_prints_one_envelope_with_the_contracts_plan(run: Run) -> None:
    result = run("resolve", "torch", *AFAR, "--json")
    plan = envelope(result)["data"]["plan"]

    assert result.exit_code == 0
    assert {
        "machine",
        "request",
        "via",
        "python",
        "accelerator",
        "cuda",
        "cudnn",
        "driver",
        "pins",
        "image",
        "download_bytes",
        "disk_bytes",
        "steps",
        "alternatives",
        "refused",
    } <= set(plan)
    assert {"action", "current", "minimum", "branch", "flavour"} <= set(plan["driver"])
    assert {
        "name",
        "version",
        "variant",
        "index",
        "cuda",
        "cudnn",
        "serves",
        "evidence",
        "why",
    } <= set(plan["pins"][0])
    assert set(plan["pins"][0]["serves"][0]) == {"gpu", "by", "kind"}
    assert set(plan["refused"][0]) == {"candidate", "reference", "reason", "evidence"}
    assert set(plan["alternatives"][0]) == {"change", "gives"}


def test_a_refusal_still_carries_machine_request_refused_and_alternatives(run: Run) -> None:
    result = run("resolve", "torch==2.15.0", "--gpu", "GTX 1080 Ti", "--json")
    found = envelope(result)

    assert result.exit_code == 1
    assert set(found["data"]) == {"machine", "request", "refused", "alternatives"}
    assert found["errors"][0]["reference"] == "no-compatible-stack"
    assert set(found["errors"][0]) == {"reference", "message", "context", "hint"}
    assert found["data"]["refused"][0]["reference"] == "gpu-too-old"
    assert [way["change"] for way in found["data"]["alternatives"]] == [
        "leave the version of torch open",
        "compute on the CPU (--gpu none)",
    ]


def test_detect_prints_the_contracts_machine(run: Run) -> None:
    result = run("detect", "--json")
    machine = envelope(result)["data"]["machine"]

    assert result.exit_code == 0
    assert {
        "os",
        "arch",
        "cpu",
        "memory_bytes",
        "gpus",
        "driver",
        "toolkits",
        "pythons",
        "containers",
        "disks",
        "sources",
    } <= set(machine)
    assert {"id", "version", "kernel", "wsl", "container", "libc"} <= set(machine["os"])
    assert {"name", "level", "flags", "cores"} <= set(machine["cpu"])


def test_a_saved_machine_and_a_saved_plan_are_read_back(run: Run, tmp_path: Path) -> None:
    (tmp_path / "machine.json").write_text(run("detect", "--json").stdout)
    plan = run("resolve", "tensorflow-cpu", "--machine", "machine.json", "--gpu", "none", "--json")
    (tmp_path / "plan.json").write_text(plan.stdout)
    sources = envelope(plan)["data"]["plan"]["machine"]["sources"]

    assert sources["os"] == "file"
    assert sources["gpus"] == "option"
    assert run("render", "conda", "plan.json").exit_code == 0


def test_render_with_json_lists_the_files(run: Run) -> None:
    found = envelope(run("render", "dockerfile", "torch", *AFAR, "--json"))

    assert [file["path"] for file in found["data"]["files"]] == ["Dockerfile"]
    assert found["data"]["files"][0]["text"].startswith("# ")


def test_the_catalog_is_exported_as_the_contract_says(run: Run) -> None:
    found = envelope(run("catalog", "export", "--json"))["data"]

    assert set(found) == {"cuda", "cudnn", "gpus", "drivers", "builds", "images"}
    cuda = next(row for row in found["cuda"] if row["version"] == "12.8")
    assert cuda["driver_floor"] == {"linux": "525.60.13", "windows": "528.33"}
    build = next(row for row in found["builds"] if row["framework"] == "torch")
    assert {
        "framework",
        "version",
        "variant",
        "platform",
        "pythons",
        "cuda",
        "cudnn",
        "sass",
        "ptx",
        "requires",
        "evidence",
        "kind",
    } <= set(build)


def test_the_catalog_passes_its_own_audit(run: Run) -> None:
    result = run("catalog", "check", "--json")

    assert envelope(result)["data"]["problems"] == []
    assert result.exit_code == 0


@pytest.mark.parametrize("name", ["driver-too-old", "no-compatible-stack", "format-cannot-carry"])
def test_every_reference_is_explained(run: Run, name: str) -> None:
    result = run("doctor", "--explain", name)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{name}\n\n")
    assert "what to do:\n" in result.stdout


def test_the_same_question_gives_the_same_bytes(run: Run) -> None:
    first = [
        run("render", name, "torch", *AFAR).stdout for name in ("script", "conda", "dockerfile")
    ]
    second = [
        run("render", name, "torch", *AFAR).stdout for name in ("script", "conda", "dockerfile")
    ]

    assert first == second
    assert (
        run("resolve", "torch", *AFAR, "--json").stdout
        == run("resolve", "torch", *AFAR, "--json").stdout
    )


@pytest.mark.parametrize("words", [["resolve", "torch"], ["bench", "compare", "a", "b"]])
def test_what_is_interrupted_is_one_object_too(
    words: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("provisioner.workflow.plan_for", interrupted)
    monkeypatch.setattr("provisioner.bench.compare.read", interrupted)
    monkeypatch.setattr("provisioner.cli.output.begun", threading.Event())
    told, asked = run(*words), run(*words, "--json")
    found = envelope(asked)

    assert (told.exit_code, told.output.strip()) == (130, "")
    assert (asked.exit_code, asked.stderr.strip()) == (130, "")
    assert found["command"] == " ".join(words[: 2 if words[0] == "bench" else 1])
    assert found["errors"] == [
        {
            "reference": "interrupted",
            "message": "Stopped.",
            "context": [],
            "hint": "The same command goes on.",
        }
    ]


def test_interrupted_after_its_answer_nothing_is_added(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provisioner.cli import output

    printed = output.show_json

    def interrupted(command: str, data: dict[str, object]) -> None:
        printed(command, data)
        raise KeyboardInterrupt

    monkeypatch.setattr("provisioner.cli.doctor.show_json", interrupted)
    result = run("doctor", "--explain", "driver-too-old", "--json")

    assert result.exit_code == 130
    assert envelope(result)["status"] == "ok"
