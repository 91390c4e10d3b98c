from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from provisioner.render import render
from tests.golden.host_plans import SCRIPTS
from tests.golden.made_catalog import catalog
from tests.golden.plans import PLANS
from tests.integration.boxes import torch
from tests.integration.roots import Root, bookworm
from tests.unit.upkeep.loopback import Loopback, serving

MakeRoot = Callable[..., Root]


@pytest.fixture(scope="session")
def new_root(tmp_path_factory: pytest.TempPathFactory) -> MakeRoot:
    """Makes a root nobody has used, on Debian alone or on what another root became."""

    def make(*on: Root) -> Root:
        folder = tmp_path_factory.mktemp("root")
        return Root(folder, *(root.upper for root in on), bookworm())

    return make


@pytest.fixture(scope="session")
def with_python(new_root: MakeRoot) -> Root:
    """Debian with the system packages of the first step, as apt alone leaves them."""
    root = new_root()
    update, install = "apt-get -q update", "apt-get -q -y install --no-install-recommends"
    done = root.run("sh", "-c", f"{update} && {install} python3 python3-venv")
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="session")
def index() -> Iterator[Loopback]:
    """A package index with a torch that says it computes on a GPU."""
    with serving() as served:
        torch(served)
        yield served


@pytest.fixture(scope="session")
def script() -> Callable[[str], str]:
    """The rendered script of one of the plans."""

    def text(name: str) -> str:
        return render(({**PLANS, **SCRIPTS}[name](),), "script", catalog())[0].text

    return text
