"""Programs of the live machine: engines, tools, toolkits and interpreters, real and pretended."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioner.detect import containers, detect, pythons, toolkits, tools
from provisioner.detect.host import Host
from provisioner.detect.remembered import FactCache

Write = Callable[[str, str], Path]


@pytest.fixture
def host(live_env: dict[str, str]) -> Host:
    return Host("/", live_env, FactCache(None), time_limit_s=3)


DOCKER = 'echo "Docker version 28.2.2, build e6534b4"'


def test_a_docker_client_without_a_daemon_is_said_to_lack_it(
    program: Write, live_env: dict[str, str], tmp_path: Path
) -> None:
    program("docker", DOCKER)
    live_env["DOCKER_HOST"] = f"unix://{tmp_path}/none.sock"

    report = detect(env=live_env, cache_dir=tmp_path / "cache")

    assert report.machine.containers["docker"] == "28.2.2"
    assert report.machine.containers["docker_daemon"] is False
    assert "docker-daemon-unreachable" in [warning.reference for warning in report.warnings]


@contextmanager
def daemon(path: Path, answer: bytes) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(
    ("answer", "alive"),
    [(b"HTTP/1.0 200 OK\r\n\r\nOK", True), (b"HTTP/1.0 500 Oops\r\n\r\n", False), (b"hi", False)],
)
def test_a_daemon_is_alive_when_it_answers_as_docker_does(
    program: Write, host: Host, live_env: dict[str, str], answer: bytes, *, alive: bool
) -> None:
    path = program("docker", DOCKER).with_name("d.sock")
    live_env["DOCKER_HOST"] = f"unix://{path}"

    with daemon(path, answer):
        found = containers.probe(host)

    assert found["docker_daemon"] is alive


def test_a_socket_that_nobody_listens_on_is_no_daemon(
    program: Write, host: Host, live_env: dict[str, str], tmp_path: Path
) -> None:
    program("docker", DOCKER)
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "d.sock"))
    live_env["DOCKER_HOST"] = f"unix://{tmp_path}/d.sock"

    assert containers.probe(host)["docker_daemon"] is False


def test_a_daemon_elsewhere_is_not_asked(
    program: Write, host: Host, live_env: dict[str, str]
) -> None:
    program("docker", DOCKER)
    live_env["DOCKER_HOST"] = "tcp://192.0.2.1:2375"

    assert containers.probe(host)["docker_daemon"] is None


def test_one_tool_that_hangs_does_not_hide_the_next(
    program: Write, live_env: dict[str, str], tmp_path: Path
) -> None:
    program("conda", "PATH=/usr/bin:/bin; sleep 60")
    program("uv", 'echo "uv 0.13.8"')
    live_env["DLSETUP_PROBE_SECONDS"] = "0.5"

    report = detect(env=live_env, cache_dir=tmp_path / "cache")

    assert report.machine.tools["conda"] is None
    assert report.machine.tools["uv"] == "0.13.8"
    assert f"{tmp_path}/bin/conda did not end in time" in [w.message for w in report.warnings]


def test_conda_is_found_where_an_activated_shell_keeps_it(
    host: Host, live_env: dict[str, str], tmp_path: Path
) -> None:
    conda = tmp_path / "forge" / "conda"
    conda.parent.mkdir()
    conda.write_text("#!/bin/sh\necho conda 24.9.2\n", encoding="utf-8")
    conda.chmod(0o755)
    live_env["CONDA_EXE"] = str(conda)

    assert tools.probe(host)["conda"] == "24.9.2"


NVCC = 'echo "Cuda compilation tools, release 11.8, V11.8.89"'


def test_an_nvcc_on_path_is_a_toolkit_and_no_driver(
    program: Write, live_env: dict[str, str], tmp_path: Path
) -> None:
    program("nvcc", NVCC)

    machine = detect(env=live_env, cache_dir=tmp_path / "cache").machine

    assert ("11.8", str(tmp_path)) in [(kit.version, kit.path) for kit in machine.toolkits]
    assert machine.driver is None or machine.sources["driver"] != "programs"


def test_an_nvcc_that_does_not_run_is_no_toolkit(
    program: Write, host: Host, tmp_path: Path
) -> None:
    program("nvcc", "exit 127")

    assert str(tmp_path) not in [kit.path for kit in toolkits.probe(host)]


def test_a_toolkit_named_by_its_variable_is_found_by_its_own_word(
    host: Host, live_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "version.json").write_text('{"cuda": {"version": "12.6.3"}}', encoding="utf-8")
    live_env["CUDA_HOME"] = str(tmp_path)

    assert ("12.6.3", str(tmp_path)) in [(kit.version, kit.path) for kit in toolkits.probe(host)]


def test_a_wrapper_that_leads_to_a_known_toolkit_is_no_second_one(
    program: Write, host: Host, live_env: dict[str, str], tmp_path: Path
) -> None:
    program("nvcc", NVCC)
    toolkit = tmp_path / "cuda"
    toolkit.mkdir()
    (toolkit / "version.json").write_text('{"cuda": {"version": "11.8.0"}}', encoding="utf-8")
    live_env["CUDA_HOME"] = str(toolkit)

    found = [kit.path for kit in toolkits.probe(host) if str(tmp_path) in kit.path]

    assert found == [str(toolkit)]


BASE_PYTHON = os.path.realpath(sys.executable)


def python_paths(host: Host) -> list[str]:
    return [os.path.realpath(interpreter.path) for interpreter in pythons.probe(host)]


def test_an_interpreter_is_listed_by_its_own_version_and_once(host: Host, tmp_path: Path) -> None:
    for name in ("python", "python3", "python3.99"):
        (tmp_path / "bin" / name).symlink_to(BASE_PYTHON)

    found = [python for python in pythons.probe(host) if str(tmp_path) in python.path]

    assert [python.version for python in found] == [".".join(map(str, sys.version_info[:3]))]


def test_a_shim_that_answers_command_not_found_is_no_python(
    program: Write, host: Host, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    program("python3.6", f': > {asked}\nexec "/root/.pyenv/libexec/pyenv" exec "$program" "$@"')
    program("python3.7", "echo 'pyenv: python3.7: command not found' >&2; exit 127")

    assert not [path for path in python_paths(host) if str(tmp_path) in path]
    assert not asked.exists()


def test_a_file_that_only_bears_the_name_is_no_python(program: Write, host: Host) -> None:
    fake = program("python3.12", "echo 3.12.0; echo cpython; echo relative/python")

    assert str(fake) not in python_paths(host)


def test_a_virtual_environment_counts_as_its_base(
    host: Host, live_env: dict[str, str], tmp_path: Path
) -> None:
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(
        f"home = {os.path.dirname(BASE_PYTHON)}\nversion = 3\n", encoding="utf-8"
    )
    (environment / "bin" / "python3").symlink_to(BASE_PYTHON)
    live_env["PATH"] = str(environment / "bin")

    paths = [python.path for python in pythons.probe(host)]

    assert not [path for path in paths if str(environment) in path]
    assert BASE_PYTHON in [os.path.realpath(path) for path in paths]


@pytest.mark.parametrize(
    ("home", "variable", "value"),
    [
        (".pyenv/versions/9.9.9", "", ""),
        ("elsewhere/versions/9.9.9", "PYENV_ROOT", "elsewhere"),
        (".local/share/uv/python/cpython-9.9.9-linux-x86_64-gnu", "", ""),
        ("data/uv/python/cpython-9.9.9-linux-x86_64-gnu", "XDG_DATA_HOME", "data"),
        ("pythons/cpython-9.9.9-linux-x86_64-gnu", "UV_PYTHON_INSTALL_DIR", "pythons"),
        ("miniconda3", "", ""),
        ("miniforge3/envs/work", "", ""),
        (".conda/envs/work", "", ""),
        (".local/share/mamba/envs/work", "", ""),
        ("mamba/envs/work", "MAMBA_ROOT_PREFIX", "mamba"),
        ("company/conda/envs/work", "CONDA_EXE", "company/conda/bin/conda"),
        ("active", "CONDA_PREFIX", "active"),
    ],
)
def test_interpreters_of_every_installer_are_found_without_path(
    home: str, variable: str, value: str, host: Host, live_env: dict[str, str]
) -> None:
    live_env |= {variable: f"{live_env['HOME']}/{value}"} if variable else {}
    asked = wrapper_at(Path(live_env["HOME"]) / home)

    assert BASE_PYTHON in python_paths(host)
    assert asked.exists()


def test_an_environment_that_conda_wrote_down_is_found(
    host: Host, live_env: dict[str, str], tmp_path: Path
) -> None:
    asked = wrapper_at(tmp_path / "projects" / "work")
    listed = Path(live_env["HOME"]) / ".conda" / "environments.txt"
    listed.parent.mkdir()
    listed.write_text(f"relative\n/nonexistent\n{tmp_path}/projects/work\n", encoding="utf-8")

    assert BASE_PYTHON in python_paths(host)
    assert asked.exists()


def wrapper_at(home: Path) -> Path:
    """A program that runs a real interpreter; once asked, it leaves a file behind."""
    (home / "bin").mkdir(parents=True)
    wrapper = home / "bin" / "python3"
    wrapper.write_text(f'#!/bin/sh\n: > "$0.asked"\nexec {BASE_PYTHON} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    return home / "bin" / "python3.asked"


def test_this_machine_is_seen_as_the_standard_library_sees_it(tmp_path: Path) -> None:
    machine = detect(cache_dir=tmp_path).machine

    system = os.uname()
    assert (machine.arch, machine.os.kernel) == (system.machine, system.release)
    assert machine.cpu.cores == len(os.sched_getaffinity(0))
    assert "/" in [disk.path for disk in machine.disks]
    assert machine.driver_is_known
    if not os.path.exists("/var/run/docker.sock") and "DOCKER_HOST" not in os.environ:
        assert machine.containers.get("docker_daemon") in (False, None)
    if not os.path.exists("/proc/driver/nvidia") and not os.path.exists("/dev/dxg"):
        assert machine.driver is None


def test_every_python_of_this_machine_runs_and_is_what_was_said(tmp_path: Path) -> None:
    import subprocess

    machine = detect(cache_dir=tmp_path).machine

    assert BASE_PYTHON in [os.path.realpath(python.path) for python in machine.pythons]
    for python in machine.pythons:
        assert "shims" not in python.path
        answer = subprocess.run(
            [python.path, "--version"], capture_output=True, text=True, check=True
        )
        assert f"Python {python.version.rstrip('t')}" in answer.stdout + answer.stderr
