"""The program that a script proves an environment with, run against made-up frameworks."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.errors import BadDataError
from provisioner.render.proof import program

TORCH = """
__version__ = "2.14.1+cu126"


class Tensor:
    def __matmul__(self, other):
        return self

    def sum(self):
        return {answer}


def ones(*size, device="cpu"):
    return Tensor()


class version:
    cuda = {cuda!r}


class cuda:
    @staticmethod
    def device_count():
        return {gpus}

    @staticmethod
    def get_device_name(index):
        return "RTX"
"""
TORCH_RIGHT = {"answer": 256**3, "cuda": "12.6", "gpus": 2}
TENSORFLOW = """
__version__ = "2.21.0"


class Tensor:
    device = "/job:localhost/replica:0/task:0/device:{device}"

    def numpy(self):
        return self

    def sum(self):
        return {answer}


class device:
    def __init__(self, name):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return None


def ones(size):
    return Tensor()


def matmul(left, right):
    return Tensor()


class config:
    @staticmethod
    def list_physical_devices(kind):
        return [kind] * {gpus}
"""
TENSORFLOW_RIGHT = {"device": "GPU:0", "answer": 256**3, "gpus": 1}


def run(
    tmp_path: Path, module: str, source: str, version: str, *commands: tuple[str, ...]
) -> tuple[int, str]:
    """Run the program where such a module is installed in that version."""
    (tmp_path / f"{module}.py").write_text(source)
    info = tmp_path / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{module}.py,,\nlib/thing.so,,\n")
    done = subprocess.run(
        [sys.executable, "-"],
        input=program("3.12", commands),
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


PINNED = ("verify_versions", "torch==2.14.1+cu126")
ON_TWO = ("verify_torch", "2.14.1", "cuda", "2", "12.6")


def test_torch_on_every_gpu_passes_and_says_so(tmp_path: Path) -> None:
    code, said = run(tmp_path, "torch", TORCH.format(**TORCH_RIGHT), "2.14.1+cu126", PINNED, ON_TWO)

    assert code == 0
    assert said == (
        "  torch 2.14.1+cu126\n"
        "  torch 2.14.1+cu126 computes on RTX, 0\n"
        "  torch 2.14.1+cu126 computes on RTX, 1\n"
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"gpus": 1}, "torch sees 1 of 2 GPUs", id="a-gpu-is-not-seen"),
        pytest.param({"gpus": 0}, "torch sees 0 of 2 GPUs: it would silently", id="silently-cpu"),
        pytest.param({"cuda": None}, "torch is built for CUDA None; 12.6", id="cpu-build"),
        pytest.param({"cuda": "13.0"}, "built for CUDA 13.0; 12.6", id="another-cuda"),
        pytest.param({"answer": 0}, "computes wrongly on GPU 0", id="wrong-answer"),
    ],
)
def test_torch_fails_when_a_gpu_is_not_really_used(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    source = TORCH.format(**{**TORCH_RIGHT, **wrong})
    code, text = run(tmp_path, "torch", source, "2.14.1+cu126", PINNED, ON_TWO)

    assert code == 1
    assert said in text


@pytest.mark.parametrize(
    ("installed", "planned", "fine"),
    [
        ("2.14.1+cu126", "2.14.1+cu126", True),
        ("2.14.1+cu126", "2.14.1", True),
        ("2.14.1", "2.14.1+cu126", False),
        ("2.14.1+cpu", "2.14.1+cu126", False),
        ("2.14.2", "2.14.1", False),
        ("1.15.5+nv22.2", "1.15.5+nv22.02", True),
    ],
)
def test_what_is_installed_is_what_was_planned(
    tmp_path: Path, installed: str, planned: str, fine: bool
) -> None:
    wanted = ("verify_versions", f"torch=={planned}")
    code, said = run(tmp_path, "torch", "", installed, wanted)

    assert (code == 0) is fine, said
    assert fine or f"torch is {installed}; {planned} was planned" in said


def test_what_is_not_there_fails(tmp_path: Path) -> None:
    code, said = run(tmp_path, "torch", "", "1.0", ("verify_versions", "no-such-package==1.0"))

    assert code == 1
    assert "no-such-package" in said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({}, "  tensorflow 2.21.0 computes on GPU:0\n", id="fine"),
        pytest.param({"gpus": 0}, "sees 0 of 1 GPUs: it would silently use the CPU", id="none"),
        pytest.param({"device": "CPU:0"}, "CPU:0, not GPU:0", id="falls-back"),
        pytest.param({"answer": 7}, "computes wrongly on GPU:0", id="wrong"),
    ],
)
def test_tensorflow_passes_only_where_every_gpu_computes(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    source = TENSORFLOW.format(**{**TENSORFLOW_RIGHT, **wrong})
    asked = ("verify_tensorflow", "2.21.0", "cuda", "1", "12.5")
    code, text = run(tmp_path, "tensorflow", source, "2.21.0", asked)

    assert code == (1 if wrong else 0)
    assert said in text


def test_on_the_cpu_each_computes_there(tmp_path: Path) -> None:
    source = TENSORFLOW.format(**TENSORFLOW_RIGHT | {"device": "CPU:0"})
    asked = ("verify_tensorflow", "2.21.0", "cpu")

    assert run(tmp_path, "tensorflow", source, "2.21.0", asked)[0] == 0
    assert run(tmp_path, "torch", TORCH.format(**TORCH_RIGHT), "1", ("verify_torch", "2", "cpu"))


def test_a_module_that_does_not_load_fails_and_a_companion_is_a_note(tmp_path: Path) -> None:
    broken = "raise OSError('libx.so.1: no such file')"
    code, said = run(tmp_path, "thing", broken, "1.0", ("verify_companions", "thing", "absent"))

    assert code == 0, said
    assert "note: thing does not import: OSError: libx.so.1: no such file" in said
    assert "note: absent does not import" in said
    must, error = run(tmp_path, "other", broken, "1.0", ("verify_imports", "other"))
    assert (must, "OSError: libx.so.1" in error) == (1, True)


def test_words_of_a_plan_stay_words() -> None:
    evil = 'x"]; import os\nPYTHON\nos.system("id")\n#'
    texts = [
        program("3.12", (("verify_versions", f"{evil}=={evil}"), ("verify_companions", evil))),
        program("3.12", (("verify_torch", evil, "cuda", "1", evil),)),
        program("3.7", (("verify_versions", evil),)),
    ]

    for text in texts:
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        assert "PYTHON" not in text.splitlines()
        assert "PYTHON" not in names
        assert not any(line.startswith("os.system") for line in text.splitlines())
    with pytest.raises(BadDataError) as caught:
        program("3.12", (("verify_imports", "os; id"),))
    assert caught.value.reference == "bad-plan"


@pytest.mark.parametrize(
    ("python", "command", "sign"),
    [
        ("3.7", ("verify_versions", "torch==1.0"), "before Python 3.8"),
        ("3.8", ("verify_tensorflow", "1.15.5+nv22.12", "cuda", "1", "11.8"), "tf.Session()"),
        ("3.12", ("verify_torch_device", "2.11.0", "rocm", "gfx1100"), "gcnArchName"),
    ],
)
def test_what_is_old_or_rare_is_proved_by_the_program_that_verify_runs(
    python: str, command: tuple[str, ...], sign: str
) -> None:
    text = program(python, (command,))

    assert sign in text
    assert text.startswith("import sys\n")  # it asks for no module itself: old Pythons lack some
    assert f"sys.argv[1:] = {[*command[1:]]!r}".replace("'", '"') in text
    ast.parse(text)
