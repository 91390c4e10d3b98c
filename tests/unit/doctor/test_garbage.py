"""Reports that are none: nothing crashes, and what is kept and looked at stays bounded."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tracemalloc
from pathlib import Path

import pytest

from provisioner import doctor, examination, workflow
from provisioner.catalog.load import Catalog
from provisioner.describe import Options
from provisioner.doctor import Patient, diagnose, pasted, read, signs
from provisioner.doctor.symptoms import Symptoms

MEGABYTE = 1_000_000
KEPT = 2 * MEGABYTE
"""Characters of a report that are looked at."""
LONGEST_LINE = 1_000
OOM = "torch.cuda.OutOfMemoryError: CUDA out of memory.\n"


@pytest.fixture(scope="module")
def rows() -> Catalog:
    return workflow.catalog()


def no_machine() -> Options:
    return Options()


def examined(path: Path) -> tuple[str, ...]:
    found = examination.of_report(str(path), no_machine())
    return tuple(one.reference for one in found.findings)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n" * 1000,
        b"\0" * 1000,
        b"\x1b[31m" * 500,
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r\r\r",
        b":",
    ],
    ids=["empty", "blank", "zeros", "escapes", "mark of UTF-16", "mark of UTF-8", "old", "colon"],
)
def test_what_says_nothing_finds_nothing(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(data)
    assert examined(tmp_path / "report") == ()


@pytest.mark.parametrize("seed", range(5))
def test_binary_finds_nothing(seed: int, tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(hashlib.shake_256(bytes([seed])).digest(200_000))
    assert examined(tmp_path / "report") == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_windows_files_are_read(encoding: str, tmp_path: Path) -> None:
    text = "PS C:\\> python train.py\r\nAssertionError: Torch not compiled with CUDA enabled\r\n"
    (tmp_path / "report").write_bytes(text.encode(encoding))
    assert examined(tmp_path / "report")[:1] == ("cpu-only-wheel",)


def test_of_fifty_megabytes_both_ends_are_read_and_little_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "report"
    with path.open("wb") as file:
        file.write(b"GPU 0: NVIDIA A10\n")
        file.seek(50 * MEGABYTE)  # a hole: it takes no room on the disk
        file.write(b"\n" + OOM.encode())
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            head, middle, tail, left_out = pasted.ends(file)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(head) + len(middle) + len(tail) <= KEPT
    assert left_out > 47 * MEGABYTE
    assert most < 10 * MEGABYTE
    found = examination.of_report(str(path), no_machine())
    assert "GPU: NVIDIA A10" in found.looked_at
    assert "gpu-memory-held" in [one.reference for one in found.findings]
    assert [warning.reference for warning in found.warnings] == ["report-cut"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-be"])
def test_the_end_of_a_long_file_of_windows_is_read_as_its_head(
    encoding: str, tmp_path: Path
) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    noise = "one line of many\r\n" * 200_000
    text = f"{mark}GPU 0: NVIDIA A10\r\n{noise}Torch not compiled with CUDA enabled\r\n"
    (tmp_path / "report").write_bytes(text.encode(encoding))

    assert examined(tmp_path / "report")[:1] == ("cpu-only-wheel",)


@pytest.mark.parametrize(
    "text",
    [
        "x" * (3 * MEGABYTE),
        "\n".join(map(str, range(600_000))),
        "CUDA error: " * 300_000,
        "\u4e2d" * (3 * MEGABYTE),
    ],
    ids=["one line", "many lines", "one line of words", "no latin"],
)
def test_what_is_looked_at_is_bounded(text: str, rows: Catalog) -> None:
    symptoms = read(text, rows)

    assert len(symptoms.text) <= KEPT + 1
    assert max(map(len, symptoms.lines), default=0) <= LONGEST_LINE
    assert symptoms.text.count("\n") + 1 >= len(symptoms.lines)
    diagnose(Patient(symptoms, rows))


def test_a_repeated_line_is_read_once(rows: Catalog) -> None:
    assert len(read("NVRM: Xid (PCI:0000:01:00): 79\n" * 10_000, rows).lines) == 2


def test_words_with_gaps_are_looked_for_in_a_bounded_number_of_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[int] = []
    in_order = signs.in_order

    def counted(*args: object) -> int | None:
        tried.append(1)
        return in_order(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(signs, "in_order", counted)
    text = "\n".join(f"{number} has has has memory in use" for number in range(5_000))

    assert signs.place("process*has*memory in use", text) is None
    assert len(tried) == signs.MOST_LINES


@pytest.mark.parametrize(
    "piece",
    [
        "process has ",
        "-cp39-aaaaaaa",
        "rtx geforce nvidia quadro ",
        "ls libcudnn",
        "0123456789",
        "nvrm version: ",
        "a: b: c: ",
        "torch-torch[torch",
        "torch[",
        "driver version: 123 ",
        "((((((",
        " \t",
    ],
)
def test_lines_made_to_keep_patterns_busy_do_no_harm(piece: str, rows: Catalog) -> None:
    text = "\n".join(f"{number} {piece * (900 // len(piece))}" for number in range(200))
    assert isinstance(read(text, rows), Symptoms)
    diagnose(Patient(read(text, rows), rows))


def test_no_pattern_for_reports_runs_on_over_the_ends_of_lines() -> None:
    """One that does looks at the whole report from each place that it may begin at."""
    folder = Path(doctor.__file__).parent
    sources = [
        path for path in folder.rglob("*.py") if path.parent.name in {"doctor", "predicates"}
    ]
    running = {
        (path.name, match[0])
        for path in sources
        for match in re.finditer(r"\[\^(?:\\.|[^\]\\])+\][*+]", path.read_text())
        if not re.search(r"\\[ns]", match[0])
    }
    of_short_words = {
        ("reading.py", "[^a-z0-9]+"),  # in a key
    }
    assert {one for one in running if one[0] != "anonymous.py"} <= of_short_words


def test_a_pipe_that_never_ends_its_line_is_read_in_pieces() -> None:
    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.left = 30 * MEGABYTE

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= MEGABYTE, "everything at once"
            piece = min(size, self.left)
            self.left -= piece
            return b"a" * piece

    head, _, tail, left_out = pasted.ends(Endless())

    assert len(head) + len(tail) + left_out == 30 * MEGABYTE
    assert len(head) + len(tail) <= KEPT


def test_what_a_shell_opens_is_read() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, OOM.encode())
    os.close(write_end)
    try:
        assert examined(Path(f"/proc/self/fd/{read_end}"))[:1] == ("gpu-memory-held",)
    finally:
        os.close(read_end)


def test_a_folder_a_device_and_nothing_are_refused(tmp_path: Path) -> None:
    from provisioner.errors import UsageError

    endless = "/dev/zero"
    for name in (str(tmp_path), str(tmp_path / "none"), "a\0b", os.devnull + "/x", endless):
        with pytest.raises(UsageError) as refused:
            examination.of_report(name, no_machine())
        assert refused.value.reference == "bad-report"


def test_what_fails_in_the_middle_of_a_long_log_is_read(tmp_path: Path) -> None:
    steps = "".join(f"step {number} went well\n" for number in range(150_000))
    (tmp_path / "report").write_text(f"{steps}{OOM}{steps}")
    assert "gpu-memory-held" in examined(tmp_path / "report")


def test_nothing_more_is_waited_for_of_what_never_ends() -> None:
    class Zeros(io.RawIOBase):
        def __init__(self) -> None:
            self.seen = 0

        def read(self, size: int = -1) -> bytes:
            self.seen += size
            assert self.seen < 1_000 * MEGABYTE, "no end"
            return bytes(size)

    assert pasted.ends(Zeros()).left_out > 0


def test_a_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from provisioner.errors import UsageError

    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError) as refused:
        examination.of_report("-", no_machine())
    assert refused.value.reference == "bad-report"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_letters_of_two_bytes_are_known_without_a_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(
        "AssertionError: Torch not compiled with CUDA\n".encode(encoding)
    )
    assert examined(tmp_path / "report")[:1] == ("cpu-only-wheel",)


def test_what_stands_late_in_a_long_line_is_read(rows: Catalog) -> None:
    text = '{"level":"error","context":"' + "x y " * 500 + f'","message":"{OOM.strip()}"}}'
    symptoms = read(text, rows)
    assert "gpu-memory-held" in [one.reference for one in diagnose(Patient(symptoms, rows))]
