"""``dlsetup doctor`` in an Ubuntu 16.04, with wheels of the index that its glibc is too old for."""

from __future__ import annotations

import json
import platform
import re

import pytest

from tests.integration.old_glibc import GLIBC, SITE, doctor, old_root, put
from tests.integration.roots import Root

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the archive is asked for x86_64"),
]

NEW, OLD = "torchaudio==2.11.0", "torchaudio==2.6.0"
"""Small wheels: of manylinux_2_28, and of the last release that was built for glibc 2.17."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return old_root(tmp_path_factory.mktemp("old"))


def unloadable(root: Root) -> list[str]:
    """What the loader of that system says of the wheel's libraries."""
    libraries = f"ldd /{SITE}/torchaudio/lib/*.so"
    said = root.run("sh", "-c", libraries, network=False)
    return re.findall(r"version `GLIBC_\S+' not found", said.stdout + said.stderr)


def test_a_wheel_that_needs_a_newer_glibc_is_found_before_anything_is_imported(root: Root) -> None:
    put(root, NEW)

    ran = doctor(root, "--json")
    finding = json.loads(ran.stdout)["data"]["findings"][0]
    text = doctor(root).stdout

    assert unloadable(root) == ["version `GLIBC_2.27' not found"]
    assert ran.returncode == 1, ran.stderr
    assert [finding[name] for name in ("reference", "severity", "confidence")] == [
        *("glibc-too-old", "error", "certain"),
    ]
    assert finding["evidence"][0] == (
        f"torchaudio 2.11.0 was built for glibc 2.28, here is glibc {GLIBC}"
    )
    assert finding["fix"][:2] == [
        # The last torch of manylinux1, as the facts of its wheels say.
        "install a build that this system's glibc carries: pip install torch==2.6.0",
        "or run it in a container, which has a glibc of its own: dlsetup render dockerfile torch",
    ]
    assert text.startswith("error: glibc-too-old\n")


def test_a_wheel_of_the_same_name_that_the_old_glibc_carries_is_no_finding(root: Root) -> None:
    put(root, OLD)

    ran = doctor(root)

    assert unloadable(root) == []
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Nothing was found that is wrong.\n")
