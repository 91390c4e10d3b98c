"""Rendered files of containers, built by buildah without a daemon, and the images run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from provisioner.plan import Plan, digest
from provisioner.render import render
from tests.golden.made_catalog import catalog
from tests.golden.plans import cpu, tf1_cpu, tf1_image
from tests.integration.images import DEBIAN, PYTHON, Store

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
        (folder / file.path).write_text(file.text)


def test_tensorflow_1_and_2_are_built_from_one_compose_file_and_compute_side_by_side(
    store: Store, tmp_path: Path
) -> None:
    store.base(DEBIAN)
    store.base(PYTHON)
    plans = {"tensorflow-1-15-5": tf1_cpu(), "tensorflow-cpu": cpu()}
    written((tf1_cpu(), cpu()), "compose", tmp_path)
    services = yaml.safe_load((tmp_path / "compose.yaml").read_text())["services"]
    said = {}
    for name, service in services.items():
        build = service["build"]
        done = store.build(tmp_path / build["context"], build["dockerfile"], service["image"])
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        said[name] = store.run(service["image"], "python3", "-c", ADDS).splitlines()[-1]

    assert sorted(said.values()) == ["10001 1.15.5 3.0", "10001 2.21.0 3.0"]
    for plan, service in zip(plans.values(), services.values(), strict=True):
        image = json.loads(store.said("inspect", "--type", "image", service["image"]))["Docker"]
        assert image["config"]["Labels"]["dlsetup.plan"] == digest(plan)
        assert image["config"]["User"] == "10001"
        assert f"{image['os']}/{image['architecture']}" == service["platform"]
        files = store.run(service["image"], "ls", "/opt", "/var/lib/apt/lists", "/root/.cache")
        assert "uv" not in files.split()
        assert store.run(service["image"], "python3", "/opt/dlsetup/verify.py")


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
        pytest.param(
            COMPUTES.replace("1.15.5", "1.15.4"),
            "tensorflow is 1.15.4; 1.15.5 was planned",
            id="another-version",
        ),
        pytest.param(
            COMPUTES.replace("True", "False"), "this tensorflow is a build for the CPU", id="no-gpu"
        ),
        pytest.param(
            "raise ImportError('libcuda.so.1: cannot open shared object file')", None, id="driver"
        ),
    ],
)
def test_an_image_is_not_finished_unless_its_framework_is_what_was_planned(
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
