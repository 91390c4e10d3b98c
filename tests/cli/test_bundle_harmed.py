"""Bundles that somebody harmed: each is one clear error, and nothing of it is left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.bundles import WHEEL, left_nothing
from tests.cli.environments import Home
from tests.unit.bundle.tars import Change, Files, changed, with_special


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


def needing(**values: str) -> Change:
    def change(files: Files) -> None:
        manifest = json.loads(files["demo/manifest.json"])
        manifest["needs"] |= values
        files["demo/manifest.json"] = json.dumps(manifest).encode()

    return change


VERSION = 'name = "tensorflow-cpu"\nversion = "2.21.0"'
FINE = 'name = "fine"\n'

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
    "a glibc that is none": (needing(glibc="abc"), False, "its manifest.json is none: "),
    "a glibc and more": (needing(glibc="9.9.x;"), False, "its manifest.json is none: "),
    "a glibc and a line": (needing(glibc="2.5\n"), False, "its manifest.json is none: "),
    "another processor": (
        needing(arch="aarch64"),
        False,
        "its manifest says aarch64; its plan and its lock do not",
    ),
    "another Python": (
        needing(python="3.99"),
        False,
        "its manifest says Python 3.99; its plan and its lock do not",
    ),
    "a sealed marker that is none": (
        replaced("demo/pylock.toml", VERSION, f'{VERSION}\nmarker = "x ; rm"'),
        True,
        "its lock cannot be read where it lists tensorflow-cpu: ",
    ),
    "a sealed marker that is no text": (
        replaced("demo/pylock.toml", VERSION, f"{VERSION}\nmarker = 1"),
        True,
        "the marker of a package of its lock is no text",
    ),
    "a sealed version that is no text": (
        replaced("demo/pylock.toml", 'name = "fine"\nversion = "1.0"', FINE + "version = [1]"),
        True,
        "the version of a package of its lock is no text",
    ),
    "a sealed version that is none": (
        replaced("demo/pylock.toml", 'name = "fine"\nversion = "1.0"', FINE + 'version = "x y"'),
        True,
        "its lock cannot be read where it lists fine: ",
    ),
    "a sealed other version": (
        replaced("demo/pylock.toml", 'name = "fine"\nversion = "1.0"', FINE + 'version = "2.0"'),
        True,
        "wheels/fine-1.0-py3-none-any.whl is not what its lock lists for fine",
    ),
    "a wheel of other bytes": (
        lambda files: files.update({WHEEL: files[WHEEL][:-1] + b"?"}),
        False,
        f"{WHEEL[5:]} is not what was put in: its hash differs",
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_bundle_is_one_clear_error_and_leaves_nothing(
    harm: str, elsewhere: Home, bundle: Path
) -> None:
    change, sealed, reason = HARMS[harm]
    changed(bundle, change, sealed=sealed)
    ran = elsewhere.run("env", "import", str(bundle), "--json")

    assert left_nothing(ran, elsewhere, "bad-bundle").startswith(reason)
    assert ran.code == 2
    assert not (elsewhere.path.parent / "x").exists()


def test_links_and_devices_are_refused_for_people_in_whole_sentences(
    elsewhere: Home, bundle: Path
) -> None:
    with_special(bundle, b"2", "demo/wheels", "/")
    ran = elsewhere.run("env", "import", str(bundle))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(
        f"error: bad-bundle\n\n{bundle} is not a bundle that can be installed.\n\n"
        "  'demo/wheels' is no plain file\n\n"
        "hint: Make one with: dlsetup env export NAME -o FILE\n"
        "      and carry it over whole\n"
    )


@pytest.mark.parametrize("kept", [0, 300, 5000, -1024, -40_000])
def test_a_bundle_that_was_cut_off_is_refused(kept: int, elsewhere: Home, bundle: Path) -> None:
    data = bundle.read_bytes()
    bundle.write_bytes(data[:kept])
    ran = elsewhere.run("env", "import", str(bundle), "--json")

    assert left_nothing(ran, elsewhere, "bad-bundle")


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe", "device"])
def test_what_is_no_file_is_no_bundle(what: str, elsewhere: Home) -> None:
    place = elsewhere.path / "x"
    if what == "folder":
        place.mkdir()
    if what == "pipe":
        os.mkfifo(place)
    if what == "device":
        place = Path("/dev/zero")
    ran = elsewhere.run("env", "import", str(place), "--json")

    assert left_nothing(ran, elsewhere, "bad-bundle")


def test_what_cannot_fit_on_the_disk_is_told_before_it_is_unpacked(
    elsewhere: Home, bundle: Path
) -> None:
    def change(files: Files) -> None:
        manifest = json.loads(files["demo/manifest.json"])
        manifest["files"][-1]["unpacked"] = 10**15
        files["demo/manifest.json"] = json.dumps(manifest).encode()

    changed(bundle, change)
    ran = elsewhere.run("env", "import", str(bundle), "--json")

    assert "needed 1,000 TB" in left_nothing(ran, elsewhere, "disk-full")
    assert ran.code == 3


def test_a_size_below_zero_makes_no_room(elsewhere: Home, bundle: Path) -> None:
    def change(files: Files) -> None:
        manifest = json.loads(files["demo/manifest.json"])
        manifest["files"][-1]["unpacked"] = -(10**15)
        files["demo/manifest.json"] = json.dumps(manifest).encode()

    changed(bundle, change)
    ran = elsewhere.run("env", "import", str(bundle), "--json")

    assert "its manifest.json is none" in left_nothing(ran, elsewhere, "bad-bundle")
