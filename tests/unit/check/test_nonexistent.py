"""Releases and builds that do not exist; expected from 06_torch_default_wheels and _variants."""

from __future__ import annotations

import pytest

from tests.table import factsheet
from tests.unit.check.checking import checked, machine

HERE = machine("RTX 3090", driver="580.65.06")
INDEX = "--extra-index-url https://download.pytorch.org/whl/"


def found(text: str) -> list[tuple[str, str]]:
    findings = checked("requirements.txt", text, HERE).findings
    return [(one.reference, one.severity) for one in findings if one.reference != "not-pinned"]


@pytest.mark.parametrize(
    ("pin", "nearest"),
    [
        ("torch==2.6.7", "2.6.0"),
        ("torch==1.14.0", "1.13.1"),
        ("torch==2.4.9", "2.4.1"),
        ("tensorflow==2.10.9", "2.10.1"),
        ("torchvision==0.20.9", "0.20.1"),
    ],
)
def test_a_release_that_never_was_is_an_error_with_the_nearest(pin: str, nearest: str) -> None:
    (finding,) = checked("requirements.txt", f"{pin}\n", HERE).findings

    assert (finding.reference, finding.severity) == ("no-such-release", "error")
    assert finding.message.endswith(f"the nearest release is {nearest}.")
    assert "the package index lists" in finding.evidence[1]


@pytest.mark.parametrize(
    "pin",
    [
        "torch==9.9",  # newer than what is known
        "torch==2.15.1",
        "torch==2.14.7",  # 2.14 is younger than a year: it may have got one
        "torch==2.6.1a0",
        "torch==2.6.0.post7",
        "torch==0.3.9",  # older than what is known
        "jax==0.4.32",  # it was taken back, and has no row
        "torch==1.4.0+cu92",  # 06_torch_variants: index list not transcribed
        "torch==2.15.0+cu130",  # 06_torch_variants: others unknown
        "torch==2.6.0+rocm6.9",
        "torch==2.6.0+mine",
        "requests==99",
        f"{INDEX}nightly/cu128\ntorch==2.6.7",
        "--extra-index-url https://wheels.example/simple\ntorch==2.6.7",
        "--find-links wheels\ntorch==2.6.7",
    ],
)
def test_what_may_exist_is_unknown_at_most(pin: str) -> None:
    assert "no-such-release" not in {reference for reference, _ in found(f"{pin}\n")}


def test_every_release_of_the_facts_exists() -> None:
    versions = {str(one.version) for one in factsheet.torch_builds()}
    assert len(versions) > 40
    for version in versions:
        assert "no-such-release" not in {name for name, _ in found(f"torch=={version}\n")}, version


def test_every_build_of_the_facts_exists() -> None:
    builds = [one for one in factsheet.torch_builds() if one.variant.startswith("cu")]
    for one in builds:
        text = f"{INDEX}{one.variant}\ntorch=={one.version}+{one.variant}\n"
        assert "no-such-release" not in {name for name, _ in found(text)}, text


@pytest.mark.parametrize("where", ["", f"{INDEX}cu999\n", f"{INDEX}cu126\n"])
@pytest.mark.parametrize("pin", ["torch==2.6.0+cu999", "torch==2.6.0+cu128", "torch==1.13.1+cu121"])
def test_a_build_for_a_cuda_that_no_release_like_it_had_is_an_error(pin: str, where: str) -> None:
    if "cu999" in where:  # what lies on an index that nobody knows is unknown
        assert "no-such-release" not in {name for name, _ in found(f"{where}{pin}\n")}
    else:
        assert found(f"{where}{pin}\n") == [("no-such-release", "error")]


def test_a_build_between_those_that_are_announced_is_a_warning() -> None:
    assert found("torch==2.9.0+cu129\n") == [("no-such-release", "warning")]


def test_a_build_for_the_cpu_lies_on_its_own_index() -> None:
    (finding,) = checked("requirements.txt", "torch==2.6.0+cpu\n", machine("none")).findings

    assert (finding.reference, finding.severity) == ("variant-not-on-index", "error")
    assert finding.fix == (
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "torch==2.6.0+cpu",
    )
    again = checked("requirements.txt", "\n".join(finding.fix), machine("none"))
    assert again.findings == ()


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("pytorch=2.9.99", "the newest it knows is "),
        ("pytorch=2.5.1=cuda999*", "the builds that it knows are "),
    ],
)
def test_what_conda_may_have_is_a_note_and_never_silence(spec: str, told: str) -> None:
    # 14_conda_forge_builds: what was asked to be built, not what was uploaded
    text = f"channels: [conda-forge]\ndependencies:\n- python=3.12\n- {spec}\n"
    (finding,) = checked("environment.yml", text, HERE).findings

    assert (finding.reference, finding.severity) == ("unknown-release", "note")
    assert finding.message.startswith(f"The catalog does not know {spec}: {told}")
    elsewhere = checked("environment.yml", text.replace("conda-forge", "mine"), HERE)
    assert elsewhere.findings == ()


def test_two_pins_of_one_list_are_told_with_both_lines() -> None:
    text = (
        '[project]\nname = "a"\ndependencies = ["torch==2.5.1"]\n'
        '[project.optional-dependencies]\ncu = ["torch==2.6.0"]\n'
    )
    found = checked("pyproject.toml", text, HERE).findings
    (finding,) = [one for one in found if one.reference == "asked-twice"]

    assert finding.evidence == ("pyproject.toml:5: torch==2.6.0",)
    assert finding.message == (
        "torch is asked for as ==2.5.1 (line 3) and as ==2.6.0: no version is both."
    )
