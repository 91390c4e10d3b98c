"""What ``dlsetup doctor`` is for, staged on this machine: each cause is there, and it is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.sickbed import Sickbed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages causes of Linux")

TORCH_OF_CUDA = "__version__ = '{0}'\ncuda: Optional[str] = '{1}'\nhip: Optional[str] = None\n"
TORCH_OF_CPU = "__version__ = '{0}'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n"


@pytest.fixture
def bed(tmp_path: Path) -> Sickbed:
    return Sickbed(tmp_path)


@pytest.fixture
def env(bed: Sickbed) -> Sickbed:
    bed.environment()
    return bed


def torch(bed: Sickbed, version: str = "2.9.1", cuda: str | None = "12.6") -> None:
    """A torch: what its metadata and its version.py say."""
    text = TORCH_OF_CUDA.format(version, cuda) if cuda else TORCH_OF_CPU.format(version)
    bed.put("torch", version, (), {"torch/__init__.py": "", "torch/version.py": text})


def test_a_machine_and_an_environment_that_are_well_have_no_finding(env: Sickbed) -> None:
    torch(env)
    env.put("numpy", "2.3.4")

    assert env.found() == {}


def test_a_cpu_only_build_beside_a_gpu(env: Sickbed) -> None:
    torch(env, "2.9.1+cpu", None)

    assert next(iter(env.found().items())) == ("cpu-only-wheel", "error")

    env.settings["DLSETUP_OVERRIDE_GPUS"] = "none"
    assert env.found() == {}


def test_tensorflow_cpu_and_a_jaxlib_without_its_plugin_beside_a_gpu(env: Sickbed) -> None:
    env.put("tensorflow-cpu", "2.20.0", (), {"tensorflow/__init__.py": ""})
    assert env.found() == {"cpu-only-wheel": "error"}

    shutil.rmtree(env.env)
    env.environment()
    env.put("jaxlib", "0.8.1", (), {"jaxlib/__init__.py": ""})
    assert env.found() == {"cpu-only-wheel": "error"}

    env.put("jax-cuda12-plugin", "0.8.1")
    assert env.found() == {}


@pytest.mark.parametrize(
    ("name", "version", "needs"),
    [
        ("torch", "2.1.2", ()),
        ("tensorflow", "2.15.1", ("numpy<2.0.0,>=1.23.5",)),
        ("tensorflow-cpu", "2.15.1", ("numpy<2.0.0,>=1.23.5",)),
    ],
)
def test_numpy_2_with_a_framework_of_before(
    env: Sickbed, name: str, version: str, needs: tuple[str, ...]
) -> None:
    env.put(name, version, needs)
    env.put("numpy", "2.1.0")

    assert env.found().get("numpy2-abi") == "error"


def test_a_requirement_of_numpy_1_is_a_warning(env: Sickbed) -> None:
    env.put("made-of-c", "1.0", ("numpy<2,>=1.23",))
    env.put("numpy", "2.1.0")
    assert env.found() == {"numpy2-abi": "warning"}

    env.put("numba", "0.60.0", ("numpy<2.1,>=1.22",))
    shutil.rmtree(next(env.site.glob("made_of_c-*")))
    assert env.found() == {}


def test_protobuf_above_what_a_framework_takes(env: Sickbed) -> None:
    env.put("tensorflow", "2.15.1", ("protobuf!=4.21.0,<5.0.0dev,>=3.20.3",))
    env.put("numpy", "1.26.4")
    env.put("protobuf", "6.33.0")

    assert "protobuf" in env.found()


def test_an_extension_that_was_built_for_another_torch(env: Sickbed) -> None:
    torch(env, "2.9.1")
    env.put("xformers", "0.0.27", ("numpy", "torch==2.3.1"))

    assert env.found().get("extension-abi") == "error"


def test_a_library_that_is_shadowed(env: Sickbed, tmp_path: Path) -> None:
    lib, own = env.site / "torch" / "lib", env.site / "nvidia" / "cudnn" / "lib"
    other = tmp_path / "cuda" / "lib64"
    for folder in (lib, own, other):
        folder.mkdir(parents=True)
    for folder, version in ((own, 91000), (other, 90100)):
        built(folder / "libcudnn.so.9", f"int cudnnGetVersion(void) {{ return {version}; }}")
    needs = ("-Wl,--no-as-needed", f"-L{own}", "-l:libcudnn.so.9", "-Wl,--enable-new-dtags")
    path = "-Wl,-rpath,$ORIGIN/../../nvidia/cudnn/lib"
    built(lib / "libtorch_cuda.so", "int torch_cuda(void) { return 0; }", path, *needs)
    torch(env)
    assert env.found() == {}

    env.settings["LD_LIBRARY_PATH"] = str(other)
    ran = env.run("--json")
    (finding,) = ran.data["findings"]

    assert (finding["reference"], finding["severity"]) == ("ld-library-path", "error")
    assert finding["evidence"][0] == (
        f"libtorch_cuda.so would load {other}/libcudnn.so.9 before its own {own}/libcudnn.so.9"
    )
    assert ran.code == 1


def test_libraries_in_front_that_nothing_takes_are_a_warning_where_a_framework_is(
    env: Sickbed, tmp_path: Path
) -> None:
    (tmp_path / "lib64").mkdir()
    (tmp_path / "lib64" / "libcublas.so.12").touch()
    env.settings["LD_LIBRARY_PATH"] = str(tmp_path / "lib64")
    env.put("pip", "25.3")
    assert env.found() == {}

    torch(env)
    assert env.found() == {"ld-library-path": "warning"}


def built(file: Path, source: str, *words: str) -> None:
    """Compile a shared library under its own name."""
    code = file.with_suffix(".c")
    code.write_text(source + "\n", encoding="utf-8")
    name = f"-Wl,-soname,{file.name}"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", file, code, name, *words], check=True)


def test_two_toolkits(bed: Sickbed) -> None:
    bed.settings["CUDA_HOME"] = str(bed.toolkit("cuda-12.4", "12.4.1"))
    other = bed.toolkit("cuda-13.0", "13.0.2")
    bed.settings["PATH"] = f"{other}/bin{os.pathsep}{bed.settings['PATH']}"

    assert bed.found() == {"cuda-mismatch-ext-build": "warning"}


def test_an_nvcc_that_is_missing_where_cuda_home_says_it_is(bed: Sickbed, tmp_path: Path) -> None:
    bed.settings["CUDA_HOME"] = str(tmp_path / "nowhere")

    assert bed.found() == {"nvcc-missing": "warning"}


def test_an_nvcc_of_another_major_release_than_torch(env: Sickbed) -> None:
    env.settings["CUDA_HOME"] = str(env.toolkit("cuda-13.0", "13.0.2"))
    torch(env, cuda="12.6")
    assert env.found() == {"cuda-mismatch-ext-build": "warning"}

    torch(env, cuda="13.0")
    assert env.found() == {}


def test_a_gcc_that_is_newer_than_nvcc_takes(bed: Sickbed) -> None:
    bed.settings["CUDA_HOME"] = str(bed.toolkit("cuda-12.4", "12.4.1"))
    bed.settings.pop("DLSETUP_OVERRIDE_TOOLS")
    bed.program("bin/gcc", "13.2.0")
    assert bed.found() == {}

    bed.program("bin/gcc", "14.2.0")
    assert bed.found() == {"host-compiler": "warning"}


def test_an_engine_without_the_container_toolkit(bed: Sickbed) -> None:
    bed.settings.pop("DLSETUP_OVERRIDE_CONTAINERS")
    bed.program("bin/podman", "podman version 5.4.2")
    assert bed.found() == {"container-toolkit": "warning"}

    bed.program("bin/nvidia-ctk", "NVIDIA Container Toolkit CLI version 1.17.8")
    assert bed.found() == {}


@pytest.mark.root
def test_a_full_tmpfs(bed: Sickbed, tmp_path: Path) -> None:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("mounts a file system of its own")
    (tmp_path / "memory").mkdir()
    script = (
        'mount -t tmpfs -o size=1m none "$1" && head -c 1000000 /dev/zero > "$1/file"; '
        'TMPDIR="$1" exec "$2" -m provisioner doctor'
    )
    words = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path / "memory"), sys.executable]
    ran = subprocess.run(
        words,
        check=False,
        capture_output=True,
        text=True,
        env={**bed.settings, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith("error: disk-full\n")
    assert (
        f"seen: No space left on device: {tmp_path}/memory (a tmpfs, which is memory), 0 MB of"
        in " ".join(ran.stdout.split())
    )


def test_a_process_that_hides_every_gpu_from_itself_is_warned(bed: Sickbed) -> None:
    bed.settings["CUDA_VISIBLE_DEVICES"] = "-1"

    assert bed.found() == {"mig-visible-devices": "warning"}


def test_a_copy_elsewhere_on_the_path_that_hides_the_environments_own(
    env: Sickbed, tmp_path: Path
) -> None:
    torch(env)
    env.put("numpy", "2.3.4")
    shadow = Sickbed(tmp_path / "other")
    shadow.environment()
    shadow.put("numpy", "2.2.0")
    env.settings["PYTHONPATH"] = str(shadow.site)

    assert env.found() == {"conda-pip-mix": "warning"}
