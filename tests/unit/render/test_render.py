from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import BadDataError, RefusedError, UsageError
from provisioner.machine import Gpu, OperatingSystem
from provisioner.plan import Plan, Step, Warning
from provisioner.render import FORMATS, render
from provisioner.render.carrying import cannot_carry
from provisioner.render.quoting import comment, identifier, label, quoted, required, sh, words
from tests.golden import made_catalog, plans

_SEEN = (("verified_now",),)
anything = st.text(st.characters(exclude_categories=["Cs"]))
printable = anything.filter(str.isprintable)
CONTAINERS = ("dockerfile", "compose", "devcontainer", "apptainer")


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        render((plans.cpu(),), "ansible", made_catalog.catalog())

    assert caught.value.reference == "unknown-format"
    assert caught.value.hint == f"Formats: {', '.join(FORMATS)}."


@pytest.mark.parametrize(
    ("make", "format_name", "others"),
    [
        pytest.param(plans.tf1_conda, "script", ("conda", "pixi"), id="conda-as-script"),
        pytest.param(plans.tf1_conda, "dockerfile", ("conda", "pixi"), id="conda-as-dockerfile"),
        pytest.param(plans.tf1_image, "script", CONTAINERS, id="image-as-script"),
        pytest.param(plans.tf1_image, "conda", CONTAINERS, id="image-as-conda"),
    ],
)
def test_a_plan_that_a_format_cannot_carry_names_formats_that_can(
    make: object, format_name: str, others: tuple[str, ...]
) -> None:
    assert callable(make)
    with pytest.raises(RefusedError) as caught:
        render((make(),), format_name, made_catalog.catalog())

    assert caught.value.reference == "format-cannot-carry"
    assert caught.value.exit_code == 1
    assert caught.value.data["formats"] == others
    assert caught.value.context == tuple(f"{one}: {FORMATS[one].description}" for one in others)


@pytest.mark.parametrize(
    ("format_name", "first"),
    [("requirements", ("script", "cloud-init")), ("compose", ("dockerfile", "devcontainer"))],
)
def test_of_the_formats_that_can_those_like_the_one_asked_for_stand_first(
    format_name: str, first: tuple[str, ...]
) -> None:
    error = cannot_carry(format_name, "this", plans.cuda_dev(), made_catalog.catalog())

    hint = error.hint or ""
    assert hint.startswith(f"Formats that can: {', '.join(first)}, ")
    assert not {"conda", "pixi", "requirements", "cmake"} & {*str(error.data["formats"]).split("'")}
    assert hint.endswith(" With --via conda: conda, pixi.")


def test_a_script_for_windows_is_refused() -> None:
    plan = on_windows(plans.cpu())

    with pytest.raises(RefusedError) as caught:
        render((plan,), "script", made_catalog.catalog())

    assert caught.value.reference == "format-cannot-carry"
    assert caught.value.message == (
        "script cannot carry a plan for windows-11, because it is for Linux."
    )
    assert caught.value.data["formats"] == ("conda", "pixi", "requirements")
    assert render((plan,), "conda", made_catalog.catalog())


def test_an_image_is_not_made_of_the_wheels_of_another_system() -> None:
    """The same version on Linux is another wheel: torch's brings CUDA there."""
    with pytest.raises(RefusedError) as caught:
        render((on_windows(plans.cpu()),), "dockerfile", made_catalog.catalog())

    assert caught.value.reference == "format-cannot-carry"


def on_windows(plan: Plan) -> Plan:
    system = OperatingSystem(id="windows", version="11")
    machine = msgspec.structs.replace(plan.machine, os=system)
    return plans.with_steps(msgspec.structs.replace(plan, machine=machine))


def test_only_images_with_proof_stand_after_from() -> None:
    unproved = msgspec.structs.replace(plans.tf1_image(), image="docker.io/evil/image:latest")
    old = msgspec.structs.replace(plans.cpu(), python="3.9")

    for plan in (unproved, plans.with_steps(old)):
        with pytest.raises(RefusedError) as caught:
            render((plan,), "dockerfile", made_catalog.catalog())
        assert caught.value.reference == "no-base-image"


def test_a_plan_without_steps_is_sent_back() -> None:
    with pytest.raises(UsageError) as caught:
        render((msgspec.structs.replace(plans.cpu(), steps=()),), "script", made_catalog.catalog())

    assert caught.value.reference == "plan-without-steps"


@pytest.mark.parametrize(
    ("step", "reference"),
    [
        pytest.param(
            Step(id="x", title="", check=_SEEN, run=(("rm", "-rf", "/"),)),
            "unknown-action",
            id="run",
        ),
        pytest.param(
            Step(id="x(){ :; }; id;", title="", check=_SEEN, run=_SEEN), "bad-plan", id="name"
        ),
        pytest.param(Step(id="x", title="", check=((),), run=_SEEN), "unknown-action", id="empty"),
        pytest.param(Step(id="x", title="", run=_SEEN), "bad-plan", id="never-seen"),
    ],
)
def test_a_plan_from_elsewhere_cannot_bring_commands(step: Step, reference: str) -> None:
    plan = msgspec.structs.replace(plans.cpu(), steps=(step,))

    with pytest.raises(BadDataError) as caught:
        render((plan,), "script", made_catalog.catalog())

    assert caught.value.reference == reference


@pytest.mark.parametrize("format_name", [row.name for row in FORMATS.values() if not row.compiles])
def test_names_from_a_machine_file_stay_comments(format_name: str) -> None:
    evil = "RTX\nRUN id\r\n$(id)\u2028`id`"
    plan = plans.cpu()
    machine = msgspec.structs.replace(plan.machine, gpus=(Gpu(name=evil),))
    plan = msgspec.structs.replace(plan, machine=machine, warnings=(Warning("x", evil),))
    files = render((plan,), format_name, made_catalog.catalog())
    lines = [line.strip() for file in files for line in file.text.splitlines()]

    holding = [line for line in lines if "$(id)" in line or "RUN id" in line]
    assert holding
    assert all(line.lstrip().startswith("#") for line in holding)


@given(printable)
def test_a_quoted_word_is_one_word(text: str) -> None:
    assert shlex.split(sh(text)) == [text]


@given(anything.filter(lambda text: not text.isprintable()))
def test_a_word_that_does_not_print_is_sent_back(text: str) -> None:
    with pytest.raises(BadDataError) as caught:
        sh(text)

    assert caught.value.reference == "bad-plan"


@given(st.lists(printable, min_size=1, max_size=8))
def test_a_command_over_several_lines_is_still_the_same_words(command: list[str]) -> None:
    assert shlex.split(words(command).replace(" \\\n", " ")) == command or any(
        " \\\n" in word for word in command
    )


@given(anything)
def test_a_comment_is_one_line_and_a_scalar_is_json(text: str) -> None:
    assert len(comment(text).splitlines()) <= 1
    assert json.loads(quoted(text)) == comment(text)
    assert "$" not in label(text).replace("\\$", "")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("torch>=2.4", "torch"),
        ("tensorflow[and-cuda]==2.15.*", "tensorflow"),
        ("../../etc", "environment"),
        ("$(id)", "environment"),
        ("stable_diffusion.XL", "stable-diffusion-xl"),
        ("", "environment"),
    ],
)
def test_an_environment_is_called_after_what_was_asked(asked: str, name: str) -> None:
    assert identifier(asked) == name


def test_naming_the_formats_costs_no_templates() -> None:
    program = "import sys, provisioner.render; print('jinja2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


def read_by_pip(line: str) -> str:
    """What pip takes a line of a requirements file for, by its own rules."""
    whole = re.sub(r"(^|\s+)#.*$", "", line)
    for found in re.findall(r"\$\{([A-Z0-9_]+)\}", whole):
        whole = whole.replace(f"${{{found}}}", "EXPANDED")
    return re.split(r"\s(?=-)", whole)[0]


@given(printable)
def test_a_line_of_a_requirements_file_is_read_as_it_stands_or_refused(text: str) -> None:
    asked = f"a @ https://example.org/{text}"
    try:
        line = required(asked)
    except UsageError:
        return

    assert read_by_pip(line) == line
    assert len(line.splitlines()) == 1
    assert not line.endswith("\\")
    assert unquote(line) == unquote(comment(asked))


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("numpy<2", "numpy<2"),
        ("dask[array]>=2025,<2027", "dask[array]>=2025,<2027"),
        ("a; python_version < '3.11'", "a; python_version < '3.11'"),
        ("a @ https://example.org/${TOKEN}/a.whl", "a @ https://example.org/%24{TOKEN}/a.whl"),
        ("a @ https://example.org/a.whl#sha256=0", "a @ https://example.org/a.whl#sha256=0"),
        ("a @ https://example.org/\\", "a @ https://example.org/%5C"),
    ],
)
def test_what_pip_would_read_into_a_requirement_is_written_otherwise(asked: str, line: str) -> None:
    assert required(asked) == line


@pytest.mark.parametrize(
    "asked",
    ["--index-url https://example.org", "a --hash=sha256:0", "a ; os_name == '${HOME}'", "a # b"],
)
def test_what_pip_would_take_for_something_else_is_refused(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        required(asked)

    assert caught.value.reference == "bad-requirement"
