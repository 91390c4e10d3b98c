"""What is proposed instead is held against the same machine: it has to fit, as it is written."""

from __future__ import annotations

import re
import shlex

import pytest

from provisioner.check import Checked
from provisioner.report import Finding
from tests.unit.check.checking import checked, machine, rendered, told
from tests.unit.check.ill_files import BUILDS, IMAGES, Case, case

_PROSE = re.compile(
    r"(?P<pin>[A-Za-z0-9-]+(\[[\w,-]+\])?==\S+) from (?P<place>https?://\S+|the default index)"
)
_NO_LINES = ("dlsetup ", "or ", "with ", "say ", "CUDA ")
OURS = {
    *("gpu-too-old", "gpu-too-new", "driver-too-old", "cudnn-too-new", "variant-not-on-index"),
    *("no-such-release", "framework-pin-conflict", "cap-missing", "python-unsupported"),
}
PIXI = '[workspace]\nname = "x"\nchannels = ["conda-forge"]\nplatforms = ["linux-64"]\n'
WRONG = ("torch==2.8.0", "torch==2.5.1+cu128", "torch==2.6.7", "torch==2.10.0+cpu")
ON = {
    "gpu-too-old": {"gpu": "GTX 1080", "driver": "535.183.01"},
    "gpu-too-new": {"gpu": "RTX 5090", "driver": "610.43.02"},
    "driver-too-old": {"gpu": "RTX 3090", "driver": "470.256.02"},
}


def _written(kind: str, wheel: str) -> tuple[str, str]:
    """The same request as each kind of file has it."""
    name, _, version = wheel.partition("==")
    match kind:
        case "pixi":
            return "pixi.toml", f'{PIXI}[feature.a.pypi-dependencies]\n{name} = "=={version}"\n'
        case "pyproject":
            return "pyproject.toml", f'[project]\nname = "x"\ndependencies = ["{wheel}"]\n'
        case "conda":
            return "environment.yml", f"dependencies:\n- python=3.12\n- pip:\n  - {wheel}\n"
        case "script":
            return "setup.sh", f"#!/bin/sh\npip install {wheel}\n"
        case _:
            return "requirements.txt", f"{wheel}\n"


WRITTEN = tuple(
    case(f"{kind}-{wheel}-{why}", *_written(kind, wheel), **on)
    for kind in ("requirements", "conda", "pixi", "pyproject", "script")
    for wheel in WRONG
    for why, on in ON.items()
)


def _mended(name: str, finding: Finding) -> tuple[str, str] | None:
    """A file of the same kind that holds what is proposed, and nothing else; None for prose."""
    lines = [line for line in finding.fix if not line.startswith(_NO_LINES)]
    lines = [line.removeprefix("add ").partition(" instead of ")[0] for line in lines]
    if not lines or any(line.startswith("FROM ") for line in lines):
        return None
    if name.endswith("pixi.toml"):
        header = "" if lines[0].startswith("[") else "[pypi-dependencies]\n"
        return name, PIXI + header + "\n".join(lines) + "\n"
    if name.endswith(".yml"):
        return name, "dependencies:\n" + "\n".join(lines) + "\n"
    if name.endswith("pyproject.toml"):
        if not lines[0].startswith("dependencies"):
            lines = [f"dependencies = [{', '.join(lines)}]"]
        return name, '[project]\nname = "x"\n' + "\n".join(x for x in lines if x[0] != '"') + "\n"
    return "requirements.txt", _requirements(lines)


def _requirements(lines: list[str]) -> str:
    made: list[str] = []
    for line in lines:
        match = _PROSE.fullmatch(line)
        if match and match["place"].startswith("http"):
            made.append(f"--extra-index-url {match['place']}")
        made.append(match["pin"] if match else line)
    return "\n".join(made) + "\n"


def _of(case: Case) -> Checked:
    return checked(case.name, case.text, machine(case.gpu, driver=case.driver, os=case.os))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in (*BUILDS, *WRITTEN)])
def test_what_is_proposed_fits_and_is_in_the_words_of_its_file(case: Case) -> None:
    on = machine(case.gpu, driver=case.driver, os=case.os)
    for finding in _of(case).findings:
        mended = _mended(case.name, finding) if finding.reference in OURS else None
        if mended is None:
            continue
        again = checked(*mended, on)

        assert again.statements > 0, mended
        assert {one for one in told(again) if one[0] in OURS | {"file-not-parsed"}} == set(), mended


def test_something_is_proposed_wherever_something_fits() -> None:
    for one in WRITTEN:
        wrong = [found for found in _of(one).findings if found.severity == "error"]

        assert all(found.fix for found in wrong), one.id


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in WRITTEN])
def test_what_is_proposed_to_be_rendered_is_rendered_and_fits(case: Case) -> None:
    on = machine(case.gpu, driver=case.driver, os=case.os)
    for finding in _of(case).findings:
        for fix in finding.fix:
            words = shlex.split(fix) if fix.startswith("dlsetup render ") else []
            for name, text in rendered(words[2], tuple(words[3:]), on) if words else ():
                assert told(checked(name, text, on)) == set(), fix


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


def test_a_proposed_command_names_no_package_twice() -> None:
    text = (
        "#!/bin/bash\nconda install pytorch torchvision torchaudio pytorch-cuda=12.1 -c pytorch\n"
        "conda install pytorch==1.7.1 torchvision==0.8.2 torchaudio==0.7.2 -c pytorch\n"
        "conda install pytorch==1.4.0 torchvision==0.5.0 -c pytorch\n"
    )
    on = machine("RTX 3090", driver="535.183.01", os="ubuntu-22.04")
    found = [fix for one in checked("a.sh", text, on).findings for fix in one.fix]
    commands = [fix.split()[3:] for fix in found if fix.startswith("dlsetup render")]

    assert commands
    for words in commands:
        names = [word.partition("=")[0] for word in words]
        assert len(names) == len(set(names))
