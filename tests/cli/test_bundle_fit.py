"""A bundle made for GPUs: whether it fits another machine is what the resolver's rules say."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from provisioner.bundle.manifest import Carried, Manifest, Needs
from tests.cli.environments import Home
from tests.cli.locking import PYTHON, TORCH, World
from tests.unit.bundle.tars import put_together

ADA = ("--gpu", "RTX 4090", "--driver", "550.54.14", "--os", "ubuntu-22.04", "--arch", "x86_64")


@pytest.fixture
def bundle(world: World) -> Path:
    """As an export on a machine with an RTX 4090 writes it; no such machine is at hand."""
    locked = world.run(f"torch=={TORCH}", *ADA, "--python", PYTHON, "--json")
    assert locked.code == 0, locked.err
    texts = {
        "plan.json": msgspec.json.encode(locked.data["plan"]),
        "pylock.toml": world.lock.read_bytes(),
    }
    indexes = (world.default, world.cu126)
    hosted = {
        file.sha256: (file.name, file.data)
        for index in indexes
        for files in index.projects.values()
        for file in files
    }
    wheels: dict[str, tuple[str, bytes]] = {}
    for package in locked.data["packages"]:
        for digest in package["hashes"]:
            if (found := hosted.get(digest.removeprefix("sha256:"))) is not None:
                wheels[package["name"]] = found
    files = [carried(name, data) for name, data in texts.items()]
    files += [carried(f"wheels/{name}", data, of) for of, (name, data) in wheels.items()]
    needs = Needs(arch="x86_64", python=PYTHON, glibc="2.28")
    manifest = Manifest(name="ada", needs=needs, files=tuple(files))
    contents = {"ada/manifest.json": msgspec.json.encode(manifest)}
    contents |= {f"ada/{name}": data for name, data in texts.items()}
    contents |= {f"ada/wheels/{name}": data for name, data in wheels.values()}
    put_together(world.home / "ada.tar", contents)
    return world.home / "ada.tar"


def carried(path: str, data: bytes, package: str | None = None) -> Carried:
    digest = hashlib.sha256(data).hexdigest()
    return Carried(path=path, size=len(data), sha256=digest, package=package)


REFUSED = """\
error: bundle-does-not-fit

{bundle} does not fit this machine.

  {reason}

hint: Make it on a machine like this one
      Or resolve for this one with the network: dlsetup up NAME REQ
"""
NO_CODE = (
    "torch 2.14.1+cu126: it holds code for sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90: "
    "nothing that runs on NVIDIA GeForce RTX 5090 (12.0)"
)


@pytest.mark.parametrize(
    ("gpus", "driver", "libc", "reason"),
    [
        ("RTX 5090", "580.65.06", "glibc 2.35", NO_CODE),
        (
            "none",
            "none",
            "glibc 2.35",
            "this machine has no GPU; the lock is for NVIDIA GeForce RTX 4090 8.9",
        ),
        (
            "RTX 4090",
            "550.54.14",
            "glibc 2.27",
            "this machine has glibc 2.27; torch in the lock needs glibc 2.28",
        ),
    ],
    ids=["gpu", "no gpu", "glibc"],
)
def test_a_machine_that_its_builds_do_not_serve_is_refused(  # noqa: PLR0917 - one machine
    gpus: str, driver: str, libc: str, reason: str, bundle: Path, world: World
) -> None:
    home = Home(world.home, world.default)
    machine = {
        "DLSETUP_OVERRIDE_GPUS": gpus,
        "DLSETUP_OVERRIDE_DRIVER": driver,
        "DLSETUP_OVERRIDE_OS_LIBC": libc,
    }
    ran = home.run("env", "import", str(bundle), DLSETUP_CONFIG=str(world.config), **machine)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.partition("error:")[2] == REFUSED.format(bundle=bundle, reason=reason)[6:]
    assert not home.environments.exists() or not os.listdir(home.environments)


@pytest.mark.parametrize(
    ("gpus", "driver"),
    [("RTX 4090", "580.65.06"), ("GTX 1080 Ti", "535.183.01"), ("RTX 3090", "525.60.13")],
)
def test_another_gpu_that_its_builds_serve_comes_as_far_as_the_proof(
    gpus: str, driver: str, bundle: Path, world: World
) -> None:
    """No GPU is here, so what is proved there fails: that it was tried on the GPU is the point."""
    home = Home(world.home, world.default)
    machine = {"DLSETUP_OVERRIDE_GPUS": gpus, "DLSETUP_OVERRIDE_DRIVER": driver}
    ran = home.run(
        "env", "import", str(bundle), "--json", DLSETUP_CONFIG=str(world.config), **machine
    )

    assert ran.error["reference"] == "environment-not-verified", ran.out
    assert not os.listdir(home.environments)
