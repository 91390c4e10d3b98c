"""Compose, development containers and Apptainer: what their readers make of the files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
import yaml

from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.machine import Gpu
from provisioner.plan import Plan, Request, digest
from provisioner.render import RenderedFile, render, warnings
from tests.golden import made_catalog, plans
from tests.golden.carried import carried
from tests.golden.parts import HOSTILE

BIN = Path(sys.executable).parent
CONTAINERS = ("dockerfile", "compose", "devcontainer", "apptainer")
CARRIED = {name: make for name, make in plans.PLANS.items() if "dockerfile" in carried(name)}


def files(format_name: str, *of: Plan) -> tuple[RenderedFile, ...]:
    return render(of, format_name, made_catalog.catalog())


def catalog_of_stacks() -> Catalog:
    return Catalog(Path(__file__).parents[3] / "stacks")


def services(*of: Plan) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load(files("compose", *of)[0].text)["services"]
    return found


def profiled(plan: Plan, *profiles: str) -> Plan:
    request = msgspec.structs.replace(plan.request, profiles=profiles)
    return msgspec.structs.replace(plan, request=request)


def test_several_environments_are_services_of_one_file_each_with_its_dockerfile() -> None:
    made = files("compose", profiled(plans.tf1_image(), "tf1"), profiled(plans.wsl(), "tf2"))

    assert [file.path for file in made] == ["compose.yaml", "tf1.Dockerfile", "tf2.Dockerfile"]
    assert made[1].text == files("dockerfile", plans.tf1_image())[0].text.replace(
        digest(plans.tf1_image()), digest(profiled(plans.tf1_image(), "tf1"))
    )
    found = yaml.safe_load(made[0].text)["services"]
    assert list(found) == ["tf1", "tf2"]
    assert [service["build"]["dockerfile"] for service in found.values()] == [
        "tf1.Dockerfile",
        "tf2.Dockerfile",
    ]


def test_services_that_are_asked_for_alike_keep_apart() -> None:
    first = plans.torch_keep()
    asked = msgspec.structs.replace(first.request, companions=("numpy",))
    second = plans.with_steps(msgspec.structs.replace(first, request=asked))
    found = services(plans.driver_install(), first, second)

    assert list(found) == ["torch-2-14-1", "torch-2-14-1-cu126", "torch-2-14-1-cu126-2"]
    assert len({str(service["image"]) for service in found.values()}) == 3


@pytest.mark.parametrize("format_name", ["compose", "pixi"])
def test_one_environment_asked_for_twice_is_refused(format_name: str) -> None:
    plan = plans.torch_keep()
    renamed = msgspec.structs.replace(plan.request, requirements=("pytorch",))
    with pytest.raises(UsageError) as caught:
        files(format_name, plan, plans.wsl(), msgspec.structs.replace(plan, request=renamed))

    assert caught.value.reference == "bad-usage"
    assert caught.value.message == (
        f"{format_name} is asked for the same environment twice: torch 2.14.1, torchvision 0.29.1."
    )


def test_other_formats_hold_one_environment() -> None:
    for format_name in ("dockerfile", "devcontainer", "apptainer"):
        with pytest.raises(UsageError) as caught:
            files(format_name, plans.cpu(), plans.wsl())

        assert caught.value.reference == "one-plan-only"


def test_gpus_are_given_to_what_uses_them_and_to_nothing_else() -> None:
    nvidia = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    (cuda,) = services(plans.torch_keep()).values()
    (rocm,) = services(plans.rocm()).values()
    (cpu,) = services(plans.cpu()).values()

    assert cuda["deploy"] == {"resources": {"reservations": {"devices": [nvidia]}}}
    assert rocm["devices"] == ["/dev/kfd", "/dev/dri"]
    assert not {"deploy", "devices", "group_add"} & {*cpu}
    assert "devices" not in cuda
    assert "deploy" not in rocm


def test_a_development_container_asks_for_its_gpu_once_and_proves_that_it_is_seen() -> None:
    texts = [files("devcontainer", make())[0].text for make in (plans.wsl, plans.rocm, plans.cpu)]
    cuda, rocm, cpu = map(json.loads, texts)
    prove = ["python3", "/opt/dlsetup/verify.py"]

    assert cuda["hostRequirements"] == {"gpu": True}
    assert "runArgs" not in cuda  # the tools add --gpus all for the line above
    assert rocm["runArgs"][:2] == ["--device=/dev/kfd", "--device=/dev/dri"]
    assert not {"hostRequirements", "runArgs"} & {*cpu}
    assert [one["postStartCommand"] for one in (cuda, rocm, cpu)] == [
        [*prove, "gpu"],
        [*prove, "gpu"],
        prove,
    ]
    assert {one["remoteUser"] for one in (cuda, rocm, cpu)} == {"dlsetup"}


GROUPS = (
    "RENDER_GID=$(getent group render | cut -d: -f3)",
    "VIDEO_GID=$(getent group video | cut -d: -f3)",
)


def test_amd_devices_are_opened_by_the_numbers_of_the_hosts_groups() -> None:
    """A name would be looked up in the image, whose groups have other numbers or are not there."""
    text = files("compose", plans.rocm())[0].text
    (service,) = services(plans.rocm()).values()
    development = json.loads(files("devcontainer", plans.rocm())[0].text)
    run = files("dockerfile", plans.rocm())[0].text.splitlines()[-1]

    assert service["group_add"] == [
        "${RENDER_GID:?see the end of this file}",
        "${VIDEO_GID:?see the end of this file}",
    ]
    assert all(f'#     echo "{group}"\n' in text for group in GROUPS)
    assert development["runArgs"][2:] == [
        "--group-add=${localEnv:RENDER_GID}",
        "--group-add=${localEnv:VIDEO_GID}",
    ]
    assert run.count("--group-add") == 2
    assert all(f'--group-add "{group.partition("=")[2]}"' in run for group in GROUPS)
    assert "GID" not in files("compose", plans.cpu(), plans.wsl())[0].text


def test_a_development_container_says_which_numbers_it_lacks_before_it_starts() -> None:
    command = json.loads(files("devcontainer", plans.rocm())[0].text)["initializeCommand"]
    for groups, code in (
        ({}, 1),
        ({"RENDER_GID": "109"}, 1),
        ({"RENDER_GID": "1", "VIDEO_GID": "2"}, 0),
    ):
        env = {"PATH": os.environ["PATH"], **groups}
        done = subprocess.run(
            ["sh", "-c", command], env=env, capture_output=True, text=True, check=False
        )

        assert done.returncode == code
        assert ("export RENDER_GID=" in done.stderr) is bool(code)
    assert "initializeCommand" not in json.loads(files("devcontainer", plans.wsl())[0].text)


def test_a_development_container_is_for_the_user_whose_files_it_edits() -> None:
    text = files("devcontainer", plans.wsl())[1].text

    assert "--uid 1000 dlsetup" in text
    assert "USER 1000\n" in text
    assert "--uid 10001 dlsetup" in files("dockerfile", plans.wsl())[0].text


def test_a_development_container_too_old_for_an_editor_says_so() -> None:
    told = "VS Code's server needs glibc 2.28 or later"
    real = catalog_of_stacks()
    old, new = plans.tf1_image(), plans.wsl()

    assert [one.reference for one in warnings((old,), "devcontainer", real)] == [
        "editor-needs-newer-glibc"
    ]
    assert told in render((old,), "devcontainer", real)[1].text
    assert warnings((old,), "dockerfile", real) == warnings((new,), "devcontainer", real) == ()
    assert told not in render((old,), "dockerfile", real)[0].text


def test_apptainer_hands_in_the_gpus_of_the_maker() -> None:
    for plan, option in ((plans.wsl(), " --nv "), (plans.rocm(), " --rocm "), (plans.cpu(), " ")):
        last = files("apptainer", plan)[0].text.splitlines()[-1]

        assert f"&& apptainer run{option}" in last


@pytest.mark.parametrize("format_name", CONTAINERS)
@pytest.mark.parametrize("name", CARRIED)
def test_every_image_bears_the_digest_of_its_plan_that_its_lock_holds_too(
    name: str, format_name: str
) -> None:
    plan = CARRIED[name]()
    text = "\n".join(file.text for file in files(format_name, plan))

    assert re.search(rf'dlsetup\.plan(="| ){digest(plan)}\b', text)


def test_the_same_file_is_for_the_processor_of_the_plan() -> None:
    plan = plans.driver_install()
    machine = msgspec.structs.replace(plan.machine, arch="aarch64")
    arm = msgspec.structs.replace(plan, machine=machine)
    text = files("dockerfile", arm)[0].text

    assert "--platform linux/arm64" in text.splitlines()[-1]
    assert '[ "$(uname -m)" = aarch64 ]' in text
    assert services(arm)["torch"]["platform"] == "linux/arm64"
    assert "nvidia/cuda" not in text  # its size was printed for the other processor


def test_what_a_plain_base_saves_is_told_from_rows_or_called_unknown() -> None:
    told = files("dockerfile", plans.driver_repository())[0].text.splitlines()
    older = files("dockerfile", plans.driver_kepler())[0].text

    assert "#   docker.io/library/debian:12: 117 MB" in told
    assert "#   the pins, unpacked: unknown" in told
    assert (
        "#   docker.io/nvidia/cuda:12.6.3-cudnn-devel-ubuntu24.04 instead, under the same wheels: "
        "8.2 GB, CUDA carried twice"
    ) in told
    assert "#   NVIDIA's development image with CUDA 10.2 and cuDNN: unknown" in older


def test_a_build_for_every_minor_of_a_cuda_is_held_against_an_image_of_it() -> None:
    plan = msgspec.structs.replace(plans.driver_repository(), cuda="12")

    assert "nvidia/cuda:12.6.3-cudnn-devel-ubuntu24.04 instead" in files("dockerfile", plan)[0].text


def parsed(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """A definition as Apptainer reads it: a line whose first word has a % begins a section."""
    header: dict[str, str] = {}
    sections: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text.splitlines():
        if line.strip().startswith("%"):
            lines = sections.setdefault(line.strip().partition(" ")[0], [])
        elif lines is not None:
            lines.append(line)
        elif line.strip() and not line.startswith("#"):
            key, _, value = line.partition(":")
            header[key] = value.strip()
    return header, sections


@pytest.mark.parametrize("name", CARRIED)
def test_a_definition_has_the_sections_that_were_meant(name: str) -> None:
    header, sections = parsed(files("apptainer", CARRIED[name]())[0].text)

    assert set(header) == {"Bootstrap", "From"}
    assert list(sections) == ["%post", "%environment", "%labels", "%test", "%runscript"]


@pytest.mark.parametrize("name", CARRIED)
def test_a_shell_reads_every_section_of_a_definition(name: str) -> None:
    _, sections = parsed(files("apptainer", CARRIED[name]())[0].text)
    for section in ("%post", "%environment", "%test", "%runscript"):
        text = "\n".join(sections[section])
        done = subprocess.run(["sh", "-n", "-c", text], capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr) == (0, "")


def test_words_of_users_are_no_section_and_no_variable_of_a_definition(tmp_path: Path) -> None:
    hostile = (*HOSTILE, "%post", "%test", "{{ home }} {{{ a }}}")
    request = Request(requirements=("tensorflow-cpu",), companions=hostile)
    gpu = Gpu(name="{{ home }}\n%post\n    id")
    made = plans.with_steps(msgspec.structs.replace(plans.cpu(), request=request))
    machine = msgspec.structs.replace(made.machine, gpus=(gpu,))
    text = files("apptainer", msgspec.structs.replace(made, machine=machine))[0].text
    _, sections = parsed(text)

    assert "{{" not in text
    assert list(sections) == ["%post", "%environment", "%labels", "%test", "%runscript"]
    post = "\n".join(sections["%post"])
    call = post[post.index("uv pip install") : post.index("    rm -rf /opt/uv")]
    show = 'uv() { printf "%s\\0" "$@"; }\n' + call
    done = subprocess.run(
        ["sh", "-c", show], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert tuple(done.stdout.split("\0")[-len(hostile) - 1 : -1]) == hostile
    assert not any(tmp_path.iterdir())


def test_words_of_users_are_no_variable_of_an_editor() -> None:
    request = Request(requirements=(), companions=("a @ file:///${localEnv:HOME}",))
    plan = msgspec.structs.replace(plans.cpu(), request=request, pins=())
    document = files("devcontainer", plans.with_steps(plan))[0].text

    assert "${" not in document
    assert json.loads(document)["name"] == "a @ file:///$ {localEnv:HOME}"


def beside(plan: Plan) -> tuple[Plan, ...]:
    """A plan with two others, each once."""
    return tuple({digest(one): one for one in (plan, plans.cpu(), plans.rocm())}.values())


@pytest.mark.linter
def test_the_schema_of_compose_has_nothing_to_say(tmp_path: Path) -> None:
    written = []
    for name, make in CARRIED.items():
        (tmp_path / name).mkdir()
        path = tmp_path / name / "compose.yaml"
        path.write_text(files("compose", *beside(make()))[0].text)
        written.append(str(path))
    checker = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*checker, *written], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.linter
def test_yamllint_has_nothing_to_say_about_compose_files(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    for make in CARRIED.values():
        path.write_text(files("compose", *beside(make()))[0].text)
        command = [str(BIN / "yamllint"), "--strict", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.stdout == ""


@pytest.mark.linter
def test_shellcheck_has_nothing_to_say_about_definitions(tmp_path: Path) -> None:
    for name, make in CARRIED.items():
        _, sections = parsed(files("apptainer", make())[0].text)
        for section in ("%post", "%environment", "%test", "%runscript"):
            text = "\n".join(sections[section])
            (tmp_path / f"{name}{section[1:]}.sh").write_text(f"#!/bin/sh\n{text}\n")
    scripts = sorted(map(str, tmp_path.iterdir()))
    command = [str(BIN / "shellcheck"), *scripts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout + done.stderr == ""


LOCK = 'lock-version = "1.0"\n'


def test_a_dockerfile_with_a_lock_installs_what_it_lists_and_nothing_else() -> None:
    plan = plans.torch_keep()
    made, lock = render((plan,), "dockerfile", made_catalog.catalog(), lock=LOCK)
    digest_of_lock = sha256(LOCK.encode()).hexdigest()

    assert (lock.path, lock.text) == ("pylock.toml", LOCK)
    assert f'dlsetup.lock="sha256:{digest_of_lock}"' in made.text
    assert f"printf '%s  %s\\n' {digest_of_lock} /opt/uv/pylock.toml" in made.text
    assert "uv pip sync --python /opt/env/bin/python /opt/uv/pylock.toml" in made.text
    assert "uv pip install" not in made.text
    assert "torch 2.14.1, build cu126" in made.text
    assert 'dlsetup.lock="none"' in files("dockerfile", plan)[0].text


@pytest.mark.parametrize(
    ("format_name", "plan"), [("apptainer", plans.cpu()), ("dockerfile", plans.tf1_image())]
)
def test_what_cannot_be_installed_from_a_lock_is_refused(format_name: str, plan: Plan) -> None:
    with pytest.raises(UsageError) as caught:
        render((plan,), format_name, made_catalog.catalog(), lock=LOCK)

    assert caught.value.reference == "bad-usage"
