"""Every fix, put in the place of what it is for, is held against the same machine again."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from provisioner.check import Checked, check
from provisioner.check.kinds import read
from provisioner.cli.main import main
from provisioner.report import Finding
from provisioner.workflow import routes_of
from tests.unit.check import ill_containers, ill_files, ill_systems, ill_toolkits
from tests.unit.check.checking import CATALOG, checked, machine, told
from tests.unit.check.ill_files import Case

ALL = (*ill_files.ALL, *ill_systems.ALL, *ill_toolkits.ALL, *ill_containers.ALL)
MACHINES = (
    ("Tesla K80", "470.256.02", "ubuntu-20.04"),
    ("GTX 1080", "535.183.01", "ubuntu-22.04"),
    ("A100", "450.248.02", "ubuntu-20.04"),
    ("RTX 5090", "570.86.15", "ubuntu-24.04"),
)
ABOUT_CUDA = (*ill_files.IMAGES, *ill_toolkits.ALL, *ill_containers.ALL)
EVERYWHERE = (
    *ALL,
    *(
        case._replace(id=f"{case.id}-{gpu}", gpu=gpu, driver=driver, os=os)
        for case in ABOUT_CUDA
        for gpu, driver, os in MACHINES
    ),
)
_IMAGE = {
    "dockerfile": r"FROM (\S+)",
    "compose": r"image: (\S+)",
    "devcontainer": r'"image": "(\S+)"',
    "apptainer": r"From: (\S+)",
}
_ANY_IMAGE = re.compile(r'(?:FROM |From: |"?image"?: )"?([\w./:-]+:[\w.-]+)"?')
_TOOLKIT = re.compile(r"(?:- )?(cuda[a-z-]*-\d+-\d+|cuda[a-z-]*=\d+\.\d+|cudatoolkit=\d+\.\d+)")
_TARGETS = re.compile(r'((?:TORCH_CUDA_ARCH_LIST|CMAKE_CUDA_ARCHITECTURES|CUDAARCHS)=)"(.*)"')
_CUDA = re.compile(r"CUDA (\d+)\.(\d+) is the newest that fits")


def _options(case: Case) -> tuple[str, ...]:
    driver = ("--driver", case.driver) if case.driver else ()
    return ("--gpu", case.gpu, *driver, "--os", case.os, "--arch", "x86_64")


def _checked(case: Case, name: str, text: str) -> Checked:
    on = machine(case.gpu, driver=case.driver, os=case.os)
    return check(read(name, text), on, CATALOG, routes_of=routes_of, options=_options(case))


def _kind(case: Case) -> str:
    name = case.name.lower()
    return next((kind for kind in ("compose", "devcontainer") if kind in name), "dockerfile")


def _instead(case: Case, finding: Finding, new: str) -> set[tuple[str, int]]:
    """What is left of a file with the words of a finding's first place changed."""
    line, old = finding.evidence[0].split(":", 2)[1:]
    lines = case.text.splitlines()
    assert old.strip() in lines[int(line) - 1]
    lines[int(line) - 1] = lines[int(line) - 1].replace(old.strip(), new)
    return told(_checked(case, case.name, "\n".join(lines) + "\n"))


def _fixes(case: Case) -> list[tuple[Finding, str]]:
    found = _checked(case, case.name, case.text).findings
    return [(finding, fix) for finding in found for fix in finding.fix]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in ALL])
def test_a_command_that_is_proposed_renders_what_fits(case: Case) -> None:
    for _, fix in _fixes(case):
        if not fix.startswith("dlsetup render"):
            continue
        outcome = CliRunner().invoke(main, [*shlex.split(fix)[1:], "--json"])
        assert outcome.exit_code == 0, (fix, outcome.output)
        again = [
            _checked(case, file["path"], file["text"])
            for file in json.loads(outcome.stdout)["data"]["files"]
        ]
        assert sum(file.statements for file in again) > 0
        assert [told(file) for file in again] == [set()] * len(again), fix


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in EVERYWHERE])
def test_an_image_that_is_proposed_is_written_as_in_the_file_and_fits(case: Case) -> None:
    kind = "apptainer" if case.name.endswith(".def") else _kind(case)
    for finding, fix in _fixes(case):
        if not _ANY_IMAGE.match(fix):
            continue
        match = re.fullmatch(_IMAGE[kind], fix)
        assert match, fix
        if "$" in case.text or finding.reference not in {
            "gpu-unsupported",
            "image-tag-unknown",
            "image-tag-gone",
            "image-unknown",
            "driver-too-old",
        }:
            continue
        line = int(finding.evidence[0].split(":")[1])
        left = {reference for reference, at in _instead(case, finding, match[1]) if at == line}
        assert not left & {"gpu-unsupported", "image-tag-unknown", "image-unknown"}, fix
        assert "driver-too-old" not in left, fix


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in EVERYWHERE])
def test_a_toolkit_and_targets_that_are_proposed_leave_nothing_to_say(case: Case) -> None:
    for finding, fix in _fixes(case):
        if toolkit := _TOOLKIT.match(fix):
            assert (finding.reference, _line(finding)) not in _instead(case, finding, toolkit[1])
        elif newest := _CUDA.fullmatch(fix):
            text = f"apt-get install cuda-toolkit-{newest[1]}-{newest[2]}\n"
            assert finding.reference not in {one for one, _ in told(_checked(case, "a.sh", text))}
        elif targets := _TARGETS.match(fix):
            quoted = f'"{finding.evidence[0].split(": ", 1)[1]}' in case.text
            new = targets[2] if quoted else f'"{targets[2]}"'
            if "with CUDA" not in fix:
                left = _instead(case, finding, new)
                assert (finding.reference, _line(finding)) not in left


def _line(finding: Finding) -> int:
    return int(finding.evidence[0].split(":")[1])


def test_a_driver_runfile_is_not_told_to_leave_out_the_driver() -> None:
    text = "#!/bin/bash\nsudo sh NVIDIA-Linux-x86_64-550.54.14.run --silent\n"
    for name, opening in (("install.sh", ""), ("Dockerfile", "FROM ubuntu:22.04\nRUN ")):
        body = text if not opening else opening + text.splitlines()[1] + "\n"
        on = machine("RTX 3090", os="ubuntu-22.04-wsl2" if not opening else "ubuntu-22.04")
        found = checked(name, body, on).findings
        assert found
        assert not any("--toolkit" in fix for one in found for fix in one.fix)
