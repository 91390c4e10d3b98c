"""The tar of a bundle: the same bytes each time, and nothing but plain files read from it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.bundle.tape import Writer, content, members
from tests.unit.bundle.tars import put_together, with_special

LONG = f"demo/wheels/{'w' * 120}.whl"
FILES = {"demo/plan.json": b"{}", "demo/wheels/a.whl": bytes(1000), LONG: b"x" * 512}


def written(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    tape = Writer(made)
    for name, data in files.items():
        tape.text(name, data, executable=name.endswith(".sh"))
    tape.end()
    assert tape.size == len(made.getvalue())
    return made.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    stream = io.BytesIO(data)
    return {name: b"".join(content(stream, item)) for name, item in members(stream).items()}


def refused(data: bytes) -> str:
    with pytest.raises(ValueError, match=r"^it holds|^it breaks|^it is|no plain file$") as caught:
        members(io.BytesIO(data))
    return str(caught.value)


def test_what_was_written_is_read_and_any_tar_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(written(FILES))
    done = subprocess.run(
        ["tar", "-xf", "a.tar"], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert read(written(FILES)) == FILES
    assert done.stderr == ""
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES


def test_neither_clock_nor_user_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(written({"demo/a.sh": b"", "demo/b": b""}))
    with tarfile.open(tmp_path / "a.tar") as tar:
        said = [(item.mtime, item.uid, item.gid, item.uname, item.gname, item.mode) for item in tar]

    assert said == [(0, 0, 0, "", "", 0o755), (0, 0, 0, "", "", 0o644)]


def test_a_file_that_shrinks_while_it_is_read_is_an_error() -> None:
    with pytest.raises(OSError, match="demo/a became shorter"):
        Writer(io.BytesIO()).add("demo/a", 9, io.BytesIO(b"short"))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.LNKTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.DIRTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.CHRTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.BLKTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.FIFOTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.CONTTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.GNUTYPE_SPARSE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.GNUTYPE_LONGLINK, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.XHDTYPE, "'demo/wheels/x.whl' is no plain file"),
        (tarfile.XGLTYPE, "'demo/wheels/x.whl' is no plain file"),
    ],
    ids=str,
)
def test_what_is_no_plain_file_is_refused(kind: bytes, reason: str, tmp_path: Path) -> None:
    put_together(tmp_path / "a.tar", FILES)
    with_special(tmp_path / "a.tar", kind, "demo/wheels/x.whl", "/etc/passwd")

    assert refused((tmp_path / "a.tar").read_bytes()) == reason


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    item = tarfile.TarInfo(name)
    item.size, item.type = size, kind
    return item.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is no tar file"),
        (b"PK\3\4" * 300, "it is no tar file"),
        (b"\x1f\x8b" + bytes(2000), "it is no tar file"),
        (written(FILES)[:700], "it breaks off"),
        (written(FILES)[:-1024], "it breaks off"),
        (header("demo/a", 10**12), "it breaks off, or a size in it is wrong"),
        (header("demo/a", 2**70), "it breaks off, or a size in it is wrong"),
        (header("demo/a", -5), "it breaks off, or a size in it is wrong"),
        (header("x", 9999, tarfile.GNUTYPE_LONGNAME) + bytes(12000), "it holds a name that is "),
        (header("x", 3, tarfile.GNUTYPE_LONGNAME) + b"\xff\xfe\0" + bytes(2000), "it holds a name"),
        (written({"demo/a": b"1"})[:-1024] + written({"demo/a": b"2"}), "it holds 'demo/a' twice"),
    ],
    ids=range(11),
)
def test_what_is_no_whole_tar_is_refused(data: bytes, reason: str) -> None:
    assert refused(data).startswith(reason)


@given(st.binary(max_size=2000), st.integers(0, 6000), st.integers(0, 255))
def test_no_garbage_and_no_flipped_byte_is_more_than_a_refusal(
    garbage: bytes, place: int, byte: int
) -> None:
    harmed = bytearray(written(FILES))
    harmed[place % len(harmed)] = byte
    for data in (garbage, bytes(harmed), bytes(harmed) + garbage):
        with contextlib.suppress(ValueError):  # and nothing else
            read(data)
