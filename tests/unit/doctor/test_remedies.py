"""What doctor tells somebody to do is what the resolver says, and never what facts forbid."""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache

import pytest
from click.testing import CliRunner

from provisioner import workflow
from provisioner.cli.main import main
from provisioner.doctor import Patient, Symptoms
from provisioner.doctor.judge import facts_of
from provisioner.doctor.remedies import CHECK, fixes
from provisioner.doctor.remedies.values import VALUES
from tests.cases import cases
from tests.unit.doctor.machines import CONTAINERS, DESCRIBED, patient

REFERENCES = tuple(sorted({case.reference for case in cases("given")} - {"none"}))
PLACES = [(name, False) for name in DESCRIBED] + [(name, True) for name in sorted(CONTAINERS)]
NO_NVIDIA = {"amd-noble", "rdna2-jammy", "vega-jammy", "gfx1031-jammy", "amd-windows"}
_COMMAND = re.compile(r"dlsetup (?:render|resolve|catalog|up) .*?(?=\)|, |: |; | \(| && |$)")
_DRIVER = re.compile(r"install (?:\S+ )*?(?:nvidia-(?:driver|open|tesla)\S*|cuda-drivers\S*)")


@cache
def told(name: str, container: bool, everything: bool = False) -> dict[str, tuple[str, ...]]:
    """The fixes of each cause; with ``everything`` as if every sign had been seen."""
    one = patient(name, container=container)
    held = frozenset(facts_of(one.symptoms, one.catalog))
    if everything:
        held |= {sign.name for sign in one.catalog.signs}
    return {reference: fixes(reference, one, held) for reference in REFERENCES}


def lines(name: str, container: bool) -> list[tuple[str, str]]:
    found = []
    for everything in (False, True):
        for reference, texts in told(name, container, everything).items():
            found += [(reference, text) for text in texts]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("name", "container"), PLACES)
def test_first_is_something_to_do_and_all_of_it_reads_whole(name: str, container: bool) -> None:
    for reference, texts in told(name, container).items():
        for text in texts:
            assert not re.search(r"\{[a-z_0-9]+\}|\bNone\b", text), (reference, text)
        if texts:
            assert not texts[0].startswith((CHECK, "or ", "then ")), (reference, texts)
            firsts = [text.startswith(CHECK) for text in texts]
            assert firsts == sorted(firsts), (reference, texts)


@pytest.mark.parametrize(("name", "container"), PLACES)
def test_no_linux_driver_where_none_belongs(name: str, container: bool) -> None:
    """In WSL, in a container, on Windows and on a Jetson."""
    if not (container or "wsl" in name or "windows" in name or name in NO_NVIDIA | {"jetson"}):
        return
    for reference, text in lines(name, container):
        assert not _DRIVER.search(text), (reference, text)
        if "wsl" in name:
            assert not re.search("dkms autoinstall|modprobe", text), (reference, text)


@pytest.mark.parametrize("name", [name for name in DESCRIBED if "windows" in name])
def test_nothing_of_linux_on_windows(name: str) -> None:
    for reference, text in lines(name, False):
        if reference == "wsl2" or "WSL2" in text:
            continue
        assert not re.search(r"sudo |unset |export |\bapt\b|/etc/|~/|/proc/", text), (
            reference,
            text,
        )


@pytest.mark.parametrize(("name", "container"), PLACES)
def test_flavour_branch_and_package_are_those_of_the_plan(name: str, container: bool) -> None:
    one = patient(name, container=container)
    plan = one.without_driver.plan("torch")
    if plan is None or plan.accelerator != "cuda":
        return
    packages = {row.package: row for row in one.catalog.driver_packages}
    for reference, text in lines(name, container):
        for word in re.findall(r"[\w.-]+", re.sub(r"'[^']*[*][^']*'", "", text)):
            row = packages.get(word)
            if row is None or (reference == "held-packages" and "policy" in text):
                continue
            assert row.flavour == plan.driver.flavour, (reference, text)
            if plan.driver.last_branch:
                assert float(row.branch) <= float(plan.driver.last_branch), (reference, text)
            if reference != "open-module-required":
                assert word == plan.driver.package, (reference, text)


@pytest.mark.parametrize("name", ["blackwell-noble", "blackwell-fedora"])
def test_blackwell_gets_open_modules(name: str) -> None:
    texts = told(name, False)["open-module-required"]
    assert any("the open kernel modules" in text for text in texts), texts
    for reference, text in lines(name, False):
        proprietary = r"install[^:]* (?:nvidia-driver-\d+(?:-server)?(?![\w-])|cuda-drivers)"
        assert not re.search(proprietary, text), (reference, text)


@pytest.mark.parametrize(
    "name", ["pascal-noble", "pascal-bookworm", "maxwell-jammy", "volta-noble"]
)
def test_older_than_turing_gets_proprietary_modules_of_a_branch_that_drives_it(name: str) -> None:
    texts = told(name, False)["open-module-required"]
    assert any("the proprietary kernel modules" in text for text in texts), texts
    every = " ".join(text for _, text in lines(name, False))
    assert "-open" not in every
    assert "nvidia-open" not in every
    assert not re.search(r"nvidia-driver-(?:59|6)\d", every)


def test_a_gpu_that_no_new_driver_drives_gets_an_older_build() -> None:
    one = patient("kepler-jammy", text="torch 2.6.0+cu124")
    import msgspec

    from provisioner.doctor.symptoms import Installed

    wheel = Installed("torch", "2.6.0", "cu124")
    symptoms = msgspec.structs.replace(one.symptoms, packages=(wheel,))
    found = fixes("driver-too-old", Patient(symptoms, one.catalog), frozenset())
    assert found[0].startswith("Tesla K80 has no driver that is new enough, branch 470 is its last")
    assert "torch==2.3.1+cu118" in found[0]
    assert "nvidia-driver-5" not in " ".join(found)


@pytest.mark.parametrize(("name", "container"), PLACES)
def test_pins_are_those_of_the_plan(name: str, container: bool) -> None:
    plan = patient(name, container=container).plan("torch")
    for reference in ("gpu-too-new", "gpu-too-old", "cpu-only-wheel"):
        texts = [text for text in told(name, container)[reference] if "pip install" in text]
        texts = [text for text in texts if "compute on the CPU" not in text]
        if plan is None:
            assert not texts
            continue
        assert len(texts) == 1
        assert str(plan.pins[0].requirement) in shlex.split(texts[0].partition("pip install")[2])
        if plan.pins[0].index:
            assert plan.pins[0].index in texts[0]


@pytest.mark.parametrize(("name", "container"), PLACES)
def test_an_override_of_the_target_is_never_proposed(name: str, container: bool) -> None:
    for reference, text in lines(name, container):
        if "HSA_OVERRIDE" in text:
            assert text.startswith("take HSA_OVERRIDE_GFX_VERSION out"), (reference, text)
    assert "HSA_OVERRIDE" not in " ".join(told(name, container)["rocm-gfx"])


def commands() -> list[str]:
    """Every command of dlsetup that anybody is told, and those of machines that tell no GPU."""
    found = [text for name, container in PLACES for _, text in lines(name, container)]
    for system in ("", "ubuntu", "windows", "macos"):
        for text in ("torch", "tensorflow", "jax", "onnxruntime-gpu", "cupy"):
            nobody = Patient(Symptoms(text=text, os_id=system), workflow.catalog())
            for reference in REFERENCES:
                found += fixes(reference, nobody, frozenset())
    named = (match[0].strip() for text in found for match in _COMMAND.finditer(text))
    return sorted(set(named))


def test_every_command_of_dlsetup_that_is_told_works() -> None:
    failed = {}
    for command in commands():
        words = shlex.split(command)[1:]
        if words[0] == "up":  # the same question, without making anything
            words = ["resolve", *words[2:]]
        if words[0] != "catalog" and "--gpu" not in words and "--os" not in words:
            words += ["--gpu", "RTX 3090"]  # it is given on a machine with a GPU
        done = CliRunner().invoke(main, words)
        if done.exit_code != 0:
            failed[command] = done.output[-300:]
    assert not failed
    assert len(commands()) > 20


SHELL = re.compile(
    r"(?:sudo|export|unset|mkdir|docker run|pip install|printf|wget|conda|strings|grep|python) .*"
)


def test_every_shell_line_parses() -> None:
    texts = {text for name, container in PLACES for _, text in lines(name, container)}
    tried = 0
    for text in sorted(texts):
        match = SHELL.search(text)
        if match is None or "\\n" in text:
            continue
        # Prose follows a command after a comma or in brackets, but for those in quotes.
        inside = text[: match.start()].endswith("(")
        if inside:
            match = re.match(r"[^)]*", text[match.start() :])
            assert match is not None
        asked = re.match(r'.*?python -c "[^"]*"', match[0])
        line = asked[0] if asked else re.split(r", | \((?=[a-z])|: | names | says ", match[0])[0]
        done = subprocess.run(
            ["bash", "-n", "-c", line], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (text, line, done.stderr)
        tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("torch", "torch.version.cuda"),
        ("tensorflow", "tf.sysconfig.get_build_info()"),
        ("cupy", "cupy.show_config()"),
        ("jax", ""),
    ],
)
def test_a_framework_is_asked_for_its_cuda_in_its_own_words(text: str, question: str) -> None:
    nobody = Patient(Symptoms(text=text, os_id="ubuntu"), workflow.catalog())

    told = [line for line in fixes("cuda-mismatch-ext-build", nobody, frozenset()) if "-c" in line]

    assert len(told) == bool(question)
    assert question in "".join(told)


def test_every_placeholder_of_the_rows_has_a_value() -> None:
    named = {
        name
        for row in workflow.catalog().remedies
        for name in re.findall(r"\{([a-z_0-9]+)\}", row.fix)
    }
    assert named <= set(VALUES)
    asked_by_conditions = {"install_for_python"}
    assert set(VALUES) - named <= asked_by_conditions, "a value that no row asks for"


def test_every_condition_of_the_rows_is_known() -> None:
    """A row whose condition nobody can fulfil would never be told."""
    from provisioner.doctor.predicates import PREDICATES
    from provisioner.doctor.predicates.comparing import is_comparison
    from provisioner.doctor.remedies.conditions import CONDITIONS

    families = {"debian-family", "red-hat-family", "suse-family", "ubuntu"}
    known = {sign.name for sign in workflow.catalog().signs} | set(PREDICATES) | set(CONDITIONS)
    for row in workflow.catalog().remedies:
        for word in (*row.when, *row.unless):
            assert word in known | families or is_comparison(word), (row.reference, word)
