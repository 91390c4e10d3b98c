"""Copies of GPUs, measured through a stand-in for the driver's library with a known speed."""

from __future__ import annotations

import pytest

from provisioner.bench import gpu_child, gpus
from provisioner.bench.runs import NotMeasured
from tests.unit.bench.conftest import GTX_1080_TI, H100, RTX_2070_SUPER

pytestmark = pytest.mark.usefixtures("library")
ONE = (RTX_2070_SUPER,)
TWO = (H100, GTX_1080_TI)


def fixture(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("FAKE_CUDA", name)
    if name in {"two", "late"}:
        monkeypatch.setenv("FAKE_NVML", "mixed")


def test_each_kind_of_copy_is_as_fast_as_the_stand_in_makes_it() -> None:
    found = gpus.copies(ONE, 1.5)
    rates = {one.name: one.value for one in found.results}

    # Made to be 12 GB/s each way and 400 GB/s inside, reads and writes counted; a busy machine
    # makes them slower, nothing makes them faster.
    assert list(rates) == ["host to device", "device to host", "memory copy"]
    assert 6 < rates["host to device"] <= 12.01
    assert 6 < rates["device to host"] <= 12.01
    assert 200 < rates["memory copy"] <= 400.5
    assert {one.unit for one in found.results} == {"GB/s"}
    assert {one.device for one in found.results} == {"gpu 0"}
    assert found.missing == []
    assert [item.measure for item in found.intervals] == list(rates)
    assert all(0 < item.start < item.end for item in found.intervals)


def test_gpus_are_told_apart_by_uuid_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture(monkeypatch, "two")
    found = gpus.copies((GTX_1080_TI,), 0.3)

    assert {one.device for one in found.results} == {"gpu 1"}
    assert len(found.results) == 3


def test_a_driver_without_uuids_is_read_by_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture(monkeypatch, "nameless")

    assert len(gpus.copies(ONE, 0.3).results) == 3
    assert gpus.copies(TWO, 0.3).results == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("crash", "the driver's library crashed (signal 11)"),
        ("refuses", "cuInit: CUDA_ERROR_NO_DEVICE"),
        ("hang", "the driver did not answer within 2 seconds"),
    ],
)
def test_a_driver_in_a_bad_state_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    monkeypatch.setattr(gpus, "_START_S", 1.0)
    fixture(monkeypatch, name)

    assert gpus.copies(ONE, 0.1).missing == [NotMeasured("copies on gpu 0", why)]


def test_memory_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture(monkeypatch, "broken")
    why = "cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY"

    assert NotMeasured("copies on gpu 0", why) in gpus.copies(ONE, 0.3).missing


def test_what_was_told_before_a_crash_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture(monkeypatch, "late")
    found = gpus.copies(TWO, 0.3)

    assert {one.device for one in found.results} == {"gpu 0"}
    assert found.missing == [
        NotMeasured("copies on gpu 1", "the driver's library crashed (signal 11)")
    ]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [("0-3,8\n", {0, 1, 2, 3, 8}), ("5", {5}), ("16-17,48-49", {16, 17, 48, 49})],
)
def test_the_kernels_list_of_processors_is_read(listed: str, expected: set[int]) -> None:
    assert gpu_child.processors(listed) == expected


def test_without_the_library_the_reason_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH")
    told = gpus.copies(ONE, 0.3).missing

    assert len(told) == 1
    assert "libcuda.so.1" in told[0].why
