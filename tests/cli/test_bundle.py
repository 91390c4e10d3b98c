"""``env export`` and ``env import``: an environment in one file, installed without any network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from provisioner import download
from tests.cli.environments import PYTHON, TENSORFLOW, Home, digest, package, tensorflow
from tests.cli.ran import Ran
from tests.unit.bundle.tars import Change, Files, changed, taken_apart, with_special
from tests.unit.upkeep.loopback import Loopback, serving
from tests.unit.upkeep.wheels import installable

WHEEL = "demo/wheels/tensorflow_cpu-2.21.0-py3-none-any.whl"


def furnish(index: Loopback) -> None:
    index.projects.clear()
    index.behaviour.clear()
    index.forget()
    tensorflow(index)
    package(index, "fine", "1.0", "")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with one environment and its bundle; making them is what takes time."""
    with serving() as index:
        furnish(index)
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("demo", "tensorflow-cpu", "fine").code == 0
        exported = made.run("env", "export", "demo", "-o", str(made.path / "demo.bundle.tar"))
        assert exported.code == 0, exported.err
        yield made


@pytest.fixture
def home(once: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home in which the environment was made, with its index."""
    monkeypatch.setattr(download, "_BACKOFF_S", 0)
    furnish(once.index)
    shutil.copytree(once.path / "data", tmp_path / "data", symlinks=True)
    return Home(tmp_path, once.index)


@pytest.fixture
def bundle(once: Home, tmp_path: Path) -> Path:
    return Path(shutil.copy(once.path / "demo.bundle.tar", tmp_path))


@pytest.fixture
def other(once: Home, tmp_path: Path) -> Home:
    """A home on a machine where nothing was made."""
    furnish(once.index)
    (tmp_path / "other").mkdir()
    return Home(tmp_path / "other", once.index)


EXPORTED = """\
{path}: 2 wheels, {megabytes} MB
  needs    x86_64, Python {python}
  sha256   {sha256}
  install  dlsetup env import {path}
"""
IMPORTED = """\
demo is ready: what dlsetup chose for it was seen to work.
Environment demo
  holds        tensorflow-cpu 2.21.0
  companions   fine
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
    other: Home, bundle: Path
) -> None:
    place = other.environments / "demo" / "1"
    first = other.run("env", "import", str(bundle))
    before = digest(other.environments)
    second = other.run("env", "import", str(bundle), "--json")
    told = other.start("env", "run", "demo", "python", "-c", "import tensorflow as t; print(t)")
    out, _ = told.communicate(timeout=60)

    assert (first.code, first.out) == (0, IMPORTED.format(python=PYTHON, place=place)), first.err
    assert (second.code, second.data["changed"]) == (0, False)
    assert digest(other.environments) == before
    assert other.index.requests == 0
    assert str(place) in out
    assert (place / "pylock.toml").read_bytes() == taken_apart(bundle)["demo/pylock.toml"]
    assert not list(place.glob(".bundle*"))


def test_where_it_was_made_there_is_nothing_to_change(home: Home, bundle: Path) -> None:
    before = digest(home.environments)
    ran = home.run("env", "import", str(bundle), "--json")

    assert (ran.code, ran.data["changed"]) == (0, False)
    assert digest(home.environments) == before


def test_it_may_be_called_otherwise(other: Home, bundle: Path) -> None:
    ran = other.run("env", "import", str(bundle), "--name", "mine", "--json")
    bad = other.run("env", "import", str(bundle), "--name", "../mine", "--json")

    assert (ran.code, ran.data["environment"]["name"]) == (0, "mine")
    assert (bad.code, bad.error["reference"]) == (2, "bad-name")
    assert os.listdir(other.environments) == ["mine"]


def test_what_was_imported_is_exported_as_the_same_bytes(other: Home, bundle: Path) -> None:
    assert other.run("env", "import", str(bundle)).code == 0
    assert other.run("env", "export", "demo", "-o", str(other.path / "again.tar")).code == 0

    assert (other.path / "again.tar").read_bytes() == bundle.read_bytes()


def left_nothing(ran: Ran, home: Home, reference: str) -> str:
    """The reason in an error that names the bundle, after which nothing is there."""
    assert ran.code != 0
    assert ran.error["reference"] == reference, ran.out
    assert not home.environments.exists() or not list(home.environments.iterdir())
    return "\n".join(ran.error["context"])


def set_in_manifest(**values: object) -> Change:
    def change(files: Files) -> None:
        manifest = json.loads(files["demo/manifest.json"])
        files["demo/manifest.json"] = json.dumps(manifest | values).encode()

    return change


def put(name: str, data: bytes = b"x") -> Change:
    return lambda files: files.update({name: data})


def replaced(name: str, old: str, new: str) -> Change:
    def change(files: Files) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode())

    return change


def dropped(name: str) -> Change:
    def change(files: Files) -> None:
        del files[name]

    return change


def listed_as(path: str) -> Change:
    """The last wheel is called otherwise, in the manifest too."""

    def change(files: Files) -> None:
        files[f"demo/{path}"] = files.pop(WHEEL)
        manifest = json.loads(files["demo/manifest.json"])
        manifest["files"][-1]["path"] = path
        files["demo/manifest.json"] = json.dumps(manifest).encode()

    return change


HARMS: dict[str, tuple[Change, bool, str]] = {
    "a file outside": (put("/etc/passwd"), False, "not all of it lies in one folder"),
    "a folder beside": (put("other/x"), False, "not all of it lies in one folder"),
    "a way out": (put("demo/../../x"), False, "it holds '../../x', which no bundle holds"),
    "a way out by a wheel": (
        listed_as("wheels/../../x-1-py3-none-any.whl"),
        False,
        "it holds 'wheels/../../x-1-py3-none-any.whl', which no bundle holds",
    ),
    "an option": (
        listed_as("wheels/--x-1-py3-none-any.whl"),
        False,
        "it holds 'wheels/--x-1-py3-none-any.whl', which no bundle holds",
    ),
    "one more file": (put("demo/setup.py"), False, "it holds 'setup.py', which no bundle holds"),
    "one more wheel": (
        put("demo/wheels/more-1-py3-none-any.whl"),
        False,
        "its wheels/more-1-py3-none-any.whl is not what its manifest says",
    ),
    "a wheel less": (dropped(WHEEL), False, f"its {WHEEL[5:]} is not what its manifest says"),
    "no manifest": (dropped("demo/manifest.json"), False, "it holds no manifest.json"),
    "no plan": (dropped("demo/plan.json"), False, "its plan.json is not what its manifest says"),
    "another plan": (
        replaced("demo/plan.json", '"2.21.0"', '"2.20.0"'),
        False,
        "its plan.json is not what its manifest says",
    ),
    "a newer schema": (
        set_in_manifest(schema=2),
        False,
        "it is of schema 2, and this dlsetup reads 1",
    ),
    "no schema": (
        put("demo/manifest.json", b"[]"),
        False,
        "it is of schema None, and this dlsetup reads 1",
    ),
    "no json": (put("demo/manifest.json", b"{"), False, "its manifest.json is none: "),
    "deep json": (
        put("demo/manifest.json", b"[" * 100_000),
        False,
        "its manifest.json is none: ",
    ),
    "another name": (
        set_in_manifest(name="other"),
        False,
        "its folder is not called as its manifest says",
    ),
    "a sealed other plan": (
        replaced("demo/plan.json", '"2.21.0"', '"2.20.0"'),
        True,
        "its plan and its lock do not belong together",
    ),
    "a sealed lock that is none": (put("demo/pylock.toml", b"x"), True, "pylock.toml is not a "),
    "a sealed deep lock": (
        put("demo/pylock.toml", b"x = " + b"[" * 100_000),
        True,
        "",
    ),
    "a sealed plan that is none": (put("demo/plan.json", b"{}"), True, ""),
    "a sealed wheel of another's": (
        put(WHEEL, b"PK"),
        True,
        f"{WHEEL[5:]} is not what its lock lists for tensorflow-cpu",
    ),
    "a package more in the lock": (
        replaced("demo/pylock.toml", "[tool.dlsetup]", '[[packages]]\nname = "x"\n[tool.dlsetup]'),
        True,
        "its wheels are not one for each package of its lock",
    ),
    "hashes that are none": (
        replaced(
            "demo/pylock.toml",
            "hashes = {",
            'hashes = "',
        ),
        True,
        "",
    ),
    "a wheel of other bytes": (
        lambda files: files.update({WHEEL: files[WHEEL][:-1] + b"?"}),
        False,
        f"{WHEEL[5:]} is not what was put in: its hash differs",
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_bundle_is_one_clear_error_and_leaves_nothing(
    harm: str, other: Home, bundle: Path
) -> None:
    change, sealed, reason = HARMS[harm]
    changed(bundle, change, sealed=sealed)
    ran = other.run("env", "import", str(bundle), "--json")

    assert left_nothing(ran, other, "bad-bundle").startswith(reason)
    assert ran.code == 2
    assert not (other.path.parent / "x").exists()


def test_links_and_devices_are_refused_for_people_in_whole_sentences(
    other: Home, bundle: Path
) -> None:
    with_special(bundle, b"2", "demo/wheels", "/")
    ran = other.run("env", "import", str(bundle))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(
        f"error: bad-bundle\n\n{bundle} is not a bundle that can be installed.\n\n"
        "  'demo/wheels' is no plain file\n\n"
        "hint: Make one with: dlsetup env export NAME -o FILE\n"
        "      and carry it over whole\n"
    )


@pytest.mark.parametrize("kept", [0, 300, 5000, -1024, -40_000])
def test_a_bundle_that_was_cut_off_is_refused(kept: int, other: Home, bundle: Path) -> None:
    data = bundle.read_bytes()
    bundle.write_bytes(data[:kept])
    ran = other.run("env", "import", str(bundle), "--json")

    assert left_nothing(ran, other, "bad-bundle")


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe", "device"])
def test_what_is_no_file_is_no_bundle(what: str, other: Home) -> None:
    place = other.path / "x"
    if what == "folder":
        place.mkdir()
    if what == "pipe":
        os.mkfifo(place)
    if what == "device":
        place = Path("/dev/zero")
    ran = other.run("env", "import", str(place), "--json")

    assert left_nothing(ran, other, "bad-bundle")


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
    setting: str, value: str, reason: str, other: Home, bundle: Path
) -> None:
    ran = other.run(
        "env", "import", str(bundle), "--json", **{f"DLSETUP_OVERRIDE_{setting}": value}
    )

    assert left_nothing(ran, other, "bundle-does-not-fit") == reason
    assert ran.code == 1


def test_what_was_made_for_the_processor_hides_the_gpus_of_another_machine(
    other: Home, bundle: Path
) -> None:
    gpu = {"DLSETUP_OVERRIDE_GPUS": "RTX 4090", "DLSETUP_OVERRIDE_DRIVER": "580.65.06"}
    ran = other.run("env", "import", str(bundle), "--json", **gpu)

    assert ran.code == 0, ran.out
    assert ran.data["environment"]["gpus"] == []


def test_what_does_not_compute_there_leaves_nothing(home: Home, other: Home) -> None:
    source = "import sys\nif '/other/' in sys.prefix:\n    raise OSError('not here')\n"
    members = {"tensorflow/__init__.py": source + TENSORFLOW.format(version="2.20.0", sum=256**3)}
    name, data = installable("tensorflow-cpu", "2.20.0", members)
    home.index.projects.clear()
    home.index.add("tensorflow-cpu", name, data)
    assert home.up("two", "tensorflow-cpu==2.20.0").code == 0
    assert home.run("env", "export", "two", "-o", str(home.path)).code == 0
    ran = other.run("env", "import", str(home.path / "two.bundle.tar"), "--json")

    assert "OSError: not here" in left_nothing(ran, other, "environment-not-verified")


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
