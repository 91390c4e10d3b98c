"""``env export`` and ``env import``: an environment in one file, installed without any network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from pathlib import Path

import msgspec
import pytest

from provisioner import download
from tests.cli import bundles
from tests.cli.bundles import WHEEL, left_nothing
from tests.cli.environments import PYTHON, TENSORFLOW, Home, digest, tensorflow
from tests.unit.bundle.tars import taken_apart
from tests.unit.upkeep.wheels import installable


@pytest.fixture
def home(exported: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home in which the environment was made, with its index."""
    monkeypatch.setattr(download, "_BACKOFF_S", 0)
    bundles.furnish(exported.index)
    shutil.copytree(exported.path / "data", tmp_path / "data", symlinks=True)
    return Home(tmp_path, exported.index)


EXPORTED = """\
{path}: 2 wheels, {megabytes} MB
  needs    x86_64, Python {python}
  sha256   {sha256}
  install  dlsetup env import {path}
"""
IMPORTED = """\
demo is ready: tensorflow-cpu 2.21.0 computes on the CPU.
Enter it with: dlsetup env shell demo

Environment demo
  holds        tensorflow-cpu 2.21.0
  besides      fine 1.0
  python       {python}
  computes on  cpu
  place        {place}
  generation   1
  use it       dlsetup env run demo -- python
"""


def test_a_bundle_is_one_file_with_all_that_is_needed(home: Home) -> None:
    path = home.path / "new.tar"
    ran = home.run("env", "export", "demo", "-o", str(path))
    told = EXPORTED.format(
        path=path,
        megabytes=round(path.stat().st_size / 1e6),
        python=PYTHON,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    files = taken_apart(path)
    lock = home.environments / "demo" / "1" / "pylock.toml"

    assert (ran.code, ran.out) == (0, told), ran.err
    assert [*files] == [
        "demo/manifest.json",
        "demo/plan.json",
        "demo/pylock.toml",
        "demo/pylock.offline.toml",
        "demo/install.sh",
        "demo/uv",
        "demo/wheels/fine-1.0-py3-none-any.whl",
        WHEEL,
    ]
    assert files["demo/pylock.toml"] == lock.read_bytes()
    assert files[WHEEL] == home.index.projects["tensorflow-cpu"][0].data
    assert sorted(os.listdir(home.path)) == ["data", "new.tar"]


def test_the_same_environment_gives_the_same_bytes(home: Home, bundle: Path) -> None:
    (home.path / "elsewhere").mkdir()
    for place in ("second.tar", "elsewhere"):
        assert home.run("env", "export", "demo", "-o", str(home.path / place)).code == 0

    assert (home.path / "second.tar").read_bytes() == bundle.read_bytes()
    assert (home.path / "elsewhere" / "demo.bundle.tar").read_bytes() == bundle.read_bytes()


def test_nothing_of_this_machine_is_in_it_but_what_the_plan_relies_on(
    home: Home, bundle: Path
) -> None:
    texts = b"".join(data for name, data in taken_apart(bundle).items() if name != "demo/uv")

    assert str(home.path).encode() not in texts
    assert os.path.realpath("/proc/self/exe").encode() not in texts
    assert json.loads(taken_apart(bundle)["demo/plan.json"])["machine"]["pythons"] == []


def test_it_installs_without_asking_any_index_and_a_second_import_changes_nothing(
    elsewhere: Home, bundle: Path
) -> None:
    place = elsewhere.environments / "demo" / "1"
    first = elsewhere.run("env", "import", str(bundle))
    before = digest(elsewhere.environments)
    second = elsewhere.run("env", "import", str(bundle), "--json")
    told = elsewhere.start("env", "run", "demo", "python", "-c", "import tensorflow as t; print(t)")
    out, _ = told.communicate(timeout=60)

    assert (first.code, first.out) == (0, IMPORTED.format(python=PYTHON, place=place)), first.err
    assert (second.code, second.data["changed"]) == (0, False)
    assert digest(elsewhere.environments) == before
    assert elsewhere.index.requests == 0
    assert str(place) in out
    assert (place / "pylock.toml").read_bytes() == taken_apart(bundle)["demo/pylock.toml"]
    assert not list(place.glob(".bundle*"))


def test_where_it_was_made_there_is_nothing_to_change(home: Home, bundle: Path) -> None:
    before = digest(home.environments)
    ran = home.run("env", "import", str(bundle), "--json")

    assert (ran.code, ran.data["changed"]) == (0, False)
    assert digest(home.environments) == before


def test_it_may_be_called_otherwise(elsewhere: Home, bundle: Path) -> None:
    ran = elsewhere.run("env", "import", str(bundle), "--name", "mine", "--json")
    bad = elsewhere.run("env", "import", str(bundle), "--name", "../mine", "--json")

    assert (ran.code, ran.data["environment"]["name"]) == (0, "mine")
    assert (bad.code, bad.error["reference"]) == (2, "bad-name")
    assert os.listdir(elsewhere.environments) == ["mine"]


EXISTS = """\
error: environment-exists

demo is there already and holds tensorflow-cpu 2.20.0.

hint: Name another with --name
      Or replace it: --replace
"""


def test_another_environment_of_its_name_is_only_replaced_where_that_is_said(
    elsewhere: Home, bundle: Path
) -> None:
    tensorflow(elsewhere.index, "2.20.0")
    assert elsewhere.up("demo", "tensorflow-cpu==2.20.0").code == 0
    before = digest(elsewhere.environments)
    refused = elsewhere.run("env", "import", str(bundle))

    assert (refused.code, refused.out, refused.err) == (1, "", EXISTS)
    assert digest(elsewhere.environments) == before
    ran = elsewhere.run("env", "import", str(bundle), "--replace")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[2] == (
        "Generation 1 is kept. To go back: dlsetup env rollback demo"
    )
    assert elsewhere.run("env", "rollback", "demo", "--json").data["environment"]["generation"] == 1


def test_what_was_harmed_is_mended_by_the_bundle_that_it_came_from(
    elsewhere: Home, bundle: Path
) -> None:
    elsewhere.run("env", "import", str(bundle))
    (elsewhere.environments / "demo" / "1" / "bin" / "python").unlink()
    ran = elsewhere.run("env", "import", str(bundle), "--json")

    assert (ran.code, ran.data["environment"]["generation"]) == (0, 2)


def test_what_was_imported_is_exported_as_the_same_bytes(elsewhere: Home, bundle: Path) -> None:
    assert elsewhere.run("env", "import", str(bundle)).code == 0
    assert elsewhere.run("env", "export", "demo", "-o", str(elsewhere.path / "again.tar")).code == 0

    assert (elsewhere.path / "again.tar").read_bytes() == bundle.read_bytes()


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("ARCH", "aarch64", "this machine is aarch64; the lock is for x86_64"),
        ("OS", "windows-11", "this machine runs windows-11; the lock is for ubuntu-24.04"),
        ("PYTHONS", "[]", f"the bundle needs Python {PYTHON}; this machine has none that runs"),
        (
            "PYTHONS",
            '[{"version": "3.9.1", "path": "/usr/bin/python3.9"}]',
            f"the bundle needs Python {PYTHON}; this machine has 3.9",
        ),
    ],
)
def test_a_bundle_for_another_machine_is_refused_with_the_reason(
    setting: str, value: str, reason: str, elsewhere: Home, bundle: Path
) -> None:
    ran = elsewhere.run(
        "env", "import", str(bundle), "--json", **{f"DLSETUP_OVERRIDE_{setting}": value}
    )

    assert left_nothing(ran, elsewhere, "bundle-does-not-fit") == reason
    assert ran.code == 1


def test_what_was_made_for_the_processor_hides_the_gpus_of_another_machine(
    elsewhere: Home, bundle: Path
) -> None:
    gpu = {"DLSETUP_OVERRIDE_GPUS": "RTX 4090", "DLSETUP_OVERRIDE_DRIVER": "580.65.06"}
    ran = elsewhere.run("env", "import", str(bundle), "--json", **gpu)

    assert ran.code == 0, ran.out
    assert ran.data["environment"]["gpus"] == []


def test_what_does_not_compute_there_leaves_nothing(home: Home, elsewhere: Home) -> None:
    source = "import sys\nif '/other/' in sys.prefix:\n    raise OSError('not here')\n"
    members = {"tensorflow/__init__.py": source + TENSORFLOW.format(version="2.20.0", sum=256**3)}
    name, data = installable("tensorflow-cpu", "2.20.0", members)
    home.index.projects.clear()
    home.index.add("tensorflow-cpu", name, data)
    assert home.up("two", "tensorflow-cpu==2.20.0").code == 0
    assert home.run("env", "export", "two", "-o", str(home.path)).code == 0
    ran = elsewhere.run("env", "import", str(home.path / "two.bundle.tar"), "--json")

    assert "OSError: not here" in left_nothing(ran, elsewhere, "environment-not-verified")


def test_two_at_once_do_not_write_the_same_bundle(home: Home) -> None:
    import fcntl

    part = home.path / ".demo.tar.part"
    part.mkdir()
    (part / "left-by-a-killed-run.whl").touch()
    handle = os.open(part, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    busy = home.run("env", "export", "demo", "-o", str(home.path / "demo.tar"), "--json")
    os.close(handle)
    fine = home.run("env", "export", "demo", "-o", str(home.path / "demo.tar"), "--json")

    assert (busy.code, busy.error["reference"]) == (1, "export-busy")
    assert fine.code == 0
    assert not part.exists()


@pytest.mark.parametrize("trouble", ["404", "cut", "500"])
def test_without_a_wheel_no_bundle_is_made_and_the_one_of_before_stays(
    trouble: str, home: Home, bundle: Path
) -> None:
    before = bundle.read_bytes()
    home.index.behaviour[WHEEL.rpartition("/")[2]] = [trouble]
    ran = home.run("env", "export", "demo", "-o", str(bundle), "--json")

    assert ran.code == 3
    assert ran.error["context"][0] == f"file    {WHEEL.rpartition('/')[2]}"
    assert bundle.read_bytes() == before
    assert not list(home.path.glob(".*"))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_an_interrupted_export_leaves_nothing(ending: signal.Signals, home: Home) -> None:
    home.index.gate.clear()
    running = home.start("env", "export", "demo", "-o", str(home.path / "new.tar"))
    assert running.stderr is not None
    while "fetching" not in (line := running.stderr.readline()):
        assert line, running.communicate()
    running.send_signal(ending)
    home.index.gate.set()
    running.communicate(timeout=30)

    assert running.returncode == 130
    assert os.listdir(home.path) == ["data"]


@pytest.mark.parametrize("moment", ["making", "installing", "proving"])
def test_an_import_that_is_killed_leaves_nothing_that_counts_and_the_next_one_is_whole(
    moment: str, elsewhere: Home, bundle: Path
) -> None:
    running = elsewhere.start("env", "import", str(bundle))
    assert running.stderr is not None
    while moment not in (line := running.stderr.readline()):
        assert line, running.communicate()
    running.kill()
    running.communicate(timeout=30)
    listed = elsewhere.run("env", "list", "--json").data["environments"]
    ran = elsewhere.run("env", "import", str(bundle), "--json")

    assert listed == []
    assert ran.code == 0, ran.out
    place = Path(ran.data["environment"]["path"])
    assert [path.name for path in place.parent.iterdir() if path.is_dir()] == [place.name]
    assert not list(place.glob(".bundle*"))


def test_an_index_that_holds_another_file_now_is_not_believed(home: Home) -> None:
    hosted = home.index.file(WHEEL.rpartition("/")[2])
    assert hosted is not None
    hosted.data += b"more"
    ran = home.run("env", "export", "demo", "-o", str(home.path / "new.tar"), "--json")

    assert (ran.code, ran.error["reference"]) == (3, "hash-differs")
    assert not (home.path / "new.tar").exists()


def test_names_that_are_not_there(home: Home) -> None:
    ran = home.run("env", "export", "none", "--json")
    nowhere = home.run("env", "export", "demo", "-o", "/nonexistent/x.tar", "--json")

    assert (ran.code, ran.error["reference"]) == (2, "unknown-environment")
    assert (nowhere.code, nowhere.error["reference"]) == (3, "cannot-write")


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_link_is_followed_and_what_is_no_file_is_never_replaced(
    kind: str, home: Home, bundle: Path
) -> None:
    place = home.path / "place"
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(bundle)
    ran = home.run("env", "export", "demo", "-o", str(place), "--json")

    assert ran.code == (3 if kind == "pipe" else 0)
    assert place.is_fifo() if kind == "pipe" else place.readlink() == bundle


def test_the_json_of_an_export(home: Home) -> None:
    path = home.path / "new.tar"
    found = home.run("env", "export", "demo", "-o", str(path), "--json").data["bundle"]

    assert found == {
        "name": "demo",
        "path": str(path),
        "bytes": path.stat().st_size,
        "sha256": found["sha256"],
        "wheels": 2,
        "needs": {"arch": "x86_64", "python": PYTHON, "glibc": None},
        "python": None,
        "built": [],
    }
    assert msgspec.json.encode(found)
