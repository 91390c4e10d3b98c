"""Rendered files of containers, built by buildah without a daemon, and the images run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from provisioner.plan import Pin, Plan, digest
from provisioner.render import render
from tests.golden.made_catalog import catalog
from tests.golden.plans import cpu, cuda_dev, tf1_cpu, tf1_image, with_steps
from tests.integration.conftest import MakeRoot
from tests.integration.images import DEBIAN, PYTHON, Store, interpreter
from tests.unit.upkeep.loopback import serving
from tests.unit.upkeep.wheels import installable

pytestmark = [pytest.mark.root, pytest.mark.network]

ADDS = """
import os, tensorflow as tf
total = tf.add(1., 2.)
total = tf.Session().run(total) if tf.__version__ < "2" else float(total)
print(os.getuid(), tf.__version__, total)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(tmp_path_factory.mktemp("buildah"))
    yield made
    made.empty()


def written(plans: tuple[Plan, ...], format_name: str, folder: Path) -> None:
    for file in render(plans, format_name, catalog()):
        place = folder / file.path
        place.parent.mkdir(exist_ok=True)
        place.write_text(file.text)


def test_tensorflow_1_and_2_are_built_from_one_compose_file_and_compute_side_by_side(
    store: Store, tmp_path: Path
) -> None:
    store.base(DEBIAN)
    store.base(PYTHON)
    plans = (tf1_cpu(), cpu())
    written(plans, "compose", tmp_path)
    services = yaml.safe_load((tmp_path / "compose.yaml").read_text())["services"]
    said = {}
    for name, service in services.items():
        build = service["build"]
        done = store.build(tmp_path / build["context"], build["dockerfile"], service["image"])
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        said[name] = store.run(service["image"], "python3", "-c", ADDS).splitlines()[-1]

    assert sorted(said.values()) == ["10001 1.15.5 3.0", "10001 2.21.0 3.0"]
    for plan, service in zip(plans, services.values(), strict=True):
        image = json.loads(store.said("inspect", "--type", "image", service["image"]))["Docker"]
        assert image["config"]["Labels"]["dlsetup.plan"] == digest(plan)
        assert image["config"]["User"] == "10001"
        assert f"{image['os']}/{image['architecture']}" == service["platform"]
        assert store.run(service["image"], "ls", "/opt").split() == ["dlsetup", "env"]


def test_nvcc_compiles_in_an_image_with_the_gcc_that_it_accepts(
    store: Store, tmp_path: Path
) -> None:
    store.base(DEBIAN)
    written((cuda_dev(),), "dockerfile", tmp_path)
    done = store.build(tmp_path, "Dockerfile", "localhost/nvcc")

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    made = "nvcc 13.4.92 with g++-11 makes programs for every major architecture"
    assert made in done.stdout
    assert "V13.4.92" in store.run("localhost/nvcc", "nvcc", "--version")
    container = store.said("from", "--pull-never", "localhost/nvcc")
    beside = ("python3", "/opt/dlsetup/verify.py", "gpu")
    asked = store.command("run", "--isolation", "chroot", container, "--", *beside)
    assert asked.returncode != 0
    assert "a program that nvcc made reaches fewer than 1 GPUs" in asked.stdout + asked.stderr


COMPUTES = """
__version__ = "1.15.5"
class test:
    @staticmethod
    def is_built_with_cuda():
        return True
"""


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        pytest.param(COMPUTES, None, id="as-planned"),
        pytest.param("import nothing_of_this_name", "No module named", id="does-not-load"),
    ],
)
def test_an_image_is_not_finished_unless_its_framework_loads(
    store: Store, tmp_path: Path, module: str, wrong: str | None
) -> None:
    store.base(PYTHON)
    plan = tf1_image(companions=())
    packages = tmp_path / "image/usr/local/lib/python3.7/site-packages"
    (packages / "tensorflow").mkdir(parents=True)
    (packages / "tensorflow/__init__.py").write_text(module)
    store.made(str(plan.image), PYTHON, {tmp_path / "image": "/"})
    written((plan,), "dockerfile", tmp_path)

    done = store.build(tmp_path, "Dockerfile", "localhost/framework")

    assert (done.returncode == 0) is (wrong is None), done.stderr[-2000:]
    assert (wrong or "") in done.stdout + done.stderr


def test_a_development_container_writes_files_of_uid_1000_though_the_base_has_such_a_user(
    store: Store, tmp_path: Path
) -> None:
    """Ubuntu's images from 24.04 on have a user of that uid: the tools then change none."""
    store.base(PYTHON)
    plan = tf1_image(companions=())
    packages = tmp_path / "image/usr/local/lib/python3.7/site-packages"
    (packages / "tensorflow").mkdir(parents=True)
    (packages / "tensorflow/__init__.py").write_text(COMPUTES)
    store.made("localhost/plain", PYTHON, {tmp_path / "image": "/"})
    container = store.said("from", "--pull-never", "localhost/plain")
    add = ("useradd", "--create-home", "--shell", "/bin/bash", "--uid", "1000", "ubuntu")
    store.said("run", "--isolation", "chroot", container, "--", *add)
    store.said("commit", "--rm", container, str(plan.image))
    assert store.run(str(plan.image), "id", "-un", "1000") == "ubuntu"
    written((plan,), "devcontainer", tmp_path)

    done = store.build(tmp_path / ".devcontainer", "Dockerfile", "localhost/development")

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    os.chown(workspace, 1000, 1000)
    container = store.said("from", "--pull-never", "localhost/development")
    seen = ("sh", "-c", "id -un && touch /workspace/written ~/written && stat -c %u ~")
    mount = ("--volume", f"{workspace}:/workspace")
    said = store.said("run", "--isolation", "chroot", *mount, container, "--", *seen)
    assert said.split() == ["dlsetup", "1000"]
    assert (workspace / "written").stat().st_uid == 1000


TORCH = """
__version__ = "1.13.1+cpu"
class Tensor:
    def __matmul__(self, other):
        return self
    def sum(self):
        return 256**3
def ones(*size):
    return Tensor()
"""


@pytest.fixture(scope="module")
def torch() -> Iterator[Plan]:
    """PyTorch for the CPU from an index of its own, where a small wheel has its name."""
    with serving() as index:
        index.add("torch", *installable("torch", "1.13.1+cpu", {"torch/__init__.py": TORCH}))
        pin = Pin(
            name="torch",
            version="1.13.1",
            variant="cpu",
            index=index.address,
            requirement="torch==1.13.1+cpu",
        )
        plan = msgspec.structs.replace(tf1_cpu(), pins=(pin,), constraints=())
        yield with_steps(plan)


def test_torch_is_taken_from_its_own_index_into_an_image(
    store: Store, torch: Plan, tmp_path: Path
) -> None:
    store.base(PYTHON)
    written((torch,), "dockerfile", tmp_path)
    done = store.build(tmp_path, "Dockerfile", "localhost/torch")

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "import torch: 1.13.1" in done.stdout + done.stderr


def test_a_definition_of_apptainer_does_what_it_says_in_a_root(
    new_root: MakeRoot, torch: Plan
) -> None:
    """Apptainer is no package of Debian 12: its sections run by a shell, as it would run them."""
    root = new_root()
    root.lower = (interpreter(), *root.lower)
    text = render((torch,), "apptainer", catalog())[0].text
    sections: dict[str, str] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        name = line.strip() if line.startswith("%") else name
        sections[name] = sections.get(name, "") + ("" if line.startswith("%") else line)
    root.put("/post.sh", sections["%post"])
    root.put("/test.sh", sections["%environment"] + sections["%test"])
    root.put("/run.sh", sections["%environment"] + sections["%runscript"])

    post = root.run("sh", "-ex", "/post.sh", UV_NO_PROGRESS="1")
    assert post.returncode == 0, post.stderr[-4000:]
    tested = root.run("sh", "-e", "/test.sh", network=False)
    assert (tested.returncode, tested.stdout) == (
        0,
        "  torch 1.13.1+cpu\n  import torch: 1.13.1\n  torch 1.13.1+cpu computes on the CPU\n",
    )
    ran = root.run("sh", "/run.sh", "python3", "-c", "import torch; print(torch.__version__)")
    assert ran.stdout == "1.13.1+cpu\n"
    assert not (root.upper / "opt/uv/pyproject.toml").exists()

    root.put("/opt/env/lib/python3.7/site-packages/torch/__init__.py", "import nothing")
    assert root.run("sh", "-e", "/test.sh", network=False).returncode == 1
