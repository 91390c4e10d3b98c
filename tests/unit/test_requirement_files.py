"""Lists that people already have, as a request: what is not carried is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main
from provisioner.errors import UsageError
from provisioner.requirement_files import words_of

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
HASHED = f"""\
torch==2.5.1 \\
    --hash={A} \\
    --hash={B}
numpy==1.26.4 --hash {A}  # pinned
requests
mine @ https://wheels.example/mine.whl?token=hush --hash={B}
"""


def listed(folder: Path, text: str | bytes) -> str:
    name = folder / "requirements.txt"
    name.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(name)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hashes_that_a_list_gives_are_said_not_to_be_carried(tmp_path: Path, end: str) -> None:
    found = words_of(listed(tmp_path, HASHED.replace("\n", end)))

    assert found.requirements[:3] == ("torch==2.5.1", "numpy==1.26.4", "requests")
    assert [one.reference for one in found.warnings] == ["hashes-not-carried"]
    assert found.warnings[0].message == (
        "requirements.txt gives hashes of torch, numpy, mine, and a plan carries none: nothing here"
        " is held against them. dlsetup lock writes down those of every file that it takes:"
        " compare them."
    )


def test_a_list_without_hashes_has_nothing_to_say(tmp_path: Path) -> None:
    assert words_of(listed(tmp_path, "torch==2.5.1\n")).warnings == ()


@pytest.mark.parametrize("verb", [("resolve",), ("render", "requirements")])
def test_the_plan_and_every_text_of_it_say_so_too(tmp_path: Path, verb: tuple[str, ...]) -> None:
    name = listed(tmp_path, f"torch==2.5.1 --hash={A}\n")
    machine = ("--gpu", "RTX 3090", "--os", "ubuntu-22.04", "--arch", "x86_64")
    done = CliRunner().invoke(main, [*verb, "-r", name, *machine, "--json"])
    found = json.loads(done.stdout)

    assert "hashes-not-carried" in {one["reference"] for one in found["warnings"]}
    plain = CliRunner().invoke(main, [*verb, "-r", name, *machine])
    assert "gives hashes of torch" in plain.output


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_list_is_read_in_the_encoding_that_its_mark_says(tmp_path: Path, encoding: str) -> None:
    found = words_of(listed(tmp_path, "torch==2.5.1\r\nrequests\r\n".encode(encoding)))

    assert found.requirements == ("torch==2.5.1", "requests")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    for data in (b"\xff\xfe\x00", b"\xff\x00\xff"):
        with pytest.raises(UsageError):
            words_of(listed(tmp_path, data))
