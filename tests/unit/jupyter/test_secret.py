from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import OutsideError
from provisioner.jupyter import secret


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSETUP_HOME", str(tmp_path / "home"))


def test_a_token_that_was_made_is_read() -> None:
    place = secret.made("demo")

    assert secret.read("demo") == place.read_text()


@pytest.mark.parametrize("data", [b"caf\xc3\xa9", b"\xff\xfe", b"a\x1b[31m", b"a&b", b"a\n"])
def test_a_damaged_token_is_an_error_that_repeats_nothing_of_it(data: bytes) -> None:
    place = secret.made("demo")
    place.write_bytes(data)
    with pytest.raises(OutsideError) as raised:
        secret.read("demo")

    error = raised.value
    assert error.reference == "token-damaged"
    assert (error.message, error.context) == (f"{place} holds no token that dlsetup made.", ())


def test_a_token_that_is_gone_cannot_be_read() -> None:
    with pytest.raises(OutsideError) as raised:
        secret.read("demo")

    assert raised.value.reference == "place-not-writable"
