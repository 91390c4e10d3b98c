"""What an index lists and the catalog lacks; the index is made up, the catalog is ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner import workflow
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem
from provisioner.catalog.rows import Build
from provisioner.cli.catalog import check
from provisioner.download import Web
from provisioner.errors import DlsetupError, OutsideError
from provisioner.upkeep import lacking
from provisioner.upkeep.lacking import IndexLook
from provisioner.upkeep.package_index import IndexFile, PackageIndex

CHECKOUT = Path(__file__).resolve().parents[3]
UNREACHABLE = OutsideError("index-unreachable", "The package index does not answer.")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(CHECKOUT / "stacks")


class MadeIndex(PackageIndex):
    """Lists nothing of a project but the wheels that it is given."""

    def __init__(self, *names: str, lost: tuple[str, ...] = (), yanked: bool = False) -> None:
        super().__init__("http://index.invalid/", Web())
        self.names, self.lost, self.yanked = names, lost, yanked
        self.asked: list[str] = []

    def files(self, project: str) -> list[IndexFile]:
        self.asked.append(project)
        if project in self.lost or "*" in self.lost:
            raise UNREACHABLE
        folded = project.replace("-", "_")
        return [
            IndexFile(name=name, url=f"http://index.invalid/{name}", yanked=self.yanked)
            for name in self.names
            if name.partition("-")[0] == folded
        ]


def quiet(_name: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def found(catalog: Catalog, index: MadeIndex) -> list[str]:
    look = IndexLook(quiet, index)
    problems = [str(problem) for problem in look(catalog)]
    assert look.failed is None
    return problems


def wheel_of(row: Build) -> str:
    return row.evidence.partition(":")[0]


def newest(catalog: Catalog, name: str) -> Build:
    rows = [row for row in catalog.builds(name) if row.platform == "linux-x86_64"]
    return [row for row in rows if row.variant == "default" and wheel_of(row).endswith(".whl")][-1]


def test_a_release_that_the_catalog_never_heard_of_is_one_line_for_each_platform(
    catalog: Catalog,
) -> None:
    index = MadeIndex(
        "torch-99.1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "torch-99.1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        "torch-99.1.0-cp312-cp312-win_amd64.whl",
    )

    assert found(catalog, index) == [
        (
            "frameworks/torch.jsonl, torch 99.1.0 linux-x86_64: is on the index and has no row; "
            "dlsetup catalog refresh torch --write"
        ),
        (
            "frameworks/torch.jsonl, torch 99.1.0 windows-x86_64: is on the index and has no row; "
            "dlsetup catalog refresh torch --write"
        ),
    ]


def test_a_companion_and_a_library_are_missed_in_the_sheets_they_belong_into(
    catalog: Catalog,
) -> None:
    index = MadeIndex(
        "jaxlib-99.0.0-cp312-cp312-manylinux_2_27_aarch64.whl",
        "nvidia_cudnn_cu13-99.0.0.1-py3-none-manylinux_2_27_x86_64.whl",
    )

    assert [line.partition(":")[0] for line in found(catalog, index)] == [
        "companions/jaxlib.jsonl, jaxlib 99.0.0 linux-aarch64",
        "nvidia/libraries.jsonl, nvidia-cudnn-cu13 99.0.0.1 linux-x86_64",
    ]


def test_a_release_with_a_row_is_not_missed(catalog: Catalog) -> None:
    assert found(catalog, MadeIndex(wheel_of(newest(catalog, "torch")))) == []


def test_a_library_with_a_row_is_not_missed(catalog: Catalog) -> None:
    row = [row for row in catalog.libraries if row.package == "nvidia-cudnn-cu12"][-1]

    assert found(catalog, MadeIndex(row.evidence.partition(":")[0])) == []


def test_a_python_that_a_wheel_was_added_for_is_missed(catalog: Catalog) -> None:
    row = newest(catalog, "torch")
    index = MadeIndex(
        wheel_of(row),
        f"torch-{row.version}-cp399-cp399-manylinux_2_28_x86_64.whl",
        f"torch-{row.version}-cp399-cp399t-manylinux_2_28_x86_64.whl",
    )

    assert found(catalog, index) == [
        (
            f"frameworks/torch.jsonl, torch {row.version} linux-x86_64: is on the index for "
            "Python 3.99, 3.99t too; dlsetup catalog refresh torch --write"
        )
    ]


def test_what_is_yanked_or_no_stable_release_is_not_missed(catalog: Catalog) -> None:
    stable = "torch-99.1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
    candidate = "torch-99.1.0rc1-cp312-cp312-manylinux_2_28_x86_64.whl"

    assert found(catalog, MadeIndex(stable, yanked=True)) == []
    assert found(catalog, MadeIndex(candidate)) == []


def test_a_wheel_that_is_known_to_be_broken_is_not_missed(catalog: Catalog) -> None:
    (broken,) = [row.wheel for row in catalog.broken if row.wheel.startswith("torch-1.7.0-")]

    assert found(catalog, MadeIndex(broken)) == []


def test_a_platform_on_which_a_project_is_not_measured_is_not_missed(catalog: Catalog) -> None:
    index = MadeIndex("nvidia_cuda_nvcc_cu12-12.99.1-py3-none-win_amd64.whl")

    assert found(catalog, index) == []


def test_every_project_is_asked_for_once(catalog: Catalog) -> None:
    index = MadeIndex()
    found(catalog, index)

    assert sorted(index.asked) == sorted(project.name for project in catalog.projects)


def test_a_page_that_is_lost_is_told_and_the_others_count(catalog: Catalog) -> None:
    index = MadeIndex("torch-99.1.0-cp312-cp312-manylinux_2_28_x86_64.whl", lost=("jax",))
    look = IndexLook(quiet, index)

    assert [problem.row for problem in look(catalog)] == ["torch 99.1.0 linux-x86_64"]
    assert look.failed is not None
    assert look.failed.context == ("jax: The package index does not answer.",)


# The command


def asked(
    monkeypatch: pytest.MonkeyPatch, index: MadeIndex, *words: str, wrong: tuple[str, ...] = ()
) -> tuple[int, str, str, DlsetupError | None]:
    """Run the command with an index and with what the rest of the audit finds."""
    ours = Catalog(CHECKOUT / "stacks")

    def audited(*more: IndexLook) -> list[object]:
        local = [Problem("nvidia/cuda.jsonl", "1.0", message) for message in wrong]
        return [*local, *(item for look in more for item in look(ours))]

    monkeypatch.setattr(workflow, "audited", audited)
    monkeypatch.setattr(lacking, "address", lambda: "http://index.invalid/")
    monkeypatch.setattr(lacking, "PackageIndex", lambda *_: index)
    done = CliRunner().invoke(check.command, words)
    error = done.exception if isinstance(done.exception, DlsetupError) else None
    return done.exit_code, done.stdout, done.stderr, error


NEW = "torch-99.1.0-cp312-cp312-manylinux_2_28_x86_64.whl"


def test_nothing_lacking_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err, _ = asked(monkeypatch, MadeIndex(), "--network")

    assert (code, out, err) == (0, "no problems found\n", "")


def test_something_lacking_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err, _ = asked(monkeypatch, MadeIndex(NEW), "--network")

    assert code == 1
    assert out == (
        "frameworks/torch.jsonl, torch 99.1.0 linux-x86_64: is on the index and has no row; "
        "dlsetup catalog refresh torch --write\n"
    )
    assert err == "1 problem found\n"


def test_without_the_option_no_index_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    index = MadeIndex(NEW)

    assert asked(monkeypatch, index)[0] == 0
    assert index.asked == []


def test_without_network_and_nothing_else_wrong_it_is_the_networks_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, error = asked(monkeypatch, MadeIndex(lost=("*",)), "--network")

    assert error is not None
    assert (error.reference, error.exit_code) == ("index-unreachable", 3)


def test_without_network_what_is_wrong_in_the_sheets_is_still_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = MadeIndex(lost=("*",))
    code, out, err, _ = asked(monkeypatch, index, "--network", wrong=("is no row",))

    assert (code, out) == (1, "nvidia/cuda.jsonl, 1.0: is no row\n")
    assert err == "warning: The package index does not answer.\n1 problem found\n"


def test_a_lost_page_alone_is_a_failure_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    *_, error = asked(monkeypatch, MadeIndex(lost=("jax",)), "--network", "--json")

    assert error is not None
    assert (error.reference, error.exit_code) == ("index-unreachable", 3)
    assert error.context == ("jax: The package index does not answer.",)


def test_a_lost_page_beside_something_lacking_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, out, err, _ = asked(monkeypatch, MadeIndex(NEW, lost=("jax",)), "--network", "--json")

    answer = json.loads(out)
    assert (code, err) == (1, "")
    assert [item["row"] for item in answer["data"]["problems"]] == ["torch 99.1.0 linux-x86_64"]
    assert [item["message"] for item in answer["warnings"]] == [
        "The package index does not tell of every project.",
        "jax: The package index does not answer.",
    ]


def test_an_index_that_does_not_answer_is_given_up_early(catalog: Catalog) -> None:
    index = MadeIndex(lost=("*",))
    look = IndexLook(quiet, index)

    assert look(catalog) == []
    assert look.failed is UNREACHABLE
    assert len(index.asked) < len(catalog.projects)
