from __future__ import annotations

import pytest

from provisioner import toml
from provisioner.lock.sources import Sources, sources_of
from provisioner.machine import Machine, OperatingSystem
from provisioner.plan import DriverPlan, Pin, Plan, Request
from provisioner.settings import Address, PrivateIndex, Settings

PRODUCT = "https://product.example/whl"
OWN = PrivateIndex("Own", Address("https://own.example/simple", "joe", "opensesame"))


@pytest.fixture(autouse=True)
def _no_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)


def plan(*pins: Pin) -> Plan:
    return Plan(
        machine=Machine(os=OperatingSystem(id="ubuntu", version="24.04")),
        request=Request(requirements=("torch",)),
        via="pip",
        python="3.12",
        accelerator="cpu",
        cuda=None,
        cudnn=None,
        driver=DriverPlan(action="none"),
        pins=pins,
    )


TORCH = Pin(name="torch", version="2", index=f"{PRODUCT}/cu126", requirement="torch==2+cu126")
PLAIN = Pin(name="numpy", version="2", requirement="numpy==2")
HOLDER = Pin(
    name="tf",
    version="1",
    index=f"{PRODUCT}/tf",
    index_holds_dependencies=True,
    requirement="tf==1",
)


def names(sources: Sources) -> list[tuple[str, str, bool]]:
    return [(index.name, index.address.url, index.explicit) for index in sources.indexes]


def test_a_pin_is_bound_to_its_index() -> None:
    found = sources_of(plan(TORCH, PLAIN), Settings())

    assert names(found) == [("for-torch", f"{PRODUCT}/cu126", True)]
    assert found.bound == (("torch", "for-torch"),)


def test_an_index_is_asked_at_its_mirror_the_longest_beginning_first() -> None:
    settings = Settings(
        mirrors=(
            (f"{PRODUCT}/cu126", Address("https://near.example/cu126")),
            (PRODUCT, Address("https://far.example")),
        )
    )

    assert names(sources_of(plan(TORCH), settings))[0][1] == "https://near.example/cu126"


def test_an_index_that_holds_dependencies_is_asked_first_and_the_rest_is_kept_from_it() -> None:
    found = sources_of(plan(HOLDER, PLAIN), Settings(), lambda: "https://default.example/simple")

    assert names(found) == [
        ("holds-tf", f"{PRODUCT}/tf", False),
        ("default", "https://default.example/simple", True),
    ]
    assert found.bound == (("numpy", "default"),)


def test_an_index_of_ones_own_is_asked_first_and_pins_are_kept_from_it() -> None:
    settings = Settings(indexes=(OWN,))

    found = sources_of(plan(TORCH, PLAIN), settings, lambda: "https://default.example/simple")

    assert [name for name, _, _ in names(found)] == ["for-torch", "own-own", "default"]
    assert found.bound == (("numpy", "default"), ("torch", "for-torch"))


def test_a_named_default_index_is_uvs_default_too() -> None:
    settings = Settings(default_index=Address("https://d.example/simple"))

    text = sources_of(plan(PLAIN), settings).project(["numpy==2", "other"])

    assert toml.parse(text)["tool"]["uv"] == {
        "index": [{"name": "default", "url": "https://d.example/simple", "default": True}],
        "sources": {"numpy": {"index": "default"}},
    }


def test_secrets_go_into_variables_and_never_into_the_file() -> None:
    found = sources_of(plan(TORCH), Settings(indexes=(OWN,)))

    assert "opensesame" not in found.project(["torch==2+cu126"])
    assert "joe" not in found.project(["torch==2+cu126"])
    assert found.variables() == {
        "UV_INDEX_OWN_OWN_USERNAME": "joe",
        "UV_INDEX_OWN_OWN_PASSWORD": "opensesame",
    }


def test_a_requirement_cannot_break_out_of_its_quotes() -> None:
    hostile = 'a @ http://h/"]#\\'

    text = Sources().project([hostile])

    assert toml.parse(text)["project"]["dependencies"] == [hostile]
    assert set(toml.parse(text)) == {"project"}


def test_no_list_of_a_private_index_takes_over_what_was_chosen() -> None:
    own = PrivateIndex("Own", Address("https://own.example/simple"), ("acme", "numpy", "tf"))

    found = sources_of(plan(HOLDER, PLAIN), Settings(indexes=(own,)))

    assert found.bound == (("acme", "own-own"),)


def test_a_package_came_from_its_own_index_or_else_from_the_default_one() -> None:
    found = sources_of(plan(TORCH, PLAIN), Settings())

    assert found.came_from("torch", "https://default.example") == f"{PRODUCT}/cu126"
    assert found.came_from("numpy", "https://default.example") == "https://default.example"
    assert found.came_from("numpy", None) is None


def test_where_several_indexes_are_asked_nobody_knows_which_one_gave_a_package() -> None:
    found = sources_of(plan(HOLDER, PLAIN), Settings(), lambda: "https://default.example")

    assert found.came_from("numpy", "https://other.example") == "https://default.example"
    assert found.came_from("wheel", "https://other.example") is None
