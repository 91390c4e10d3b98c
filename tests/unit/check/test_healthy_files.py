from __future__ import annotations

import msgspec
import pytest

from provisioner.errors import DlsetupError
from provisioner.plan import Request
from provisioner.recipes import steps_for
from provisioner.render import FORMATS, render
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from provisioner.resolve.search import Routes
from tests.unit.check import healthy_files, ill_pythons, ill_toolkits
from tests.unit.check.checking import CATALOG, checked, machine, told
from tests.unit.check.ill_files import Case

ALL = (*healthy_files.ALL, *ill_toolkits.HEALTHY, *ill_pythons.HEALTHY)
MACHINES = (
    ("RTX 3090", "535.183.01", "ubuntu-22.04"),
    ("GTX 1080", "580.65.06", "ubuntu-24.04"),
    ("RTX 5090", "580.95.05", "ubuntu-24.04"),
    ("Tesla K80", "470.256.02", "ubuntu-20.04"),
    ("H100", None, "debian-12"),
    ("RTX 4090", "560.94", "ubuntu-22.04-wsl2"),
    ("none", None, "ubuntu-24.04"),
)
REQUESTS = (
    ("torch",),
    ("torch", "torchvision"),
    ("tensorflow",),
    ("tensorflow==1.15.*",),
    ("jax",),
)
CARRIED: dict[str, Routes] = {
    "pip": (("pip",),),
    "conda": (("pip", "conda-libraries"), ("conda-native",)),
    "container": (("container",),),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in ALL])
def test_of_a_file_that_fits_nothing_is_told(case: Case) -> None:
    on = machine(case.gpu, driver=case.driver, os=case.os)

    assert told(checked(case.name, case.text, on)) == set()


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 15


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in REQUESTS])
@pytest.mark.parametrize("where", [pytest.param(where, id=where[0]) for where in MACHINES])
def test_of_what_dlsetup_renders_itself_nothing_is_told(
    where: tuple[str, str | None, str], words: tuple[str, ...]
) -> None:
    gpu, driver, os = where
    on = machine(gpu, driver=driver, os=os)
    wrong = {}
    for via, routes in CARRIED.items():
        wishes = tuple(map(parse_wish, words))
        try:
            request = Request(requirements=words)
            plan = resolve(question_of(on, request, wishes, CATALOG, carries=routes))
        except DlsetupError:
            continue
        plan = msgspec.structs.replace(plan, steps=steps_for(plan, CATALOG))
        for form in FORMATS.values():
            try:
                files = render((plan,), form.name, CATALOG)
            except DlsetupError:
                continue
            for file in files:
                found = told(checked(file.path, file.text, on))
                if found:
                    wrong[via, file.path] = found

    assert wrong == {}


@pytest.mark.parametrize(
    "name", ["script", "dockerfile", "conda", "pixi", "requirements", "apptainer"]
)
def test_of_what_dlsetup_renders_the_pin_is_read_and_judged(name: str) -> None:
    on = machine("RTX 3090", driver="535.183.01", os="ubuntu-22.04")
    wishes = (parse_wish("torch"),)
    request = Request(requirements=("torch",))
    plan = resolve(question_of(on, request, wishes, CATALOG, carries=CARRIED["pip"]))
    plan = msgspec.structs.replace(plan, steps=steps_for(plan, CATALOG))
    file = render((plan,), name, CATALOG)[0]
    older = machine("GTX 680", driver="470.256.02", os="ubuntu-22.04")

    assert "gpu-too-old" in {one for one, _ in told(checked(file.path, file.text, older))}
