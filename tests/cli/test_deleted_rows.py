"""The newest rows, deleted: refresh alone brings the same bytes back."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.refreshing import CHECKOUT, Place
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Loopback

DELETED = {
    "frameworks/torch.jsonl": "2.15.0",
    "frameworks/torch-index.jsonl": "2.15.0",
    "frameworks/tensorflow.jsonl": "2.21.0",
    "frameworks/jax.jsonl": "0.12.0.1",
    "unplanned/jax.jsonl": "0.12.0.1",
    "companions/jaxlib.jsonl": "0.12.0.1",
    "companions/jax-cuda12-plugin.jsonl": "0.12.0.1",
    "companions/jax-cuda13-plugin.jsonl": "0.12.0.1",
    "companions/jax-cuda13-pjrt.jsonl": "0.12.0.1",
}
PROJECTS = [
    path.rpartition("/")[2].removesuffix(".jsonl")
    for path in DELETED
    if "index" not in path and not path.startswith("unplanned/")
]
Row = Mapping[str, Any]


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks"))


def delete(stacks: Path) -> list[Row]:
    """Take the newest rows out of the sheets, and give them."""
    gone = []
    for path, version in DELETED.items():
        file = stacks / path
        lines = file.read_bytes().splitlines(keepends=True)
        found = [line for line in lines if msgspec.json.decode(line)["version"] == version]
        assert found, path
        gone += [msgspec.json.decode(line) for line in found]
        file.write_bytes(b"".join(line for line in lines if line not in found))
    return gone


def put_together(row: Row) -> bool:
    """Whether a row is made of the rows of jax, jaxlib and a plugin: it has no wheel of its own."""
    return bool(row["framework"] == "jax" and row["platform"] != "any")


def data_of(row: Row, requires: list[str]) -> bytes:
    """A wheel of which the members say what a row says, as upstream lays them out."""
    name, version, cuda = row["framework"], row["version"], row.get("cuda")
    sass, ptx = row.get("sass", ()), row.get("ptx", ())
    if name == "torch":
        return wheels.torch(version, cuda, sass, ptx, requires)
    if name == "tensorflow":
        cudnn = row["cudnn"].partition(".")[0] if cuda else None
        return wheels.tensorflow(version, cuda, cudnn, sass, ptx, requires)
    code = {}
    if sass:
        numbers = [int(target.removeprefix("sm_")) for target in sass]
        library = wheels.library(*numbers, ptx=int(ptx[0].removeprefix("compute_")))
        folder = name.replace("-", "_")
        code = {f"{folder}/_{part}.so": library for part in ("linalg", "prng")}
        if name.endswith("-pjrt"):
            code = {f"jax_plugins/xla_{name.split('-')[1]}/xla_cuda_plugin.so": library}
    return wheels.wheel(name, version, code, requires)


def serve(index: Loopback, row: Row, requires: list[str]) -> None:
    """Files by which an index lists a release on a platform: the first is the one that is read."""
    first = row["evidence"].partition(":")[0]
    data = wheels.unpacking_to(row["disk_bytes"], data_of(row, requires))
    size = row["download_bytes"]
    asked = f">={row['pythons'][0]}"
    index.add(
        row["framework"],
        first,
        data,
        size=size,
        released=row["released"],
        requires_python=asked,
    )
    if "-py3-" in first:
        return
    for python in row["pythons"][1:]:
        tag = "cp" + python.replace(".", "").removesuffix("t")
        abi = tag + "t" if python.endswith("t") else tag
        name = re.sub(r"-cp\d+-cp\d+-", f"-{tag}-{abi}-", first)
        assert name != first
        index.add(row["framework"], name, b"", size=size, released=row["released"])


def stated(row: Row, gone: list[Row]) -> list[str]:
    """Requires-Dist of the release: tensorflow's is one for all platforms, and in an extra."""
    if row["framework"] != "tensorflow":
        return list(row.get("requires", ()))
    same = [other for other in gone if other["framework"] == "tensorflow" and other.get("extra")]
    return [f'{text}; extra == "and-cuda"' for text in same[0]["requires"]]


def assert_same(stacks: Path) -> None:
    for path in sorted((CHECKOUT / "stacks").rglob("*")):
        if path.is_file():
            copied = stacks / path.relative_to(CHECKOUT / "stacks")
            assert copied.read_bytes() == path.read_bytes(), path.name


def test_deleted_rows_come_back_byte_for_byte(
    index: Loopback, stacks: Path, tmp_path: Path
) -> None:
    gone = delete(stacks)
    measured = [row for row in gone if row["kind"] == "measured" and not put_together(row)]
    for row in measured:
        serve(index, row, stated(row, gone))
    place = Place(tmp_path, index, stacks)

    ran = place.run("catalog", "refresh", *PROJECTS, "--write", "--json")

    assert ran.data["written"] == str(stacks)
    assert len(ran.data["news"]) == len(gone)
    assert ran.data["bill"]["wheels"] == len(measured)
    assert ran.data["bill"]["requests"] == index.requests
    assert ran.data["bill"]["bytes"] == index.bytes
    assert_same(stacks)


@pytest.mark.network
def test_deleted_rows_come_back_from_the_real_index(
    index: Loopback, stacks: Path, tmp_path: Path
) -> None:
    delete(stacks)
    place = Place(tmp_path, index, stacks)
    real = {name: os.environ.get(name, "") for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")}
    real["HOME"] = os.environ.get("HOME", "")

    ran = place.run("catalog", "refresh", *PROJECTS, "--write", "--json", **real)

    assert ran.code == 0, ran.err
    for path, version in DELETED.items():
        # Releases of after this commit stand beside them.
        old = (CHECKOUT / "stacks" / path).read_bytes().splitlines()
        gone = {line for line in old if msgspec.json.decode(line)["version"] == version}
        assert gone - set((stacks / path).read_bytes().splitlines()) == set()
