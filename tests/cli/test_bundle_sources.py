"""What no index has as a wheel travels too, as it was built and proved here; secrets do not."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.cli.environments import Home, digest, tensorflow
from tests.unit.bundle.tars import taken_apart
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import installable, metadata

BACKEND = """
import base64, hashlib, os, shutil
def build_wheel(folder, settings=None, metadata=None):
    shutil.copy("built.whl", os.path.join(folder, {name!r}))
    return {name!r}
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
PROJECT += '[project]\nname = "from-source"\nversion = "1.0"\n'
MEMBERS = {
    "from_source/__init__.py": "def main():\n    print('here')\n",
    "from_source/words.txt": "data\n",
    "from_source-1.0.data/scripts/hello": "#!python\nimport from_source; from_source.main()\n",
    "from_source-1.0.data/scripts/plain": "#!/bin/sh\necho plain\n",
    "from_source-1.0.data/data/share/from-source/notes.txt": "notes\n",
    "from_source-1.0.dist-info/entry_points.txt": "[console_scripts]\nsay = from_source:main\n",
}
SDIST = "from_source-1.0.tar.gz"


def project() -> dict[str, bytes]:
    """The files of a project that builds without any other package."""
    name, wheel = installable("from-source", "1.0", MEMBERS)
    (about,) = metadata("from-source", "1.0").values()
    return {
        "PKG-INFO": about.encode(),
        "pyproject.toml": PROJECT.encode(),
        "backend.py": BACKEND.format(name=name).encode(),
        "built.whl": wheel,
    }


def sdist() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data in project().items():
            item = tarfile.TarInfo(f"from_source-1.0/{name}")
            item.size = len(data)
            tar.addfile(item, io.BytesIO(data))
    return made.getvalue()


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    index.add("from-source", SDIST, sdist())
    return Home(tmp_path, index)


@pytest.fixture
def other(home: Home) -> Home:
    (home.path / "other").mkdir()
    return Home(home.path / "other", home.index)


def requirement(kind: str, home: Home) -> str:
    if kind == "index":
        return "from-source"
    place = home.path / "sources"
    place.mkdir()
    if kind == "folder":
        for name, data in project().items():
            (place / name).write_bytes(data)
        return f"from-source @ file://{place}"
    name, data = installable("from-source", "1.0", MEMBERS) if kind == "wheel" else (SDIST, sdist())
    (place / name).write_bytes(data)
    return f"from-source @ file://{place / name}"


@pytest.mark.parametrize("kind", ["index", "sdist", "folder", "wheel"])
def test_a_package_from_source_is_carried_as_it_is_installed(
    kind: str, home: Home, other: Home
) -> None:
    asked = requirement(kind, home)
    up = home.up("demo", "tensorflow-cpu", asked)
    assert up.code == 0, up.err
    first, second = home.path / "a.tar", home.path / "b.tar"
    told = home.run("env", "export", "demo", "-o", str(first))
    home.run("env", "export", "demo", "-o", str(second))
    shutil.rmtree(home.path / "sources", ignore_errors=True)
    imported = other.run("env", "import", str(first))

    assert told.code == 0, told.err
    built = "  built    from-source: packed as they are installed here\n"
    assert (built in told.out) == (kind != "wheel")
    assert first.read_bytes() == second.read_bytes()
    assert imported.code == 0, imported.err
    assert installed(other) == installed(home)


def installed(home: Home) -> dict[str, str]:
    """What is installed of the package, less what names the environment or tells its source."""
    place = home.environments / "demo" / "1"
    for name in ("hello", "say"):
        script = place / "bin" / name
        script.write_text(script.read_text().replace(str(place), "PLACE"))
    named = {"RECORD", "direct_url.json", "uv_cache.json", "uv_build.json"}
    return {
        name: what
        for name, what in digest(place).items()
        if ("from" in name or name in {"bin/hello", "bin/plain", "bin/say"})
        and name.rpartition("/")[2] not in named
        and "__pycache__" not in name
    }


def test_what_was_packed_again_says_what_it_is(home: Home) -> None:
    home.up("demo", "tensorflow-cpu", "from-source")
    home.run("env", "export", "demo", "-o", str(home.path / "a.tar"))
    files = taken_apart(home.path / "a.tar")
    with zipfile.ZipFile(io.BytesIO(files["demo/wheels/from_source-1.0-py3-none-any.whl"])) as made:
        names = made.namelist()
        hello = made.read("from_source-1.0.data/scripts/hello")
    (about,) = [
        file for file in json.loads(files["demo/manifest.json"])["files"] if file["built_from"]
    ]

    assert sorted(names) == sorted(
        [
            *MEMBERS,
            "from_source-1.0.dist-info/METADATA",
            "from_source-1.0.dist-info/RECORD",
            "from_source-1.0.dist-info/WHEEL",
        ]
    )
    assert hello == b"#!python\nimport from_source; from_source.main()\n"
    assert (about["package"], about["built_from"]) == ("from-source", SDIST)


def test_what_was_changed_since_it_was_installed_is_not_packed(home: Home) -> None:
    home.up("demo", "tensorflow-cpu", "from-source")
    (module,) = (home.environments / "demo").glob("1/lib/*/site-packages/from_source/__init__.py")
    module.unlink()  # uv may have linked it to its cache
    module.write_text("def main(): pass\n")
    ran = home.run("env", "export", "demo", "-o", str(home.path / "a.tar"), "--json")

    assert (ran.code, ran.error["reference"]) == (3, "environment-damaged")
    assert ran.error["context"] == ["from_source/__init__.py was changed after it was installed"]
    assert not (home.path / "a.tar").exists()


def test_a_file_that_is_gone_is_named(home: Home) -> None:
    asked = requirement("wheel", home)
    home.up("demo", "tensorflow-cpu", asked)
    shutil.rmtree(home.path / "sources")
    ran = home.run("env", "export", "demo", "-o", str(home.path / "a.tar"))

    assert ran.code == 3
    assert ran.err.endswith(
        "error: source-is-gone\n\nfrom_source-1.0-py3-none-any.whl cannot be read where it was "
        "when the environment was made.\n\n"
        f"  {home.path}/sources/from_source-1.0-py3-none-any.whl: No such file or directory\n\n"
        "hint: Put it back there, or make the environment anew with dlsetup up.\n"
    )


def test_a_password_is_used_and_never_handed_on(home: Home) -> None:
    home.index.lets_in = "joe:sesame-street"
    config = home.path / "config.toml"
    where = home.index.address.removesuffix("simple/")
    known = '{ username = "WHO", password = "OPEN" }'
    config.write_text(f'[credentials]\n"{where}" = {known}\n')
    settings = {"DLSETUP_CONFIG": str(config), "WHO": "joe", "OPEN": "sesame-street"}
    up = home.up("demo", "tensorflow-cpu", **settings)
    bundle = home.path / "a.tar"
    ran = home.run("env", "export", "demo", "-o", str(bundle), **settings)
    unknown = home.run("env", "export", "demo", "-o", str(home.path / "b.tar"), "--json")

    assert up.code == 0, up.err
    assert ran.code == 0, ran.err
    assert b"sesame" not in bundle.read_bytes()
    assert (unknown.code, unknown.error["reference"]) == (3, "index-not-allowed")


@pytest.mark.parametrize("way", ["default", "named", "by name"])
def test_a_login_that_is_given_as_uv_takes_it_is_used_and_never_told(way: str, home: Home) -> None:
    home.index.lets_in = "joe:sesame-street"
    plain = home.index.address
    let_in = plain.replace("://", "://joe:sesame-street@")
    settings = {
        "default": {"UV_DEFAULT_INDEX": let_in},
        "named": {"UV_DEFAULT_INDEX": plain, "UV_INDEX": f"own={let_in}"},
        "by name": {
            "UV_INDEX": f"own-1={plain}",
            "UV_INDEX_OWN_1_USERNAME": "joe",
            "UV_INDEX_OWN_1_PASSWORD": "sesame-street",
        },
    }[way]
    up = home.up("demo", "tensorflow-cpu", **settings)
    bundle = home.path / "a.tar"
    ran = home.run("env", "export", "demo", "-o", str(bundle), "--json", **settings)

    assert up.code == 0, up.err
    assert ran.code == 0, ran.out
    assert b"sesame" not in bundle.read_bytes()
    assert "sesame" not in up.out + up.err + ran.out + ran.err
    assert not [log for log in home.logs if "sesame" in log.read_text()]


def test_a_plan_that_holds_a_password_is_not_exported(home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    plan = home.environments / "demo" / "1" / "plan.json"
    said = json.loads(plan.read_text())
    said["request"]["companions"] = ["x @ https://joe:sesame@example.invalid/x.whl"]
    plan.write_text(json.dumps(said))
    ran = home.run("env", "export", "demo", "-o", str(home.path / "a.tar"), "--json")

    assert (ran.code, ran.error["reference"]) == (3, "secret-in-bundle")
    assert "sesame" not in ran.out + ran.err
    assert not list(home.path.glob("*.tar"))
