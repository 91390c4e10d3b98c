"""Processor and memory, really measured here: plausible, whatever else runs."""

from __future__ import annotations

import zlib

from provisioner.bench import processor
from provisioner.report import Measurement


def plausible(found: Measurement) -> bool:
    assert found.low is not None
    assert found.high is not None
    return 0 < found.low <= found.value <= found.high and found.runs >= 5


def test_compression_is_measured_on_one_core_and_on_all() -> None:
    one, every = processor.compression(0.4)

    assert (one.name, every.name) == ("compression, one core", "compression, all cores")
    assert one.device == every.device == "cpu"
    assert plausible(one)
    assert plausible(every)
    assert 1 < one.value < 5_000  # MB/s: no processor packs gigabytes a second


def test_the_text_is_the_same_each_time_and_about_as_easy_to_pack_as_prose() -> None:
    text = processor._text()  # noqa: SLF001 - what makes machines comparable

    assert text == processor._text()  # noqa: SLF001 - as above
    assert len(text) == 256 * 1024
    assert 1.2 < len(text) / len(zlib.compress(text, 6)) < 5


def test_memory_copies_count_what_is_read_and_what_is_written() -> None:
    one, every = processor.memory_copy(0.4, 1 << 30)

    assert plausible(one)
    assert plausible(every)
    assert 0.2 < one.value < 2_000  # GB/s
    assert one.detail == "bytes read and bytes written"
