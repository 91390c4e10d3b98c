"""The index that is not there: small made wheels, served on loopback with ranges."""

from __future__ import annotations

import io
import re
import struct
import threading
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from provisioner.catalog.rows import Build, Tool
from provisioner.errors import OutsideError
from provisioner.upkeep.measure_code import wheel_codes
from provisioner.upkeep.measure_index import cpu_builds, keeping_days, tool
from provisioner.upkeep.package_index import PackageIndex, address

OLD_INFO = "is_rocm_build = False\nis_cuda_build = {}\n"
NEW_INFO = "build_info = collections.OrderedDict([('is_cuda_build', {}), ('is_rocm_build', False)])"
FILLING = bytes(range(256)) * 4096


def wheel(member: str, content: str | bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("some.libs/big.so", FILLING)
        archive.writestr(member, content)
    return held.getvalue()


CPU = wheel("tensorflow/python/platform/build_info.py", NEW_INFO.format("False"))
OLD = wheel("tensorflow_core/python/platform/build_info.py", OLD_INFO.format("False"))
FAT = struct.pack("<IHHQ", 0xBA55ED50, 1, 16, 64) + (
    struct.pack("<HHIQIIHHI", 2, 0x101, 64, 0, 0, 64, 0, 7, 86).ljust(64, b"\0")
)
VISION = wheel("torchvision/_C.so", b"ELF" + FAT)
GPU = wheel("tensorflow/python/platform/build_info.py", NEW_INFO.format("True"))
FILES = {
    "tensorflow_cpu-1.15.0-cp37-cp37m-manylinux2010_x86_64.whl": OLD,
    "tensorflow_cpu-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl": CPU,
    "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl": CPU + b"",
    "tensorflow_cpu-2.21.0-cp313-cp313-win_amd64.whl": b"",
    "tensorflow_cpu-2.21.0-cp313-cp313-macosx_12_0_x86_64.whl": b"",
    "tensorflow_cpu-2.22.0rc0-cp313-cp313-manylinux_2_27_x86_64.whl": b"",
    "tensorflow_cpu-2.20.0-cp313-cp313-manylinux_2_27_x86_64.whl": b"yanked",
    "tensorflow_cpu-0.0.1.tar.gz": b"",
    "torchvision-0.29.2-py3-none-manylinux_2_28_x86_64.whl": VISION,
    "torchvision-0.29.2-py3-none-macosx_12_0_arm64.whl": b"",
    "torchaudio-2.11.0-cp314-cp314-manylinux_2_28_x86_64.whl": wheel("_sox.abi3.so", b"ELF"),
    "uv-0.13.8-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": b"a",
    "uv-0.13.8-py3-none-musllinux_1_1_aarch64.whl": b"b",
    "uv-0.13.8-py3-none-manylinux_2_17_i686.manylinux2014_i686.whl": b"c",
    "uv-0.13.8-py3-none-win_amd64.whl": b"d",
    "uv-0.13.10-py3-none-musllinux_1_1_x86_64.whl": b"e",
    "uv-0.14.0-py3-none-musllinux_1_1_x86_64.whl": b"f",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if match := re.fullmatch(r"/simple/([a-z-]+)/", self.path):
            self.answer(200, page(match[1]).encode())
            return
        data = FILES.get(self.path.rpartition("/")[2])
        ranges = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if data is None or not ranges:
            self.answer(404, b"")
            return
        start, end = int(ranges[1]), int(ranges[2]) + 1
        self.server.fetched += end - start  # type: ignore[attr-defined]
        self.answer(206, data[start:end], f"bytes {start}-{end - 1}/{len(data)}")

    def answer(self, status: int, data: bytes, part: str = "") -> None:
        self.send_response(status)
        if part:
            self.send_header("Content-Range", part)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def page(project: str) -> str:
    links = [
        f'<a href="../../files/{name}#sha256={sha256(data).hexdigest()}"'
        f"{' data-yanked=broken' if data == b'yanked' else ''}>{name}</a>"
        for name, data in FILES.items()
        if name.startswith(f"{project.replace('-', '_')}-")
    ]
    return f"<!DOCTYPE html><html><body>{'<br/>'.join(links)}</body></html>"


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.fetched = 0  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def index(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return PackageIndex(f"http://127.0.0.1:{server.server_port}/simple")


def test_cpu_builds_are_read_from_the_wheels(index: PackageIndex) -> None:
    found = {row.version: row for row in cpu_builds(index, "2026-11-20")}

    # Candidates, yanked files and other systems do not count.
    assert set(found) == {"1.15.0", "2.21.0"}
    row = found["2.21.0"]
    assert (row.framework, row.cuda, row.kind) == ("tensorflow-cpu", None, "measured")
    assert (row.pythons, row.glibc, row.cpu) == (("3.10", "3.13"), "2.27", ("avx",))
    assert row.download_bytes == len(CPU)
    assert "tensorflow_cpu-2.21.0-cp313" in row.evidence
    assert found["1.15.0"].glibc == "2.12"


def test_of_a_wheel_only_what_is_needed_is_fetched(
    index: PackageIndex, server: ThreadingHTTPServer
) -> None:
    url = next(file.url for file in index.files("tensorflow-cpu") if "cp313-manylinux" in file.url)

    with index.wheel(url) as archive:
        assert archive.namelist() == [
            "some.libs/big.so",
            "tensorflow/python/platform/build_info.py",
        ]

    assert server.fetched < len(CPU) / 2  # type: ignore[attr-defined]


def test_a_wheel_that_says_otherwise_is_no_cpu_build(
    index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl"
    monkeypatch.setitem(FILES, name, GPU)

    with pytest.raises(OutsideError) as caught:
        cpu_builds(index, "2026-11-20")

    assert caught.value.reference == "measured-otherwise"
    assert name in caught.value.message


def test_gpu_code_is_read_out_of_libraries_and_its_absence_too(index: PackageIndex) -> None:
    found = {row.package: row for row in wheel_codes(index, (), "2026-11-20")}

    assert (found["torchvision"].version, found["torchvision"].sass) == ("0.29.2", ("sm_86",))
    assert found["torchvision"].evidence.endswith("x86_64.whl: torchvision/_C.so")
    assert found["torchaudio"].sass == ()
    assert found["torchaudio"].evidence.endswith(": no library holds GPU code")


def test_a_wheel_that_was_read_is_not_read_again(
    index: PackageIndex, server: ThreadingHTTPServer
) -> None:
    known = tuple(wheel_codes(index, (), "2026-01-01"))
    server.fetched = 0  # type: ignore[attr-defined]

    assert wheel_codes(index, known, "2026-11-20") == list(known)
    assert server.fetched == 0  # type: ignore[attr-defined]


def test_a_tool_moves_to_the_newest_release_that_its_row_admits(index: PackageIndex) -> None:
    row = Tool(
        name="uv",
        version="0.13.1",
        specifier="==0.13.*,!=0.13.10",
        hashes=(),
        evidence="before",
        checked="2026-01-01",
    )

    found = tool(index, row, "2026-11-20")

    assert found.version == "0.13.8"
    assert set(found.hashes) == {f"sha256:{sha256(data).hexdigest()}" for data in (b"a", b"b")}
    assert found.checked == "2026-11-20"


def test_versions_are_compared_as_numbers(index: PackageIndex) -> None:
    row = Tool(
        name="uv", version="0", specifier="==0.13.*", hashes=(), evidence="", checked="2026-01-01"
    )

    assert tool(index, row, "2026-11-20").version == "0.13.10"


def test_a_tool_that_the_index_does_not_have_is_an_error(index: PackageIndex) -> None:
    row = Tool(
        name="uv", version="0", specifier="==9.*", hashes=(), evidence="", checked="2026-01-01"
    )

    with pytest.raises(OutsideError) as caught:
        tool(index, row, "2026-11-20")

    assert caught.value.reference == "index-unreachable"


def test_a_row_whose_facts_are_the_same_keeps_its_day() -> None:
    def row(version: str, day: str) -> Build:
        return Build(
            framework="tensorflow-cpu",
            version=version,
            platform="linux-x86_64",
            kind="measured",
            evidence="a wheel",
            checked=day,
        )

    old = [row("2.20.0", "2026-01-01")]
    fresh = [row("2.20.0", "2026-11-20"), row("2.21.0", "2026-11-20")]

    assert [r.checked for r in keeping_days(fresh, old)] == ["2026-01-01", "2026-11-20"]


def test_an_index_that_does_not_answer_is_an_error_from_outside(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    index = PackageIndex(f"http://127.0.0.1:{server.server_port}/nothing")

    with pytest.raises(OutsideError) as caught:
        index.files("tensorflow-cpu")

    assert caught.value.reference == "index-unreachable"
    assert caught.value.exit_code == 3


def test_the_index_is_the_one_that_the_installer_is_set_up_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.test/simple")

    assert address() == "https://mirror.test/simple"


@pytest.mark.network
def test_the_real_index_still_has_what_the_catalog_says() -> None:
    found = {file.name for file in PackageIndex(address()).files("tensorflow-cpu")}

    assert "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl" in found
