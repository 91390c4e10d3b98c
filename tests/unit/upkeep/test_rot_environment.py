"""Installing and trying: what uv and a traceback say, read; the programs are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner import process
from provisioner.errors import OutsideError
from provisioner.process import Completed
from provisioner.upkeep.rot import blame, environment, probe
from provisioner.upkeep.rot.environment import Environment

DESCRIPTORS = """Traceback (most recent call last):
  File "/e/lib/python3.8/site-packages/tensorflow/__init__.py", line 41, in <module>
    from tensorflow.python.tools import module_util as _module_util
  File "/e/lib/python3.8/site-packages/google/protobuf/descriptor.py", line 561, in __new__
    _message.Message._CheckCalledFromGeneratedFile()
TypeError: Descriptors cannot be created directly.
If this call came from a _pb2.py file, your generated code is out of date.
More information: see the news of protobuf
"""
NUMPY = """
A module that was compiled using NumPy 1.x cannot be run in
NumPy 2.0.2 as it may crash.
/e/lib/python3.9/site-packages/torch/nn/modules/transformer.py:20: UserWarning: Failed to initialize
"""


class Programs:
    """Stands in for uv and for the interpreter that is tried."""

    def __init__(self, install: Completed, tried: Completed) -> None:
        self.install, self.tried = install, tried
        self.ran: list[list[str]] = []

    def __call__(self, argv: list[str], **_: object) -> Completed:
        self.ran.append(argv)
        if "-I" in argv:
            return self.tried
        if "install" in argv:
            return self.install
        return Completed(0, "protobuf==4.25.3\nnumpy==2.0.2\ntensorflow==2.4.4\n", "")


GOOD = Completed(0, "", "")


@pytest.fixture
def bench(tmp_path: Path) -> Environment:
    site = tmp_path / "environment" / "lib" / "python3.8" / "site-packages"
    for info, files in {
        "protobuf-4.25.3": "google/protobuf/descriptor.py,,\n",
        "numpy-2.0.2": "numpy/__init__.py,,\n../../../bin/f2py,,\n",
        "tensorflow-2.4.4": "tensorflow/__init__.py,,\n",
    }.items():
        (site / f"{info}.dist-info").mkdir(parents=True)
        (site / f"{info}.dist-info" / "RECORD").write_text(files, encoding="utf-8")
    return Environment(tmp_path, "/python3.8", "tensorflow")


def outcome(
    bench: Environment,
    monkeypatch: pytest.MonkeyPatch,
    tried: Completed = GOOD,
    install: Completed = GOOD,
) -> environment.Outcome:
    monkeypatch.setattr(process, "run", Programs(install, tried))
    return bench.attempt(["tensorflow==2.4.4"])


def test_a_program_that_comes_to_its_end_works(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome(bench, monkeypatch, Completed(0, "works\n", "a harmless warning")).works


def test_a_program_that_only_exits_well_does_not(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not outcome(bench, monkeypatch, Completed(0, "", "")).works


def test_what_is_wrong_and_who_may_be_to_blame_is_read_from_the_traceback(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = outcome(bench, monkeypatch, Completed(1, "", DESCRIPTORS))

    assert found.stage == "probe"
    assert found.error == "TypeError: Descriptors cannot be created directly."
    assert found.suspects == ("protobuf", "tensorflow")
    assert found.version_of("protobuf") == "4.25.3"


def test_working_without_numpy_is_not_working(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = outcome(bench, monkeypatch, Completed(0, "works\n", NUMPY))

    assert found.stage == "probe"
    assert found.error == "A module that was compiled using NumPy 1.x cannot be run in NumPy 2"
    assert found.suspects[0] == "numpy"


def test_a_module_that_nobody_has_is_missing_and_one_that_is_broken_is_not(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Completed(1, "", "ModuleNotFoundError: No module named 'pkg_resources'")
    broken = Completed(1, "", "ModuleNotFoundError: No module named 'numpy.core._multi'")

    assert outcome(bench, monkeypatch, nobody).missing == "pkg_resources"
    assert outcome(bench, monkeypatch, broken).missing is None
    assert outcome(bench, monkeypatch, broken).suspects == ("numpy",)


def test_a_crash_names_its_signal(bench: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    found = outcome(bench, monkeypatch, Completed(-4, "", ""))

    assert found.error == "ended by signal 4: it printed nothing"


def test_what_uv_refuses_is_said_in_one_line(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = (
        "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because of\n      six."
    )
    found = outcome(bench, monkeypatch, install=Completed(1, "", refused))

    assert found.stage == "install"
    assert found.error == "No solution found when resolving dependencies: Because of six."


@pytest.mark.parametrize(
    ("printed", "reference"),
    [
        ("error: Failed to fetch: `https://index.invalid/six/`", "index-unreachable"),
        ("Caused by: error sending request for url", "index-unreachable"),
        ("failed to write: No space left on device (os error 28)", "disk-full"),
    ],
)
def test_an_index_that_is_silent_or_a_full_disk_says_nothing_of_a_release(
    printed: str, reference: str, bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutsideError) as told:
        outcome(bench, monkeypatch, install=Completed(2, "", printed))

    assert told.value.reference == reference


@pytest.mark.parametrize("framework", probe.FRAMEWORKS)
def test_a_framework_is_tried_by_the_program_that_verify_runs(framework: str) -> None:
    *how, path, word = probe.command(framework)
    text = Path(path).read_text(encoding="utf-8")

    assert (how, word) == (["-I", "-B"], "numpy")
    assert Path(path) in probe.sources()
    assert f': {probe.WORKS}" %' in text
    compile(text, framework, "exec")


def test_an_error_holds_no_place_of_this_machine_and_nothing_that_cannot_be_printed(
    bench: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = bench.path / "lib" / "python3.8" / "site-packages" / "torch" / "libtorch.so"
    found = outcome(bench, monkeypatch, Completed(1, "", f"ImportError: {where}:\x1b[0m no stack"))

    assert found.error == "ImportError: torch/libtorch.so:[0m no stack"


def test_a_very_long_error_is_cut() -> None:
    assert len(blame.essence("ValueError: " + 1000 * "x")) == 200
