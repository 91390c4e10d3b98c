"""A bundle is one private file, and reading it back finds the same."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from provisioner import workflow
from provisioner.cli.main import main
from provisioner.doctor import Patient, diagnose, read
from provisioner.doctor.anonymous import Anonymous
from provisioner.doctor.bundle import Bundle, is_bundle, opened, packed
from tests.cases import Case, cases

HIDDEN = Anonymous({"aurelia": "<USER>", "thinkbox7": "<HOST>"}, home="/home/aurelia")


@pytest.mark.parametrize("case", cases("given"), ids=lambda case: case.name)
def test_reading_it_back_finds_the_same(case: Case) -> None:
    rows = workflow.catalog()
    symptoms = read(case.report, rows)
    before = Patient(symptoms, rows)
    bundle = Bundle(machine=before.machine, symptoms=symptoms, findings=diagnose(before))
    text = packed(bundle, HIDDEN).decode()
    assert is_bundle(text)

    after = opened(text, rows)
    found = diagnose(Patient(after.symptoms, rows, after.machine, from_afar=True))
    wanted = diagnose(Patient(symptoms, rows, before.machine, from_afar=True))
    assert [(one.reference, one.severity) for one in found] == [
        (one.reference, one.severity) for one in wanted
    ]


def test_the_file_is_private_whole_and_read_by_report(tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    made = CliRunner().invoke(main, ["doctor", "--bundle", str(path)])
    assert made.exit_code in {0, 1}, made.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text())
    assert list(document)[:2] == ["kind", "schema"]
    assert document["machine"]["os"]["id"]
    assert "/proc/version" in document["seen"]
    assert document["symptoms"]["text"] == ""

    live = CliRunner().invoke(main, ["doctor", "--json"])
    back = CliRunner().invoke(main, ["doctor", "--report", str(path), "--json"])
    references = [
        [one["reference"] for one in json.loads(told.stdout)["data"]["findings"]]
        for told in (live, back)
    ]
    assert references[0] == references[1]


def test_names_of_this_run_are_not_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "aurelia")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/srv/aurelia/lib:/opt/x")
    monkeypatch.setenv("PYTHON_TOKEN", "zebra-stripes-9")
    monkeypatch.setattr("socket.gethostname", lambda: "thinkbox7")
    path = tmp_path / "bundle.json"
    CliRunner().invoke(main, ["doctor", "--bundle", str(path)])
    text = path.read_text()
    for secret in ("aurelia", "zebra-stripes", "thinkbox7"):
        assert secret not in text
    assert "LD_LIBRARY_PATH=/srv/<USER>/lib:/opt/x" in text


def test_a_place_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none" / "bundle.json"
    made = CliRunner().invoke(main, ["doctor", "--bundle", str(path), "--json"])
    assert made.exit_code == 3
    assert json.loads(made.stdout)["status"] == "error"
    assert list(tmp_path.iterdir()) == []


def test_lines_that_are_one_without_their_secrets_are_quoted_where_they_stand() -> None:
    rows = workflow.catalog()
    gpu, broken = "GPU {}: 3f2504e0-4f89-11d3-9a0c-0305e82c330{}", "Failed to initialize NVML: 无"
    symptoms = read("\n".join((gpu.format(0, 1), gpu.format(0, 2), broken, "")), rows)
    bundle = Bundle(machine=Patient(symptoms, rows).machine, symptoms=symptoms)

    after = opened(packed(bundle, HIDDEN).decode(), rows).symptoms

    assert len(after.lines) == after.text.count("\n") + 1
    assert after.lines[after.text.count("\n", 0, after.text.find("nvml"))] == broken


def test_lines_of_a_bundle_are_read_as_those_of_a_report() -> None:
    rows = workflow.catalog()
    line = "/usr/bin/ld: libc.so.6: versão `GLIBC_2.28' não encontrada"
    document = {
        "kind": "dlsetup-doctor",
        "machine": {"os": {"id": "ubuntu", "version": "22.04"}, "arch": "x86_64"},
        "symptoms": {"text": "", "lines": [f"one\ntwo\n{line}"]},
    }
    text = opened(json.dumps(document), rows).symptoms.text
    assert text == read(f"one\ntwo\n{line}", rows).text


@pytest.mark.parametrize("fact", ["driver", "module", "driver_cuda", "toolkit", "gcc", "python"])
def test_a_version_that_is_none_is_told_and_not_compared(fact: str) -> None:
    rows = workflow.catalog()
    symptoms = read("NVIDIA GeForce RTX 3090, torch 2.1.0+cu121 error", rows)
    changed = msgspec.structs.replace(symptoms, **{fact: "no.number"})
    bundle = Bundle(machine=Patient(symptoms, rows).machine, symptoms=changed)

    with pytest.raises(ValueError, match="a version in it is none"):
        opened(packed(bundle, HIDDEN).decode(), rows)


@pytest.mark.parametrize("harm", ["cut", "driver", "type"])
def test_a_bundle_that_was_harmed_is_a_bad_report(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "bundle.json"
    CliRunner().invoke(main, ["doctor", "--bundle", str(path)])
    document = json.loads(path.read_text())
    if harm == "driver":
        document["machine"]["driver"] = {"version": "x; rm -rf /"}
    if harm == "type":
        document["symptoms"]["lines"] = 7
    text = json.dumps(document)
    path.write_text(text[:400] if harm == "cut" else text)
    told = CliRunner().invoke(main, ["doctor", "--report", str(path), "--json"])
    assert told.exit_code == 2
    assert json.loads(told.stdout)["errors"][0]["reference"] == "bad-report"


def test_gpus_lose_their_uuid() -> None:
    rows = workflow.catalog()
    symptoms = read("NVIDIA GeForce RTX 3090, driver 535.183.01 on ubuntu 22.04", rows)
    machine = Patient(symptoms, rows).machine
    marked = tuple(msgspec.structs.replace(gpu, uuid="GPU-77") for gpu in machine.gpus)
    assert marked
    bundle = Bundle(machine=msgspec.structs.replace(machine, gpus=marked), symptoms=symptoms)
    assert b"GPU-77" not in packed(bundle, HIDDEN)


def test_bundle_and_report_exclude_each_other() -> None:
    assert CliRunner().invoke(main, ["doctor", "--bundle", "x", "--report", "y"]).exit_code == 2


def test_a_bundle_never_takes_the_place_of_a_device_and_follows_a_link(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "target")
    came: list[str] = []
    reader = threading.Thread(target=lambda: came.append(pipe.read_text()), daemon=True)
    reader.start()

    CliRunner().invoke(main, ["doctor", "--bundle", str(pipe)])
    assert pipe.is_fifo()  # else nobody would ever write to who reads it
    reader.join()
    CliRunner().invoke(main, ["doctor", "--bundle", str(link)])

    assert is_bundle(came[0])
    assert link.is_symlink()
    assert is_bundle((tmp_path / "target").read_text())


def test_a_bundle_goes_to_standard_output_alone_where_a_dash_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(main, ["doctor", "--bundle", "-"])

    assert json.loads(run.stdout)["kind"] == "dlsetup-doctor"
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(main, ["doctor", "--bundle", "-", "--json"]).exit_code == 2
