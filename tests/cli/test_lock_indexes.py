"""Indexes that do not answer, that want a password, or whose certificate is a company's own."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from provisioner import workflow
from tests.cli.locking import CPU, PYTHON, SUPER, TORCH, World, add
from tests.unit.upkeep.authority import made_authority
from tests.unit.upkeep.loopback import serving

KNOWN = "s3cret/of:joe"
LONGEST_S = 30

PRICE = """\
warning: {index} does not answer: torch 2.14.1 comes as the default build instead of +cpu. \
It brings NVIDIA's GPU libraries, which the +cpu build does not.
"""
UNREACHABLE = """\
error: index-unreachable

The package index {index} does not answer.

  no connection

hint: Look at the network and the proxy, or name a mirror of it in config.toml.
"""
NOT_IN_CACHE = """\
torch 2.14.1: choosing what else it needs
error: not-in-cache

Without the network this cannot be locked: uv's cache lacks something.

  torch was not found in the cache and this plan needs torch==2.14.1+cpu

hint: Lock it once with the network
      what was fetched then is kept.
"""
NOT_ALLOWED = """\
numpy: choosing what else it needs
error: index-not-allowed

The package index {index} lets nobody in without a name and a password that it knows.

hint: Name the variables that hold them under [credentials] in config.toml, or put them into netrc.
"""


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{place.getsockname()[1]}/simple"


def dead(world: World, variant: str, address: str) -> None:
    """Let the mirror of a variant's index be an address of one's choice."""
    lost = getattr(world, variant).address
    text = world.config.read_text(encoding="utf-8").replace(lost, address)
    world.config.write_text(text, encoding="utf-8")


def test_another_build_of_the_same_version_stands_in_and_what_it_brings_is_said(
    world: World, nobody: str
) -> None:
    dead(world, "cpu", nobody)

    done = world.run(f"torch=={TORCH}", *CPU, "--python", PYTHON)

    assert done.code == 0
    assert PRICE.format(index=nobody) in done.err
    assert (
        f"  not       torch 2.14.1+cpu: its index {nobody} does not answer: no connection\n"
        in done.out
    )
    assert f'name = "torch"\nversion = "{TORCH}"\n' in world.lock.read_text(encoding="utf-8")


def test_no_other_version_and_no_build_for_the_cpu_stands_in_for_a_gpus(
    world: World, nobody: str
) -> None:
    dead(world, "cu126", nobody)

    started = time.monotonic()
    done = world.run(f"torch<={TORCH}", *SUPER, "--python", PYTHON)

    assert (done.code, done.out, done.err) == (3, "", UNREACHABLE.format(index=nobody))
    assert time.monotonic() - started < LONGEST_S
    assert not world.lock.exists()


OWN = '[[index]]\nname = "own"\nurl = "{url}"\npackages = ["acme"]'


def test_an_index_of_ones_own_is_not_asked_where_nothing_of_it_is_wanted(
    world: World, nobody: str
) -> None:
    world.configure(OWN.format(url=nobody))

    assert world.run(f"torch=={TORCH}", *CPU, "--python", PYTHON).code == 0


def test_the_index_that_nothing_can_stand_in_for_is_the_one_that_is_named(
    world: World, nobody: str
) -> None:
    world.configure(OWN.format(url=nobody))
    dead(world, "cpu", nobody.replace("/simple", "/whl"))

    done = world.run(f"torch=={TORCH}", "acme", *CPU, "--python", PYTHON)

    assert (done.code, done.err) == (3, UNREACHABLE.format(index=nobody))


def test_without_the_default_index_nothing_stands_in(world: World, nobody: str) -> None:
    world.configure(default=nobody)

    done = world.run(f"torch=={TORCH}", *CPU, "--python", PYTHON)

    assert (done.code, done.err) == (3, UNREACHABLE.format(index=nobody))


@pytest.mark.parametrize("behaviour", [["never"], ["503"], ["fine", "500"], ["fine", "never"]])
def test_an_index_that_is_there_and_gives_no_answer_is_left_within_thirty_seconds(
    world: World, behaviour: list[str]
) -> None:
    world.cu126.behaviour["torch"] = behaviour

    started = time.monotonic()
    done = world.run(f"torch=={TORCH}", *SUPER, "--python", PYTHON, "--json")

    assert (done.code, done.document["errors"][0]["reference"]) == (3, "index-unreachable")
    assert world.cu126.address.rstrip("/") in done.document["errors"][0]["message"]
    assert time.monotonic() - started < LONGEST_S


def test_offline_nobody_is_asked_and_nothing_stands_in(world: World) -> None:
    done = world.run(f"torch=={TORCH}", *CPU, "--python", PYTHON, "--offline")

    assert (done.code, done.err) == (3, NOT_IN_CACHE)
    assert world.cpu.requests + world.default.requests == 0


def test_offline_what_was_fetched_before_gives_the_same_bytes(world: World) -> None:
    words = (f"torch=={TORCH}", *CPU, "--python", PYTHON)
    assert world.run(*words).code == 0
    online = world.lock.read_bytes()
    world.cpu.forget()
    world.default.forget()

    assert world.run(*words, "--offline").code == 0

    assert world.lock.read_bytes() == online
    assert world.cpu.requests + world.default.requests == 0


@pytest.mark.parametrize(
    "how", ["variables", "in the address", "default index", "default of the environment"]
)
def test_a_password_opens_an_index_and_is_never_seen(world: World, how: str) -> None:
    """Not in the lock, not in what is printed, not in what is said when it goes wrong."""
    with serving() as own:
        own.lets_in = f"joe:{KNOWN}"
        add(own, "acme", "1.0", ("filelock",))
        add(own, "filelock", "3.20.0")
        coded = own.address.replace("://", "://joe:s3cret%2Fof%3Ajoe@")
        settings = {"WHO": "joe", "OPEN": KNOWN}
        if how == "variables":
            who = f'[credentials]\n"{own.address}" = {{ username = "WHO", password = "OPEN" }}'
            world.configure(f'[[index]]\nname = "own"\nurl = "{own.address}"', who)
        elif how == "in the address":
            world.configure(f'[[index]]\nname = "own"\nurl = "{coded}"')
        elif how == "default index":
            world.configure(default=coded)
        else:
            settings["UV_DEFAULT_INDEX"] = coded

        fine = world.run("acme", *CPU, "--python", PYTHON, "--json", **settings)
        lock = world.lock.read_text(encoding="utf-8")
        own.lets_in = "somebody:else"
        failed = [
            world.run("acme", *CPU, "--python", PYTHON, *more, UV_NO_CACHE="1", **settings)
            for more in ((), ("--json",))
        ]
        own.lets_in = f"joe:{KNOWN}"
        own.behaviour["acme"] = ["503"]
        failed += [world.run("acme", *CPU, "--python", PYTHON, "--json", **settings)]

    assert (fine.code, fine.packages["acme"]) == (0, "1.0")
    assert [item.code for item in failed] == [3, 3, 3]
    assert failed[0].err.count("error: ") == 1
    seen = [lock, fine.out, fine.err, *(text for item in failed for text in (item.out, item.err))]
    for secret in ("s3cret", "of:joe", "of%3Ajoe"):
        assert [text for text in seen if secret in text] == []
    assert "joe" not in lock


def test_who_is_not_let_in_is_told_what_to_do(world: World) -> None:
    world.default.lets_in = "somebody:else"

    done = world.run("numpy", *CPU, "--python", PYTHON)

    assert (done.code, done.out) == (3, "")
    assert done.err == NOT_ALLOWED.format(index=world.default.address.rstrip("/"))


def test_an_index_of_ones_own_never_gives_what_dlsetup_chose(world: World) -> None:
    with serving() as own:
        add(own, "torch", f"{TORCH}+cpu", says="decoy", tag="py3-none-any")
        add(own, "filelock", "3.19.0")
        world.configure(f'[[index]]\nname = "own"\nurl = "{own.address}"')

        done = world.run(f"torch=={TORCH}", *CPU, "--python", PYTHON, "--json")

    hashes = {item["name"]: item["hashes"] for item in done.document["data"]["packages"]}
    assert hashes["torch"] == [f"sha256:{world.cpu.projects['torch'][0].sha256}"]
    assert done.packages["filelock"] == "3.19.0"


def test_an_index_with_named_packages_gives_only_these(world: World) -> None:
    with serving() as own:
        add(own, "acme", "1.0", ("filelock",))
        add(own, "filelock", "99.0")
        add(world.default, "acme", "99.0")
        world.configure(f'[[index]]\nname = "own"\nurl = "{own.address}"\npackages = ["Acme"]')

        done = world.run("acme", *CPU, "--python", PYTHON, "--json")

    assert done.packages == {"acme": "1.0", "filelock": "3.20.0"}


def test_the_proxy_of_the_configuration_leads_to_an_index(world: World) -> None:
    """Nobody is called nowhere.example: what is asked of it goes to the proxy."""
    proxy = world.default.address.removesuffix("/simple/").replace("://", "://joe:s3cret-word@")
    world.configure(default="http://nowhere.example/simple")
    without = world.run("numpy", *CPU, "--python", PYTHON)
    world.configure(f'proxy = "{proxy}"', default="http://nowhere.example/simple")
    through = world.run("numpy", *CPU, "--python", PYTHON, "--json")
    lock = world.lock.read_text(encoding="utf-8")
    world.configure(
        'proxy = "http://joe:s3cret-word@127.0.0.1:9"', default="http://nowhere.example"
    )
    failed = world.run("numpy", *CPU, "--python", PYTHON)

    assert (without.code, failed.code) == (3, 3)
    assert (through.code, through.packages) == (0, {"numpy": "2.3.0"})
    assert "  the proxy does not answer\n" in failed.err
    assert [text for text in (lock, through.out, failed.err) if "s3cret" in text] == []


def test_an_index_that_holds_dependencies_is_asked_first_for_everything(world: World) -> None:
    """NVIDIA's index has its own builds of what its TensorFlow 1 needs."""
    place = workflow.catalog().addresses["nvidia-redist"]
    tag = "cp38-cp38-manylinux_2_17_x86_64"
    with serving() as nvidia:
        needed = ("protobuf>=3.6", "nvidia-cublas-cu12==12.1.0.26", "filelock")
        add(nvidia, "nvidia-tensorflow", "1.15.5+nv23.03", needed, tag=tag)
        add(nvidia, "nvidia-cublas-cu12", "12.1.0.26")
        add(world.default, "nvidia-cublas-cu12", "12.1.0.26", says="decoy")
        add(world.default, "protobuf", "3.20.3")
        add(world.default, "protobuf", "6.33.0")
        text = f'[mirrors]\n"{place}" = "{nvidia.address}"'
        world.configure()
        config = world.config.read_text(encoding="utf-8").replace("[mirrors]", text)
        world.config.write_text(config, encoding="utf-8")
        machine = ("--gpu", "RTX 3090", "--driver", "535", "--os", "ubuntu-20.04")

        done = world.run("tensorflow==1.15.*", *machine, "--arch", "x86_64", "--json")

        cublas = nvidia.projects["nvidia-cublas-cu12"][0].sha256

    assert done.code == 0
    hashes = {item["name"]: item["hashes"] for item in done.document["data"]["packages"]}
    assert hashes["nvidia-cublas-cu12"] == [f"sha256:{cublas}"]
    assert {name: done.packages[name] for name in ("protobuf", "filelock")} == {
        "protobuf": "3.20.3",
        "filelock": "3.20.0",
    }


def test_a_companys_own_ca_is_trusted_when_the_configuration_names_it(
    world: World, tmp_path: Path
) -> None:
    tls, authority = made_authority(tmp_path)
    with serving(tls) as own:
        add(own, "acme", "1.0")
        world.configure(default=own.address)
        without = world.run("acme", *CPU, "--python", PYTHON)
        world.configure(f'ca-file = "{authority}"', default=own.address)
        with_it = world.run("acme", *CPU, "--python", PYTHON, "--json")

    assert without.code == 3
    assert "its certificate is not one that is trusted here: name its CA as ca-file" in without.err
    assert (with_it.code, with_it.packages) == (0, {"acme": "1.0"})
