"""What uv says, read: the words are uv 0.13.8's own, the readings are ours."""

from __future__ import annotations

import pytest

from provisioner.lock.said import RefusedByUvError, SilentIndexError, error
from provisioner.settings import Address, Settings

CONFLICT = """\
error: No solution found when resolving dependencies
  cause: Because all versions of b depend on numpy>=2 and all versions of a depend on numpy<2, \
we can conclude that all versions of a and all versions of b are incompatible.
         And because dlsetup-plan depends on a==1 and b==1, we can conclude that your \
requirements are unsatisfiable.
"""
NO_WHEEL = """\
error: No solution found when resolving dependencies
  cause: Because w==1 has no wheels with a matching Python ABI tag (e.g., `cp312`) and \
dlsetup-plan depends on w==1, we can conclude that your requirements are unsatisfiable.

hint: You require CPython 3.12 (`cp312`), but we only found wheels for `w` (v1) with the \
following Python ABI tag: `cp37m`
"""
NOT_BUILT = """\
error: Failed to download and build `sd==1.0`
  cause: Failed to extract archive: sd==1.0
  cause: Invalid tar file
"""
SILENT = """\
error: Request failed after 1 retry in 1.2s
  cause: Failed to fetch: http://joe:secret-word@127.0.0.1:9/simple/a/
  cause: error sending request for url (http://127.0.0.1:9/simple/a/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
OFFLINE = """\
error: No solution found when resolving dependencies
  cause: Because b was not found in the cache and dlsetup-plan depends on b, we can conclude \
that your requirements are unsatisfiable.

hint: Packages were unavailable because the network was disabled. When the network is disabled, \
registry packages may only be read from the cache.
"""
UNAUTHORIZED = """\
error: No solution found when resolving dependencies
  cause: Because b was not found in the package registry and dlsetup-plan depends on b, we can \
conclude that your requirements are unsatisfiable.

hint: An index URL (http://127.0.0.1:35151/simple/) could not be queried due to a lack of valid \
authentication credentials (401 Unauthorized)
"""
FORBIDDEN = """\
error: No solution found when resolving dependencies
  cause: Because b was not found in the package registry and dlsetup-plan depends on b, we can \
conclude that your requirements are unsatisfiable.

hint: An index (http://127.0.0.1:35151/simple/) returned a 403 Forbidden error. Check that the \
index URL is correct and the credentials are valid.
"""
FULL = """\
error: Failed to fetch: `http://127.0.0.1:9/simple/a/`
  cause: failed to write to file `/c/simple-v27/.tmp`: No space left on device (os error 28)
"""
GARBAGE = """\
warning: something else
error: Received some unexpected JSON from `http://127.0.0.1:35151/simple/b/`
  cause: expected value at line 1 column 12
"""


READ_ONLY = """\
error: Failed to initialize cache at `/sys/c`
  cause: failed to create directory `/sys/c`: Operation not permitted (os error 1)
"""
READ_ONLY_INSIDE = """\
error: Could not acquire lock
  cause: Could not create temporary file
  cause: Permission denied (os error 13) at path "/mnt/ro/.tmpnKJJZw"
"""


@pytest.mark.parametrize("said", [READ_ONLY, READ_ONLY_INSIDE])
def test_a_cache_that_cannot_be_written_is_named_by_its_variable(said: str) -> None:
    found = error(said, Settings())

    assert "UV_CACHE_DIR" in found.hint
    assert "not permitted" in found.context[0] or "Permission denied" in found.context[0]


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        (CONFLICT, "installer-refuses"),
        (NO_WHEEL, "installer-refuses"),
        (NOT_BUILT, "installer-refuses"),
        (SILENT, "index-unreachable"),
        (OFFLINE, "not-in-cache"),
        (UNAUTHORIZED, "index-not-allowed"),
        (FORBIDDEN, "index-not-allowed"),
        (FULL, "disk-full"),
        (READ_ONLY, "place-not-writable"),
        (READ_ONLY_INSIDE, "place-not-writable"),
        (GARBAGE, "uv-failed"),
        ("", "uv-failed"),
        ("thread 'main' panicked", "uv-failed"),
    ],
)
def test_each_failure_has_its_reference(said: str, reference: str) -> None:
    assert error(said, Settings()).reference == reference


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (
            CONFLICT,
            (
                "all versions of b depend on numpy>=2 and all versions of a depend on numpy<2",
                "this plan needs a==1 and b==1",
            ),
        ),
        (
            NOT_BUILT,
            ("Failed to extract archive: sd==1.0 Invalid tar file",),
        ),
    ],
)
def test_a_refusal_keeps_uvs_reasons_and_leaves_its_conclusions(
    said: str, lines: tuple[str, ...]
) -> None:
    found = error(said, Settings())

    assert isinstance(found, RefusedByUvError)
    assert found.lines == lines


def test_a_refusal_is_never_a_dump() -> None:
    many = "".join(
        f"And because x{n} depends on {'y' * 999}, we can conclude z. " for n in range(99)
    )

    found = error(
        f"error: No solution found when resolving dependencies\n  cause: {many}", Settings()
    )

    assert isinstance(found, RefusedByUvError)
    assert len(found.lines) == 4
    assert max(map(len, found.lines)) <= 240


def test_a_silent_index_is_named_without_who_asked() -> None:
    found = error(SILENT, Settings())

    assert isinstance(found, SilentIndexError)
    assert found.url == "http://****@127.0.0.1:9/simple/a"
    assert found.reason == "Connection refused (os error 111)"


def test_no_secret_of_the_settings_is_repeated() -> None:
    settings = Settings(default_index=Address("http://h/simple", "joe", "opensesame"))

    found = error("error: something with opensesame in it", settings)

    assert found.context == ("something with **** in it",)
