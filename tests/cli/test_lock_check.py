"""``lock --check``: does a lock still fit a machine that changed? Texts whole."""

from __future__ import annotations

import pytest

from tests.cli.locking import CPU, PYTHON, SUPER, TORCH, World, add

AS_IT_WAS = SUPER

NO_GPU = """\
error: lock-does-not-fit

{lock} does not fit this machine.

  this machine has no GPU; the lock is for NVIDIA GeForce RTX 2070 SUPER 7.5
  changed   GPU: NVIDIA GeForce RTX 2070 SUPER 7.5, now none known
  changed   driver: 550.54.14, now none known

hint: Lock again for this machine: dlsetup lock REQ
"""

BLACKWELL = (
    "torch 2.14.1+cu126: it holds code for sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90: "
    "nothing that runs on NVIDIA GeForce RTX 5090 (12.0)"
)


@pytest.fixture
def locked(world: World) -> World:
    assert world.run(f"torch=={TORCH}", *SUPER, "--python", PYTHON).code == 0
    return world


def machine(gpu: str, driver: str, os: str = "ubuntu-22.04", arch: str = "x86_64") -> list[str]:
    return ["--gpu", gpu, "--driver", driver, "--os", os, "--arch", arch]


@pytest.mark.parametrize(
    "words",
    [
        AS_IT_WAS,
        machine("RTX 2070 SUPER", "580"),
        machine("GTX 1080 Ti", "535"),
        machine("RTX 3090", "525.60.13"),
        machine("RTX 2070 SUPER", "550", "ubuntu-24.04"),
        machine("RTX 2070 SUPER", "550", "rocky-8"),
        [*AS_IT_WAS, "--python", PYTHON],
    ],
)
def test_a_lock_fits_a_machine_that_its_builds_serve(locked: World, words: list[str]) -> None:
    done = locked.run("--check", str(locked.lock), *words)

    assert (done.code, done.out) == (0, f"{locked.lock} fits this machine.\n")


@pytest.mark.parametrize(
    ("words", "against"),
    [
        (
            machine("RTX 5090", "580"),
            BLACKWELL,
        ),
        (
            machine("RTX 2070 SUPER", "470"),
            "the lock needs driver 525.60.13 or later; this machine has driver 470.42.01",
        ),
        (
            machine("RTX 2070 SUPER", "none"),
            "the lock needs driver 525.60.13 or later; this machine has no driver",
        ),
        (
            machine("RTX 2070 SUPER", "550", arch="aarch64"),
            "this machine is aarch64; the lock is for x86_64",
        ),
        (
            machine("RTX 2070 SUPER", "560.70", "windows-11"),
            "this machine runs windows-11; the lock is for ubuntu-22.04",
        ),
        (
            [*AS_IT_WAS, "--python", "3.14"],
            f"Python 3.14 is asked for; the lock is for {PYTHON}",
        ),
    ],
)
def test_the_fact_that_decides_is_told(locked: World, words: list[str], against: str) -> None:
    done = locked.run("--check", str(locked.lock), *words, "--json")

    assert done.code == 1
    assert done.document["errors"][0]["reference"] == "lock-does-not-fit"
    assert done.document["data"]["fits"] is False
    assert done.document["data"]["against"] == [against]


def test_a_machine_without_the_gpu_never_computes_on_the_cpu_in_silence(locked: World) -> None:
    done = locked.run("--check", str(locked.lock), *CPU)

    assert (done.code, done.out, done.err) == (1, "", NO_GPU.format(lock=locked.lock))


def test_a_lock_for_the_cpu_fits_a_machine_with_a_gpu_where_the_cpu_was_asked_for(
    world: World,
) -> None:
    assert world.run(f"torch=={TORCH}", *CPU, "--python", PYTHON).code == 0

    assert world.run("--check", str(world.lock), *SUPER).code == 0


def test_a_lock_for_a_driver_to_come_fits_until_something_else_changes(world: World) -> None:
    without = machine("RTX 2070 SUPER", "none")
    assert world.run("torch==2.14.1", *without, "--python", PYTHON).code == 0

    done = world.run("--check", str(world.lock), *without)

    assert done.code == 0
    assert "warning: As when it was made, the lock needs driver" in done.err
    assert world.run("--check", str(world.lock), *machine("RTX 2070 SUPER", "470")).code == 1


@pytest.mark.parametrize("text", ["", "x = [", "lock-version = '1.0'\n", "[tool]\ndlsetup = 3\n"])
def test_what_is_no_lock_of_ours_is_told(world: World, text: str) -> None:
    world.lock.write_text(text, encoding="utf-8")

    done = world.run("--check", str(world.lock), *CPU)

    assert (done.code, done.err.splitlines()[0]) == (2, "error: bad-lock-file")


def test_a_lock_that_is_not_there_is_told(world: World) -> None:
    done = world.run("--check", str(world.home / "pylock.none.toml"), *CPU)

    assert (done.code, done.err.splitlines()[0]) == (2, "error: bad-lock-file")


def test_checking_asks_nobody(locked: World) -> None:
    for index in (locked.default, locked.cu126, locked.cpu):
        index.forget()

    locked.run("--check", str(locked.lock), *SUPER)

    assert locked.default.requests + locked.cu126.requests + locked.cpu.requests == 0


def test_tensorflow_locked_without_its_gpu_libraries_would_leave_a_gpu_idle(world: World) -> None:
    """The same wheel serves CPU and GPU: what makes the difference is what comes with it."""
    add(world.default, "tensorflow", "2.21.0", tag="cp312-cp312-manylinux_2_27_x86_64")
    system = ("--os", "ubuntu-24.04", "--arch", "x86_64")
    assert world.run("tensorflow==2.21.0", *system).code == 0

    gpu = machine("RTX 3090", "580.65.06", "ubuntu-24.04")
    done = world.run("--check", str(world.lock), *gpu, "--json")

    assert done.code == 1
    assert (
        "tensorflow is locked without [and-cuda], and would leave the GPU idle"
        in (done.document["data"]["against"])
    )
    assert done.document["data"]["changed"] == [
        "GPU: none known, now NVIDIA GeForce RTX 3090 8.6",
        "driver: none known, now 580.65.06",
    ]


@pytest.mark.parametrize(
    ("old", "new", "against"),
    [
        (f'version = "{TORCH}+cu126"', 'version = "2.9.1"', "lists torch 2.9.1 now"),
        ('name = "torch"\nversion', 'name = "touch"\nversion', "lists no torch now"),
    ],
)
def test_a_lock_that_somebody_changed_since_does_not_fit(
    locked: World, old: str, new: str, against: str
) -> None:
    text = locked.lock.read_text(encoding="utf-8")
    locked.lock.write_text(text.replace(old, new, 1), encoding="utf-8")

    done = locked.run("--check", str(locked.lock), *SUPER, "--json")

    assert done.code == 1
    told = f"it was made for torch {TORCH}, and {against}"
    assert done.document["data"]["against"] == [told]


@pytest.mark.parametrize(
    ("old", "new"), [('name = "torch"', "name = 3"), ("[[packages]]", "[[x]]")]
)
def test_a_lock_whose_packages_are_damaged_is_not_uvs_fault(
    locked: World, old: str, new: str
) -> None:
    text = locked.lock.read_text(encoding="utf-8")
    locked.lock.write_text(text.replace(old, new), encoding="utf-8")

    done = locked.run("--check", str(locked.lock), *SUPER)

    assert (done.code, done.err.splitlines()[0]) == (2, "error: bad-lock-file")


def test_a_file_without_an_end_is_left(world: World) -> None:
    done = world.run("--check", "/dev/zero", *CPU)

    assert (done.code, done.err.splitlines()[0]) == (2, "error: bad-lock-file")
    assert "it is larger than 64 MiB" in done.err
