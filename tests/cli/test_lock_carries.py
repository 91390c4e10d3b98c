"""torch's builds from indexes of their own, through lock and install, on loopback."""

from __future__ import annotations

import platform
import sys

import msgspec
import pytest

from provisioner import toml
from tests.cli.locking import CPU, PYTHON, SUPER, TORCH, World

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="what is locked is installed here, and the wheels are for Linux on x86_64",
)


@pytest.mark.parametrize(
    ("machine", "variant", "cudnn"), [(SUPER, "cu126", "9.10.2.21"), (CPU, "cpu", None)]
)
def test_a_build_is_carried_from_the_request_to_the_import(
    world: World, machine: tuple[str, ...], variant: str, cudnn: str | None
) -> None:
    done = world.run(f"torch=={TORCH}", *machine, "--python", PYTHON, "--json")

    assert (done.code, done.document["errors"]) == (0, [])
    pin = done.document["data"]["plan"]["pins"][0]
    assert (pin["name"], pin["version"], pin["variant"]) == ("torch", TORCH, variant)
    assert done.packages == {
        "filelock": "3.20.0",
        "torch": f"{TORCH}+{variant}",
        "typing-extensions": "4.15.0",
    } | ({"nvidia-cudnn-cu12": cudnn} if cudnn else {})

    installed = world.install()

    assert installed.returncode == 0, installed.stderr
    assert world.imported("torch") == f"{TORCH}+{variant}"
    assert world.imported("filelock") == "3.20.0"
    if cudnn:
        assert world.imported("nvidia_cudnn_cu12") == cudnn


def test_every_file_has_the_hash_that_its_index_tells(world: World) -> None:
    done = world.run(f"torch=={TORCH}", *SUPER, "--python", PYTHON, "--json")

    told = {item["name"]: item["hashes"] for item in done.document["data"]["packages"]}
    assert told["torch"] == [f"sha256:{world.cu126.projects['torch'][0].sha256}"]
    locked = toml.parse(world.lock.read_text(encoding="utf-8"))["packages"]
    for package in locked:
        for wheel in package["wheels"]:
            assert [f"sha256:{wheel['hashes']['sha256']}"] == told[package["name"]]


def test_a_file_that_was_changed_on_the_index_is_not_installed(world: World) -> None:
    assert world.run(f"torch=={TORCH}", *SUPER, "--python", PYTHON).code == 0
    file = world.cu126.projects["torch"][0]
    minute = bytes([file.data[10] ^ 32])  # of the first member: still a sound archive
    file.data = file.data[:10] + minute + file.data[11:]

    installed = world.install()

    assert installed.returncode != 0
    assert "hash mismatch" in installed.stderr.lower()
    assert not (world.home / "environment/lib" / f"python{PYTHON}/site-packages/torch").exists()


def test_two_runs_write_the_same_bytes(world: World) -> None:
    words = (f"torch=={TORCH}", "numpy", *SUPER, "--python", PYTHON)
    world.run(*words)
    first = world.lock.read_bytes()
    world.lock.unlink()

    world.run(*words, UV_CACHE_DIR=str(world.home / "another cache"))

    assert world.lock.read_bytes() == first
    assert str(world.home).encode() not in first


def test_a_companion_is_locked_and_hashed_too(world: World) -> None:
    done = world.run(f"torch=={TORCH}", "numpy", *SUPER, "--python", PYTHON, "--json")

    numpy = next(item for item in done.document["data"]["packages"] if item["name"] == "numpy")
    assert numpy == {
        "name": "numpy",
        "version": "2.3.0",
        "hashes": [f"sha256:{world.default.projects['numpy'][0].sha256}"],
    }


def test_a_lock_needs_its_own_python(world: World) -> None:
    other = "3.12" if PYTHON != "3.12" else "3.13"
    done = world.run("numpy", *CPU, "--python", other)
    assert done.code == 0

    installed = world.install()

    assert f"=={other}.*" in installed.stderr
    assert installed.returncode != 0


def test_the_json_of_lock_is_the_contracts(world: World) -> None:
    done = world.run(f"torch=={TORCH}", *SUPER, "--python", PYTHON, "--json")

    assert list(done.document["data"]) == ["plan", "path", "packages"]
    assert done.document["data"]["path"] == str(world.lock)
    assert msgspec.json.encode(done.document["warnings"])
