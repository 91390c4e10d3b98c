"""Old Pythons and old TensorFlow, jax, and packages that nobody chose are looked at too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.upkeep.wheels import installable

PROGRAMS = Path(__file__).parents[3] / "templates/shell/verify"
BEFORE_3_8 = "import sys; sys.modules['importlib.metadata'] = None\n"

JAX = """
__version__ = "0.10.2"


class Device:
    platform = "{platform}"


class Product:
    def __matmul__(self, other):
        return self


def devices():
    return [Device()] * {devices}


def device_put(array, device):
    return Product()
"""
NUMPY = """
class Array:
    def sum(self):
        return {answer}


def ones(shape, kind):
    return Array()


def asarray(product):
    return Array()
"""


def prove(site: Path, program: str, *words: str, first: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-", *words],
        input=first + (PROGRAMS / f"{program}.py.j2").read_text(),
        env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def installed(site: Path, name: str, version: str, members: dict[str, str]) -> None:
    import io
    import zipfile

    _, data = installable(name, version, members)
    zipfile.ZipFile(io.BytesIO(data)).extractall(site)


@pytest.mark.parametrize("first", ["", BEFORE_3_8], ids=["today", "before-python-3.8"])
def test_versions_are_read_on_every_python(first: str, tmp_path: Path) -> None:
    installed(tmp_path, "made-up.name", "1.2+cu126", {})

    assert prove(tmp_path, "versions", "made_up-name==1.2", first=first)[0] == 0
    assert prove(tmp_path, "versions", "made-up.name==1.2+cu126", first=first)[0] == 0
    wrong = prove(tmp_path, "versions", "made-up.name==1.3", first=first)
    assert (wrong[0], wrong[2]) == (1, "made-up.name is 1.2+cu126; 1.3 was planned\n")
    missing = prove(tmp_path, "versions", "other==1", first=first)
    assert (missing[0], missing[2]) == (1, "other is not installed; 1 was planned\n")


def test_a_companion_is_imported_by_its_own_name_or_its_only_one(tmp_path: Path) -> None:
    installed(tmp_path, "scikit-made", "1", {"skmade/__init__.py": "", "skmade/deep.py": ""})
    installed(tmp_path, "of-many", "1", {"of_many.py": "", "beside.py": "raise OSError"})
    installed(tmp_path, "nameless", "1", {"one.py": "raise OSError", "two.py": "raise OSError"})
    names = ("scikit-made", "Of.Many", "nameless", "not-installed")

    assert prove(tmp_path, "companions", *names) == (
        0,
        "  import skmade: fine\n  import of_many: fine\n",
        "",
    )


def test_a_companion_that_does_not_import_is_a_note_and_no_failure(tmp_path: Path) -> None:
    installed(tmp_path, "broken", "1", {"broken.py": "raise ImportError('no libGL.so.1\\nmore')"})
    installed(tmp_path, "leaves", "1", {"leaves.py": "raise SystemExit(3)"})

    code, said, _ = prove(tmp_path, "companions", "broken", "leaves")
    assert code == 0
    assert said.splitlines() == [
        "note: broken of broken does not import: ImportError: no libGL.so.1",
        "note: leaves of leaves does not import: SystemExit: 3",
    ]


@pytest.mark.parametrize(
    ("wrong", "words", "said"),
    [
        pytest.param({}, ("0.10.2", "cpu"), "", id="right-on-the-cpu"),
        pytest.param({"platform": "gpu"}, ("0.10.2", "cuda", "1", "12"), "", id="right-on-a-gpu"),
        pytest.param({}, ("0.9.0", "cpu"), "jax is 0.10.2; 0.9.0 was planned", id="version"),
        pytest.param({"answer": 3}, ("0.10.2", "cpu"), "wrongly on the CPU", id="answer"),
        pytest.param({}, ("0.10.2", "cuda", "1", "12"), "sees 0 of 1 GPUs", id="silently-cpu"),
        pytest.param(
            {"platform": "gpu"}, ("0.10.2", "cuda", "2", "12"), "sees 1 of 2 GPUs", id="one-missing"
        ),
    ],
)
def test_jax_passes_only_when_it_computes_where_it_was_planned(
    tmp_path: Path, wrong: dict[str, object], words: tuple[str, ...], said: str
) -> None:
    facts = {"platform": "cpu", "devices": 1, "answer": 256**3, **wrong}
    (tmp_path / "jax.py").write_text(JAX.format(**facts))
    (tmp_path / "numpy.py").write_text(NUMPY.format(**facts))
    code, _, complaint = prove(tmp_path, "jax", *words)

    assert (code == 0) is (not said), complaint
    assert said in complaint


OLD_TENSORFLOW = """
__version__ = "1.9.0"
from contextlib import nullcontext as device


class Number(float):
    def sum(self):
        return self


class Session:
    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return None

    def run(self, asked):
        return [Number({answer})] * len(asked)


def ones(size):
    return None


def matmul(left, right):
    return None


def reduce_sum(tensor):
    return None
"""


@pytest.mark.parametrize(("answer", "code"), [(256**3, 0), (5, 1)])
def test_tensorflow_from_before_eager_execution_is_asked_in_a_session(
    answer: int, code: int, tmp_path: Path
) -> None:
    (tmp_path / "tensorflow.py").write_text(OLD_TENSORFLOW.format(answer=answer))

    assert prove(tmp_path, "tensorflow", "1.9.0", "cpu")[0] == code
