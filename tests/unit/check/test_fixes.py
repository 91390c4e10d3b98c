"""What is proposed instead is held against the same machine: it has to fit."""

from __future__ import annotations

import re

import pytest

from provisioner.check import Checked
from tests.unit.check.checking import checked, machine, told
from tests.unit.check.ill_files import BUILDS, IMAGES, Case

_WHEEL = re.compile(
    r"(?P<pin>[A-Za-z0-9-]+(\[[\w,-]+\])?==\S+) from (?P<place>https?://\S+|the default index)"
)
OURS = {"gpu-too-old", "gpu-too-new", "driver-too-old", "cudnn-too-new", "variant-not-on-index"}


def _requirements(fixes: tuple[str, ...]) -> str:
    found = [match for fix in fixes if (match := _WHEEL.fullmatch(fix))]
    indexes = dict.fromkeys(one["place"] for one in found if one["place"].startswith("http"))
    caps = [fix.removeprefix("add ") for fix in fixes if fix.startswith("add ")]
    lines = [f"--extra-index-url {index}" for index in indexes]
    return "".join(f"{line}\n" for line in (*lines, *(one["pin"] for one in found), *caps))


def _of(case: Case) -> Checked:
    return checked(case.name, case.text, machine(case.gpu, driver=case.driver, os=case.os))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in BUILDS])
def test_wheels_that_are_proposed_fit(case: Case) -> None:
    findings = [one for one in _of(case).findings if one.reference in OURS]
    texts = [text for one in findings if (text := _requirements(one.fix))]
    on = machine(case.gpu, driver=case.driver, os=case.os)

    for text in texts:
        again = checked("requirements.txt", text, on)
        assert again.statements > 0
        assert told(again) == set(), text
    wheels = case.found and {reference for reference, _ in case.found} <= OURS
    assert texts or not wheels or case.id == "pytorch-cuda-on-driver-470"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in IMAGES])
def test_images_that_are_proposed_fit(case: Case) -> None:
    on = machine(case.gpu, driver=case.driver, os=case.os)
    for finding in _of(case).findings:
        for fix in finding.fix:
            if fix.startswith("FROM ") and "tensorflow" not in fix:
                again = checked("Dockerfile", f"{fix}\n", on)
                assert again.statements == 1
                assert told(again) - {("driver-too-old", 1)} == set(), fix
                # A tag is a way out of the driver only where the driver was what did not fit.
                if finding.reference == "driver-too-old":
                    assert told(again) == set(), fix
